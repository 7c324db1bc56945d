"""The control socket: commands given in a terminal reach the running daemon, one JSON line each way.

Only the owner of the daemon and root can use it: the socket has mode 0600, and the system tells us who connects.
"""

from __future__ import annotations

import asyncio
import json
import os
import socket
import struct
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Final, Protocol

from supportd.errors import SupportdError
from supportd.logs import get_logger

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

log = get_logger(__name__)

#: The longest request or answer, bytes.
LONGEST: Final = 4 * 1024 * 1024
_SECONDS: Final = 60.0


class NoDaemon(SupportdError):
    """No daemon is running for this folder: start it with supportd run, or name the folder with --folder."""


class DaemonSilent(SupportdError):
    """The daemon did not answer in time and may still carry the command out: look with supportd journal before you give it again."""


@dataclass(frozen=True, slots=True)
class Request:
    """One command: its words, the group, and an id by which it is carried out once however often it is sent."""

    id: str
    group: str
    words: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of it: ``text`` for a person, ``data`` of JSON types for ``--json``, ``status`` for the shell."""

    text: str
    data: Mapping[str, object] = field(default_factory=dict)
    status: int = 0


class Handler(Protocol):
    """Carries out a request; a :class:`~supportd.errors.SupportdError` becomes its sentence and status."""

    async def __call__(self, request: Request) -> Answer:
        """Return the answer."""


class ControlServer:
    """Listens on the socket at ``path`` while it is open."""

    def __init__(self, path: Path, handler: Handler) -> None:
        """Prepare; nothing listens yet."""
        self._path, self._handler = path, handler
        self._server: asyncio.Server | None = None

    async def open(self) -> None:
        """Listen. A socket that a killed daemon left behind is replaced; the store's lock keeps a living one apart."""
        self._path.unlink(missing_ok=True)
        before = os.umask(0o177)
        try:
            self._server = await asyncio.start_unix_server(self._serve, path=self._path, limit=LONGEST)
        finally:
            os.umask(before)

    async def close(self) -> None:
        """Stop listening and take the socket away."""
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()
            self._server = None
            self._path.unlink(missing_ok=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            if _peer(writer) in {0, os.geteuid()}:
                async with asyncio.timeout(_SECONDS):
                    answer = await self._answer(await reader.readline())
                    writer.write(json.dumps(asdict(answer)).encode() + b"\n")
                    await writer.drain()
        except (TimeoutError, ConnectionError, ValueError) as error:
            log.warning("control.broken_off", error=error)
        finally:
            writer.close()

    async def _answer(self, line: bytes) -> Answer:
        try:
            asked = json.loads(line)
            request = Request(str(asked["id"]), str(asked["group"]), tuple(map(str, asked["words"])))
        except (ValueError, KeyError, TypeError):
            return Answer("The command could not be read: give it with the supportd program of the same version.", status=1)
        try:
            return await self._handler(request)
        except SupportdError as error:
            return Answer(str(error), {"error": type(error).__name__}, error.status)
        except Exception as error:  # noqa: BLE001 - one broken command must not end the daemon; its text may quote a member
            log.error(  # noqa: TRY400 - a traceback may quote a member
                "command.broke", error=error, command=request.words[0] if request.words else ""
            )
            return Answer("The command did not work because of a mistake in supportd: please report it.", status=70)


def _peer(writer: asyncio.StreamWriter) -> int:
    # SO_PEERCRED (unix(7)): pid, uid, gid of whoever connected.
    found = writer.get_extra_info("socket").getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
    uid: int = struct.unpack("3i", found)[1]
    return uid


def ask(path: Path, request: Request) -> Answer:
    """Send ``request`` to the daemon that listens at ``path`` and return its answer.

    Raises :class:`NoDaemon` or :class:`DaemonSilent`.
    """
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as sock:
        sock.settimeout(_SECONDS)
        try:
            sock.connect(str(path))
        except OSError:
            raise NoDaemon from None
        try:
            sock.sendall(json.dumps(asdict(request)).encode() + b"\n")
            with sock.makefile("rb") as stream:
                line = stream.readline(LONGEST)
            given = json.loads(line)
        except (OSError, ValueError):
            raise DaemonSilent from None
    return Answer(given["text"], given["data"], given["status"])
