"""The web side, asked over a real connection on loopback."""

from __future__ import annotations

import asyncio
import io
from typing import TYPE_CHECKING, Literal

import aiohttp
import pytest
import pytest_asyncio
from aiohttp import web

from supportd.sdk.findings import Refusal
from supportd.web.app import make_app
from supportd.web.doors import OpenInvitation, OpenLink

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    from supportd.sdk.ids import RoomId, UserId

pytestmark = pytest.mark.asyncio

TOKEN = "tokentokentokentoken"


class FakeDoors:
    """Stands for the daemon."""

    antispam_token = "door-token"

    def __init__(self) -> None:
        """Have one link."""
        self.links = {TOKEN: OpenLink("Thursday <evenings>", 'Yes, "join"', "en")}
        self.used: list[str] = []
        self.well = True
        self.slow = 0.0
        self.makes = True

    async def health(self) -> tuple[bool, Mapping[str, object]]:
        """Return a figure."""
        return self.well, {"rooms": 2}

    async def metrics(self) -> bytes:
        """Return a figure."""
        return b"supportd_rooms 2.0\n"

    async def look_up(self, token: str) -> OpenLink | None:
        """Find a link."""
        return self.links.get(token)

    async def use(self, token: str) -> bool:
        """Use a link once."""
        self.used.append(token)
        return self.links.pop(token, None) is not None

    async def look_up_invitation(self, token: str) -> OpenInvitation | None:
        """Find an invitation."""
        return OpenInvitation("Thursday <evenings>", "example.org", makes_accounts=self.makes) if token in self.links else None

    async def accept(self, token: str, user: str, name: str) -> str | None:
        """Take one account once."""
        if user != "@kay:example.org":
            return "Write the whole address <of your account>."
        self.used.append(f"{token} {user} {name}")
        return None if self.links.pop(token, None) is not None else "Over."

    async def make_account(self, token: str, username: str, password: str, name: str) -> str | None:
        """Make one account."""
        self.used.append(f"{token} {username} {len(password)} {name}")
        return None if self.links.pop(token, None) is not None else "Over."

    async def admit(self, room: RoomId, user: UserId, door: Literal["join", "invite"]) -> Refusal | None:
        """Refuse one person, after a while."""
        await asyncio.sleep(self.slow)
        return Refusal(sentence="Please ask a key member for an invitation.") if user == "@x:e" else None

    async def admit_message(self, room: RoomId, user: UserId, text: str) -> Refusal | None:
        """Refuse one word."""
        return Refusal(sentence="May we look at this together first?") if "nasty" in text else None


class Site:
    """A client of the application under test."""

    def __init__(self, doors: FakeDoors, session: aiohttp.ClientSession, url: str) -> None:
        """Take the client."""
        self.doors, self.session, self.url = doors, session, url

    async def get(self, path: str) -> tuple[aiohttp.ClientResponse, str]:
        """Get a page."""
        async with self.session.get(self.url + path) as answer:
            return answer, await answer.text()

    async def post(self, path: str, **options: object) -> tuple[aiohttp.ClientResponse, str]:
        """Post something."""
        async with self.session.post(self.url + path, **options) as answer:  # type: ignore[arg-type]  # a test's shorthand
            return answer, await answer.text()


@pytest_asyncio.fixture
async def site() -> AsyncIterator[Site]:
    """Yield a client of a running application."""
    doors = FakeDoors()
    runner = web.AppRunner(make_app(doors))
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    async with aiohttp.ClientSession() as session:
        yield Site(doors, session, f"http://127.0.0.1:{runner.addresses[0][1]}")
    await runner.cleanup()


async def test_health_is_a_figure_and_a_status(site: Site) -> None:
    """``/health`` answers 200 while all is well and 503 when not."""
    answer, text = await site.get("/health")
    assert (answer.status, text) == (200, '{"ok": true, "rooms": 2}')

    site.doors.well = False

    assert (await site.get("/health"))[0].status == 503


async def test_metrics_are_prometheus_text(site: Site) -> None:
    """``/metrics`` answers in the Prometheus text format."""
    answer, text = await site.get("/metrics")

    assert answer.headers["Content-Type"].startswith("text/plain; version=0.0.4")
    assert "supportd_rooms 2.0" in text


@pytest.mark.parametrize("path", ["/health", "/l", "/l.css", "/l.js", "/nothing-here", "/antispam/ping"])
async def test_every_answer_is_closed_to_others(site: Site, path: str) -> None:
    """Each answer, also an error, forbids caching, framing, sniffing, referrers and foreign content."""
    answer, _text = await site.get(path)

    assert answer.headers["Cache-Control"] == "no-store"
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


