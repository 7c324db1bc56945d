"""Who comes into a room and was entered by nobody stays a stranger, and the key members there learn of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import pytest

from supportd.engine import wire
from supportd.engine.strangers import MOST_TOLD
from supportd.sdk import effects as fx
from supportd.sdk.commands import Command, Parameter
from supportd.sdk.hooks import Plugin, hookimpl
from supportd.sdk.ids import EventId, RoomId
from supportd.sdk.rooms import RoomSpec
from supportd.store.repositories.strangers import MOST
from tests.support.world import GROUP, OURS, ROOM, World, user_of
from tests.unit.engine.telling import tell

if TYPE_CHECKING:
    from collections.abc import Iterator

    from supportd.engine.unit import UnitOfWork
    from supportd.sdk import events as ev
    from supportd.sdk.effects import Effect
    from supportd.sdk.facts import Group, Stranger
    from supportd.store.open import SqlStore

pytestmark = pytest.mark.asyncio


class Ear(Plugin):
    """Notes all that it hears, and removes strangers when told to."""

    name: ClassVar[str] = "ear"
    summary: ClassVar[str] = "Hears."
    grants: ClassVar[frozenset[type[Effect]]] = frozenset({fx.RemoveStranger})
    commands: ClassVar[tuple[Command, ...]] = (Command(name="away", help="Remove.", parameters=(Parameter(name="who", help="Whom."),)),)

    def __init__(self) -> None:
        """Nothing was heard yet."""
        super().__init__()
        self.heard: list[object] = []

    @hookimpl
    def member_joined(self, event: ev.MemberJoined, group: Group) -> None:
        """Note who came."""
        self.heard.append(("joined", group.name_of(event.member)))

    @hookimpl
    def message_posted(self, event: ev.MessagePosted) -> None:
        """Note what was said."""
        self.heard.append(("said", event.text))

    @hookimpl
    def reaction_added(self, event: ev.ReactionAdded) -> None:
        """Note a reaction."""
        self.heard.append(("reacted", event.key))

    @hookimpl
    def command_given(self, event: ev.CommandGiven) -> Iterator[Effect]:
        """Remove whoever is named."""
        yield fx.RemoveStranger(room=ROOM, stranger=event.args["who"])


async def house(store: SqlStore) -> tuple[World, Ear]:
    """Return a room with Ann and Sam (key members) and Tom in it; Mei, a key member, is not in it."""
    ear = Ear()
    world = World(store, ear)
    people = await world.begin(("Ann", {"key_member"}), ("Sam", {"key_member"}), ("Mei", {"key_member"}), ("Tom", set()))
    for name in ("Ann", "Sam", "Tom"):
        await world.joins(name)
    for person in people:
        await world.direct(person)
    ear.heard.clear()
    world.strangers_come = True
    return world, ear


async def invites(world: World, who: str, whom: str) -> None:
    """Let somebody's own app invite somebody."""
    await world.happens(world.incoming(wire.Membership(user_of(whom), "invite", "leave", whom), who))


async def strangers(world: World) -> tuple[Stranger, ...]:
    """Return the strangers of the room as plugins see them."""
    room = (await world.group()).room_by_id(ROOM)
    assert room is not None
    return room.strangers


def told(world: World) -> dict[str, list[str]]:
    """Return what the bot wrote, by the person's direct chat."""
    found: dict[str, list[str]] = {}
    for _, job in world.server.jobs:
        if isinstance(job, wire.SendMessage):
            found.setdefault(job.room, []).append(job.text)
    return found


async def test_a_joiner_whom_nobody_entered_stays_a_stranger(store: SqlStore) -> None:
    """No plugin hears of them or of their words; they are known as a stranger with who let them in."""
    world, ear = await house(store)

    await invites(world, "Sam", "Eve")
    invited = await strangers(world)
    await world.joins("Eve")
    await world.says("Eve", "Hello all")
    await world.happens(world.incoming(wire.Reacted(EventId("$x"), "👍"), "Eve"))
    inside = await strangers(world)

    group = await world.group()
    assert ear.heard == []
    assert {one.name for one in group.people} == {"Ann", "Sam", "Mei", "Tom"}
    assert [(one.shown, one.inside) for one in (*invited, *inside)] == [("Eve (@eve:test)", False), ("Eve (@eve:test)", True)]
    assert [group.name_of(one.by) for one in inside if one.by] == ["Sam"]


async def test_the_key_members_there_are_told_once(sqlite_store: SqlStore) -> None:
    """Who came, by whom, and what to say; once though they leave and return; nobody outside the room hears of it, nor a member."""
    world, _ear = await house(sqlite_store)

    await invites(world, "Sam", "Eve")
    await world.joins("Eve")
    await world.leaves("Eve")
    gone = await strangers(world)
    await world.joins("Eve")
    await world.settle()

    texts = told(world)
    assert len(texts) == 2
    assert all(len(one) == 1 for one in texts.values())
    text = next(iter(texts.values()))[0]
    assert "came into the room main: Eve (@eve:test). Sam invited them." in text
    assert "people add NAME @eve:test" in text
    assert "rooms remove main @eve:test" in text
    assert gone == ()
    assert ("strangers", "told", "Somebody who is not in the group's people came into a room; the key members there were told.") in (
        await world.journal()
    )


async def test_who_was_put_there_by_the_server_is_told_so(sqlite_store: SqlStore) -> None:
    """Where no invitation was seen, nobody of the group let them in as far as we know; a name cannot turn the text around."""
    world, _ear = await house(sqlite_store)

    await world.happens(world.incoming(wire.Membership(user_of("Eve"), "join", "leave", None), "Eve"))
    await world.settle()

    assert all("@eve:test. Nobody of the group invited them" in one[0] for one in told(world).values())
    assert len(told(world)) == 2


