"""What cannot be set back: setting by actor, the room is locked within ten seconds, the key members read so, and it opens as it was."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, cast

import pytest
import pytest_asyncio

from supportd.matrix.errors import Refused
from supportd.matrix.http import path
from tests.rooms.conftest import PROMISED, Circle, settled_in, until
from tests.rooms.servers import Through
from tests.rooms.test_drift import everything, state
from tests.rooms.test_drift_matrix import CAN, CHANGES, KEY_MEMBERS, NOBODY_KNOWS, acting, creator_of, powers, put, told
from tests.scenarios.between import Between

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from supportd.demo.synapse import Synapse

pytestmark = [pytest.mark.asyncio, pytest.mark.synapse, pytest.mark.slow]

#: Setting -> the request that would set it back, which the homeserver refuses to us here as a module of its own may.
NEEDS = {
    "public list": "PUT /_matrix/client/v3/directory/list/room/",
    "addresses": "DELETE /_matrix/client/v3/directory/room/",
    "who may come in": "/state/m.room.join_rules",
    "guests": "/state/m.room.guest_access",
    "later joiners read": "/state/m.room.history_visibility",
    "encryption": "/state/m.room.encryption",
    "new key after": "/state/m.room.encryption",
    "name and topic": "/state/m.room.name",
    "links to spaces": "/state/m.space.parent",
    "listening": "/state/m.room.topic",
}
FOR_EVER = 10**6
#: What a plugin says, and not what it does, waits for the next minute after sixty rows in one.
A_MINUTE = 75.0


@pytest_asyncio.fixture
async def between(synapse: Synapse) -> AsyncIterator[Between]:
    """Yield a proxy between the daemon and its homeserver."""
    one = Between(synapse.base_url)
    await one.open()
    yield one
    await one.close()


@pytest_asyncio.fixture
async def house(synapse: Synapse, between: Between, tmp_path: Path) -> AsyncIterator[Circle]:
    """Yield the group whose daemon reaches the homeserver through the proxy; people and the server's admin do so directly."""
    async with settled_in(synapse, tmp_path, reached=cast("Synapse", Through(synapse, between.url))) as one:
        # From here on each key member has a chat with the bot, which nothing that is refused below can hold up.
        await put(one.people["Mei"].api, await one.circle_id(), "m.room.name", {"name": "Other"})
        await until(lambda: all(told(one, name, "changed by Mei") for name in KEY_MEMBERS), 20)
        yield one


@pytest.mark.parametrize("actor", sorted(CAN))
async def test_what_cannot_be_set_back_locks_the_room(house: Circle, between: Between, actor: str) -> None:
    """Each setting, changed by each who can and refused to us: nobody writes, all key members read why once; unlocked it is as before."""
    room, jo, tom, loop = await house.circle_id(), house.people["Jo"], house.people["Tom"], asyncio.get_running_loop()
    before, took = await everything(jo, room), dict[str, float]()
    by = {"key member": "changed by Mei", "owner": "changed by Jo", "server admin": f"my own account {creator_of(house)}"}[actor]

    async with acting(house, actor) as api:
        for setting in [one for one in NEEDS if one in CAN[actor]]:
            word, change = CHANGES[setting]
            count = {name: len(told(house, name, "I locked the room")) for name in house.people}
            refusal = between.refuse(NEEDS[setting], FOR_EVER, status=403, errcode="M_FORBIDDEN")
            started = loop.time()
            await change(api, room)
            await until(lambda: _is_locked(house, room), PROMISED, every=0.02)
            took[setting] = loop.time() - started
            with pytest.raises(Refused):
                await tom.say(room, "hello?")
            for name in KEY_MEMBERS:
                await until(lambda name=name, count=count: len(told(house, name, "I locked the room")) > count[name], A_MINUTE)  # type: ignore[misc]  # bound at once
                text = told(house, name, "I locked the room")[-1]
                assert word in text
                assert (by if setting not in NOBODY_KNOWS else "the server does not say who") in text
            refusal.left = 0
            await house.place.data("rooms", "unlock", "circle")
            await until(lambda: _is(jo, room, before), PROMISED, every=0.02)
            assert {name: len(told(house, name, "I locked the room")) - count[name] for name in house.people} == dict.fromkeys(
                KEY_MEMBERS, 1
            ) | {"Tom": 0}

    for setting, seconds in took.items():
        print(f"{actor:12} | {setting:18} | locked after {seconds:.2f} s")
    assert max(took.values()) <= PROMISED
    await tom.say(room, "hello")


@pytest.mark.parametrize("actor", ["owner", "server admin"])
async def test_a_lock_that_the_server_refuses_is_told_as_that(house: Circle, between: Between, actor: str) -> None:
    """Where we may not even change who may do what: key members read within ten seconds that it is open, and when the lock holds."""
    room, jo = await house.circle_id(), house.people["Jo"]
    before = await everything(jo, room)
    refusal = between.refuse("/state/m.room.power_levels", FOR_EVER, status=403, errcode="M_FORBIDDEN")

    async with acting(house, actor) as api:
        await powers(api, room, invite=0, users_default=50)
    for name in KEY_MEMBERS:
        await until(lambda name=name: told(house, name, "I could not lock the room either", "who may do what"), PROMISED)  # type: ignore[misc]  # bound at once
    assert not any(told(house, name, "I locked the room") for name in KEY_MEMBERS)
    refusal.left = 0
    await until(lambda: all(told(house, name, "I locked the room") for name in KEY_MEMBERS), A_MINUTE)
    assert await _is_locked(house, room)
    await house.place.data("rooms", "unlock", "circle")
    await until(lambda: _is(jo, room, before), PROMISED)

    assert {name: len(told(house, name, "could not lock")) for name in house.people} == dict.fromkeys(KEY_MEMBERS, 1) | {"Tom": 0}


async def test_the_creator_locks_where_the_doorkeeper_is_shut_out(house: Circle, between: Between) -> None:
    """An owner sends the doorkeeper away, and the server does not let it come back: the account that nobody stands above locks the room."""
    room, jo = await house.circle_id(), house.people["Jo"]
    doorkeeper, before = f"@doorkeeper-{house.place.number}:{house.synapse.server_name}", await everything(jo, room)
    refusal = between.refuse("POST /_matrix/client/v3/join/", FOR_EVER, status=403, errcode="M_FORBIDDEN")

    await jo.api.post(path("rooms", room, "kick"), {"user_id": doorkeeper})
    took = await until(lambda: _is_locked(house, room), PROMISED, every=0.02)
    events = await jo.api.ask("GET", path("rooms", room, "state"))
    for name in KEY_MEMBERS:
        await until(lambda name=name: told(house, name, "I locked the room", "how much I hear", "changed by Jo"), PROMISED)  # type: ignore[misc]  # bound at once
    refusal.left = 0
    await house.place.data("rooms", "unlock", "circle")
    await until(lambda: _is(jo, room, before), PROMISED)
    await until(lambda: _is_in(jo, room, doorkeeper), PROMISED)

    print(f"seconds until the creator had locked: {took:.2f}")
    assert [one["sender"] for one in events if one["type"] == "m.room.power_levels"] == [creator_of(house)]


async def _is_locked(house: Circle, room: str) -> bool:
    return int((await state(house.people["Jo"], room, "m.room.power_levels"))["events_default"]) == 100


async def _is_in(who: Any, room: str, user: str) -> bool:
    return user in (await who.api.get(path("rooms", room, "joined_members")))["joined"]


async def _is(who: Any, room: str, before: dict[str, Any]) -> bool:
    return await everything(who, room) == before
