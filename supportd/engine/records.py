"""Frozen values that pass between the engine and the store: rows, waiting things, lines, links; and three of the smaller doors."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, Protocol

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime

    from supportd.domain.quarantine import PluginState
    from supportd.engine.wire import Account, Incoming
    from supportd.sdk.ask import Ask
    from supportd.sdk.effects import Effect
    from supportd.sdk.events import Event
    from supportd.sdk.facts import QuietHours, Role
    from supportd.sdk.ids import EventId, GroupId, PersonId, UserId

RowState = Literal["waiting", "blocked", "held", "sending", "uncertain", "done", "refused"]


@dataclass(frozen=True, slots=True, kw_only=True)
class NewRow:
    """An accepted effect on its way to the outbox.

    ``id`` is derived from the event, the plugin and the position of the effect, and is also the Matrix transaction id: the same decision
    made again is the same row. ``lane``: rows of one lane go one after the other. ``priority``: 0 moderation, 1 welcome, 2 the rest.
    """

    id: str
    group: GroupId
    plugin: str
    account: Account
    lane: str
    priority: int
    effect: Effect
    not_before: datetime
    state: RowState = "waiting"
    person: PersonId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboxRow:
    """A claimed row: committed as ``sending`` before anything leaves."""

    id: str
    group: GroupId
    plugin: str
    account: Account
    lane: str
    effect: Effect
    person: PersonId | None
    attempts: int
    first_sent: datetime
    #: Whether this is the first time that it may leave.
    fresh: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenAsk:
    """An open ask: ``step`` counts the steps that were asked (1 for the first)."""

    id: str
    group: GroupId
    plugin: str
    ask: Ask = field(repr=False)
    step: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DueTimer:
    """A timer whose time has come."""

    group: GroupId
    plugin: str
    key: str
    due: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """An event that waits in the inbox: for its room, or for a plugin that failed on it."""

    id: str
    group: GroupId | None
    plugin: str | None
    event: Event | Incoming
    attempts: int


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalLine:
    """What the system did and why, without words: ``reason`` is a sentence a member could read."""

    group: GroupId
    plugin: str
    at: datetime
    kind: str
    outcome: Literal["accepted", "refused", "shadow", "failed", "done", "held", "told", "changed"]
    reason: str = ""
    about: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PluginStatus:
    """A plugin in a group: its state, failures in a row, and a sentence why when it needs somebody."""

    plugin: str
    state: PluginState
    failures: int = 0
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingChange:
    """One change of one setting; values are JSON text, ``None`` for "not set at this level"."""

    number: int
    plugin: str
    room: str
    key: str
    old: str | None
    new: str | None
    at: datetime
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NewPerson:
    """Somebody to be entered in a group's people."""

    user: UserId | None
    name: str = field(repr=False)
    roles: frozenset[Role]
    language: str | None = None
    zone: str | None = None
    quiet: QuietHours | None = None
    occasion: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """A single-purpose link; only a hash of its token is kept."""

    group: GroupId
    plugin: str
    key: str
    person: PersonId
    button: str
    expires: datetime
    used: bool


class Links(Protocol):
    """Single-purpose links."""

    def add(self, token: str, link: Link, at: datetime) -> None:
        """Keep the hash of a token with what it is for."""

    def find(self, token: str) -> Link | None:
        """Return what a token is for."""

    def revoke(self, group: GroupId) -> int:
        """Let no link of a group work any more; returns how many that were."""

    def use(self, token: str, now: datetime) -> bool:
        """Use a link by compare-and-set; False when it was used or has expired."""


@dataclass(frozen=True, slots=True)
class Invitation:
    """A link for one person who is not in the group yet; only a hash of its token is kept, and the name it was made for, sealed."""

    group: GroupId
    name: str = field(repr=False)
    expires: datetime
    #: A word for the occasion, by which a group's own words are chosen; empty for none.
    occasion: str = ""


class Invitations(Protocol):
    """Links by which one person each comes into a group."""

    def add(self, token: str, invitation: Invitation) -> None:
        """Keep the hash of a token with whom it is for."""

    def find(self, token: str, now: datetime) -> Invitation | None:
        """Return what an invitation is; ``None`` for one that is unknown, used or over."""

    def use(self, token: str, now: datetime) -> bool:
        """Use an invitation by compare-and-set and wipe whom it was for; False when it was used or is over."""

    def revoke(self, group: GroupId) -> int:
        """Let no open invitation of a group work any more; returns how many that were."""

    def count(self, group: GroupId, now: datetime) -> int:
        """Return how many are open."""


class Handled(Protocol):
    """The ids of events that are done with, kept for 30 days."""

    def seen(self, id_: EventId) -> bool:
        """Tell whether the event was handled."""

    def seen_of(self, ids: Collection[EventId]) -> set[EventId]:
        """Return which of these events were handled."""

    def add_all(self, ids: Collection[EventId], at: datetime) -> None:
        """Remember that all of these are handled now."""

    def add(self, id_: EventId, at: datetime) -> None:
        """Remember that it is handled now."""


class Asks(Protocol):
    """Open asks, the events they were asked in, and the answers given."""

    def open(self, ask: OpenAsk, at: datetime) -> bool:
        """Open an ask; False when one with its plugin and key is open."""

    def by_key(self, group: GroupId, plugin: str, key: str) -> OpenAsk | None:
        """Return an open ask."""

    def by_event(self, event: EventId, person: PersonId) -> OpenAsk | None:
        """Return the open ask that was put to ``person`` in this event."""

    def latest_for(self, group: GroupId, person: PersonId, until: datetime) -> OpenAsk | None:
        """Return the open ask that reached a person last of those that reached them by ``until``."""

    def put_to(self, ask: str, person: PersonId, row: str) -> None:
        """Remember that outbox row ``row`` carries the ask to a person."""

    def sent(self, row: str, event: EventId) -> None:
        """Remember the event that carries an ask, and when outbox row ``row``, which is done by now, brought it to the person."""

    def unsent(self, ask: str) -> tuple[str, ...]:
        """Return the outbox rows that carry the ask and have not arrived yet."""

    def by_id(self, id_: str) -> OpenAsk | None:
        """Return an open ask by its id."""

    def owner(self, id_: str) -> str:
        """Return the plugin of an ask, open or closed."""

    def beginning(self, group: GroupId, plugin: str, beginning: str) -> tuple[OpenAsk, ...]:
        """Return the open asks whose key begins like this."""

    def outcomes(self, group: GroupId, plugin: str, key: str) -> tuple[str, ...]:
        """Return what earlier asks with this key came to, oldest first."""

    def spend(self, group: GroupId, plugin: str, beginning: str, outcome: str) -> None:
        """Let no ended ask whose key begins like this count as ``outcome`` any longer."""

    def asked(self, ask: str) -> tuple[PersonId, ...]:
        """Return whom the ask was put to."""

    def answer(self, ask: str, person: PersonId, answer: str, at: datetime) -> tuple[tuple[PersonId, str], ...]:
        """Keep a person's answer; returns all answers in order."""

    def step(self, ask: str, step: int) -> None:
        """Remember how many steps were asked."""

    def close(self, ask: str, outcome: str, at: datetime) -> bool:
        """Close an ask by compare-and-set and wipe its words; False when it was closed before."""
