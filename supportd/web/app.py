"""The web application on loopback: which address leads to which door."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError

from supportd.logs import get_logger
from supportd.web import antispam, health, joining, links

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from supportd.web.doors import Doors

log = get_logger(__name__)

#: The longest body that is read at all, bytes (trust.md section 5).
LONGEST: Final = 1024 * 1024

#: What every answer carries: nothing of ours is stored, framed, sniffed, or passed on to another site.
HEADERS: Final = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; script-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none';"
        " require-trusted-types-for 'script'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "interest-cohort=()",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "X-Robots-Tag": "noindex, nofollow",
}


def make_app(doors: Doors) -> web.Application:
    """Return the application; ``doors`` is how it reaches the daemon."""
    app = web.Application(client_max_size=LONGEST, middlewares=[_guard])
    app.on_response_prepare.append(_seal)
    app.add_routes([*health.routes(doors), *links.routes(doors), *joining.routes(doors), *antispam.routes(doors)])
    return app


@web.middleware
async def _guard(request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]) -> web.StreamResponse:
    try:
        return await handler(request)
    except web.HTTPException:
        raise
    except (ValueError, LookupError, RecursionError, AssertionError, HttpProcessingError):
        # A body that its own header belies: another character set, parts without an end, brackets without an end.
        return web.Response(status=400, text="This cannot be read.")
    except Exception as error:  # noqa: BLE001 - a traceback may quote what was sent
        log.error("request.broke", error=error)  # noqa: TRY400 - see above
        return web.Response(status=500, text="This did not work because of a mistake in supportd.")


async def _seal(_request: web.Request, answer: web.StreamResponse) -> None:
    answer.headers.update(HEADERS)
    # Which server and version this is helps only those who look for a hole.
    answer.headers["Server"] = "supportd"
