"""``/health`` and ``/metrics``: how the daemon is, without a name, a room or a word."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aiohttp import web

if TYPE_CHECKING:
    from collections.abc import Iterable

    from supportd.web.doors import Doors


def routes(doors: Doors) -> Iterable[web.RouteDef]:
    """Return the two addresses."""

    async def health(_request: web.Request) -> web.Response:
        well, figures = await doors.health()
        return web.json_response({"ok": well, **figures}, status=200 if well else 503)

    async def metrics(_request: web.Request) -> web.Response:
        return web.Response(body=await doors.metrics(), headers={"Content-Type": "text/plain; version=0.0.4; charset=utf-8"})

    return (web.get("/health", health), web.get("/metrics", metrics))
