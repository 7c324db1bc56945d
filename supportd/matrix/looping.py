"""What every sync loop does alike: ask for what is new, and wait ever longer while the server fails."""

from __future__ import annotations

import asyncio
import random
from typing import TYPE_CHECKING, Any, Final

from supportd.logs import get_logger
from supportd.matrix.body import Body, parse
from supportd.matrix.errors import LoggedOut, MatrixError, NeedsPassword, Refused, ServerAway, SlowDown
from supportd.matrix.http import MOST_SYNC_BYTES, PATIENCE, path

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from supportd.engine.wire import Account
    from supportd.matrix.http import Api

log = get_logger(__name__)

#: Milliseconds the server may hold a sync open.
HOLD_MS: Final = 30_000
#: Seconds between attempts while the server is away: doubled from the first to the last, with jitter.
FIRST_WAIT: Final = 1.0
LAST_WAIT: Final = 60.0


class Loop:
    """One account's syncs, one after the other."""

    def __init__(self, account: Account) -> None:
        """``account`` is named in the log."""
        self.account: Account = account
        #: Attempts that failed since the last success.
        self.failures = 0

    async def run(self, step: Callable[[int], Awaitable[None]]) -> None:
        """Take step after step until cancelled; raises :class:`LoggedOut`, and what is not the server's doing."""
        while True:
            try:
                await step(HOLD_MS)
            except LoggedOut:
                log.error("sync.stopped", account=self.account, reason="logged_out")  # noqa: TRY400 - nothing to trace
                raise
            except SlowDown as asked:
                await asyncio.sleep(asked.seconds)
            except (ServerAway, Refused, NeedsPassword) as error:
                await self._back_off(error)
            else:
                self.failures = 0

    async def _back_off(self, error: MatrixError) -> None:
        self.failures += 1
        wait = min(FIRST_WAIT * 2 ** (self.failures - 1), LAST_WAIT)
        log.warning("sync.failed", account=self.account, error=error, attempts=self.failures)
        # Jitter, so that not everybody comes back in the same moment.
        await asyncio.sleep(wait * random.uniform(0.75, 1.25))  # noqa: S311 - no secret


class Beside:
    """What runs beside a loop, each kind once at a time."""

    def __init__(self) -> None:
        """Run nothing yet."""
        self.tasks: dict[str, asyncio.Task[None]] = {}

    def start(self, name: str, work: Callable[[], Awaitable[None]]) -> None:
        """Start ``work``, unless work of this name still runs."""
        running = self.tasks.get(name)
        if running is None or running.done():
            self.tasks[name] = asyncio.create_task(_guarded(name, work))

    async def rest(self) -> None:
        """End it all."""
        tasks = tuple(self.tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self.tasks.clear()

    async def settle(self) -> None:
        """Wait for it all; for tests."""
        await asyncio.gather(*self.tasks.values(), return_exceptions=True)


async def ask_for_news(api: Api, chosen: str, since: str | None, hold_ms: int, *, all_state: bool) -> Body:
    """Return the next sync, by the filter ``chosen``; with ``all_state`` at once, and with the whole state of every room."""
    query = {"timeout": str(0 if all_state else hold_ms), "filter": chosen}
    if since is not None:
        query["since"] = since
    if all_state:
        query["full_state"] = "true"
    raw: Any = await api.ask("GET", path("sync"), query=query, seconds=PATIENCE + hold_ms / 1000, most=MOST_SYNC_BYTES)
    return parse(raw if isinstance(raw, dict) else {})


async def _guarded(name: str, work: Callable[[], Awaitable[None]]) -> None:
    try:
        await work()
    except MatrixError as error:
        # It comes again with the next sync.
        log.warning("beside.failed", kind=name, error=error)
