"""Assessments run in a warm worker process: there they can be slow, leak or crash without stopping the daemon."""

from __future__ import annotations

import asyncio
import contextlib
import importlib
import multiprocessing
import pickle
import signal
from typing import TYPE_CHECKING, Any, Final

from supportd.logs import get_logger
from supportd.sdk.findings import NOT_ASSESSED, Finding

if TYPE_CHECKING:
    from collections.abc import Mapping
    from multiprocessing.connection import Connection
    from multiprocessing.process import BaseProcess

    from supportd.host.installed import InstalledPlugins
    from supportd.sdk.events import Event
    from supportd.sdk.hooks import Plugin
    from supportd.sdk.settings import Settings

log = get_logger(__name__)

#: Seconds an assessment may take, and a fresh worker may need to load its plugins.
LIMIT: Final = 2.0
START: Final = 30.0


class WorkerAssessor:
    """Implements the engine's port ``Assessor``; no process runs before the first assessment."""

    def __init__(self, plugins: InstalledPlugins, *, limit: float = LIMIT) -> None:
        """Know which of ``plugins`` assess."""
        self._able = {name: _place(plugins.plugin(name)) for name in plugins.names() if plugins.assesses(name)}
        self._limit = limit
        self._turn = asyncio.Lock()
        self._worker: _Worker | None = None

    def assesses(self, plugin: str) -> bool:
        """Tell whether a plugin has an assessment at all."""
        return plugin in self._able

    async def assess(self, plugin: str, event: Event, settings: Settings) -> tuple[Finding, ...]:
        """Return what the plugin found, or ``NOT_ASSESSED`` when it is late, raises or dies."""
        if plugin not in self._able:
            return ()
        async with self._turn:
            answer = await asyncio.to_thread(self._ask, plugin, event, settings)
        if answer is None:
            log.warning("event.not_assessed", plugin=plugin)
            return (NOT_ASSESSED,)
        return answer

    async def close(self) -> None:
        """End the worker."""
        if self._worker is not None:
            await asyncio.to_thread(self._worker.end)
            self._worker = None

    def _ask(self, plugin: str, event: Event, settings: Settings) -> tuple[Finding, ...] | None:
        try:
            if self._worker is None:
                self._worker = _Worker(self._able)
            answer = self._worker.ask((plugin, event, settings), self._limit)
        except Exception as error:  # noqa: BLE001 - whatever is wrong with a plugin or the worker, the event is "not assessed"
            log.warning("assessment.broke", plugin=plugin, error=error)
            if self._worker is not None:
                # What hangs is ended; the next event meets a fresh worker.
                self._worker.end()
            self._worker = None
            return None
        if isinstance(answer, tuple) and all(isinstance(one, Finding) for one in answer):
            return answer
        return None


class _Worker:
    """The process and the pipe to it."""

    def __init__(self, able: Mapping[str, tuple[str, str]]) -> None:
        context = multiprocessing.get_context("spawn")
        self._pipe, theirs = context.Pipe()
        self._process: BaseProcess = context.Process(target=_serve, args=(theirs, dict(able)), name="supportd-assess", daemon=True)
        self._process.start()
        theirs.close()
        try:
            ready = self._pipe.poll(START) and self._pipe.recv() == "ready"
        except (EOFError, OSError):
            ready = False
        if not ready:
            self.end()
            raise TimeoutError

    def ask(self, question: tuple[object, ...], seconds: float) -> Any:
        self._pipe.send(question)
        if not self._pipe.poll(seconds):
            raise TimeoutError
        return self._pipe.recv()

    def end(self) -> None:
        self._process.kill()
        self._process.join()
        self._pipe.close()


def _place(plugin: Plugin) -> tuple[str, str]:
    return type(plugin).__module__, type(plugin).__qualname__


def _serve(pipe: Connection, able: Mapping[str, tuple[str, str]]) -> None:
    """Answer questions until the pipe ends; the worker's whole life."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    plugins = {}
    for name, (module, kind) in able.items():
        # One that cannot be loaded here is "not assessed"; the others are.
        with contextlib.suppress(Exception):
            plugins[name] = getattr(importlib.import_module(module), kind)()
    pipe.send("ready")
    while True:
        try:
            plugin, event, settings = pipe.recv()
        except (EOFError, OSError):
            return
        try:
            found: object = tuple(plugins[plugin].assess(event, settings))
            pickle.dumps(found)
        except Exception as error:  # noqa: BLE001 - whatever a plugin raises is "not assessed"
            found = type(error).__name__
        pipe.send(found)
