"""A gap that could not be read is told to those who run the group."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from supportd.engine import wire
from supportd.sdk.ids import RoomId
from tests.support.world import ROOM, World

if TYPE_CHECKING:
    from supportd.store.open import SqlStore

pytestmark = pytest.mark.asyncio

LOST = wire.GapMark("g1", ROOM, "from", "to", closed=True, lost=True)


async def test_admins_hear_once_that_messages_are_missing(store: SqlStore) -> None:
    """An admin is told in their direct chat, once, also when the mark comes again; members hear nothing."""
    world = World(store)
    jo, tom = await world.begin(("Jo", {"key_member", "admin"}), ("Tom", set()))
    await world.direct(jo)
    await world.direct(tom)

    await world.happens(marks=(LOST,))
    await world.happens(marks=(LOST,))
    await world.settle()

    assert len(world.server.said()) == 1
    assert "some messages in the room main did not reach me" in world.server.said()[0]
    assert ("gap", "told") in [(kind, outcome) for kind, outcome, _reason in await world.journal()]


async def test_a_gap_that_was_walked_is_told_to_nobody(store: SqlStore) -> None:
    """A gap that ended well, or of a room that is not ours, brings no message."""
    world = World(store)
    (jo,) = await world.begin(("Jo", {"key_member", "admin"}))
    await world.direct(jo)

    await world.happens(marks=(wire.GapMark("g2", ROOM, "from", "to", closed=True),))
    await world.happens(marks=(wire.GapMark("g3", RoomId("!nobodys:test"), "from", "to", closed=True, lost=True),))
    await world.settle()

    assert world.server.said() == []
