"""One story told to the kit and to the real engine over a real store, and what each made of it in the same words."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Protocol

from supportd.engine import wire
from supportd.engine.records import NewPerson
from supportd.engine.task import Task
from supportd.host.installed import InstalledPlugins
from supportd.sdk.effects import EndPoll, PostDirect, PostFile, PostMessage, StartPoll
from supportd.sdk.events import TurnedOn
from supportd.sdk.ids import EventId, PersonId, RoomId
from supportd.sdk.rooms import RoomSpec
from supportd.sdk.testing import (
    Asked,
    Scene,
    Told,
    a_group,
    answers,
    ends_poll,
    knocks,
    member_invited,
    member_joins,
    member_leaves,
    polls_appear,
    room_is_ready,
    room_upgraded,
    sends_file,
    speaks,
    turned_on,
    votes,
)
from supportd.store.open import open_store
from tests.support.world import GROUP, READER, World, user_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from supportd.engine.unit import UnitOfWork
    from supportd.sdk.events import Media
    from supportd.sdk.facts import Role
    from supportd.sdk.hooks import Plugin

#: Where the circle is in stories that begin with one.
CIRCLE = RoomId("!circle:test")
PEOPLE: tuple[tuple[str, set[Role]], ...] = (("Jo", {"key_member", "admin"}), ("Sam", {"key_member"}), ("Tom", set()), ("Karim", set()))


class Side(Protocol):
    """A group to which things happen."""

    async def turn_on(self) -> None:
        """Turn the plugin on, and let the homeserver make what rooms it asks for."""

    async def joins(self, name: str) -> None:
        """Let somebody join the circle."""

    async def leaves(self, name: str) -> None:
        """Let somebody leave the circle."""

    async def answers(self, name: str, words: str) -> None:
        """Let somebody answer in their direct chat."""

    async def passes(self, hours: float) -> None:
        """Let time pass."""

    async def sends_file(self, name: str, media: Media, caption: str) -> None:
        """Let somebody send a file to the circle."""

    async def speaks(self, name: str) -> None:
        """Let somebody write in the circle, unread."""

    async def polls_appear(self) -> None:
        """Let the homeserver show what polls the plugin has started and ended."""

    async def votes(self, name: str, *answers: str, proven: bool = True) -> None:
        """Let somebody choose in the last poll."""

    async def ends_poll(self, name: str) -> None:
        """Let somebody end the last poll."""

    async def is_invited(self, name: str) -> None:
        """Let somebody be invited to the circle."""

    async def is_removed(self, name: str) -> None:
        """Let Jo remove somebody from the circle."""

    async def knocks(self, name: str | None, reason: str) -> None:
        """Let somebody, or a stranger, knock at the circle."""

    async def is_replaced(self) -> None:
        """Let Jo close the circle and open another room in its place."""

    def yielded(self) -> list[object]:
        """Return all effects in words that do not depend on ids."""

    def read(self) -> list[tuple[str, str]]:
        """Return what people read: (person or room, text), sorted."""


def plain(value: object, called: Mapping[str, str], start: datetime) -> object:
    """Return a value with names instead of ids and times since the beginning."""
    if is_dataclass(value):
        return (type(value).__name__, *[(one.name, plain(getattr(value, one.name), called, start)) for one in fields(value)])
    if isinstance(value, (tuple, frozenset)):
        return tuple(plain(one, called, start) for one in value)
    if isinstance(value, datetime):
        return value - start
    if isinstance(value, str):
        if value in called:
            return called[value]
        # The kit counts its events, so that the id of one begins the id of another.
        for id_, name in called.items():
            value = value if id_.startswith("$") else value.replace(id_, name)
    return value


class KitSide:
    """The kit."""

    def __init__(self, plugin: type[Plugin], *, circle: bool) -> None:
        """Begin the story."""
        self.scene: Scene = a_group(plugin, name="Roses", zone="UTC")
        self.scene.with_admins("Jo").with_key_members("Sam").with_people("Tom", "Karim")
        if circle:
            self.scene.with_room("circle").with_direct_chat("Jo", "Sam", "Tom", "Karim")
        self._start = self.scene.group.now
        self._read: list[tuple[str, str]] = []
        self._events: dict[str, str] = {}

    async def turn_on(self) -> None:
        """Turn on, and make rooms until none is asked for."""
        self._note(self.scene.when(turned_on()))
        while wanted := self.scene.wanted_rooms:
            self._note(self.scene.when(room_is_ready(wanted[0])))

    async def joins(self, name: str) -> None:
        """Join."""
        self._note(self.scene.when(member_joins(name)))

    async def leaves(self, name: str) -> None:
        """Leave."""
        self._note(self.scene.when(member_leaves(name)))

    async def answers(self, name: str, words: str) -> None:
        """Answer."""
        self._note(self.scene.when(answers(name, words)))

    async def passes(self, hours: float) -> None:
        """Wait."""
        self._note(self.scene.after(timedelta(hours=hours)))

    async def sends_file(self, name: str, media: Media, caption: str) -> None:
        """Send."""
        self._note(self.scene.when(sends_file(name, media.name, caption, kind=media.kind, media_type=media.media_type, size=media.size)))

    async def speaks(self, name: str) -> None:
        """Write."""
        self._note(self.scene.when(speaks(name)))

    async def polls_appear(self) -> None:
        """Show."""
        self._note(self.scene.when(polls_appear()))
        self._events[self.scene._world.polls[-1].id] = "the poll"

    async def votes(self, name: str, *answers: str, proven: bool = True) -> None:
        """Choose."""
        self._note(self.scene.when(votes(name, *answers, proven=proven)))

    async def ends_poll(self, name: str) -> None:
        """End."""
        self._note(self.scene.when(ends_poll(name)))

    async def is_invited(self, name: str) -> None:
        """Invite."""
        self._note(self.scene.when(member_invited(name)))

    async def is_removed(self, name: str) -> None:
        """Remove."""
        self._note(self.scene.when(member_leaves(name, how="removed")))

    async def knocks(self, name: str | None, reason: str) -> None:
        """Knock."""
        scene = self.scene.when(knocks(name, reason))
        self._events[f"${scene._world.count}"] = f"a knock: {reason}"
        self._note(scene)

    async def is_replaced(self) -> None:
        """Replace."""
        self._note(self.scene.when(room_upgraded("Jo")))

    def yielded(self) -> list[object]:
        """Return all effects."""
        called = self._called()
        return [plain(one, called, self._start) for one in self.scene.effects]

    def read(self) -> list[tuple[str, str]]:
        """Return what people read."""
        return sorted(self._read)

    def _note(self, scene: Scene) -> None:
        called = self._called()
        self._read += [(called[one.to], one.text) for one in scene.of(PostDirect)]
        self._read += [(called[one.room], one.text) for one in scene.of(PostMessage)]
        self._read += [(called[one.room], one.text) for one in scene.of(PostFile)]
        self._read += [(called[one.room], one.text) for one in scene.of(EndPoll)]
        self._read += [(called[one.room], one.question) for one in scene.of(StartPoll)]
        self._read += [(called[one.person], one.question) for one in scene.of(Asked)]
        self._read += [(called[one.person], one.text) for one in scene.of(Told)]

    def _called(self) -> dict[str, str]:
        group = self.scene.group
        return {one.id: one.name for one in group.people} | {one.id: one.key for one in group.rooms} | self._events


class Recording(InstalledPlugins):
    """The real host, which also notes what hooks yield."""

    noted: list[object]

    def call(self, plugin: str, hook: str, given: Mapping[str, object]) -> tuple[object, ...]:
        """Call and note."""
        yielded = super().call(plugin, hook, given)
        self.noted += yielded
        return yielded


class EngineSide:
    """The real host, engine and store, with a homeserver that notes what it was asked."""

    def __init__(self, world: World, plugins: Recording, people: dict[str, PersonId], start: datetime) -> None:
        """Use :func:`engine_side`."""
        self.world, self._plugins, self._people, self._start = world, plugins, people, start
        self._events: dict[str, str] = {}
        self._shown = 0
        self._poll = EventId("")

    async def turn_on(self) -> None:
        """Hand the event to the dispatcher as the command does."""
        world = self.world

        def work(uow: UnitOfWork) -> None:
            now = world.clock.now()
            event = TurnedOn(id=EventId("cli:on"), group=GROUP, at=now)
            world.dispatcher.handle(uow, Task(event, only=self._plugins.names()[0]), now)

        await world.store.transact(work)
        await world.settle()

    async def joins(self, name: str) -> None:
        """Join."""
        await self.world.joins(name, CIRCLE)
        await self.world.settle()

    async def leaves(self, name: str) -> None:
        """Leave."""
        await self.world.leaves(name, CIRCLE)
        await self.world.settle()

    async def answers(self, name: str, words: str) -> None:
        """Answer in the direct chat."""
        await self.world.says(name, words, RoomId(f"!direct-{self._people[name]}:test"))
        await self.world.settle()

    async def passes(self, hours: float) -> None:
        """Turn the clock an hour at a time, as no daemon sleeps through its timers."""
        while hours > 0:
            step = min(hours, 1)
            self.world.clock.forward(hours=step)
            await self.world.settle()
            hours -= step

    async def sends_file(self, name: str, media: Media, caption: str) -> None:
        """Send."""
        await self._happens(wire.Said(caption, media=media), name)

    async def speaks(self, name: str) -> None:
        """Write."""
        await self._happens(wire.Spoke(None, None), name, verified=False)

    async def polls_appear(self) -> None:
        """Let what the reader sent come back with the sync."""
        jobs = self.world.server.jobs[self._shown :]
        self._shown = len(self.world.server.jobs)
        for _, job in jobs:
            if isinstance(job, wire.SendPoll):
                self._poll = await self._happens(job.poll, READER)
                self._events[self._poll] = "the poll"
            if isinstance(job, wire.SendPollEnd):
                await self._happens(wire.Closed(job.target), READER)

    async def votes(self, name: str, *answers: str, proven: bool = True) -> None:
        """Choose."""
        await self._happens(wire.Voted(self._poll, answers), name, verified=proven)

    async def ends_poll(self, name: str) -> None:
        """End."""
        await self._happens(wire.Closed(self._poll), name)

    async def is_invited(self, name: str) -> None:
        """Invite."""
        await self._happens(wire.Membership(user_of(name), "invite", "leave"), "@doorkeeper:test")

    async def is_removed(self, name: str) -> None:
        """Remove."""
        await self._happens(wire.Membership(user_of(name), "leave", "join"), "Jo")

    async def knocks(self, name: str | None, reason: str) -> None:
        """Knock."""
        who = name or "@stranger:test"
        event = await self._happens(wire.Membership(user_of(who), "knock", "leave", None, reason), who)
        self._events[event] = f"a knock: {reason}"

    async def is_replaced(self) -> None:
        """Replace."""
        await self._happens(wire.Replaced(RoomId(f"!{'next'.ljust(43, '0')}")), "Jo")

    async def _happens(self, content: wire.Content, sender: str, *, verified: bool = True) -> EventId:
        event = self.world.incoming(content, sender, CIRCLE, verified=verified)
        await self.world.happens(event)
        await self.world.settle()
        return event.id

    def yielded(self) -> list[object]:
        """Return all effects."""
        return [plain(one, self._called, self._start) for one in self._plugins.noted]

    def read(self) -> list[tuple[str, str]]:
        """Return what was sent."""
        jobs = [job for _, job in self.world.server.jobs if isinstance(job, (wire.SendMessage, wire.SendFile, wire.SendPollEnd))]
        asked = [(self._called[job.room], job.poll.question) for _, job in self.world.server.jobs if isinstance(job, wire.SendPoll)]
        return sorted([*asked, *((self._called[job.room], job.text) for job in jobs)])

    async def look(self) -> None:
        """Learn the rooms' names."""
        group = await self.world.group()
        self._called: dict[str, str] = {one.id: group.name_of(one.direct_with) if one.direct_with else one.key for one in group.rooms}
        self._called |= {one.id: one.name for one in group.people} | self._events


