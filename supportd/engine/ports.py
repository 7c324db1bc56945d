"""The engine's doors: what stands behind each is built elsewhere and handed in by the daemon."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from supportd.errors import SupportdError

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from datetime import datetime

    from supportd.engine.unit import UnitOfWork
    from supportd.engine.wire import Account, GapMark, Job, Outcome, ParkMark, SyncBatch
    from supportd.sdk.commands import Command
    from supportd.sdk.effects import Effect
    from supportd.sdk.events import Event
    from supportd.sdk.findings import Finding
    from supportd.sdk.ids import EventId, GroupId, PersonId, RoomId, UserId
    from supportd.sdk.settings import Settings
    from supportd.sdk.store import PluginStore, Rows


class Clock(Protocol):
    """The time of day; a test hands in its own."""

    def now(self) -> datetime:
        """Return the present instant, aware, in UTC."""


class Homeserver(Protocol):
    """Does one job on the homeserver; never raises for what a server may answer."""

    async def perform(self, account: Account, job: Job) -> Outcome:
        """Do ``job`` as ``account``. Repeating a job after a crash has no second effect."""


class MatrixInbox(Protocol):
    """Where the Matrix side hands over what it read, and finds what it left at the last commit."""

    async def token(self, account: Account) -> str | None:
        """Return the committed sync token of ``account``; ``None`` before the first sync."""

    async def accept(self, batch: SyncBatch) -> None:
        """Handle the events and keep the marks; when this returns, all of it is committed."""

    async def gaps(self) -> tuple[GapMark, ...]:
        """Return the open gaps, oldest first."""

    async def parked(self, sessions: Collection[tuple[RoomId, str]] | None = None) -> tuple[ParkMark, ...]:
        """Return what waits for its key: of these (room, session id), or everything."""


class Readers(Protocol):
    """Who may read what we say in a room, besides our own accounts: strangers in it get no key of ours."""

    async def readers(self, room: RoomId, users: Collection[UserId]) -> frozenset[UserId]:
        """Return those of ``users`` who may."""


class Words(Protocol):
    """The one door to members' words that are not in an event just now (architecture, "References, not words")."""

    async def read(self, refs: Sequence[tuple[RoomId, EventId]]) -> Mapping[EventId, WordsFound]:
        """Fetch and decrypt; what is redacted, unreadable or gone is absent from the answer. Edits are applied."""


class WordsFound(Protocol):
    """The present words of one event."""

    @property
    def text(self) -> str:
        """The words after the author's last edit."""

    @property
    def author(self) -> UserId:
        """Who wrote them, proven by cross-signed keys."""

    @property
    def at(self) -> datetime:
        """When they were first posted, UTC."""


class Plugins(Protocol):
    """The plugins that are installed, as the engine sees them."""

    def names(self) -> tuple[str, ...]:
        """Return the names of all installed plugins, in a stable order."""

    def refusals(self) -> Mapping[str, str]:
        """Return the installed plugins that cannot be used, each with a sentence why."""

    def listens(self, plugin: str, hook: str) -> bool:
        """Tell whether a plugin implements a hook."""

    def grants(self, plugin: str) -> frozenset[type[Effect]]:
        """Return the kinds of effect a plugin may yield."""

    def commands(self, plugin: str) -> tuple[Command, ...]:
        """Return a plugin's commands."""

    def settings(self, uow: UnitOfWork, plugin: str, group: GroupId, room: RoomId | None) -> Settings:
        """Return a plugin's settings, merged from deployment, group and room."""

    def summary(self, plugin: str) -> str:
        """Return a plugin's one sentence."""

    def settings_model(self, plugin: str) -> type[Settings]:
        """Return the model of a plugin's settings."""

    def checked_setting(self, plugin: str, key: str, value: str) -> str:
        """Return a new value as JSON text; raises a sentence for an unknown key or a value that does not fit."""

    def call(self, plugin: str, hook: str, given: Mapping[str, object]) -> tuple[object, ...]:
        """Call one hook of one plugin with those of ``given`` it asks for, and return what it yielded.

        Raises :class:`HookFailed` when the plugin raises or runs longer than its time limit.
        """

    def assesses(self, plugin: str) -> bool:
        """Tell whether a plugin has an assessment of its own."""

    def store(self, plugin: str, rows: Rows) -> PluginStore:
        """Return the plugin's own view of its rows."""

    def export(self, plugin: str, member: PersonId, rows: Rows) -> Mapping[str, object]:
        """Return what a plugin keeps about somebody."""

    def forget(self, plugin: str, member: PersonId, rows: Rows) -> None:
        """Let a plugin delete what it keeps about somebody."""


class Assessor(Protocol):
    """Runs the assessments of plugins where they can neither write nor stop the daemon."""

    async def assess(self, plugin: str, event: Event, settings: Settings) -> tuple[Finding, ...]:
        """Return what the plugin found, or ``NOT_ASSESSED`` when it is late or raises."""

    def assesses(self, plugin: str) -> bool:
        """Tell whether a plugin has an assessment at all."""


class HookFailed(SupportdError):
    """The plugin “{plugin}” stopped in its hook “{hook}” ({cause}); its other events wait until somebody looks."""
