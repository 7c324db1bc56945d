"""Child processes of a measurement: they end with us, however that happens."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from supportd.demo.bound import bound

if TYPE_CHECKING:
    from collections.abc import Sequence

ROOT = Path(__file__).resolve().parents[2]
#: Seconds a child may take until it is ready, and to end.
PATIENCE = 60.0
_END = 15.0


class NotReady(Exception):
    """A child process ended, or said nothing, before it was ready."""


class Child:
    """One Python module as a child process; whatever it logs goes to ``log``."""

    def __init__(self, words: Sequence[str], log: Path, *, notify: str = "") -> None:
        """Start it; call this from a thread that lives on, the child dies with that thread."""
        self.log = log
        with log.open("ab") as errors:
            self._process = subprocess.Popen(
                bound(sys.executable, words[0], *words[1:]),
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=errors,
                env={**os.environ, "NOTIFY_SOCKET": notify},
                start_new_session=True,
            )

    async def line(self, seconds: float = PATIENCE) -> str:
        """Return the next line it prints; raises :class:`NotReady` when it prints none."""
        assert self._process.stdout is not None
        found = await asyncio.wait_for(asyncio.to_thread(self._process.stdout.readline), seconds)
        if not found:
            raise NotReady(self.log.read_text(encoding="utf-8", errors="replace")[-600:])
        return found.decode().strip()

    async def end(self) -> None:
        """Ask it to end, and wait."""
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
            try:
                await asyncio.to_thread(self._process.wait, _END)
            except subprocess.TimeoutExpired:
                self._process.kill()
                await asyncio.to_thread(self._process.wait)
        if self._process.stdout is not None:
            self._process.stdout.close()

    async def kill(self) -> None:
        """End it at once, as a power cut would."""
        self._process.kill()
        await asyncio.to_thread(self._process.wait)

    async def report(self) -> dict[str, Any]:
        """Ask it to end, and return the last line it prints, a JSON object."""
        self._process.send_signal(signal.SIGTERM)
        found: dict[str, Any] = json.loads(await self.line(_END))
        await self.end()
        return found

    @property
    def running(self) -> bool:
        """Whether it has not ended."""
        return self._process.poll() is None

    def mib(self) -> float:
        """Return its resident memory, MiB."""
        status = Path(f"/proc/{self._process.pid}/status").read_text()
        return next(int(one.split()[1]) for one in status.splitlines() if one.startswith("VmRSS")) / 1024

    def descriptors(self) -> int:
        """Return how many files and sockets it has open."""
        return len(list(Path(f"/proc/{self._process.pid}/fd").iterdir()))

    def cpu(self) -> float:
        """Return the seconds of processor time it has used."""
        fields = Path(f"/proc/{self._process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


async def started(words: Sequence[str], log: Path, address: Path) -> Child:
    """Start a child that tells a service manager when it is ready (sd_notify(3)), and wait for that."""
    address.unlink(missing_ok=True)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK) as heard:
        heard.bind(str(address))
        child = Child(words, log, notify=str(address))
        loop = asyncio.get_running_loop()
        waiting = asyncio.ensure_future(loop.sock_recv(heard, 4096))
        until = loop.time() + PATIENCE
        try:
            while not waiting.done():
                await asyncio.wait([waiting], timeout=0.2)
                if not waiting.done() and (not child.running or loop.time() > until):
                    raise NotReady(  # noqa: TRY301 - the child ends with it
                        log.read_text(encoding="utf-8", errors="replace")[-600:]
                    )
        except BaseException:
            await child.end()
            raise
        finally:
            waiting.cancel()
        return child
