"""Bad input on the real daemon: one plain sentence to who asked, and never a second room. One daemon serves all cases."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest
import pytest_asyncio

from supportd.matrix.http import path
from tests.rooms.acts import heard
from tests.rooms.conftest import Circle, settled_in, until
from tests.rooms.servers import asked, quoted
from tests.rooms.test_first_word import bot, opens

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from supportd.demo.synapse import Synapse

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.synapse, pytest.mark.slow]


class House:
    """The group, direct chats of its people with the bot, and what the homeserver's admin sees."""

    def __init__(self, circle: Circle, token: str) -> None:
        """Take the group; ``token`` is that of an admin of the homeserver."""
        self.circle, self.token = circle, token
        self.chats: dict[str, str] = {}

    async def rooms(self) -> set[str]:
        """Return all rooms that this installation's creator has made."""
        creator = f"@creator-{self.circle.place.number}:{self.circle.synapse.server_name}"
        _status, found = await self.as_admin("GET", "_synapse/admin/v1/rooms", query={"limit": "10000"})
        return {one["room_id"] for one in found["rooms"] if one["creator"] == creator}

    async def as_admin(self, method: str, where: str, body: Any = None, query: dict[str, str] | None = None) -> tuple[int, Any]:
        """Ask the homeserver as its admin."""
        return await asked(self.circle.synapse.base_url, method, where, body, token=self.token, query=query)

    async def ask(self, name: str, words: str) -> str:
        """Let somebody write to the bot; returns its answer."""
        one, chat = self.circle.people[name], self.chats[name]
        before = len(self.told(name))
        await one.say(chat, words)
        await until(lambda: len(self.told(name)) > before, 20)
        return self.told(name)[before]

    def told(self, name: str) -> list[str]:
        """Return what the bot wrote to somebody alone, oldest first."""
        return [
            seen.text for seen in self.circle.people[name].timeline if seen.room == self.chats[name] and seen.sender == bot(self.circle)
        ]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house(synapse: Synapse, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    """Yield the group; Jo (admin), Sam and Mei (key members) and Tom have chats with the bot."""
    async with settled_in(synapse, tmp_path_factory.mktemp("bad-input")) as circle:
        login = await synapse.register(f"root-{circle.place.number}", "pw", admin=True)
        one = House(circle, login.access_token)
        await circle.place.data("people", "add", "Sam", circle.people["Sam"].user_id, "admin")
        for name, member in circle.people.items():
            one.chats[name] = await opens(member, bot(circle))
            await until(lambda member=member: heard(member, "Words that I understand"), 20)  # type: ignore[misc]
        yield one


async def test_blocked(house: House) -> None:
    tom = house.circle.people["Tom"]
    before = await house.rooms()
    await tom.api.put(path("user", tom.user_id, "account_data", "m.invite_permission_config"), {"default_action": "block"})
    print("CREATE", await house.ask("Mei", 'rooms create small_circle "Quiet" Tom,Mei'))
    await asyncio.sleep(6)
    for name in house.chats:
        print(name, house.told(name)[1:])
    print("INVITE", await house.ask("Mei", "rooms invite quiet Tom"))
    await asyncio.sleep(6)
    for name in house.chats:
        print(name, house.told(name)[1:])
    print(await house.circle.place.data("rooms", "list"))
    await tom.api.put(path("user", tom.user_id, "account_data", "m.invite_permission_config"), {})
    print(len(before), len(await house.rooms()))


async def test_twice(house: House) -> None:
    before = await house.rooms()
    print(
        "CLI",
        await asyncio.gather(
            *(house.circle.place.say("rooms", "create", "small_circle", "Same", "Tom") for _ in range(3)),
            house.ask("Jo", "rooms create small_circle Same Tom"),
            house.ask("Sam", "rooms create small_circle Same Tom"),
        ),
    )
    await asyncio.sleep(4)
    print(len(before), len(await house.rooms()))


async def test_talk(house: House) -> None:
    before = await house.rooms()
    tom = house.circle.people["Tom"]
    await asyncio.gather(*(tom.say(house.chats["Tom"], "talk") for _ in range(2)))
    await asyncio.sleep(4)
    print(await house.ask("Tom", "talk"))
    for name in house.chats:
        print(name, house.told(name)[1:])
    who = next(name for name in ("Jo", "Sam", "Mei") if any("would like to talk" in one for one in house.told(name)))
    await house.circle.people[who].say(house.chats[who], "yes")
    for _ in range(3):
        print(await house.ask("Tom", "talk"))
    await asyncio.sleep(3)
    print(await house.ask("Tom", "talk"))
    for name in house.chats:
        print(name, house.told(name)[1:])
    print(len(before), len(await house.rooms()))


async def test_encryption(house: House) -> None:
    room = await house.circle.circle_id()
    jo = house.circle.people["Jo"]
    before = await house.rooms()
    events = await jo.api.ask("GET", path("rooms", room, "state"))
    event = next(one for one in events if one["type"] == "m.room.encryption")["event_id"]
    await jo.redact(room, event)
    for _ in range(10):
        await asyncio.sleep(1)
        print(
            await asked(
                house.circle.synapse.base_url,
                "GET",
                f"_matrix/client/v3/rooms/{quoted(room)}/state/m.room.encryption/",
                token=jo.api.token if hasattr(jo.api, "token") else jo.login.access_token,
            )
        )
    for name in house.chats:
        print(name, house.told(name)[1:])
    print(len(before), len(await house.rooms()))


async def test_deleted(house: House) -> None:
    await house.circle.place.data("rooms", "create", "small_circle", "Gone", "Tom")
    await asyncio.sleep(5)
    room = (await house.circle.ids())["Gone"]
    before = await house.rooms()
    print(await house.as_admin("DELETE", f"_synapse/admin/v2/rooms/{quoted(room)}", {"block": True, "purge": True}))
    await asyncio.sleep(15)
    for name in house.chats:
        print(name, house.told(name)[1:])
    print(await house.circle.place.say("rooms", "invite", "gone", "Mei"))
    print(await house.circle.place.say("rooms", "audit"))
    print(await house.circle.place.say("rooms", "create", "small_circle", "Gone", "Tom"))
    await asyncio.sleep(10)
    for name in house.chats:
        print(name, house.told(name)[1:])
    print(len(before), len(await house.rooms()))
    print(await house.circle.place.data("rooms", "list"))
    print(await house.circle.place.data("journal"))
    print(house.circle.place.log.read_text()[-6000:])
