"""The engine: what came in is decided and committed; what is due is done."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

from supportd.engine import aside, assessing, chats, newdevices, newkeys, strangers, telling, wire
from supportd.engine.resolve import resolve
from supportd.engine.retry import looked, settled
from supportd.engine.task import Task
from supportd.engine.timers import fire_due, retry_due
from supportd.errors import Fault
from supportd.logs import get_logger, short

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from datetime import datetime

    from supportd.engine.deed import Deeds
    from supportd.engine.dispatch import Dispatcher
    from supportd.engine.ports import Assessor, Clock
    from supportd.engine.pump import Pump
    from supportd.engine.results import Results
    from supportd.engine.unit import Store, UnitOfWork
    from supportd.engine.wire import Account, GapMark, Incoming, Mark, ParkMark, SyncBatch
    from supportd.sdk import events as ev
    from supportd.sdk.findings import Finding
    from supportd.sdk.ids import EventId, PersonId, RoomId, UserId

log = get_logger(__name__)

#: Events committed together; the token stands in the last commit of a batch.
AT_ONCE = 50


class Engine:
    """Joins the doors; one for each process. Implements the port ``MatrixInbox``."""

    def __init__(
        self,
        store: Store,
        dispatcher: Dispatcher,
        results: Results,
        pump: Pump,
        assessor: Assessor,
        clock: Clock,
        *,
        ours: Collection[UserId],
    ) -> None:
        """Take the doors and the Matrix ids of our own accounts."""
        self.store = store
        self.dispatcher = dispatcher
        self.results = results
        self.pump = pump
        self.assessor = assessor
        self.clock = clock
        self.ours = frozenset(ours)
        self.timers_changed = asyncio.Event()
        self._forgotten: set[PersonId] = set()

    # ---- what the Matrix side calls (port MatrixInbox) --------------------------------------------------------------

    async def token(self, account: Account) -> str | None:
        """Return the committed sync token."""
        return await looked(self.store, lambda uow: uow.marks.token(account))

    async def gaps(self) -> tuple[GapMark, ...]:
        """Return open gaps."""
        return await looked(self.store, lambda uow: uow.marks.gaps())

    async def parked(self, sessions: Collection[tuple[RoomId, str]] | None = None) -> tuple[ParkMark, ...]:
        """Return events that wait for their keys."""
        return await looked(self.store, lambda uow: uow.marks.parked(sessions))

    async def readers(self, room: RoomId, users: Collection[UserId]) -> frozenset[UserId]:
        """Return those of ``users`` who may read what we say in ``room``."""
        return await looked(self.store, lambda uow: strangers.may_read(uow, room, users))

    async def accept(self, batch: SyncBatch) -> None:
        """Handle a batch, oldest first, its echoes before everything; the other marks are in the last commit."""
        # Somebody may have answered what we sent just before we were killed: only its echo says which question that event was.
        echoes = tuple(mark for mark in batch.marks if isinstance(mark, wire.EchoMark))
        if echoes and batch.incoming:
            await self._commit((), echoes)
        chunks = [batch.incoming[at : at + AT_ONCE] for at in range(0, len(batch.incoming), AT_ONCE)] or [()]
        for chunk in chunks[:-1]:
            await self._take(chunk, ())
        await self._take(chunks[-1], batch.marks)

    async def _take(self, chunk: Sequence[Incoming], marks: tuple[Mark, ...]) -> None:
        """Commit a chunk, in parts where somebody speaks who came in just before: their first words are assessed like all others."""
        start = 0
        while (at := await assessing.newcomer(self, chunk, start)) is not None:
            # That books their coming, and by it who they are.
            await self._commit(chunk[:at], ())
            chunk, start = chunk[at:], 1
        await self._commit(chunk, marks)

    async def _commit(self, chunk: Sequence[Incoming], marks: tuple[Mark, ...]) -> None:
        findings = await assessing.findings(self, chunk)
        try:
            lines = await settled(self.store, lambda uow: self._work(uow, chunk, marks, findings))
        except Exception as error:
            if isinstance(error, Fault) or not chunk:
                raise
            await self._one_by_one(chunk, marks, error)
            return
        self.pump.wake()
        self.timers_changed.set()
        for line in lines:
            # Only now: before the commit it was not so, and the work may have run twice.
            log.info("event.handled", **line)

    async def _one_by_one(self, chunk: Sequence[Incoming], marks: tuple[Mark, ...], error: Exception) -> None:
        """Commit each event alone; one that raises by itself is set aside, since it would raise again for ever."""
        if len(chunk) == 1:
            log.error("event.set_aside", kind=type(chunk[0].content).__name__, error=error)
            await settled(self.store, lambda uow: aside.incoming(uow, chunk[0], error, self.clock.now()))
        else:
            for one in chunk:
                await self._commit((one,), ())
        await self._commit((), marks)

    def _work(
        self,
        uow: UnitOfWork,
        chunk: Sequence[Incoming],
        marks: tuple[Mark, ...],
        findings: Mapping[str, Mapping[str, tuple[Finding, ...]]],
    ) -> list[dict[str, str | int | float]]:
        now = self.clock.now()
        lines = []
        done = uow.handled.seen_of([incoming.id for incoming in chunk])
        new: list[EventId] = []
        for incoming in chunk:
            if incoming.id in done:
                continue
            started = time.perf_counter()
            for event in resolve(uow, incoming, self.ours, now):
                deeds = self.dispatcher.handle(uow, Task(event, findings=findings.get(incoming.id, {})), now)
                lines.append(_line(event, deeds, time.perf_counter() - started))
            done.add(incoming.id)
            new.append(incoming.id)
        uow.handled.add_all(new, now)
        for mark in marks:
            self._mark(uow, mark, now)
        uow.marks.apply(marks, now)
        return lines

    def _mark(self, uow: UnitOfWork, mark: Mark, now: datetime) -> None:
        """Do what follows from a mark besides keeping it."""
        match mark:
            case wire.EchoMark():
                self._echo(uow, mark, now)
            case wire.KeysMark():
                newkeys.ask(uow, mark, now)
            case wire.DevicesMark():
                newdevices.tell(uow, mark, now)
            case wire.ChatMark():
                chats.invited(uow, mark, now)
            case wire.ReadingMark():
                telling.reading(uow, mark, now)
            case wire.PowerMark():
                self.results.unplaced.note(uow, mark)
            case wire.RoomMark():
                self.results.unplaced.note(uow, mark)
                self.results.seen(uow, mark, now)
            case wire.HereMark():
                self.results.missed(uow, mark, now)
            case wire.SlowMark() | wire.GapMark(lost=True):
                telling.gap(uow, mark, now)
            case _:
                pass

    def _echo(self, uow: UnitOfWork, mark: wire.EchoMark, now: datetime) -> None:
        row = uow.outbox.echo(mark.transaction, mark.event, now)
        if row is not None:
            uow.asks.sent(row.id, mark.event)
            log.info("effect.echoed", kind=type(row.effect).__name__, group=row.group, id=short(row.id))

    # ---- what is due ------------------------------------------------------------------------------------------------

    async def run(self) -> None:
        """Serve timers and retries until cancelled."""
        tidied = self.clock.now()
        while True:
            self.timers_changed.clear()
            await self.due()
            if abs((self.clock.now() - tidied).total_seconds()) > TIDY_EVERY:
                tidied = await self.tidy()
            try:
                async with asyncio.timeout(1.0):
                    await self.timers_changed.wait()
            except TimeoutError:
                continue

    async def tidy(self) -> datetime:
        """Delete what is past its time; returns when that was."""
        now = self.clock.now()
        touched = await settled(self.store, lambda uow: uow.tidy(now))
        if touched:
            log.info("store.tidied", count=len(touched))
        return now

    async def due(self) -> int:
        """Fire what is due now; returns how many events that were."""
        count = 0
        while fired := await self._fire(self.clock.now()):
            count += fired
        return count

    async def _fire(self, now: datetime) -> int:
        if not await looked(self.store, lambda uow: _anything(uow, now)):
            return 0
        try:
            fired = await settled(self.store, lambda uow: self._fire_all(uow, now))
        except Exception as error:
            if isinstance(error, Fault):
                raise
            fired = await self._fire_one(now)
        self.pump.wake()
        if self._forgotten:
            # Their rows leave the files at once, not when the space is needed.
            self._forgotten.clear()
            await self.store.scrub()
        return fired

    def _fire_all(self, uow: UnitOfWork, now: datetime) -> int:
        return fire_due(uow, self.dispatcher, now, forgotten=self._forgotten) + retry_due(uow, self.dispatcher, now)

    async def _fire_one(self, now: datetime) -> int:
        """Fire the first that is due, alone; what raises by itself is set aside, since it would raise again for ever."""
        timers, waiting = await looked(self.store, lambda uow: (uow.timers.due(now, 1), uow.inbox.due(now)))
        try:
            if timers:
                return await settled(self.store, lambda uow: fire_due(uow, self.dispatcher, now, 1, forgotten=self._forgotten))
            return await settled(self.store, lambda uow: retry_due(uow, self.dispatcher, now, 1))
        except Exception as error:
            if isinstance(error, Fault):
                raise
            log.error("timer.set_aside" if timers else "event.set_aside", error=error)  # noqa: TRY400 - a traceback may quote a member
            reason = error
        if timers:
            await settled(self.store, lambda uow: aside.timer(uow, timers[0], reason, now))
        elif waiting is not None:
            await settled(self.store, lambda uow: aside.waiting(uow, waiting, reason, now))
        return 1


#: Seconds between two deletions of what is past its time.
TIDY_EVERY = 600


def _line(event: ev.Event, deeds: Deeds, seconds: float) -> dict[str, str | int | float]:
    """Return what the log says of a handled event: no words, no names, a short hash for its id."""
    return {
        "kind": type(event).__name__,
        "group": event.group,
        "id": short(event.id),
        "plugin": ",".join(deeds.plugins),
        "effects": deeds.leaving,
        "took_ms": round(seconds * 1000, 1),
    }


def _anything(uow: UnitOfWork, now: datetime) -> bool:
    moments = [uow.timers.next_due(), uow.inbox.next_due()]
    return any(moment is not None and moment <= now for moment in moments)
