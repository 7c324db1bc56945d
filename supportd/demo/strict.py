"""A strict third-party client as a child process: matrix-js-sdk with Rust crypto, devices that their owner did not sign excluded."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

from supportd.errors import SupportdError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from typing import Self

    from supportd.matrix.accounts import Login

T = TypeVar("T")

_ROOT: Final = Path(sys.prefix).parent
_NODE: Final = _ROOT / ".venv-strict" / "bin" / "node"
_CLIENT: Final = _ROOT / "deploy" / "strict"
#: Seconds the client may take for one answer.
PATIENCE: Final = 60.0


class StrictBroke(SupportdError):
    """The strict client answered: {problem}."""


def installed() -> bool:
    """Tell whether the client is there (``make .venv-strict/.made``)."""
    return _NODE.exists() and (_CLIENT / "node_modules" / "matrix-js-sdk").exists()


class Strict:
    """One member with such a client."""

    def __init__(self, process: asyncio.subprocess.Process, user_id: str) -> None:
        """Use :meth:`start`."""
        self._process = process
        self.user_id = user_id
        self._turn = asyncio.Lock()

    @classmethod
    async def start(cls, base_url: str, login: Login, password: str) -> Self:
        """Start the client, which makes its keys and cross-signs its device."""
        process = await asyncio.create_subprocess_exec(
            str(_NODE), "client.mjs", cwd=_CLIENT, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, limit=2**24
        )
        client = cls(process, login.user_id)
        try:
            await client._line()
            await client.ask(
                "start", baseUrl=base_url, userId=login.user_id, deviceId=login.device_id, accessToken=login.access_token, password=password
            )
        except BaseException:
            process.kill()
            raise
        return client

    async def ask(self, command: str, **values: object) -> Any:
        """Give a command and return its answer; an error of the client is raised as :class:`StrictBroke`."""
        assert self._process.stdin is not None  # noqa: S101 - it was opened with one
        async with self._turn:
            self._process.stdin.write(json.dumps({"command": command, **values}).encode() + b"\n")
            await self._process.stdin.drain()
            answer = await self._line()
        if "error" in answer:
            raise StrictBroke(problem=answer["error"])
        return answer.get("answer")

    async def messages(self, room: str | None = None) -> list[dict[str, Any]]:
        """Return what the client shows: room, event, sender, text (``None``: cannot be decrypted), encrypted, shield (0: none)."""
        found = (await self.ask("seen"))["messages"]
        return [one for one in found if room in {None, one["room"]}]

    async def redacted(self) -> set[str]:
        """Return the events that the client shows as taken away."""
        return set((await self.ask("seen"))["redacted"])

    async def until(self, holds: Callable[[list[dict[str, Any]]], object], seconds: float = 30) -> list[dict[str, Any]]:
        """Wait until the messages are as they should be; returns them."""
        return await self.wait(self.messages, holds, seconds)

    async def join_all(self, count: int, seconds: float = 30) -> list[str]:
        """Wait for ``count`` invitations, join them, and return the rooms when the client knows of all of them how to speak there."""
        rooms: list[str] = await self.wait(lambda: self.ask("invites"), lambda found: len(found) >= count, seconds)
        for room in rooms:
            await self.ask("join", room=room)
        await self.wait(lambda: self.ask("inside"), lambda found: set(rooms) <= set(found), seconds)
        return rooms

    @staticmethod
    async def wait(look: Callable[[], Awaitable[T]], holds: Callable[[T], object], seconds: float = 30) -> T:
        """Look again and again until it is as it should be; raises :class:`TimeoutError`."""
        async with asyncio.timeout(seconds):
            # The client is another process, so nothing here can tell when it has seen more.
            while not holds(found := await look()):  # noqa: ASYNC110 - see above
                await asyncio.sleep(0.1)
            return found

    async def close(self) -> None:
        """End the client."""
        assert self._process.stdin is not None  # noqa: S101 - it was opened with one
        self._process.stdin.close()
        try:
            async with asyncio.timeout(10):
                await self._process.wait()
        except TimeoutError:
            self._process.kill()
            await self._process.wait()

    async def _line(self) -> dict[str, Any]:
        assert self._process.stdout is not None  # noqa: S101 - it was opened with one
        async with asyncio.timeout(PATIENCE):
            line = await self._process.stdout.readline()
        if not line:
            raise StrictBroke(problem="nothing, it ended")
        found: dict[str, Any] = json.loads(line)
        return found
