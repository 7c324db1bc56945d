"""One transaction as the engine sees it; the store builds it, the engine never sees SQL."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, TypeVar

from supportd.engine.places import Groups, Rooms, Strangers
from supportd.engine.records import (
    Asks,
    DueTimer,
    Handled,
    Invitation,
    Invitations,
    JournalLine,
    Link,
    Links,
    NewPerson,
    NewRow,
    OpenAsk,
    OutboxRow,
    PluginStatus,
    RowState,
    SettingChange,
    Waiting,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
    from contextlib import AbstractContextManager
    from datetime import datetime

    from supportd.engine.wire import Account, GapMark, Mark, ParkMark
    from supportd.sdk.effects import ChangePerson
    from supportd.sdk.facts import Address, Relation, Role
    from supportd.sdk.ids import EventId, GroupId, PersonId, RoomId, UserId
    from supportd.sdk.store import Rows

__all__ = [
    "Asks",
    "DueTimer",
    "Groups",
    "Handled",
    "Inbox",
    "Invitation",
    "Invitations",
    "Journal",
    "JournalLine",
    "Link",
    "Links",
    "Marks",
    "NewPerson",
    "NewRow",
    "OpenAsk",
    "Outbox",
    "OutboxRow",
    "People",
    "PluginStates",
    "PluginStatus",
    "Rooms",
    "RowState",
    "SettingChange",
    "SettingsRows",
    "Store",
    "Strangers",
    "Timers",
    "UnitOfWork",
    "Waiting",
]

T = TypeVar("T")


class People(Protocol):
    """A group's people; Matrix ids, names and addresses are sealed under a key of each person."""

    def add(self, group: GroupId, person: NewPerson, at: datetime) -> PersonId:
        """Enter somebody; the same Matrix id again returns the person that is there."""

    def by_user(self, group: GroupId, user: UserId) -> PersonId | None:
        """Return who has this Matrix id in the group."""

    def group_of(self, person: PersonId) -> GroupId | None:
        """Return the group somebody belongs to."""

    def user_of(self, person: PersonId) -> UserId | None:
        """Return a person's Matrix id, or ``None`` without an account."""

    def forgotten(self, group: GroupId, user: UserId) -> bool:
        """Tell whether somebody with this Matrix id was forgotten and nobody entered them again."""

    def set_roles(self, person: PersonId, roles: frozenset[Role]) -> None:
        """Replace a person's roles."""

    def change(self, wish: ChangePerson) -> None:
        """Change what somebody wishes about themself; ``None`` leaves a thing as it is."""

    def add_address(self, address: Address) -> None:
        """Keep an address, sealed."""

    def addresses(self, person: PersonId) -> tuple[Address, ...]:
        """Return a person's addresses."""

    def add_relation(self, relation: Relation) -> None:
        """Keep that somebody is the proxy or buddy of somebody else."""

    def export(self, person: PersonId) -> Mapping[str, object]:
        """Return everything the core keeps about a person, as plain data."""

    def forget(self, person: PersonId) -> None:
        """Destroy the person's key and every row about them, also what waits to be sent to them."""


class Inbox(Protocol):
    """Events that wait, sealed; wiped when handled, after 7 days at the latest."""

    def put(self, waiting: Waiting, room: RoomId | None, not_before: datetime, at: datetime) -> None:
        """Keep an event for later."""

    def for_room(self, room: RoomId) -> tuple[Waiting, ...]:
        """Take out what waited for a room, oldest first."""

    def count_for(self, group: GroupId, plugin: str) -> int:
        """Return how many events wait for a plugin in a group."""

    def due(self, now: datetime) -> Waiting | None:
        """Return the oldest event of a plugin that may be tried again now; later events of the same plugin wait behind it."""

    def next_due(self) -> datetime | None:
        """Return when the next event may be tried again."""

    def remove(self, id_: str) -> None:
        """Forget a waiting event."""

    def again(self, id_: str, attempts: int, not_before: datetime) -> None:
        """Try an event later."""

    def drop_for(self, group: GroupId, plugin: str) -> int:
        """Forget everything that waits for a plugin; returns how many."""

    def release_for(self, group: GroupId, plugin: str, now: datetime) -> None:
        """Let everything that waits for a plugin be tried from ``now`` on."""


