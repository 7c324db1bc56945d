"""What comes from the homeserver means people and rooms of a group, whatever its order and however often it comes."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from supportd.engine import names, wire
from supportd.sdk import effects as fx
from supportd.sdk import events as ev
from supportd.sdk.hooks import Plugin
from supportd.sdk.ids import EventId, RoomId
from supportd.sdk.rooms import RoomSpec
from supportd.store.open import open_store
from tests.support.world import GROUP, OURS, READER, ROOM, World, user_of
from tests.unit.engine.acting import Doing, do

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from supportd.sdk.effects import Effect
    from supportd.store.open import SqlStore


class Greeter(Plugin):
    """Greets who joins for the first time; notes who left."""

    name = "greeter"
    grants = frozenset({fx.PostMessage})

    def __init__(self) -> None:
        """Begin without anybody."""
        self.left = 0

    def member_joined(self, event: ev.MemberJoined) -> Iterator[Effect]:
        """Greet."""
        if not event.returned:
            yield fx.PostMessage(room=event.room, text="Hello", mention=event.member)

    def member_left(self, event: ev.MemberLeft) -> None:
        """Count."""
        del event
        self.left += 1


def _greeted(world: World) -> list[str]:
    """Return who was greeted, in order."""
    return [job.mentions[0] for _, job in world.server.jobs if isinstance(job, wire.SendMessage)]


async def _two_rooms(store: SqlStore) -> tuple[World, RoomId]:
    """Return a world where strangers come, and a second room."""
    doing = Doing()
    world = World(store, doing, Greeter())
    await world.begin()
    await do(world, doing, fx.CreateRoom(key="b", spec=RoomSpec(name="B")))
    world.strangers_come = True
    return world, next(one.id for one in (await world.group()).rooms if one.key == "b")


async def _people(world: World) -> list[str]:
    return [one.name for one in (await world.group()).people]


@pytest.mark.asyncio
async def test_whom_we_invited_is_entered_once(store: SqlStore) -> None:
    """Joining two rooms, and the same joining twice, enters one person, with the name they show."""
    world, second = await _two_rooms(store)
    invited = wire.Membership(user_of("bo"), "invite", "leave", "Bo")
    join = world.incoming(wire.Membership(user_of("bo"), "join", "invite", "Bo"), "bo")

    await world.happens(*(world.incoming(invited, OURS[1], room) for room in (ROOM, second)))
    await world.happens(join, join)
    await world.happens(join)
    await world.joins("bo", second)
    await world.settle()

    assert [name for name in await _people(world) if name] == ["Bo"]
    assert _greeted(world) == ["@bo:test", "@bo:test"]


@pytest.mark.asyncio
async def test_somebody_unknown_who_joins_is_entered_by_nothing(store: SqlStore) -> None:
    """Joining two rooms, and the same joining twice, leaves one stranger in each room; nobody greets them."""
    world, second = await _two_rooms(store)
    join = world.incoming(wire.Membership(user_of("bo"), "join", "leave", "Bo"), "bo")

    await world.happens(join, join)
    await world.happens(join)
    await world.joins("bo", second)
    await world.settle()

    assert [name for name in await _people(world) if name] == []
    assert _greeted(world) == []
    shown = {room.key: [one.shown for one in room.strangers] for room in (await world.group()).rooms}
    assert shown == {"main": ["Bo (@bo:test)"], "b": ["bo (@bo:test)"]}


@pytest.mark.asyncio
async def test_only_joining_enters_somebody(sqlite_store: SqlStore) -> None:
    """An invitation by us, a knock or a leaving of somebody unknown enters nobody and tells nobody."""
    greeter = Greeter()
    world = World(sqlite_store, greeter)
    await world.begin()
    world.strangers_come = True

    await world.happens(world.incoming(wire.Membership(user_of("bo"), "invite", "leave", "Bo"), "@reader:test"))
    await world.happens(world.incoming(wire.Membership(user_of("bo"), "knock", "leave", "Bo"), "bo"))
    await world.leaves("bo")

    assert await _people(world) == []
    assert greeter.left == 0


@pytest.mark.asyncio
async def test_who_comes_back_is_marked_as_returned(store: SqlStore) -> None:
    """Somebody who leaves and joins again is greeted only once; a joining that changes only the name is none."""
    greeter = Greeter()
    world = World(store, greeter)
    await world.begin()

    await world.joins("bo")
    await world.happens(world.incoming(wire.Membership(user_of("bo"), "join", "join", "Bo the Great"), "bo"))
    await world.leaves("bo")
    await world.joins("bo")
    await world.settle()

    assert _greeted(world) == ["@bo:test"]
    assert greeter.left == 1


@pytest.mark.asyncio
async def test_declining_an_invitation_is_a_leaving(sqlite_store: SqlStore) -> None:
    """Somebody of the group who declines has left; they were never in, so that they are greeted when they do come."""
    greeter = Greeter()
    world = World(sqlite_store, greeter)
    await world.begin(("Bo", set()))

    await world.happens(world.incoming(wire.Membership(user_of("bo"), "invite", "leave"), "@reader:test"))
    await world.leaves("bo")
    await world.leaves("bo")
    await world.joins("bo")
    await world.settle()

    assert greeter.left == 1
    assert _greeted(world) == ["@bo:test"]


@pytest.mark.asyncio
async def test_a_room_that_is_not_registered_yet_waits(store: SqlStore) -> None:
    """Somebody may be in a new room before its making is on record; they are greeted when it is, once."""
    doing, greeter = Doing(), Greeter()
    world = World(store, doing, greeter)
    await world.begin(("Bo", set()))
    room = RoomId(f"!{names.derived('room', GROUP, 'b')}:test")
    join = world.incoming(wire.Membership(user_of("bo"), "join", "leave", "Bo"), "bo", room)

    await world.happens(join, join)
    await world.happens(world.incoming(wire.Said("early"), "bo", room))
    await world.settle()
    before = _greeted(world)
    await do(world, doing, fx.CreateRoom(key="b", spec=RoomSpec(name="B")))
    await world.happens(join)
    await world.settle()

    assert before == []
    assert _greeted(world) == ["@bo:test"]
    assert doing.messages == ["go", "early"]


@pytest.mark.asyncio
async def test_our_own_accounts_are_never_people(sqlite_store: SqlStore) -> None:
    """What our accounts do, and what is done to them, reaches no plugin and enters nobody."""
    doing, greeter = Doing(), Greeter()
    world = World(sqlite_store, doing, greeter)
    await world.begin()

    for user in OURS:
        await world.happens(world.incoming(wire.Membership(user, "join", "invite", "Bot"), user))
        await world.says(user, "go")
        await world.happens(world.incoming(wire.Reacted(EventId("$1"), "👍"), user))
    await world.happens(world.incoming(wire.Membership(READER, "leave", "join"), "@owner:test"))

    assert await _people(world) == []
    assert [doing.messages, doing.heard, greeter.left] == [[], [], 0]


@pytest.mark.asyncio
async def test_each_kind_of_word_reaches_plugins(sqlite_store: SqlStore) -> None:
    """Words, edits, redactions and reactions keep their target and their author."""
    doing = Doing()
    world = World(sqlite_store, doing)
    (ann,) = await world.begin(("Ann", set()))

    said = await world.says("ann", "one")
    await world.happens(world.incoming(wire.Edited(said.id, "two"), "ann"))
    await world.happens(world.incoming(wire.Redacted(said.id), "ann"))

    await world.happens(world.incoming(wire.Reacted(said.id, "🎉"), "ann"))

    found = [(event.author, event.target) for event in doing.heard if isinstance(event, (ev.MessageEdited, ev.ReactionAdded))]
    assert doing.names_heard() == ["MessageEdited", "MessageRedacted", "ReactionAdded"]
    assert found == [(ann, said.id)] * 2


@pytest.mark.asyncio
async def test_a_message_that_comes_again_reaches_plugins_once(store: SqlStore) -> None:
    """The same event in one batch twice, in a later batch, and after another message, is handled once."""
    doing = Doing()
    world = World(store, doing)
    await world.begin(("Ann", set()))
    said = world.incoming(wire.Said("one"), "ann")

    await world.happens(said, said)
    await world.says("ann", "two")
    await world.happens(said)

    assert doing.messages == ["one", "two"]


#: Without a search for the smallest example of a reason: each example is a transaction or more.
PHASES = (Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink)
HISTORY = st.lists(st.tuples(st.integers(0, 2), st.sampled_from(["join", "leave", "say"])), min_size=1, max_size=8)


def _happening(world: World, who: str, what: str) -> wire.Incoming:
    content: wire.Content = wire.Said("Hello all")
    if what == "join":
        content = wire.Membership(user_of(who), "join", "leave", who)
    if what == "leave":
        content = wire.Membership(user_of(who), "leave", "join")
    return world.incoming(content, who)


def test_duplicates_and_another_order_lead_to_the_same_greetings(tmp_path: Path) -> None:
    """However events are repeated and mixed, the same people are greeted as in order, each once."""
    with asyncio.Runner() as runner:
        store = runner.run(open_store(f"sqlite:///{tmp_path}/supportd.db", host_key=b"k" * 32))
        world = World(store, Greeter())
        runner.run(world.begin())
        count = iter(range(10_000))

        async def greeted(history: list[tuple[int, str]], order: list[int], cut: int) -> list[str]:
            tag = next(count)
            world.server.jobs.clear()
            events = [_happening(world, f"{'abc'[who]}{tag}", what) for who, what in history]
            given_order = [events[index % len(events)] for index in order]
            await world.happens(*given_order[:cut])
            await world.happens(*given_order[cut:])
            await world.settle()
            # The rate of a plugin is not what is tested here.
            world.clock.forward(minutes=2)
            return sorted(one[1] for one in _greeted(world))

        @settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck), phases=PHASES)
        @given(HISTORY, st.data())
        def mixed(history: list[tuple[int, str]], data: st.DataObject) -> None:
            order = data.draw(st.permutations(range(len(history))))
            repeats = data.draw(st.lists(st.sampled_from(order), max_size=6))
            cut = data.draw(st.integers(0, len(history)))

            straight = runner.run(greeted(history, list(range(len(history))), 0))
            crooked = runner.run(greeted(history, [*order, *repeats], cut))

            assert crooked == straight
            assert len(set(straight)) == len(straight)

        try:
            mixed()
        finally:
            runner.run(store.close())
