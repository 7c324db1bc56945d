"""A small proxy between a bot and the homeserver that notes when news arrives and when the answer leaves.

Both sides of a comparison go through it, so what it costs is the same for both.
"""

from __future__ import annotations

import asyncio
from time import perf_counter

import aiohttp
from aiohttp import web

_SKIPPED = {"Host", "Content-Length", "Transfer-Encoding", "Content-Encoding"}


class Proxy:
    """Passes everything on; ``gaps`` are seconds from the last byte of a ``/sync`` answer with news to the next message's first byte."""

    def __init__(self, upstream: str) -> None:
        """Pass on to ``upstream``."""
        self.upstream = upstream
        self.gaps: list[float] = []
        self.url = ""
        self._news: float | None = None

    async def open(self) -> None:
        """Listen on loopback."""
        self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=120))
        await self._listen(0)
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"

    async def cut(self, seconds: float) -> None:
        """Break all connections off and be away for a while, as a network is."""
        port = self._runner.addresses[0][1]
        await self._runner.cleanup()
        await asyncio.sleep(seconds)
        await self._listen(port)

    async def _listen(self, port: int) -> None:
        app = web.Application(client_max_size=64 * 1024 * 1024)
        app.router.add_route("*", "/{path:.*}", self._pass)
        # Who long-polls would else be waited for.
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", port, reuse_address=True).start()

    async def close(self) -> None:
        """Stop listening."""
        await self._session.close()
        await self._runner.cleanup()

    def clear(self) -> None:
        """Forget what was noted."""
        self.gaps.clear()
        self._news = None

    def note(self, request: web.Request, asked: float, status: int, content: bytes) -> None:
        """Look at one answer; ``asked``: when the request came (``perf_counter``)."""

    async def _pass(self, request: web.Request) -> web.StreamResponse:
        asked = perf_counter()
        if request.method == "PUT" and "/send/m.room.encrypted/" in request.raw_path and self._news is not None:
            self.gaps.append(perf_counter() - self._news)
            self._news = None
        headers = {name: value for name, value in request.headers.items() if name not in _SKIPPED}
        body = await request.read()
        async with self._session.request(request.method, self.upstream + request.raw_path, data=body, headers=headers) as answer:
            content = await answer.read()
            self.note(request, asked, answer.status, content)
            made = web.Response(
                body=content, status=answer.status, headers={"Content-Type": answer.headers.get("Content-Type", "application/json")}
            )
        news = "/sync" in request.path and b'"type":"m.room.encrypted"' in content and b"m.megolm" in content
        await made.prepare(request)
        await made.write_eof()
        if news:
            self._news = perf_counter()
        return made