class Outbox(Protocol):
    """What is to be sent, in lanes."""

    def add(self, row: NewRow, at: datetime) -> bool:
        """Add a row; False when a row with this id is there already."""

    def claim(self, now: datetime, limit: int, paused: Collection[Account]) -> tuple[OutboxRow, ...]:
        """Take the heads of lanes, mark them ``sending`` and return them, the most urgent first."""

    def unsure(self) -> int:
        """Take every row that was on its way for longer ago than a homeserver remembers; returns how many.

        After a change of the device its transaction ids mean nothing any more.
        """

    def recover(self, now: datetime, keep: Collection[str] = ()) -> int:
        """Let what is ``sending`` (all but ``keep``) wait again with the same transaction id; returns how many."""

    def done(self, id_: str, at: datetime, event: EventId | None) -> bool:
        """Mark a row done and wipe its payload; False when it was done before."""

    def later(self, id_: str, not_before: datetime, *, unsent: bool = False) -> None:
        """Let a row wait until ``not_before``; its lane waits with it. ``unsent``: it surely never left."""

    def refused(self, id_: str, at: datetime) -> bool:
        """Mark a row refused and wipe its payload; False when it was final before."""

    def uncertain(self, id_: str, at: datetime) -> None:
        """Set a row aside: nobody can tell whether it arrived."""

    def decide(self, id_: str, *, send: bool, at: datetime) -> OutboxRow | None:
        """Let a held or uncertain row go, or refuse it; returns it as it was, ``None`` when it was decided before."""

    def echo(self, transaction: str, event: EventId, at: datetime) -> OutboxRow | None:
        """Our send was seen in the sync: mark the row done when it was not; returns it in that case."""

    def unblock(self, lane: str) -> int:
        """Let go what waited for the person of a direct chat to join; returns how many rows."""

    def refuse_lane(self, lane: str, at: datetime) -> tuple[OutboxRow, ...]:
        """Refuse everything that waits in a lane and return it."""

    def pending_for(self, person: PersonId) -> int:
        """Return how many rows about a person are not final."""

    def replaces(self, group: GroupId, room: RoomId) -> bool:
        """Tell whether a room is being made in the place of this one."""

    def recent(self, group: GroupId, plugin: str, since: datetime) -> int:
        """Return how many rows a plugin has added since then."""

    def next_due(self) -> datetime | None:
        """Return when the next waiting row may go."""

    def counts(self) -> Mapping[str, int]:
        """Return how many rows are in each state."""


class Timers(Protocol):
    """Timers of plugins and of the core."""

    def start(self, group: GroupId, plugin: str, key: str, due: datetime) -> None:
        """Start or move a timer."""

    def cancel(self, group: GroupId, plugin: str, key: str) -> None:
        """Forget a timer."""

    def due(self, now: datetime, limit: int) -> tuple[DueTimer, ...]:
        """Return due timers, oldest first."""

    def next_due(self) -> datetime | None:
        """Return when the next timer is due."""


class SettingsRows(Protocol):
    """Settings of three levels with their history; group or room ``""`` stands for the level above."""

    def level(self, group: str, plugin: str, room: str) -> Mapping[str, str]:
        """Return the values set at one level, as JSON text."""

    def change(self, group: str, plugin: str, room: str, key: str, value: str | None, at: datetime, by: str) -> int:
        """Set or unset one key and keep the change in the history; returns its number."""

    def history(self, group: str, plugin: str, limit: int) -> tuple[SettingChange, ...]:
        """Return the last changes, newest first."""


class PluginStates(Protocol):
    """Which plugin is in which state in which group."""

    def get(self, group: GroupId, plugin: str) -> PluginStatus:
        """Return the status; ``off`` when nothing was ever said."""

    def all(self, group: GroupId) -> tuple[PluginStatus, ...]:
        """Return all that is known."""

    def set(self, group: GroupId, status: PluginStatus, at: datetime) -> None:
        """Keep a status."""


class Journal(Protocol):
    """What was done and why; lines are chained by hashes."""

    def add(self, line: JournalLine) -> None:
        """Append a line."""

    def last(self, group: GroupId, limit: int) -> tuple[JournalLine, ...]:
        """Return the last lines, newest first."""

    def intact(self, group: GroupId) -> bool:
        """Tell whether no line was changed or taken out."""


class Marks(Protocol):
    """What the Matrix side keeps in our commit."""

    def apply(self, marks: Iterable[Mark], at: datetime) -> None:
        """Keep tokens, gaps, parked events, powers and what was set aside (echoes are the engine's)."""

    def token(self, account: Account) -> str | None:
        """Return a sync token."""

    def gaps(self) -> tuple[GapMark, ...]:
        """Return open gaps."""

    def parked(self, sessions: Collection[tuple[RoomId, str]] | None) -> tuple[ParkMark, ...]:
        """Return parked events."""

    def counts(self) -> Mapping[str, int]:
        """Return the number of open gaps, parked and set-aside events."""


class UnitOfWork(Protocol):
    """Everything inside one transaction; valid only while the work runs."""

    people: People
    groups: Groups
    rooms: Rooms
    strangers: Strangers
    handled: Handled
    inbox: Inbox
    outbox: Outbox
    timers: Timers
    asks: Asks
    settings: SettingsRows
    states: PluginStates
    journal: Journal
    links: Links
    invitations: Invitations
    marks: Marks

    def savepoint(self) -> AbstractContextManager[None]:
        """Undo what happened inside when it raises."""

    def rows(self, plugin: str, group: GroupId) -> Rows:
        """Return a plugin's own rows of one group."""

    def token(self, purpose: str, id_: str) -> str:
        """Return a secret token of 160 bits derived from an id under the installation's key: the same id gives the same token."""

    def tidy(self, now: datetime) -> Sequence[str]:
        """Delete what is past its time; returns the names of the tables that were touched."""


class Store(Protocol):
    """The database."""

    async def transact(self, work: Callable[[UnitOfWork], T]) -> T:
        """Run ``work`` and commit; returns only when it is durable. A raise undoes this work only."""

    async def read(self, work: Callable[[UnitOfWork], T]) -> T:
        """Run ``work`` that changes nothing."""

    async def scrub(self) -> None:
        """Clear what was deleted out of the database's files."""
