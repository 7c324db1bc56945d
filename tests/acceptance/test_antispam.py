"""A real Synapse with the module ``synapse-http-antispam`` asks our real web side."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import pytest_asyncio
from aiohttp import web

from supportd.demo.synapse import Synapse
from supportd.matrix.errors import Refused
from supportd.matrix.http import Api, path
from supportd.web.app import make_app
from tests.support.synapse import synapse_python
from tests.unit.web.test_web import FakeDoors

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from supportd.sdk.findings import Refusal
    from supportd.sdk.ids import RoomId, UserId

pytestmark = [pytest.mark.asyncio, pytest.mark.synapse, pytest.mark.slow]


class Doors(FakeDoors):
    """Stands for the daemon: keeps one person out of every room."""

    async def admit(self, room: RoomId, user: UserId, door: str) -> Refusal | None:
        """Refuse the person called Eve."""
        return await super().admit(room, "@x:e" if user.startswith("@eve:") else user, door)  # type: ignore[arg-type]  # an id is a word


class Door:
    """A Synapse that asks us, and us."""

    def __init__(self, synapse: Synapse, runner: web.AppRunner) -> None:
        """Take both."""
        self.synapse, self.runner = synapse, runner

    async def api(self, name: str) -> Api:
        """Return a person's door to the homeserver."""
        login = await self.synapse.register(name, "pw", device_id=name)
        return Api(self.synapse.base_url, login.access_token)


@pytest_asyncio.fixture
async def door(tmp_path: Path, synapse: Synapse) -> AsyncIterator[Door]:
    """Yield a Synapse of its own with the module, and our web side."""
    del synapse  # it skips or fails where there is no Synapse
    doors = Doors()
    runner = web.AppRunner(make_app(doors), access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    python = synapse_python()
    assert python is not None
    server = Synapse(tmp_path / "synapse", python)
    config = {
        "base_url": f"http://127.0.0.1:{runner.addresses[0][1]}/antispam",
        "authorization": doors.antispam_token,
        "do_ping": True,
        "enabled_callbacks": ["user_may_join_room", "user_may_invite", "check_event_for_spam"],
    }
    server.extra = {"modules": [{"module": "synapse_http_antispam.HTTPAntispam", "config": config}]}
    await server.start()
    yield Door(server, runner)
    await server.stop()
    await runner.cleanup()


async def test_the_door_answers_a_real_homeserver(door: Door) -> None:
    """Whom a plugin keeps out gets a 403, others come in; words of a plain room are asked about before anybody sees them."""
    ann, bo, eve = await door.api("ann"), await door.api("bo"), await door.api("eve")
    room = str((await ann.post(path("createRoom"), {"preset": "public_chat"}))["room_id"])

    await bo.post(path("join", room), {})
    with pytest.raises(Refused) as kept_out:
        await eve.post(path("join", room), {})
    await bo.put(path("rooms", room, "send", "m.room.message", "1"), {"msgtype": "m.text", "body": "kind"})
    with pytest.raises(Refused) as kept_back:
        await bo.put(path("rooms", room, "send", "m.room.message", "2"), {"msgtype": "m.text", "body": "nasty"})
    seen = await ann.get(path("rooms", room, "messages"), {"dir": "b", "limit": "20"})
    for api in (ann, bo, eve):
        await api.close()

    assert (kept_out.value.http, kept_back.value.http) == (403, 403)
    bodies = [event["content"].get("body") for event in seen["chunk"] if event["type"] == "m.room.message"]
    assert bodies == ["kind"]


async def test_when_we_are_away_nobody_new_comes_in_and_words_pass(door: Door) -> None:
    """While the daemon is down the module keeps the door closed, and members can go on talking."""
    ann, bo = await door.api("ann"), await door.api("bo")
    room = str((await ann.post(path("createRoom"), {"preset": "public_chat"}))["room_id"])
    await door.runner.cleanup()

    with pytest.raises(Refused):
        await bo.post(path("join", room), {})
    await ann.put(path("rooms", room, "send", "m.room.message", "1"), {"msgtype": "m.text", "body": "Is anybody there?"})

    for api in (ann, bo):
        await api.close()
