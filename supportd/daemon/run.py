"""Running: everything at once until a signal, then an orderly end within five seconds."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from typing import TYPE_CHECKING, Final

from aiohttp import web

from supportd import logs
from supportd.daemon.commands import carry_out
from supportd.daemon.compose import Parts, compose
from supportd.daemon.control import ControlServer
from supportd.daemon.doors import DaemonDoors
from supportd.daemon.memory import few_arenas, give_back
from supportd.daemon.notify import notify, watchdog_seconds
from supportd.errors import SupportdError
from supportd.web.app import make_app

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable

    from supportd.config import Config
    from supportd.host.installed import InstalledPlugins

log = logs.get_logger(__name__)

#: What is under way gets this long to end, seconds.
DRAIN: Final = 4.0


async def run(config: Config, plugins: InstalledPlugins | None = None) -> int:
    """Run the daemon until SIGTERM or SIGINT; return the exit status (0, or that of the error that ended it).

    ``plugins``: these instead of the installed ones, for measurements.
    """
    few_arenas()
    logs.configure(as_json=config.log.format == "json")
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    try:
        return await _serve(config, stopping, plugins)
    except SupportdError as error:
        # The sentence is ours and holds nothing of members; the service manager shows it.
        notify(f"STATUS={error}")
        raise


async def _serve(config: Config, stopping: asyncio.Event, plugins: InstalledPlugins | None) -> int:
    parts = await compose(config, plugins)
    try:
        await parts.matrix.open()
        async with _open_doors(parts) as port:
            await parts.engine.pump.recover()
            log.info("daemon.started", port=port, backend=parts.store.dialect)
            give_back()
            notify("READY=1", "STATUS=Reading and answering.")
            return await _until_stopped(parts, stopping)
    finally:
        await parts.close()
        log.info("daemon.stopped")


@contextlib.asynccontextmanager
async def _open_doors(parts: Parts) -> AsyncIterator[int]:
    runner = web.AppRunner(make_app(DaemonDoors(parts)), access_log=None)
    control = ControlServer(parts.config.socket, lambda request: carry_out(parts, request))
    await runner.setup()
    try:
        site = web.TCPSite(runner, parts.config.web.host, parts.config.web.port)
        await site.start()
        await control.open()
        yield runner.addresses[0][1]
    finally:
        await control.close()
        await runner.cleanup()


async def _until_stopped(parts: Parts, stopping: asyncio.Event) -> int:
    stop = asyncio.create_task(stopping.wait(), name="stop")
    work: list[Awaitable[object]] = [parts.matrix.run(), parts.engine.run(), parts.engine.pump.run(), _watchdog()]
    tasks = [asyncio.ensure_future(one) for one in work]
    await asyncio.wait([stop, *tasks], return_when=asyncio.FIRST_COMPLETED)
    notify("STOPPING=1")
    for task in (stop, *tasks):
        task.cancel()
    done, late = await asyncio.wait([stop, *tasks], timeout=DRAIN)
    if late:
        log.warning("daemon.drain_cut", count=len(late))
    failures = [task.exception() for task in done if not task.cancelled()]
    for failure in failures:
        if failure is not None:
            log.error("daemon.broke", error=failure)
            raise failure
    return 0


async def _watchdog() -> None:
    every = watchdog_seconds()
    while True:
        await asyncio.sleep(every or 3600.0)
        notify("WATCHDOG=1")
