"""A small proxy between one client and the homeserver that fails, holds or changes chosen requests."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import aiohttp
from aiohttp import web

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

_SKIPPED = {"Host", "Content-Length", "Transfer-Encoding", "Content-Encoding", "Connection"}


@dataclass(frozen=True)
class Answer:
    """What the homeserver, or this proxy in its place, says."""

    status: int
    value: Any


@dataclass
class Rule:
    """What happens to the next ``left`` requests whose method and path contain ``part``; ``met`` counts them."""

    part: str
    act: Callable[[Callable[[], Awaitable[Answer]]], Awaitable[Answer | None]]
    left: int
    met: int = 0


@dataclass
class Held:
    """A request that waits: ``arrived`` is set when it is there, set ``release`` to let it go on."""

    arrived: asyncio.Event = field(default_factory=asyncio.Event)
    release: asyncio.Event = field(default_factory=asyncio.Event)

    async def here(self, seconds: float = 10.0) -> None:
        """Wait until it is there."""
        async with asyncio.timeout(seconds):
            await self.arrived.wait()


class Between:
    """Passes on what no rule is about."""

    def __init__(self, upstream: str) -> None:
        """Pass on to ``upstream``."""
        self.upstream = upstream
        self.url = ""
        self.rules: list[Rule] = []
        #: Method and path of each request, oldest first, and what it carried.
        self.seen: list[tuple[str, Any]] = []
        self._held: list[Held] = []

    async def open(self) -> None:
        """Listen on loopback."""
        self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=60))
        app = web.Application(client_max_size=64 * 1024 * 1024)
        app.router.add_route("*", "/{path:.*}", self._pass)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"

    async def close(self) -> None:
        """Stop listening, and let go what is still held."""
        for held in self._held:
            held.release.set()
        await self._runner.cleanup()
        await self._session.close()

    # ---- rules -------------------------------------------------------------------------------------------------------

    def refuse(self, part: str, times: int = 1, *, status: int = 502, **value: object) -> Rule:
        """Answer with an error; the homeserver never hears of the request."""

        async def act(_on: Callable[[], Awaitable[Answer]]) -> Answer:
            return Answer(status, {"errcode": "M_UNKNOWN", "error": "broken on purpose", **value})

        return self._add(part, act, times)

    def lose(self, part: str, times: int = 1) -> Rule:
        """Let the homeserver do what is asked, and lose its answer."""

        async def act(on: Callable[[], Awaitable[Answer]]) -> None:
            await on()

        return self._add(part, act, times)

    def change(self, part: str, how: Callable[[Any], Any], times: int = 1) -> Rule:
        """Put ``how`` of the homeserver's answer in its place."""

        async def act(on: Callable[[], Awaitable[Answer]]) -> Answer:
            answer = await on()
            return Answer(answer.status, how(answer.value))

        return self._add(part, act, times)

    def hold(self, part: str) -> Held:
        """Hold the next such request back before the homeserver hears of it."""
        held = Held()
        self._held.append(held)

        async def act(on: Callable[[], Awaitable[Answer]]) -> Answer:
            held.arrived.set()
            await held.release.wait()
            return await on()

        self._add(part, act, 1)
        return held

    def asked(self, part: str) -> list[Any]:
        """Return what the requests that contain ``part`` carried, oldest first."""
        return [body for name, body in self.seen if part in name]

    def _add(self, part: str, act: Callable[[Callable[[], Awaitable[Answer]]], Awaitable[Answer | None]], times: int) -> Rule:
        rule = Rule(part, act, times)
        self.rules.append(rule)
        return rule

    # ---- one request -------------------------------------------------------------------------------------------------

    async def _pass(self, request: web.Request) -> web.StreamResponse:
        name, body = f"{request.method} {request.raw_path}", await request.read()
        self.seen.append((name, json.loads(body) if body else None))

        async def on() -> Answer:
            headers = {key: value for key, value in request.headers.items() if key not in _SKIPPED}
            async with self._session.request(request.method, self.upstream + request.raw_path, data=body, headers=headers) as answer:
                return Answer(answer.status, await answer.json(content_type=None))

        rule = next((one for one in self.rules if one.left and one.part in name), None)
        if rule is None:
            found: Answer | None = await on()
        else:
            rule.left -= 1
            rule.met += 1
            found = await rule.act(on)
        if found is None:
            return await _broken_off(request)
        return web.json_response(found.value, status=found.status)


async def _broken_off(request: web.Request) -> web.StreamResponse:
    """Begin an answer and close the connection in its middle; where nothing comes at all, aiohttp's client may ask again by itself."""
    response = web.StreamResponse(headers={"Content-Length": "100", "Content-Type": "application/json"})
    await response.prepare(request)
    await response.write(b"{")
    if request.transport is not None:
        request.transport.close()
    return response
