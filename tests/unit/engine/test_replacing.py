"""A room of ours that goes on in the place of another one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from supportd.engine import wire
from supportd.sdk import effects as fx
from supportd.sdk.ids import RoomId
from supportd.sdk.rooms import RoomSpec
from tests.support.world import ROOM, World
from tests.unit.engine.acting import Doing, do

if TYPE_CHECKING:
    from supportd.store.open import SqlStore

pytestmark = pytest.mark.asyncio

SPEC = RoomSpec(name="Main")


async def test_the_new_room_has_the_key_and_is_made_once(store: SqlStore) -> None:
    """However often it is asked for, one room is made; it has the key, the one that ended another; our own pointer is no news."""
    doing = Doing()
    world = World(store, doing)
    (ann,) = await world.begin(("Ann", set()))
    wanted = fx.CreateRoom(key="main", spec=SPEC, members=(ann,), replaces=ROOM)

    await do(world, doing, wanted, wanted)
    ((_, job),) = world.server.jobs
    assert isinstance(job, wire.MakeRoom)
    new = RoomId(f"!{job.marker}:test")
    await world.happens(world.incoming(wire.Replaced(new), "creator"))
    await world.settle()

    group = await world.group()
    old = group.room_by_id(ROOM)
    assert job.replaces == ROOM
    assert [room.id for room in group.rooms if room.key == "main"] == [new]
    assert old is not None
    assert old.key.startswith("main:")
    assert doing.names_heard() == []


async def test_our_own_pointer_is_no_news_before_the_new_room_is_on_record(store: SqlStore) -> None:
    """The old room points at the new one while that is still being made, also after a crash; to anywhere else it was not us."""
    doing = Doing()
    world = World(store, doing)
    (ann,) = await world.begin(("Ann", set()))
    world.server.answers = [wire.Later(30, "away")]
    await do(world, doing, fx.CreateRoom(key="main", spec=SPEC, members=(ann,), replaces=ROOM))

    await world.happens(world.incoming(wire.Replaced(RoomId("!new:test")), "creator"))
    making = doing.names_heard()
    world.clock.forward(seconds=60)
    await world.settle()
    new = next(room.id for room in (await world.group()).rooms if room.key == "main")
    await world.happens(world.incoming(wire.Replaced(RoomId("!theirs:test")), "creator", room=new))

    assert making == []
    assert [name for name in doing.names_heard() if name == "RoomUpgraded"] == ["RoomUpgraded"]


async def test_a_room_goes_on_from_its_own_key_only(store: SqlStore) -> None:
    """A plugin that would put a room in the place of one with another key is refused with a sentence."""
    doing = Doing()
    world = World(store, doing)
    await world.begin(("Ann", set()))

    await do(
        world, doing, fx.CreateRoom(key="other", spec=SPEC, replaces=ROOM), fx.CreateRoom(key="x", spec=SPEC, replaces=RoomId("!no:test"))
    )

    reasons = [reason for _kind, outcome, reason in await world.journal() if outcome == "refused"]
    assert reasons == ["A room can go on from one with the same key only; this one is main.", "This room does not belong to the group."]
    assert world.server.jobs == []
