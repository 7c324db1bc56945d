"""A person's own feed is read back as the same instants, with neutral words and identifiers that stay."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import icalendar
import recurring_ical_events  # type: ignore[import-untyped]
from hypothesis import given, settings
from hypothesis import strategies as st
from supportd_rota.calendars import Entry, written
from supportd_rota.times import Window

CHANGED = datetime(2027, 1, 2, 3, 4, 5, tzinfo=UTC)
_ZONES = ["Europe/London", "America/New_York", "Asia/Kathmandu", "Africa/Casablanca", "Australia/Lord_Howe"]


def _entry(start: str, hours: float = 2, duty: str = "d1", zone: str = "Europe/London", version: int = 0) -> Entry:
    moment = datetime.fromisoformat(start).replace(tzinfo=UTC)
    return Entry(duty, Window(moment, moment + timedelta(hours=hours)), zone, version, CHANGED)


def _back(data: bytes) -> list[tuple[datetime, datetime]]:
    found = recurring_ical_events.of(icalendar.Calendar.from_ical(data)).between((2026, 12, 1), (2028, 2, 1))
    return sorted((one["DTSTART"].dt.astimezone(UTC), one["DTEND"].dt.astimezone(UTC)) for one in found)


def test_a_feed_is_read_back() -> None:
    """Before, across and after a change of the clocks, and in the hour that comes twice."""
    entries = [
        _entry(one, duty=one)
        for one in ("2027-03-27 22:00", "2027-03-28 00:30", "2027-07-01 10:00", "2027-10-31 00:15", "2027-10-31 01:15")
    ]

    data = written(entries, "feed")

    assert _back(data) == [(one.window.start, one.window.end) for one in entries]
    # Under a name that nobody knows, only the definition in the file says when the clocks change.
    assert _back(data.replace(b"Europe/London", b"Somewhere")) == _back(data)


def test_a_feed_says_nothing_but_a_word() -> None:
    """No field holds words except the one that the caller gives; the identifier of a duty does not show."""
    data = written([_entry("2027-03-01 10:00", duty="welcome-of-anna")], "feed", word="Busy")
    (event,) = icalendar.Calendar.from_ical(data).walk("VEVENT")

    assert event["SUMMARY"] == "Busy"
    assert set(event) == {"UID", "DTSTAMP", "LAST-MODIFIED", "SEQUENCE", "SUMMARY", "CLASS", "TRANSP", "DTSTART", "DTEND"}
    assert b"anna" not in data
    assert b"REFRESH-INTERVAL;VALUE=DURATION:PT4H" in data


def test_identifiers_stay_and_versions_grow() -> None:
    """A duty that changed is the same entry with a higher number; in another feed it is another entry."""
    old, new, other = (
        icalendar.Calendar.from_ical(data).walk("VEVENT")[0]
        for data in (
            written([_entry("2027-03-01 10:00")], "feed"),
            written([_entry("2027-03-02 11:00", version=3)], "feed"),
            written([_entry("2027-03-01 10:00")], "other"),
        )
    )

    assert old["UID"] == new["UID"] != other["UID"]
    assert (old["SEQUENCE"], new["SEQUENCE"], new.decoded("DTSTAMP")) == (0, 3, CHANGED)


def test_the_same_duties_give_the_same_bytes() -> None:
    """Order does not matter, and nothing depends on when it was asked for; a feed without duties is a calendar too."""
    entries = [_entry("2027-03-01 10:00", duty="a"), _entry("2027-03-01 10:00", duty="b")]

    assert written(entries, "feed") == written(reversed(entries), "feed")
    assert _back(written([], "feed")) == []


@settings(max_examples=25, deadline=None)
@given(st.sampled_from(_ZONES), st.lists(st.integers(0, 365 * 24 * 4 - 1), min_size=1, max_size=4, unique=True))
def test_any_instant_comes_back(zone: str, quarters: list[int]) -> None:
    """Whatever quarter of an hour of a year a duty begins at, in whichever zone, its entry begins then."""
    base = datetime(2027, 1, 1, tzinfo=UTC)
    entries = [
        Entry(str(one), Window(base + timedelta(minutes=15 * one), base + timedelta(minutes=15 * one + 90)), zone, 0, CHANGED)
        for one in sorted(quarters)
    ]

    assert _back(written(entries, "feed")) == [(one.window.start, one.window.end) for one in entries]