async def test_opening_a_link_uses_nothing_up(site: Site) -> None:
    """GET shows a page and acts on nothing; looking shows the button, with everything escaped."""
    await site.get("/l")

    answer, page = await site.post("/l/look", data={"token": TOKEN})

    assert answer.status == 200
    assert "Thursday &lt;evenings&gt;" in page
    assert "Yes, &quot;join&quot;" in page
    assert site.doors.used == []


async def test_a_link_works_once(site: Site) -> None:
    """The button acts once; the second time, and for unknown links, the page says the same kind words."""
    first, _ = await site.post("/l/use", data={"token": TOKEN})
    second, again = await site.post("/l/use", data={"token": TOKEN})
    third, unknown = await site.post("/l/look", data={"token": "x" * 27})

    assert (first.status, second.status, third.status) == (200, 410, 410)
    assert again == unknown


async def test_a_whole_link_may_be_pasted(site: Site) -> None:
    """Without JavaScript a person pastes the whole link into the field."""
    answer, _page = await site.post("/l/look", data={"token": f" https://help.example.org/l#{TOKEN} "})

    assert answer.status == 200


@pytest.mark.parametrize("headers", [{"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://evil.example"}])
async def test_a_form_of_another_site_is_refused(site: Site, headers: dict[str, str]) -> None:
    """A page elsewhere cannot press the button for a visitor."""
    answer, _page = await site.post("/l/use", data={"token": TOKEN}, headers=headers)

    assert answer.status == 403
    assert site.doors.used == []


@pytest.mark.parametrize("token", ["", "short", "x" * 300, "a b" * 10, "../../etc/passwd-----"])
async def test_a_token_that_cannot_be_one_asks_nobody(site: Site, token: str) -> None:
    """Rubbish in the field gets the same page as an old link."""
    answer, _page = await site.post("/l/use", data={"token": token})

    assert answer.status == 410
    assert site.doors.used == []


def bearer(token: str = FakeDoors.antispam_token) -> dict[str, str]:
    """Return the homeserver's header."""
    return {"Authorization": f"Bearer {token}"}


async def test_the_homeserver_is_answered_at_the_door(site: Site) -> None:
    """Joining and inviting are asked of the plugins; a refusal carries words for the member; everything else passes."""
    refused, text = await site.post("/antispam/user_may_join_room", json={"room": "!r", "user": "@x:e"}, headers=bearer())
    invited, _ = await site.post("/antispam/user_may_invite", json={"room_id": "!r", "invitee": "@x:e"}, headers=bearer())
    let_in, _ = await site.post("/antispam/user_may_join_room", json={"room": "!r", "user": "@y:e"}, headers=bearer())
    event, _ = await site.post("/antispam/check_event_for_spam", json={"event": {}}, headers=bearer())
    ping, pong = await site.post("/antispam/ping", json={"id": "7"}, headers=bearer())

    assert (refused.status, invited.status) == (403, 403)
    assert "Please ask a key member" in text
    assert (let_in.status, event.status, ping.status) == (200, 200, 200)
    assert pong == '{"id": "7", "status": "ok"}'


async def test_words_of_a_plain_room_are_asked_about(site: Site) -> None:
    """Words of a room that is not encrypted are asked about before anybody sees them; ciphertext and oddities pass."""

    async def asked(event: object) -> int:
        return (await site.post("/antispam/check_event_for_spam", json={"event": event}, headers=bearer()))[0].status

    message = {"type": "m.room.message", "room_id": "!r", "sender": "@y:e", "content": {"body": "nasty"}}

    assert await asked(message) == 403
    assert await asked(message | {"content": {"body": "kind"}}) == 200
    assert await asked(message | {"type": "m.room.encrypted"}) == 200
    assert await asked(message | {"content": None}) == 200
    assert await asked(message | {"room_id": 7}) == 200
    assert await asked("nonsense") == 200


async def test_whoever_is_not_the_homeserver_is_refused(site: Site) -> None:
    """A wrong token answers 401, whatever is asked; rubbish with the right one answers 400."""
    wrong, _ = await site.post("/antispam/ping", json={"id": "7"}, headers=bearer("guess"))
    rubbish, _ = await site.post("/antispam/ping", data=b"{", headers=bearer())

    assert (wrong.status, rubbish.status) == (401, 400)


