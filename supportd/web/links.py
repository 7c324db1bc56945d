"""Single-purpose links: opening one shows what it does, pressing its button does it once.

The token stands behind the hash sign of the address, which browsers keep to themselves: it reaches no log and no Referer header.
A program that opens every link in a mail therefore uses nothing up (trust.md section 5).
"""

from __future__ import annotations

import html
import re
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from aiohttp import web

if TYPE_CHECKING:
    from collections.abc import Iterable

    from supportd.web.doors import Doors

_TOKEN: Final = re.compile(r"[A-Za-z0-9_-]{16,200}")

_PAGE: Final = """<!doctype html>
<html lang="{language}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title><link rel="stylesheet" href="/l.css">{script}</head>
<body><main><h1>{title}</h1>{body}</main></body></html>
"""

_OPEN: Final = """<p id="wait">One moment.</p>
<form id="look" method="post" action="/l/look"><label for="token">If nothing happens, paste the whole link here:</label>
<input id="token" name="token" autocomplete="off" required><button>Open the link</button></form>"""

_SHOW: Final = """<p>This link is for you alone. It works once.</p>
<form method="post" action="/l/use"><input type="hidden" name="token" value="{token}"><button>{button}</button></form>
<p>If you did not expect this, close the page. Nothing happens then.</p>"""

_DONE: Final = "<p>Done. You can close this page.</p>"
_GONE: Final = (
    "<p>This link does not work any more. It may be used already, or too old.</p><p>Ask for a new one in your chat with the bot.</p>"
)

_SCRIPT: Final = """"use strict";
const token = location.hash.slice(1);
if (token) {
  history.replaceState(null, "", location.pathname);
  document.getElementById("token").value = token;
  document.getElementById("look").submit();
} else {
  document.getElementById("wait").hidden = true;
}
"""

_STYLE: Final = """body{margin:0;font:1.25rem/1.5 system-ui,sans-serif;color:#1d2433;background:#f6f4ef}
main{max-width:34rem;margin:0 auto;padding:2rem 1.25rem}h1{font-size:1.75rem;line-height:1.2}
button{font:inherit;font-weight:600;padding:.75rem 1.5rem;
border:0;border-radius:.5rem;background:#1f5c4d;color:#fff;cursor:pointer}
button:focus-visible,input:focus-visible{outline:3px solid #b35900;outline-offset:3px}
input{font:inherit;display:block;width:100%;box-sizing:border-box;
margin:.5rem 0 1rem;padding:.6rem;border:2px solid #5b6472;border-radius:.5rem}
"""


def routes(doors: Doors) -> Iterable[web.RouteDef]:
    """Return the addresses of links; GET never acts."""

    async def opened(_request: web.Request) -> web.Response:
        return answer("A link from your group", _OPEN, script=True)

    async def look(request: web.Request) -> web.Response:
        token = await token_of(request)
        found = await doors.look_up(token) if token else None
        if found is None:
            return answer("This link has ended", _GONE, status=410)
        body = _SHOW.format(token=html.escape(token or ""), button=html.escape(found.button))
        return answer(found.group, body, language=found.language)

    async def use(request: web.Request) -> web.Response:
        token = await token_of(request)
        if token is None or not await doors.use(token):
            return answer("This link has ended", _GONE, status=410)
        return answer("Thank you", _DONE)

    async def style(_request: web.Request) -> web.Response:
        return web.Response(text=_STYLE, content_type="text/css")

    async def script(_request: web.Request) -> web.Response:
        return web.Response(text=_SCRIPT, content_type="text/javascript")

    return (
        web.get("/l", opened),
        web.post("/l/look", look),
        web.post("/l/use", use),
        web.get("/l.css", style),
        web.get("/l.js", script),
    )


async def token_of(request: web.Request) -> str | None:
    """Return the token of the form, also out of a whole link; refuses a form that another site sent."""
    if request.headers.get("Sec-Fetch-Site", "same-origin") not in {"same-origin", "none"}:
        raise web.HTTPForbidden(text="This form came from another site: open the link itself.")
    origin = request.headers.get("Origin")
    if origin not in {None, "null"} and urlsplit(str(origin)).netloc != request.host:
        raise web.HTTPForbidden(text="This form came from another site: open the link itself.")
    given = str((await request.post()).get("token", "")).strip()
    token = given.rpartition("#")[2]
    return token if _TOKEN.fullmatch(token) else None


def answer(title: str, body: str, *, language: str = "en", status: int = 200, script: bool = False) -> web.Response:
    """Return a page; ``body`` is HTML of ours, in which everything else was escaped."""
    wanted = '<script src="/l.js" defer></script>' if script else ""
    page = _PAGE.format(language=html.escape(language), title=html.escape(title), body=body, script=wanted)
    return web.Response(text=page, content_type="text/html", status=status)