async def engine_side(folder: Path, plugin: type[Plugin], start: datetime, *, circle: bool) -> EngineSide:
    """Open a store and begin the same story at the same hour."""
    plugins = Recording.of(plugin())
    assert isinstance(plugins, Recording)
    plugins.noted = []
    store = await open_store(f"sqlite:///{folder}/supportd.db", host_key=b"k" * 32, plugins=plugins.migrations())
    world = World(store, plugin())
    world.dispatcher.plugins = plugins
    world.clock.moment = start
    await world.begin()
    # One after the other: people who are added at the same instant have no order.
    ids = [await _add(world, name, roles, start - timedelta(minutes=len(PEOPLE) - turn)) for turn, (name, roles) in enumerate(PEOPLE)]
    for person in ids:
        await world.direct(person)
    if circle:
        await store.transact(lambda uow: uow.rooms.add(CIRCLE, GROUP, "circle", RoomSpec(name="Roses"), None, plugin.name, start))
    return EngineSide(world, plugins, {name: id_ for (name, _), id_ in zip(PEOPLE, ids, strict=True)}, start)


async def _add(world: World, name: str, roles: set[Role], at: datetime) -> PersonId:
    new = NewPerson(user=user_of(name), name=name, roles=frozenset({"member", *roles}))
    return await world.store.transact(lambda uow: uow.people.add(GROUP, new, at))