async def test_whom_we_invited_is_expected(store: SqlStore) -> None:
    """A knock that a plugin answered, say: they become one of the group when they come, and nobody is alarmed."""
    world, ear = await house(store)

    await invites(world, OURS[1], "Bo")
    before = await strangers(world)
    await world.joins("Bo")
    await world.says("Bo", "Hello")
    await world.settle()

    assert before == await strangers(world) == ()
    assert ear.heard == [("joined", "Bo"), ("said", "Hello")]
    assert told(world) == {}


async def test_who_was_a_stranger_elsewhere_is_known_there_too(store: SqlStore) -> None:
    """Whom we let into one room is no stranger in another either: plugins hear that they are there, and an invitation counts."""
    world, ear = await house(store)
    other, third = RoomId("!other:test"), RoomId("!third:test")

    def work(uow: UnitOfWork) -> None:
        for room, key in ((other, "other"), (third, "third")):
            uow.rooms.add(room, GROUP, key, RoomSpec(name=key), None, "supportd", world.clock.now())

    await world.store.transact(work)
    await world.joins("Eve", other)
    await world.happens(world.incoming(wire.Membership(user_of("Eve"), "invite", "leave", "Eve"), "Sam", third))
    await invites(world, OURS[1], "Eve")

    await world.joins("Eve")

    group = await world.group()
    eve = next(one.id for one in group.people if one.name == "Eve")
    assert ear.heard == [("joined", "Eve"), ("joined", "Eve")]
    assert {room.key for room in group.rooms if eve in room.joined} == {"main", "other"}
    assert {room.key for room in group.rooms if eve in room.invited} == {"third"}
    assert all(room.strangers == () for room in group.rooms)


async def test_who_is_entered_later_is_a_stranger_no_longer(store: SqlStore) -> None:
    """Plugins hear that they joined, their words count from then on, and they are known to be in the room."""
    world, ear = await house(store)
    await world.joins("Eve")
    await world.says("Eve", "Hello?")

    await tell(world, "people", "add", "Eva", str(user_of("Eve")))
    await world.says("Eve", "Hello again")

    group = await world.group()
    room = group.room_by_id(ROOM)
    assert room is not None
    assert ear.heard == [("joined", "Eva"), ("said", "Hello again")]
    assert room.strangers == ()
    assert "Eva" in {group.name_of(one) for one in room.joined}


async def test_a_stranger_is_removed_at_once(store: SqlStore) -> None:
    """By the doorkeeper, without a question; whoever is no stranger cannot be meant by it."""
    world, _ear = await house(store)
    await world.joins("Eve")
    eve = (await strangers(world))[0].id

    await tell(world, "away", eve)
    await tell(world, "away", "nobody")
    await world.settle()

    removed = [(account, job.person) for account, job in world.server.jobs if isinstance(job, wire.RemovePerson)]
    assert removed == [("doorkeeper", user_of("Eve"))]
    assert ("RemoveStranger", "refused", "This person is not in the room, or is in the group's people.") in await world.journal()


async def test_a_raid_is_bounded(sqlite_store: SqlStore) -> None:
    """Of many who come in one day the first few are told one by one, then that there are more; not endlessly many are kept."""
    world, ear = await house(sqlite_store)

    events = [world.incoming(wire.Membership(user_of(f"e{number}"), "join", "leave", "x"), f"e{number}") for number in range(MOST + 50)]
    await world.happens(*events)
    await world.settle()

    assert {len(one) for one in told(world).values()} == {MOST_TOLD + 1}
    assert all("More people" in one[-1] for one in told(world).values())
    assert len(await strangers(world)) == MOST
    assert ear.heard == []


async def test_without_a_key_member_the_room_s_own_people_are_told(sqlite_store: SqlStore) -> None:
    """A room of two buddies, say: that there is such a room is theirs to tell."""
    world, _ear = await house(sqlite_store)
    for name in ("Ann", "Sam"):
        await world.leaves(name)

    await world.joins("Eve")
    await world.settle()

    texts = [text for one in told(world).values() for text in one]
    assert len(texts) == 1
    assert "came into your room main" in texts[0]


async def test_a_direct_chat_is_its_person_s_own(sqlite_store: SqlStore) -> None:
    """Whom somebody brings into their chat with the bot is told to nobody, becomes nobody, and may not read the bot."""
    world, ear = await house(sqlite_store)
    tom = next(one for one in (await world.group()).people if one.name == "Tom")
    chat = await world.store.read(lambda uow: uow.rooms.direct_with(GROUP, tom.id))
    assert chat is not None

    await world.joins("Eve", chat)
    await world.says("Eve", "Hello", chat)
    await world.settle()
    may = await world.engine.readers(chat, [user_of("Eve"), user_of("Tom"), user_of("Ann")])

    assert (told(world), ear.heard) == ({}, [])
    assert may == {user_of("Tom")}


async def test_strangers_may_not_read_us(sqlite_store: SqlStore) -> None:
    """In a room the group's people may, also one who was entered a moment ago; in a room that is nobody's, nobody."""
    world, _ear = await house(sqlite_store)
    everybody = [user_of(name) for name in ("Ann", "Tom", "Eve")]

    before = await world.engine.readers(ROOM, everybody)
    await tell(world, "people", "add", "Eva", str(user_of("Eve")))
    after = await world.engine.readers(ROOM, everybody)

    assert before == {user_of("Ann"), user_of("Tom")}
    assert after == set(everybody)
    assert await world.engine.readers(type(ROOM)("!other:test"), everybody) == frozenset()
