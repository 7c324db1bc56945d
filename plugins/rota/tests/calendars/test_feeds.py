"""A bad try never costs the last good copy, and its owner hears of each trouble once."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from supportd_rota.calendars import FeedState, Read, Trouble, after, to_tell
from supportd_rota.times import Window

NOW = datetime(2027, 3, 1, 9, tzinfo=UTC)
BUSY = (Window(NOW, NOW + timedelta(hours=1)),)
GOOD = FeedState(BUSY, NOW, "mark")


def test_a_good_try_replaces_the_copy() -> None:
    """Busy times, their time and mark are those of the last good try."""
    assert after(FeedState(), Read(BUSY), NOW, "mark") == GOOD
    assert GOOD.sentence is None


def test_a_bad_try_keeps_the_last_good_copy() -> None:
    """Failures are counted, the copy stays."""
    once = after(GOOD, Read(trouble=Trouble.UNREACHABLE), NOW + timedelta(hours=4))
    twice = after(once, Read(trouble=Trouble.UNREACHABLE), NOW + timedelta(hours=8))

    assert (twice.busy, twice.read_at, twice.etag, twice.failures) == (BUSY, NOW, "mark", 2)
    assert to_tell(GOOD, once) == Trouble.UNREACHABLE.sentence
    assert to_tell(once, twice) is None
    assert to_tell(twice, after(twice, Read(trouble=Trouble.NOT_GIVEN), NOW)) == Trouble.NOT_GIVEN.sentence


def test_a_feed_that_has_not_changed_is_good_again() -> None:
    """An unchanged feed ends the trouble and keeps the copy."""
    later = NOW + timedelta(hours=4)
    bad = after(GOOD, Read(trouble=Trouble.UNREACHABLE), NOW)

    assert after(bad, None, later) == FeedState(BUSY, later, "mark")


def test_every_trouble_has_one_sentence() -> None:
    """Each says what is the matter and, after a colon, what to do."""
    sentences = [one.sentence for one in Trouble]

    assert all(one.count(": ") == 1 and one.endswith(".") for one in sentences)
    assert len(set(sentences)) == len(sentences)
