"""Child processes that never outlive us: the kernel ends them when we die, however that happens."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import Final

from supportd.demo.bound import bound
from supportd.errors import SupportdError

#: Seconds the daemon may take until it says that it is ready.
PATIENCE: Final = 30.0


class DaemonBroke(SupportdError):
    """The daemon did not become ready; read {log} for the reason."""


class Daemon:
    """``supportd run`` as a child process; ``ready`` comes through the service manager's protocol (sd_notify(3))."""

    def __init__(self, folder: Path, log: Path) -> None:
        """Run the installation in ``folder``; its log goes to ``log``."""
        self._folder, self._log = folder, log
        self._process: subprocess.Popen[bytes] | None = None

    async def start(self) -> None:
        """Start, and return when the daemon is ready."""
        address = self._folder / "notify.sock"
        address.unlink(missing_ok=True)
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK) as heard, self._log.open("ab") as log:
            heard.bind(str(address))
            command = bound(sys.executable, "supportd", "run", "--folder", str(self._folder))
            self._process = subprocess.Popen(  # noqa: ASYNC220, S603 - a fork takes a moment; the words are ours
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env={**os.environ, "NOTIFY_SOCKET": str(address)},
                start_new_session=True,
            )
            await self._ready(heard, self._process)

    async def kill(self) -> None:
        """End it as a power cut would."""
        await self._end(signal.SIGKILL)

    async def stop(self) -> None:
        """Ask it to end."""
        await self._end(signal.SIGTERM)

    @property
    def pid(self) -> int:
        """Its process id while it runs, else 0."""
        return self._process.pid if self._process is not None else 0

    async def _ready(self, heard: socket.socket, process: subprocess.Popen[bytes]) -> None:
        loop = asyncio.get_running_loop()
        deadline = loop.time() + PATIENCE
        while loop.time() < deadline and process.poll() is None:
            # Looked at again and again: a time limit around a read can take the datagram and lose it.
            with contextlib.suppress(BlockingIOError):
                if b"READY=1" in heard.recv(4096):
                    return
            await asyncio.sleep(0.02)
        await self.kill()
        raise DaemonBroke(log=self._log)

    async def _end(self, how: signal.Signals) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        if process.poll() is None:
            process.send_signal(how)
        try:
            await asyncio.to_thread(process.wait, 10.0)
        except subprocess.TimeoutExpired:
            process.kill()
            await asyncio.to_thread(process.wait)


async def supportd(*words: str) -> tuple[int, str]:
    """Run one supportd command to its end as a person would; returns its status and what it printed."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "supportd", *words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    try:
        output, _ = await process.communicate()
    except asyncio.CancelledError:
        process.kill()
        await process.wait()
        raise
    return process.returncode or 0, output.decode(errors="replace").strip()


def synapse_python() -> Path:
    """Return the interpreter whose environment has the Synapse homeserver."""
    named = os.environ.get("SUPPORTD_SYNAPSE_PYTHON")
    candidates = [Path(named)] if named else [Path(".venv-synapse/bin/python"), Path(sys.prefix).parent / ".venv-synapse/bin/python"]
    for candidate in candidates:
        if candidate.exists():
            return candidate.absolute()
    raise SynapseMissing


class SynapseMissing(SupportdError):
    """The Synapse homeserver is not installed: run make demo in the checkout, or name its Python with SUPPORTD_SYNAPSE_PYTHON."""

    status = 78