async def test_a_late_answer_lets_people_in(site: Site) -> None:
    """When the plugins take longer than 200 ms the door is open."""
    site.doors.slow = 5.0

    answer, _text = await site.post("/antispam/user_may_join_room", json={"room": "!r", "user": "@x:e"}, headers=bearer())

    assert answer.status == 200


@pytest.mark.parametrize(
    ("path", "content_type", "body"),
    [
        ("/l/use", "application/x-www-form-urlencoded; charset=nonsense", b"token=x"),
        ("/l/use", "multipart/form-data; boundary=x", b"--x\r\nbroken"),
        ("/antispam/ping", "application/json; charset=nonsense", b"{}"),
        ("/antispam/ping", "application/json", b"[" * 50_000),
    ],
)
async def test_bodies_that_cannot_be_read_are_refused(site: Site, path: str, content_type: str, body: bytes) -> None:
    """A body that its own header belies gets a 4xx with our headers, never a 5xx, and nothing says what we are made of."""
    answer, text = await site.post(path, data=body, headers={**bearer(), "Content-Type": content_type})

    assert 400 <= answer.status < 500
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Server"] == "supportd"
    assert "Traceback" not in text


async def test_too_much_is_refused_unread(site: Site) -> None:
    """A body over one mebibyte is refused."""
    answer, _text = await site.post(
        "/l/use", data=io.BytesIO(b"token=" + b"x" * (2 * 1024 * 1024)), headers={"Content-Type": "application/x-www-form-urlencoded"}
    )

    assert answer.status == 413


async def test_opening_an_invitation_uses_nothing_up(site: Site) -> None:
    """GET shows a page and acts on nothing; looking shows the form, with everything escaped, and names nobody."""
    answer, page = await site.get("/j")
    assert answer.status == 200
    assert "/j/look" in page

    answer, page = await site.post("/j/look", data={"token": f"https://help.example.org/j#{TOKEN}"})

    assert answer.status == 200
    assert "Thursday &lt;evenings&gt;" in page
    assert 'placeholder="@name:example.org"' in page
    assert site.doors.used == []


async def test_an_invitation_works_once(site: Site) -> None:
    """The form lets one account in; afterwards the page says kind words, whatever is sent."""
    form = {"token": TOKEN, "user": " @kay:example.org ", "name": "Kay"}
    first, page = await site.post("/j/use", data=form)
    again, gone = await site.post("/j/use", data=form)

    assert (first.status, again.status) == (200, 410)
    assert "Your app shows you an invitation" in page
    assert "Ask whoever gave it to you for a new one" in gone
    assert site.doors.used == [f"{TOKEN} @kay:example.org Kay"]


async def test_a_wrong_account_is_asked_for_again(site: Site) -> None:
    """One sentence, escaped, and what was written stands there still; the invitation works on."""
    answer, page = await site.post("/j/use", data={"token": TOKEN, "user": '"><script>', "name": "Kay"})

    assert answer.status == 422
    assert "Write the whole address &lt;of your account&gt;." in page
    assert "&quot;&gt;&lt;script&gt;" in page
    assert "<script>" not in page
    assert TOKEN in site.doors.links


async def test_an_invitation_from_another_site_is_refused(site: Site) -> None:
    """Another site cannot send the form."""
    answer, _ = await site.post("/j/use", data={"token": TOKEN, "user": "@kay:example.org"}, headers={"Origin": "https://evil.example"})

    assert answer.status == 403
    assert site.doors.used == []


async def test_an_account_is_made_where_the_server_lets_us(site: Site) -> None:
    """The second form makes an account and says how to sign in; no page and no answer holds the password."""
    form = {"token": TOKEN, "username": "kay", "password": "four plain words", "again": "four plain words", "name": "Kay"}
    _, page = await site.post("/j/look", data={"token": TOKEN})
    assert 'action="/j/make"' in page

    wrong, asked = await site.post("/j/make", data={**form, "again": "five plain words"})
    made, done = await site.post("/j/make", data=form)

    assert (wrong.status, made.status) == (422, 200)
    assert "The two passwords are not the same" in asked
    assert "@kay:example.org" in done
    assert "plain words" not in asked + done
    assert site.doors.used == [f"{TOKEN} kay 16 Kay"]


async def test_where_the_server_makes_none_there_is_no_form_for_it(site: Site) -> None:
    """Neither the form nor the address behind it."""
    site.doors.makes = False

    _, page = await site.post("/j/look", data={"token": TOKEN})
    answer, _ = await site.post("/j/make", data={"token": TOKEN, "username": "kay", "password": "four plain words"})

    assert "/j/make" not in page
    assert answer.status == 410
    assert site.doors.used == []
