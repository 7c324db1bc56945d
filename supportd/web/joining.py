"""The page of an invitation: opening it uses nothing up, and whoever sends the form is let in, once.

As with links, the token stands behind the hash sign of the address, which browsers keep to themselves.
"""

from __future__ import annotations

import html
from typing import TYPE_CHECKING, Final

from aiohttp import web

from supportd.web import links

if TYPE_CHECKING:
    from collections.abc import Iterable

    from supportd.web.doors import Doors, OpenInvitation

_OPEN: Final = """<p id="wait">One moment.</p>
<form id="look" method="post" action="/j/look"><label for="token">If nothing happens, paste the whole link here:</label>
<input id="token" name="token" autocomplete="off" required><button>Open the invitation</button></form>"""

_FORM: Final = """<p>You are invited. This link is for you alone, and works once.</p>
<p>Only the people of the group can see what is said there.</p>
{problem}<form method="post" action="/j/use"><input type="hidden" name="token" value="{token}">
<label for="user">Your account, the whole address:</label>
<input id="user" name="user" value="{user}" placeholder="@name:{server}" autocomplete="off" autocapitalize="none"
spellcheck="false" required>
<label for="name">What shall we call you? A made-up name is welcome. You can leave this empty.</label>
<input id="name" name="name" value="{name}" maxlength="80" autocomplete="off">
<button>Come in</button></form>
<p>If somebody helps you with this, write your own account here, not theirs.</p>
<p>If you did not expect this, close the page. Nothing happens then.</p>"""

_DONE: Final = "<p>You are in. Your app shows you an invitation of the group in a moment. You can close this page.</p>"
_GONE: Final = (
    "<p>This invitation does not work any more. It may be used already, or too old.</p><p>Ask whoever gave it to you for a new one.</p>"
)


def routes(doors: Doors) -> Iterable[web.RouteDef]:
    """Return the addresses of invitations; GET never acts."""

    async def opened(_request: web.Request) -> web.Response:
        return links.answer("An invitation", _OPEN, script=True)

    async def look(request: web.Request) -> web.Response:
        token = await links.token_of(request)
        found = await doors.look_up_invitation(token) if token else None
        if token is None or found is None:
            return links.answer("This invitation has ended", _GONE, status=410)
        return _form(token, found)

    async def use(request: web.Request) -> web.Response:
        token = await links.token_of(request)
        found = await doors.look_up_invitation(token) if token else None
        if token is None or found is None:
            return links.answer("This invitation has ended", _GONE, status=410)
        given = await request.post()
        user, name = str(given.get("user", "")).strip()[:300], str(given.get("name", "")).strip()[:300]
        problem = await doors.accept(token, user, name)
        if problem is None:
            return links.answer("Welcome", _DONE, language=found.language)
        return _form(token, found, problem=problem, user=user, name=name)

    return (web.get("/j", opened), web.post("/j/look", look), web.post("/j/use", use))


def _form(token: str, found: OpenInvitation, *, problem: str = "", user: str = "", name: str = "") -> web.Response:
    said = f'<p role="alert"><strong>{html.escape(problem)}</strong></p>\n' if problem else ""
    values = {"token": token, "server": found.server, "user": user, "name": name}
    escaped = {key: html.escape(value) for key, value in values.items()}
    return links.answer(found.group, _FORM.format(problem=said, **escaped), language="en", status=422 if problem else 200)
