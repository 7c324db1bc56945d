"""What follows from a send: rows become final, rooms are registered, plugins hear of it, all in one commit."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from supportd.engine import chats, failing, names, wire
from supportd.engine.asks import ask_uncertain
from supportd.engine.inner import CORE, CreateDirect, EnterChat
from supportd.engine.jobs import direct_spec
from supportd.engine.resolve import resolve
from supportd.engine.seen import keep as keep_seen
from supportd.engine.seen import mended as keep_mended
from supportd.engine.seen import not_here
from supportd.engine.task import Task
from supportd.engine.unit import JournalLine
from supportd.engine.unplaced import Unplaced
from supportd.sdk import _refusals
from supportd.sdk import effects as fx
from supportd.sdk.events import RoomMended, RoomReady, RoomSwept
from supportd.sdk.ids import EventId
from supportd.sdk.rooms import SetBy

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime

    from supportd.engine.dispatch import Dispatcher
    from supportd.engine.unit import OutboxRow, UnitOfWork
    from supportd.engine.wire import Done, HereMark, Later, Outcome, RoomMark
    from supportd.sdk.ids import PersonId, RoomId, UserId
    from supportd.sdk.rooms import RoomSpec, Setting


class Results:
    """Books the outcome of a send."""

    def __init__(self, dispatcher: Dispatcher, ours: Collection[UserId]) -> None:
        """Take what hands follow-up events to plugins, and the Matrix ids of our own accounts."""
        self.dispatcher = dispatcher
        self.ours = ours
        self.unplaced = Unplaced()

    def book(self, uow: UnitOfWork, row: OutboxRow, outcome: Outcome, now: datetime) -> None:
        """Keep the outcome of ``row``; repeating it changes nothing."""
        match outcome:
            case wire.Done():
                self.done(uow, row, outcome, now)
            case wire.Later():
                self._later(uow, row, outcome, now)
            case wire.More(seconds=seconds):
                uow.outbox.later(row.id, now + timedelta(seconds=seconds))
            case wire.Never():
                self.never(uow, row, outcome.code, now)

    def done(self, uow: UnitOfWork, row: OutboxRow, outcome: Done, now: datetime) -> None:
        """Book that the row arrived."""
        if not uow.outbox.done(row.id, now, outcome.event):
            return
        if outcome.event is not None:
            uow.asks.sent(row.id, outcome.event)
        # Before the room is told to be ready: a plugin must not invite them once more.
        for user, code in outcome.refused if row.plugin != CORE else ():
            self._not_invited(uow, row, user, code, now)
        if outcome.room is not None:
            self._room(uow, row, outcome, outcome.room, now)
        if isinstance(row.effect, fx.MendRoom):
            uow.rooms.declare(row.effect.room, row.group, row.effect.spec)
            id_ = EventId(f"result:{row.id}")
            if outcome.mended:
                keep_mended(uow, row.effect, uow.groups.facts(row.group, now), outcome.mended)
            by = tuple(self._set_by(uow, row, setting, user) for setting, user in outcome.by)
            mended = RoomMended(id=id_, group=row.group, at=now, room=row.effect.room, mended=outcome.mended, failed=outcome.failed, by=by)
            self.dispatcher.handle(uow, Task(mended, only=row.plugin), now)
        if isinstance(row.effect, fx.SweepRoom):
            swept = RoomSwept(id=EventId(f"result:{row.id}"), group=row.group, at=now, room=row.effect.room, key=row.effect.key)
            self.dispatcher.handle(uow, Task(swept, only=row.plugin), now)

    def _set_by(self, uow: UnitOfWork, row: OutboxRow, setting: Setting, user: UserId) -> SetBy:
        return SetBy(setting, account=user) if user in self.ours else SetBy(setting, uow.people.by_user(row.group, user))

    def seen(self, uow: UnitOfWork, mark: RoomMark, now: datetime) -> None:
        """Keep what a room is now, and tell plugins when that changed."""
        event = keep_seen(uow, mark, now)
        if event is not None:
            self.dispatcher.handle(uow, Task(event), now)

    def missed(self, uow: UnitOfWork, mark: HereMark, now: datetime) -> None:
        """Tell plugins of rooms that an account is not in any more, though nothing told of its leaving."""
        for group in uow.groups.ids():
            for event in not_here(uow, uow.groups.facts(group, now), mark):
                self.dispatcher.handle(uow, Task(event), now)

    def _not_invited(self, uow: UnitOfWork, row: OutboxRow, user: UserId, code: str, now: datetime) -> None:
        """Tell the plugin that somebody it wanted in a new room could not be invited, as if it had invited them by itself."""
        person = uow.people.by_user(row.group, user)
        id_, reason = f"result:{row.id}:{person}", _refusals.sentence(code)
        failed = failing.refused(row.effect, id_, row.group, now, reason, person=person, code=code, kind=fx.InviteMember)
        self.dispatcher.handle(uow, Task(failed, only=row.plugin), now)

    def _room(self, uow: UnitOfWork, row: OutboxRow, outcome: Done, room: RoomId, now: datetime) -> None:
        if isinstance(row.effect, EnterChat):
            chats.entered(uow, self.dispatcher.plugins, row.effect, row.group, now, mended=bool(outcome.mended))
        else:
            self._made(uow, row, room, now)
        self._catch_up(uow, room, now)

    def _made(self, uow: UnitOfWork, row: OutboxRow, room: RoomId, now: datetime) -> None:
        key, spec, person = _room_of(uow, row, now)
        if isinstance(row.effect, fx.CreateRoom) and row.effect.replaces is not None:
            uow.rooms.ended(row.effect.replaces, f"{key}:{names.derived('ended', row.effect.replaces)[:8]}")
        uow.rooms.add(room, row.group, key, spec, person, row.plugin, now)
        if person is None:
            ready = RoomReady(id=EventId(f"result:{row.id}"), group=row.group, at=now, room=room, key=key)
            self.dispatcher.handle(uow, Task(ready), now)

    def _catch_up(self, uow: UnitOfWork, room: RoomId, now: datetime) -> None:
        """Handle what came of a room before it was on record."""
        for mark in self.unplaced.of(room):
            uow.marks.apply([mark], now)
            if isinstance(mark, wire.RoomMark):
                self.seen(uow, mark, now)
        for waiting in uow.inbox.for_room(room):
            if isinstance(waiting.event, wire.Incoming):
                for event in resolve(uow, waiting.event, self.ours, now):
                    self.dispatcher.handle(uow, Task(event), now)

    @staticmethod
    def close(uow: UnitOfWork, row: OutboxRow, outcome: Outcome, now: datetime) -> None:
        """Keep the outcome of ``row`` and nothing that follows from it."""
        if isinstance(outcome, wire.Done):
            uow.outbox.done(row.id, now, outcome.event)
        else:
            uow.outbox.refused(row.id, now)

    @staticmethod
    def _later(uow: UnitOfWork, row: OutboxRow, outcome: Later, now: datetime) -> None:
        # The server's own wait is kept to the millisecond; our own doubles up to five minutes.
        wait = outcome.seconds if outcome.whole_account else max(outcome.seconds, min(2.0 ** min(row.attempts, 9), 300.0))
        uow.outbox.later(row.id, now + timedelta(seconds=wait), unsent=row.fresh and not outcome.maybe_done)

    def never(self, uow: UnitOfWork, row: OutboxRow, code: str, now: datetime) -> None:
        """Book that the server refuses it for good: the plugin is told, and what depends on it is refused too."""
        if not uow.outbox.refused(row.id, now):
            return
        kind = type(row.effect).__name__
        reason = _refusals.sentence(code) if code.startswith("ORG_") else f"The homeserver answered {code}."
        uow.journal.add(JournalLine(group=row.group, plugin=row.plugin, at=now, kind=kind, outcome="refused", reason=reason))
        self._tell(uow, row, code, now)
        if isinstance(row.effect, EnterChat):
            chats.refused(uow, self.dispatcher.plugins, row.effect, row.group, now)
        if isinstance(row.effect, CreateDirect):
            for urgent in (False, True):
                for one in uow.outbox.refuse_lane(names.direct_lane(row.effect.to, urgent=urgent), now):
                    self._tell(uow, one, code, now)

    def _tell(self, uow: UnitOfWork, row: OutboxRow, code: str, now: datetime) -> None:
        if row.plugin == CORE:
            return
        reason = _refusals.sentence(code)
        failed = failing.refused(row.effect, f"result:{row.id}", row.group, now, reason, person=row.person, code=code)
        self.dispatcher.handle(uow, Task(failed, only=row.plugin), now)

    @staticmethod
    def uncertain(uow: UnitOfWork, row: OutboxRow, now: datetime) -> None:
        """Nobody can tell whether the row arrived: a person decides, unless its echo still comes."""
        uow.outbox.uncertain(row.id, now)
        reason = "It may or may not have arrived; a key member decides."
        kind = type(row.effect).__name__
        uow.journal.add(JournalLine(group=row.group, plugin=row.plugin, at=now, kind=kind, outcome="held", reason=reason))
        ask_uncertain(uow, uow.groups.facts(row.group, now), row.id)


def _room_of(uow: UnitOfWork, row: OutboxRow, now: datetime) -> tuple[str, RoomSpec, PersonId | None]:
    if isinstance(row.effect, fx.CreateRoom):
        return row.effect.key, row.effect.spec, None
    if isinstance(row.effect, CreateDirect):
        name = uow.groups.facts(row.group, now).name
        return f"direct:{row.effect.to}", direct_spec(name), row.effect.to
    raise AssertionError(type(row.effect))
