"""The state block of a sync may take back what an earlier one told; keys follow the truth (MSC4222)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from supportd.engine import wire
from supportd.matrix.body import RoomPart
from supportd.matrix.roomstate import RoomState

if TYPE_CHECKING:
    from tests.matrix.conftest import Group

pytestmark = [pytest.mark.asyncio, pytest.mark.synapse]


async def test_a_member_whose_joining_was_taken_back_reads_the_next_message(group: Group) -> None:
    """After a sync that shows a joined member as invited again, the next message is readable for them."""
    side, ann = await group.opened(), await group.person()
    room = await group.room(side, ann)
    session = side.opened.session
    invited = {"type": "m.room.member", "state_key": ann.user_id, "sender": "@x:e", "event_id": "$old", "content": {"membership": "invite"}}
    session._apply(room, RoomPart(state=(invited,), timeline=(), limited=False, prev_batch=None), "token")
    assert ann.user_id not in session.rooms.of(room).joined

    done = await side.homeserver.perform("reader", wire.SendMessage(room, "t1", "Hello Ann"))

    assert isinstance(done, wire.Done)
    await ann.wait_for(lambda one: any(seen.text == "Hello Ann" for seen in one.timeline))
    assert ann.undecryptable == 0


async def test_somebody_who_is_shown_as_joined_again_gets_no_key() -> None:
    """Who the homeserver says is gone is gone, whatever an older state block said."""
    room = RoomState("!r")
    room.members.update({"@ann:e": "join", "@tom:e": "join"})
    room.doubtful = True

    room.are_in({"@ann:e"})

    assert room.joined == ("@ann:e",)
    assert not room.doubtful
