"""What was missed while we were away is read oldest first, whatever happens on the way (F7)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from supportd.engine import wire
from supportd.matrix.errors import Refused, ServerAway
from supportd.matrix.gaps import Gaps
from supportd.sdk.rooms import RoomSpec
from tests.matrix.conftest import until

if TYPE_CHECKING:
    from supportd.matrix.member import Member
    from supportd.sdk.ids import RoomId
    from tests.matrix.conftest import Group

pytestmark = [pytest.mark.synapse, pytest.mark.asyncio]


async def away(group: Group, count: int, **spec: Any) -> tuple[Member, RoomId, list[str]]:
    """Let somebody say ``count`` things while nobody reads; returns them, the room and the words."""
    side = await group.opened()
    ann = await group.person()
    room = await group.room(side, ann, spec=RoomSpec("Tuesday", **spec))
    await side.close()
    words = [str(number) for number in range(count)]
    for word in words:
        await ann.say(room, word)
    return ann, room, words


async def test_in_order(group: Group) -> None:
    """Of 230 messages missed none is lost, and all are handled in order."""
    _ann, room, words = await away(group, 230)

    await group.opened()

    assert words == group.inbox.texts(room)
    assert group.inbox.open_gaps == {}


async def test_all_keys_come_before_the_words(group: Group) -> None:
    """Each of 130 messages has a key of its own, more than one sync holds: all are read at once, in order, and no session goes wrong."""
    _ann, room, words = await away(group, 130, rotation_messages=1)

    again = await group.opened()

    assert words == group.inbox.texts(room)
    assert group.inbox.waiting == {}
    await again.session.step()
    assert again.opened.machine.wedged() == ()


async def test_killed_on_the_way(group: Group) -> None:
    """A commit in the middle of the walk raises: after the next start each message is handled once, in order."""
    ann, room, words = await away(group, 330)
    seen = len(group.inbox.batches)
    real = group.inbox.accept

    async def broken(batch: wire.SyncBatch) -> None:
        if len(group.inbox.batches) >= seen + 2:
            raise RuntimeError
        await real(batch)

    group.inbox.accept = broken  # type: ignore[method-assign] # the database goes away
    with pytest.raises(RuntimeError):
        await group.opened()
    group.inbox.accept = real  # type: ignore[method-assign] # and comes back
    await group.sides[-1].close()
    partly = len(group.inbox.texts(room))
    await ann.say(room, "later")

    again = await group.opened()
    # The server may answer the same question as it did before the crash, and tell the rest with the next sync.
    await until(again, lambda: "later" in group.inbox.texts(room))

    assert 0 < partly < 330
    assert [*words, "later"] == group.inbox.texts(room)
    assert group.inbox.open_gaps == {}


async def test_what_cannot_be_fetched_now_is_fetched_later(group: Group, monkeypatch: pytest.MonkeyPatch) -> None:
    """The server fails in the middle of a walk: all other reading goes on, and the walk goes on where it was."""
    _ann, room, words = await away(group, 330)
    real, count = Gaps._page, 0

    async def failing(gaps: Gaps, gap: wire.GapMark) -> Any:
        nonlocal count
        count += 1
        if count == 2:
            raise ServerAway
        return await real(gaps, gap)

    monkeypatch.setattr(Gaps, "_page", failing)

    again = await group.opened()
    await until(again, lambda: len(group.inbox.texts(room)) == 330)
    # The first page holds the people's coming too.
    at = group.inbox.texts(room).index(words[230])

    assert [*words[:at], *words[230:], *words[at:230]] == group.inbox.texts(room)
    assert group.inbox.open_gaps == {}


async def test_what_is_never_given_is_announced(group: Group, monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that does not take the token any more: the sync goes on, the loss is marked once."""
    _ann, room, words = await away(group, 130)

    async def refused(_gaps: Gaps, _gap: wire.GapMark) -> Any:
        raise Refused(code="M_UNKNOWN", http=400)

    monkeypatch.setattr(Gaps, "_page", refused)

    again = await group.opened()
    await again.session.step()
    await again.session.settle()

    marks = [mark for batch in group.inbox.batches for mark in batch.marks if isinstance(mark, wire.GapMark)]
    assert [(mark.closed, mark.lost) for mark in marks] == [(False, False), (True, True)]
    assert set(group.inbox.texts(room)) < set(words)
