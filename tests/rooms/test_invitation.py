"""Somebody comes into the group by a link, on a real homeserver: the page, the form, and the rooms they are invited to."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

import aiohttp
import pytest

from supportd.matrix.http import path
from tests.rooms.conftest import settled_in, until

if TYPE_CHECKING:
    from pathlib import Path

    from supportd.demo.synapse import Synapse

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
