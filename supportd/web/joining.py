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
{make}<details><summary>I am helping somebody with this</summary>
<ul><li>Sit beside them, and read this page to them. There is no hurry: the link works for three days.</li>
<li>The account is theirs. Let them choose the names, and the password.</li>
<li>Write user name and password on paper for them. Nobody here can look them up.</li>
<li>Use their own device, or sign out on yours afterwards.</li>
<li>What is said in the group is for them. Please read along only when they ask you to.</li></ul></details>
<p>If you did not expect this, close the page. Nothing happens then.</p>"""

_MAKE: Final = """<h2>Or: I have no account yet</h2>
<form method="post" action="/j/make"><input type="hidden" name="token" value="{token}">
<label for="username">A user name, small letters and digits. Others see it: it need not say who you are.</label>
<input id="username" name="username" value="{username}" autocomplete="off" autocapitalize="none" spellcheck="false" maxlength="40" required>
<label for="password">A password of at least 10 characters. Keep it: nobody here can look it up.</label>
<input id="password" name="password" type="password" autocomplete="new-password" minlength="10" required>
<label for="again">The password once more:</label>
<input id="again" name="again" type="password" autocomplete="new-password" minlength="10" required>
<label for="called">What shall we call you? A made-up name is welcome. You can leave this empty.</label>
<input id="called" name="name" value="{name}" maxlength="80" autocomplete="off">
<button>Make the account and come in</button></form>
"""

_MADE: Final = (
    "<p>Thank you. Your account is <strong>{user}</strong>.</p><p>Open a Matrix app, such as Element, choose the server"
    " <strong>{server}</strong> and sign in with this user name and your password. The group's invitation is there already.</p>"
)

_DONE: Final = "<p>Thank you. Your app shows you an invitation of the group in a moment. If none comes, ask whoever gave you the link.</p>"
_DIFFER: Final = "The two passwords are not the same. Please write them again."
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
        user, name = await _given(request, "user", "name")
        problem = await doors.accept(token, user, name)
        if problem is None:
            return links.answer("Welcome", _DONE)
        return _form(token, found, problem=problem, user=user, name=name)

    async def make(request: web.Request) -> web.Response:
        token = await links.token_of(request)
        found = await doors.look_up_invitation(token) if token else None
        if token is None or found is None or not found.makes_accounts:
            return links.answer("This invitation has ended", _GONE, status=410)
        username, name = await _given(request, "username", "name")
        form = await request.post()
        password, again = str(form.get("password", "")), str(form.get("again", ""))
        problem = _DIFFER if password != again else await doors.make_account(token, username, password, name)
        if problem is None:
            values = {"user": html.escape(f"@{username}:{found.server}"), "server": html.escape(found.server)}
            return links.answer("Welcome", _MADE.format(**values))
        return _form(token, found, problem=problem, username=username, name=name)

    return (web.get("/j", opened), web.post("/j/look", look), web.post("/j/use", use), web.post("/j/make", make))


async def _given(request: web.Request, *fields: str) -> list[str]:
    """Return what was written into fields, cut to what anybody means."""
    form = await request.post()
    return [str(form.get(one, "")).strip()[:300] for one in fields]


def _form(token: str, found: OpenInvitation, *, problem: str = "", user: str = "", username: str = "", name: str = "") -> web.Response:
    said = f'<p role="alert"><strong>{html.escape(problem)}</strong></p>\n' if problem else ""
    values = {"token": token, "server": found.server, "user": user, "username": username, "name": name}
    escaped = {key: html.escape(value) for key, value in values.items()}
    make = _MAKE.format(**escaped) if found.makes_accounts else ""
    return links.answer(found.group, _FORM.format(problem=said, make=make, **escaped), status=422 if problem else 200)
