"""A whole engine over a real store, with a homeserver that only notes what it was asked and a clock that a test turns."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from supportd.engine import wire
from supportd.engine.dispatch import Dispatcher
from supportd.engine.engine import Engine
from supportd.engine.pump import Pump
from supportd.engine.records import NewPerson, PluginStatus
from supportd.engine.results import Results
from supportd.sdk.facts import GroupStyle
from supportd.sdk.ids import EventId, GroupId, PersonId, RoomId, UserId
from supportd.sdk.rooms import RoomSpec
from tests.support.plugins import NoAssessor, SmallPlugins

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from supportd.domain.quarantine import PluginState
    from supportd.engine.unit import Store, UnitOfWork
    from supportd.sdk.facts import Group, QuietHours, Role
    from supportd.sdk.hooks import Plugin

START = datetime(2026, 11, 2, 18, 0, tzinfo=UTC)
GROUP = GroupId("roses")
ROOM = RoomId("!main:test")
READER = UserId("@reader:test")
OURS = (UserId("@creator:test"), UserId("@doorkeeper:test"), READER)


@dataclass
class TurnedClock:
    """A clock that stands still until it is turned."""

    moment: datetime = START

    def now(self) -> datetime:
        """Return where the hands are."""
        return self.moment

    def forward(self, **parts: float) -> None:
        """Turn it, also backwards."""
        self.moment += timedelta(**parts)


@dataclass
class NotingHomeserver:
    """Says yes to every job and notes it; ``answers`` are given first, in order, ``before`` sees each job."""

    jobs: list[tuple[wire.Account, wire.Job]] = field(default_factory=list)
    answers: list[wire.Outcome] = field(default_factory=list)
    before: Callable[[wire.Job], None] = lambda _job: None

    async def perform(self, account: wire.Account, job: wire.Job) -> wire.Outcome:
        """Note the job and answer."""
        self.before(job)
        self.jobs.append((account, job))
        if self.answers:
            return self.answers.pop(0)
        if isinstance(job, wire.MakeRoom):
            return wire.Done(room=RoomId(f"!{job.marker}:test"))
        if isinstance(job, wire.Sending):
            return wire.Done(event=EventId(f"${job.transaction}"))
        return wire.Done()

    def said(self) -> list[str]:
        """Return the texts that were sent, in order."""
        return [job.text for _, job in self.jobs if isinstance(job, wire.SendMessage)]


class World:
    """One group, its people and rooms, and what happens to them."""

    def __init__(self, store: Store, *plugins: Plugin) -> None:
        """Join the parts."""
        self.store = store
        self.clock = TurnedClock()
        self.server = NotingHomeserver()
        self.plugins = SmallPlugins(*plugins)
        self.dispatcher = Dispatcher(self.plugins, public_url="https://help.test", server="test")
        self.results = Results(self.dispatcher, OURS)
        self.pump = Pump(store, self.server, self.results, self.clock, server="test")
        self.engine = Engine(store, self.dispatcher, self.results, self.pump, NoAssessor(), self.clock, ours=OURS)
        #: Whether somebody who comes or speaks and is not in the group's people stays so.
        self.strangers_come = False
        self._events = 0

    async def begin(self, *people: tuple[str, set[Role]], state: PluginState = "on", quiet: QuietHours | None = None) -> list[PersonId]:
        """Found the group with its room and ``people`` (name, roles), and bring all plugins into ``state``."""

        def work(uow: UnitOfWork) -> list[PersonId]:
            now = self.clock.now()
            uow.groups.add(GROUP, GroupStyle(name="Roses", zone="UTC"), now)
            added = [
                uow.people.add(GROUP, NewPerson(user=user_of(name), name=name, roles=frozenset({"member", *roles}), quiet=quiet), now)
                for name, roles in people
            ]
            uow.rooms.add(ROOM, GROUP, "main", RoomSpec(name="Main"), None, "supportd", now)
            for plugin in self.plugins.names():
                uow.states.set(GROUP, PluginStatus(plugin=plugin, state=state), now)
            return added

        return await self.store.transact(work)

    async def direct(self, person: PersonId, *, joined: bool = True) -> RoomId:
        """Register a direct chat with somebody who is in it."""
        room = RoomId(f"!direct-{person}:test")

        def work(uow: UnitOfWork) -> None:
            uow.rooms.add(room, GROUP, f"direct:{person}", RoomSpec(name="Roses", kind="direct"), person, "supportd", self.clock.now())
            uow.rooms.set_membership(room, person, "join" if joined else "invite", self.clock.now())

        await self.store.transact(work)
        return room

    def incoming(self, content: wire.Content, sender: str, room: RoomId = ROOM, *, verified: bool = True, id_: str = "") -> wire.Incoming:
        """Return an event of ``sender`` (a name) with an id of its own."""
        self._events += 1
        return wire.Incoming(EventId(id_ or f"$event{self._events}"), room, self.clock.now(), user_of(sender), content, verified)

    async def happens(self, *events: wire.Incoming, marks: tuple[wire.Mark, ...] = ()) -> None:
        """Let the engine accept events, of people who are entered by then; ``strangers_come``: of anybody."""
        if not self.strangers_come:
            await self.store.transact(lambda uow: _enter(uow, events, self.clock.now()))
        await self.engine.accept(wire.SyncBatch(events, marks))

    async def says(self, name: str, text: str, room: RoomId = ROOM, *, verified: bool = True) -> wire.Incoming:
        """Let somebody write."""
        event = self.incoming(wire.Said(text), name, room, verified=verified)
        await self.happens(event)
        return event

    async def joins(self, name: str, room: RoomId = ROOM) -> None:
        """Let somebody join."""
        await self.happens(self.incoming(wire.Membership(user_of(name), "join", "leave", name), name, room))

    async def leaves(self, name: str, room: RoomId = ROOM) -> None:
        """Let somebody leave."""
        await self.happens(self.incoming(wire.Membership(user_of(name), "leave", "join"), name, room))

    async def settle(self) -> None:
        """Send and fire whatever may be sent and fired now."""
        while await self.pump.once() + await self.engine.due():
            pass

    async def group(self) -> Group:
        """Return the group as it is now."""
        return await self.store.read(lambda uow: uow.groups.facts(GROUP, self.clock.now()))

    async def journal(self) -> list[tuple[str, str, str]]:
        """Return (kind, outcome, reason) of the journal, oldest first."""
        lines = await self.store.read(lambda uow: uow.journal.last(GROUP, 1000))
        return [(one.kind, one.outcome, one.reason) for one in reversed(lines)]

    async def state(self, plugin: str) -> PluginStatus:
        """Return a plugin's state."""
        return await self.store.read(lambda uow: uow.states.get(GROUP, plugin))

    async def counts(self) -> dict[str, int]:
        """Return the outbox by state."""
        return dict(await self.store.read(lambda uow: uow.outbox.counts()))


def _enter(uow: UnitOfWork, events: Iterable[wire.Incoming], now: datetime) -> None:
    """Enter who joins or speaks, as an admin does, unless they were forgotten."""
    for one in events:
        group, content = uow.rooms.group_of(one.room), one.content
        user, name = (content.subject, content.display_name) if isinstance(content, wire.Membership) else (one.sender, "")
        comes = content.state == "join" if isinstance(content, wire.Membership) else not isinstance(content, wire.Replaced)
        if comes and group is not None and user not in OURS and not uow.people.forgotten(group, user):
            uow.people.add(group, NewPerson(user=user, name=name or "", roles=frozenset({"member"})), now)


def user_of(name: str) -> UserId:
    """Return the Matrix id that goes with a name."""
    return UserId(name) if name.startswith("@") else UserId(f"@{name.lower()}:test")


def names(jobs: Iterable[tuple[wire.Account, wire.Job]]) -> list[str]:
    """Return the kinds of jobs, in order."""
    return [type(job).__name__ for _, job in jobs]
