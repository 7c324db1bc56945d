"""Somebody comes into the group by a link, on a real homeserver: the page, the form, and the rooms they are invited to."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

import aiohttp
import pytest

from supportd.demo.synapse import Synapse
from supportd.matrix.accounts import log_in
from supportd.matrix.http import Api, path
from supportd.matrix.member import Member
from tests.rooms.conftest import settled_in, until
from tests.support.reading import heard
from tests.support.synapse import synapse_python

if TYPE_CHECKING:
    from pathlib import Path

    from tests.rooms.conftest import Circle

pytestmark = [pytest.mark.asyncio, pytest.mark.timeout(300)]


def free_port() -> int:
    """Return a port on loopback that nobody uses now."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
        return port


async def test_a_link_leads_into_the_rooms_once(synapse: Synapse, tmp_path: Path) -> None:
    """The form with a wrong account says so; with the right one they are in the circle; the second one finds the link used."""
    port = free_port()
    site = f"http://127.0.0.1:{port}"
    async with settled_in(synapse, tmp_path, "--port", str(port), "--public-url", site) as circle, aiohttp.ClientSession() as browser:
        karim, other = await circle.stranger("Karim"), await circle.stranger("Other")
        made = await circle.place.data("people", "invite", "Karim")
        token = str(made["link"]).rpartition("#")[2]
        assert str(made["link"]).startswith(f"{site}/j#")

        async def send(step: str, **form: str) -> tuple[int, str]:
            async with browser.post(f"{site}/j/{step}", data={"token": token, **form}) as answer:
                return answer.status, await answer.text()

        shown = await send("look")
        wrong = await send("use", user="karim", name="")
        right = await send("use", user=karim.user_id, name="Müde Maus")
        late = await send("use", user=other.user_id, name="")

        assert (shown[0], wrong[0], right[0], late[0]) == (200, 422, 200, 410)
        assert "Thursday evenings" in shown[1]
        room = await circle.circle_id()
        jo = circle.people["Jo"]

        async def inside() -> bool:
            joined = await jo.api.get(path("rooms", room, "joined_members"))
            return karim.user_id in joined["joined"] and other.user_id not in joined["joined"]

        await until(inside, 30)
        listed = await circle.place.data("people", "list")
        assert "Müde Maus" in str(listed)
        assert token not in circle.place.log.read_text()


async def test_one_link_makes_the_account_and_lets_it_in(tmp_path: Path) -> None:
    """With a registration token of the homeserver's the page makes an account, which can sign in and is in the circle."""
    python = synapse_python()
    if python is None:
        pytest.skip("Synapse is not installed: run make test")
    server = Synapse(tmp_path / "synapse", python)
    server.extra = {"enable_registration": True, "registration_requires_token": True}
    await server.start()
    try:
        await _allow(server, "a-token-of-the-server", uses=2)
        port = free_port()
        site = f"http://127.0.0.1:{port}"
        async with settled_in(server, tmp_path, "--port", str(port), "--public-url", site) as circle, aiohttp.ClientSession() as browser:
            await _with_token(circle, "a-token-of-the-server")

            async def send(step: str, **form: str) -> tuple[int, str]:
                async with browser.post(f"{site}/j/{step}", data={"token": token, **form}) as answer:
                    return answer.status, await answer.text()

            made = await circle.place.data("people", "invite", "Karim")
            token = str(made["link"]).rpartition("#")[2]
            words = {"password": "four plain words", "again": "four plain words", "name": ""}
            shown = await send("look")
            short = await send("make", **{**words, "username": "karim", "password": "short", "again": "short"})
            taken = await send("make", **words, username=circle.people["Tom"].user_id[1:].partition(":")[0])
            right = await send("make", **words, username="karim")
            late = await send("make", **words, username="other")

            assert "I have no account yet" in shown[1]
            assert (short[0], taken[0], right[0], late[0]) == (422, 422, 200, 410)
            assert "at least 10 characters" in short[1]
            assert "Please choose another" in taken[1]
            login = await log_in(server.base_url, "karim", "four plain words", "PHONE")
            karim = await circle.listening(await Member.sign_up(server.base_url, login, tmp_path / "karim"))
            room = await circle.circle_id()
            await until(lambda: _joined(circle, room, karim.user_id), 30)
            assert "plain words" not in circle.place.log.read_text()
    finally:
        await server.stop()


async def _allow(server: Synapse, token: str, *, uses: int) -> None:
    """Let the homeserver's admin make a registration token (Synapse's admin API)."""
    admin = await server.register("root", "pw", admin=True)
    api = Api(server.base_url, admin.access_token)
    await api.post("_synapse/admin/v1/registration_tokens/new", {"token": token, "uses_allowed": uses})
    await api.close()


async def _with_token(circle: Circle, token: str) -> None:
    """Let the operator put the token beside the configuration, and start the daemon again."""
    home = circle.place.home
    (home / "registration-token").write_text(token)
    config = home / "supportd.toml"
    config.write_text(config.read_text().replace("[homeserver]", '[homeserver]\nregistration_token_file = "registration-token"', 1))
    await circle.place.daemon.stop()
    await circle.place.daemon.start()


async def _joined(circle: Circle, room: str, user: str) -> bool:
    joined = await circle.people["Jo"].api.get(path("rooms", room, "joined_members"))
    return user in joined["joined"]


async def test_somebody_knocks_and_a_key_member_lets_them_in(circle: Circle) -> None:
    """On a real homeserver: the topic asks, the knock reaches key members with its words, and after a yes they are invited and known."""
    await circle.place.data("plugins", "on", "welcome")
    await circle.place.data("rooms", "create", "waiting_room", "Porch")
    await until(lambda: _there(circle, "Porch"), 20, every=0.3)
    porch = (await circle.ids())["Porch"]
    karim = await circle.stranger("Karim")

    await karim.api.post(path("knock", porch), {"reason": "A friend told me about you."})
    helpers = [circle.people[name] for name in ("Jo", "Sam", "Mei")]
    await until(lambda: all(heard(one, "“A friend told me about you.”") for one in helpers), 20)
    asked = heard(helpers[1], "“A friend told me about you.”")[0]
    assert karim.user_id in asked.text
    await helpers[1].say(asked.room, "yes")

    await until(lambda: _joined(circle, porch, karim.user_id), 20, every=0.3)
    topic = await circle.people["Jo"].api.get(path("rooms", porch, "state", "m.room.topic", ""))
    assert "How did you hear of us?" in topic["topic"]
    room = await circle.circle_id()
    assert not await _joined(circle, room, karim.user_id)


async def _there(circle: Circle, name: str) -> bool:
    return name in await circle.ids()
