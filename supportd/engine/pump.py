"""The pump: claims heads of lanes, sends them, books the outcome; one limiter for each account."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from supportd.engine import gate, jobs, wire
from supportd.engine.inner import CreateDirect, EnterChat, SettleKeys
from supportd.engine.retry import looked, settled
from supportd.errors import Fault
from supportd.logs import get_logger, short
from supportd.sdk import effects as fx

if TYPE_CHECKING:
    from datetime import datetime

    from supportd.engine.ports import Clock, Homeserver
    from supportd.engine.results import Results
    from supportd.engine.unit import OutboxRow, Store, UnitOfWork
    from supportd.engine.wire import Account, Job, Outcome
    from supportd.sdk.facts import Group

log = get_logger(__name__)

#: Synapse forgets transaction ids after 24 h (matrix.md section 8); an hour stays for clocks.
CERTAIN_FOR = timedelta(hours=23)
#: Lanes served at the same time.
AT_ONCE = 8
#: A repeat of these is harmless at any age: they look first (rooms, people, state).
LOOKS_FIRST = (
    fx.CreateRoom,
    CreateDirect,
    fx.InviteMember,
    fx.AnswerKnock,
    fx.RemoveMember,
    fx.RemoveStranger,
    fx.LetGo,
    fx.SetPower,
    fx.LinkRoom,
    fx.MendRoom,
    fx.SweepRoom,
    SettleKeys,
    EnterChat,
)


_SENT: dict[type[Outcome], str] = {
    wire.Done: "effect.sent",
    wire.Later: "effect.postponed",
    wire.Never: "effect.refused",
    wire.More: "effect.goes_on",
}


@dataclass(frozen=True, slots=True)
class Claimed:
    """A row and what it means on the homeserver; ``None``: its room or person is gone."""

    row: OutboxRow
    jobs: tuple[Job, ...] | None


class Pump:
    """Sends what waits in the outbox until it is told to stop."""

    def __init__(self, store: Store, homeserver: Homeserver, results: Results, clock: Clock, *, server: str) -> None:
        """Take the doors; ``server`` is our homeserver's name, for links between rooms."""
        self.store = store
        self.homeserver = homeserver
        self.results = results
        self.clock = clock
        self.server = server
        self.paused: dict[Account, datetime] = {}
        self.waiting = asyncio.Event()
        self._busy: set[asyncio.Task[None]] = set()
        self._served_now: set[str] = set()
        self._failure: BaseException | None = None

    def wake(self) -> None:
        """Look at the outbox now."""
        self.waiting.set()

    async def recover(self) -> int:
        """After a start: let what was on its way when the last process ended go again."""
        return await settled(self.store, lambda uow: uow.outbox.recover(self.clock.now()))

    async def run(self) -> None:
        """Serve until cancelled; a lane's next row is claimed as soon as its head is booked."""
        try:
            while True:
                self.waiting.clear()
                if self._failure is not None:
                    raise self._failure
                claimed = await self._claim(AT_ONCE - len(self._busy)) if len(self._busy) < AT_ONCE else ()
                for one in claimed:
                    self._busy.add(task := asyncio.create_task(self._serve(one)))
                    task.add_done_callback(self._served)
                if not claimed:
                    await self._rest()
        finally:
            await self._drain()

    async def once(self) -> int:
        """Serve everything that may go now, one lane after the other; returns how many rows. For tests and the last moments."""
        served = 0
        while claimed := await self._claim(AT_ONCE):
            for one in claimed:
                await self._serve(one)
                served += 1
        return served

    async def _claim(self, limit: int) -> tuple[Claimed, ...]:
        now = self.clock.now()
        self.paused = {account: until for account, until in self.paused.items() if until > now}
        paused = tuple(self.paused)
        tries = 0

        def work(uow: UnitOfWork) -> tuple[Claimed, ...]:
            nonlocal tries
            tries += 1
            if tries > 1:
                # The commit before may have claimed rows whose names never reached us: nobody would ever serve them.
                uow.outbox.recover(now, self._served_now)
            return tuple(self._prepare(uow, row, now) for row in uow.outbox.claim(now, limit, paused))

        claimed = await settled(self.store, work)
        self._served_now |= {one.row.id for one in claimed if one.jobs}
        return claimed

    def _prepare(self, uow: UnitOfWork, row: OutboxRow, now: datetime) -> Claimed:
        if now - row.first_sent > CERTAIN_FOR and not isinstance(row.effect, LOOKS_FIRST):
            self.results.uncertain(uow, row, now)
            return Claimed(row, ())
        group = uow.groups.facts(row.group, now)
        awake = _awake(group, row, now)
        if awake > now:
            # Their quiet hours began while it waited.
            uow.outbox.later(row.id, awake, unsent=row.fresh)
            return Claimed(row, ())
        if gate.shut_problem(group, row.effect):
            # It was queued before the group was shut.
            self.results.never(uow, row, "ORG_SUPPORTD_SHUT", now)
            return Claimed(row, ())
        found = jobs.jobs_of(uow, row, group.name, self.server)
        if found is None:
            self.results.never(uow, row, "M_NOT_FOUND", now)
            return Claimed(row, ())
        return Claimed(row, found)

    async def _serve(self, claimed: Claimed) -> None:
        row = claimed.row
        if not claimed.jobs:
            return
        outcome = await self._perform(row, claimed.jobs)
        now = self.clock.now()
        if isinstance(outcome, wire.Later) and outcome.whole_account:
            self.paused[row.account] = now + timedelta(seconds=outcome.seconds)
        await self._book(row, outcome, now)
        self._served_now.discard(row.id)
        log.info(
            _SENT[type(outcome)],
            kind=type(row.effect).__name__,
            group=row.group,
            plugin=row.plugin,
            account=row.account,
            id=short(row.id),
            attempts=row.attempts,
        )

    async def _book(self, row: OutboxRow, outcome: Outcome, now: datetime) -> None:
        try:
            await settled(self.store, lambda uow: self.results.book(uow, row, outcome, now))
        except Exception as error:
            if isinstance(error, Fault):
                raise
            # What follows from it raised; that it arrived (or did not) is booked all the same, or it would be sent again.
            log.error("effect.followed_by_error", kind=type(row.effect).__name__, group=row.group, error=error)  # noqa: TRY400 - see above
            await settled(self.store, lambda uow: self.results.close(uow, row, outcome, now))

    async def _perform(self, row: OutboxRow, steps: tuple[Job, ...]) -> Outcome:
        outcome: Outcome = wire.Done()
        for job in steps:
            outcome = await self.homeserver.perform(row.account, job)
            if not isinstance(outcome, wire.Done):
                return outcome
        return outcome

    def _served(self, task: asyncio.Task[None]) -> None:
        self._busy.discard(task)
        self.wake()
        if not task.cancelled() and (failure := task.exception()) is not None:
            log.error("pump.failed", error=failure)
            self._failure = failure

    async def _rest(self) -> None:
        due = await looked(self.store, lambda uow: uow.outbox.next_due())
        moments = [*self.paused.values(), *([due] if due is not None else [])]
        now = self.clock.now()
        # Never longer than a second: the wall clock may jump, and another process may have queued something.
        later = [(moment - now).total_seconds() for moment in moments if moment > now]
        nap = min([1.0, *later])
        try:
            async with asyncio.timeout(max(nap, 0.01)):
                await self.waiting.wait()
        except TimeoutError:
            pass

    async def _drain(self) -> None:
        busy = tuple(self._busy)
        for task in busy:
            task.cancel()
        await asyncio.gather(*busy, return_exceptions=True)


def _awake(group: Group, row: OutboxRow, now: datetime) -> datetime:
    """Return when the person a row is for may be written to."""
    person = group.person(row.person) if row.person is not None else None
    if person is None or not isinstance(row.effect, (fx.PostDirect, fx.OfferLink)) or getattr(row.effect, "urgent", False):
        return now
    return group.awake_at(person, now)
