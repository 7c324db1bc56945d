"""Drift, setting by actor: the homeserver refuses it, or it is back within ten seconds and the key members read who changed what."""

from __future__ import annotations

import asyncio
import secrets
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import pytest

from supportd.matrix.errors import Refused
from supportd.matrix.http import Api, path
from tests.rooms.conftest import PROMISED, Circle, until
from tests.rooms.test_drift import MEGOLM, everything

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

pytestmark = [pytest.mark.asyncio, pytest.mark.synapse, pytest.mark.slow]

KEY_MEMBERS = ("Jo", "Sam", "Mei")


async def put(api: Api, room: str, kind: str, content: dict[str, Any], key: str = "") -> None:
    """Set a state event."""
    await api.put(path("rooms", room, "state", kind, key), content)


async def powers(api: Api, room: str, **changes: Any) -> None:
    """Change levels of power."""
    now = await api.get(path("rooms", room, "state", "m.room.power_levels", ""))
    await put(api, room, "m.room.power_levels", {**now, **changes})


async def address(api: Api, room: str) -> None:
    """Give the room an address."""
    server = (await api.get(path("account", "whoami")))["user_id"].partition(":")[2]
    await api.put(path("directory", "room", f"#{secrets.token_hex(4)}:{server}"), {"room_id": room})


#: Every watched setting -> a change of it, and how key members read of it.
CHANGES: dict[str, tuple[str, Callable[[Api, str], Awaitable[Any]]]] = {
    "public list": ("public list", lambda api, room: api.put(path("directory", "list", "room", room), {"visibility": "public"})),
    "addresses": ("the room's addresses", address),
    "who may come in": ("who may come in", lambda api, room: put(api, room, "m.room.join_rules", {"join_rule": "public"})),
    "guests": ("guests", lambda api, room: put(api, room, "m.room.guest_access", {"guest_access": "can_join"})),
    "later joiners read": (
        "what newcomers can read",
        lambda api, room: put(api, room, "m.room.history_visibility", {"history_visibility": "shared"}),
    ),
    "encryption": ("encryption", lambda api, room: put(api, room, "m.room.encryption", {"algorithm": "m.none"})),
    "new key after": (
        "how often the key changes",
        lambda api, room: put(api, room, "m.room.encryption", {"algorithm": MEGOLM, "rotation_period_msgs": 9999}),
    ),
    "other servers": ("other servers", lambda api, room: put(api, room, "m.room.create", {"m.federate": True, "room_version": "12"})),
    "power": ("who may do what", lambda api, room: powers(api, room, invite=0, users_default=50)),
    "name and topic": ("name or topic", lambda api, room: put(api, room, "m.room.name", {"name": "Cancer group"})),
    "links to spaces": ("the links between rooms", lambda api, room: put(api, room, "m.space.parent", {"via": ["x.test"]}, "!" + "q" * 43)),
    "listening": ("how much I hear", lambda api, room: put(api, room, "m.room.topic", {"topic": "Nobody reads here"})),
}
#: What each of them can change at all; the homeserver refuses the rest. The server's admin signs in as our account that makes the rooms.
CAN = {
    "key member": {"addresses", "name and topic", "listening"},
    "owner": set(CHANGES) - {"other servers"},
    "server admin": set(CHANGES) - {"other servers"},
}
#: Whoever did it, the homeserver does not say.
NOBODY_KNOWS = {"public list", "addresses"}


@asynccontextmanager
async def admin_of(circle: Circle) -> AsyncIterator[Api]:
    """Give an admin of the homeserver."""
    login = await circle.synapse.register(f"admin-{secrets.token_hex(3)}", "pw", admin=True)
    api = Api(circle.synapse.base_url, login.access_token)
    try:
        yield api
    finally:
        await api.close()


def creator_of(circle: Circle) -> str:
    """Return the Matrix id of our account that makes the rooms."""
    return f"@creator-{circle.place.number}:{circle.synapse.server_name}"


async def signed_in(circle: Circle, admin: Api, user: str) -> Api:
    """Let an admin of the homeserver sign in as anybody."""
    return Api(circle.synapse.base_url, (await admin.post(f"_synapse/admin/v1/users/{user}/login", {}))["access_token"])


@asynccontextmanager
async def acting(circle: Circle, actor: str) -> AsyncIterator[Api]:
    """Give the account with which somebody acts."""
    if actor != "server admin":
        yield circle.people["Mei" if actor == "key member" else "Jo"].api
        return
    async with admin_of(circle) as admin:
        api = await signed_in(circle, admin, creator_of(circle))
        try:
            yield api
        finally:
            await api.close()


def told(circle: Circle, name: str, *words: str) -> list[str]:
    """Return what somebody read with all of these words in it."""
    return [seen.text for seen in circle.people[name].timeline if all(word in seen.text for word in words)]


@pytest.mark.parametrize("actor", sorted(CAN))
async def test_whoever_changes_a_setting_it_is_set_back(circle: Circle, actor: str) -> None:
    """Each setting is refused by the homeserver or back on it within ten seconds; all key members read once who changed it."""
    room, jo, loop = await circle.circle_id(), circle.people["Jo"], asyncio.get_running_loop()
    before = await everything(jo, room)
    by = {"key member": "changed by Mei", "owner": "changed by Jo", "server admin": f"my own account {creator_of(circle)}"}[actor]
    took: dict[str, float] = {}
    refused: dict[str, str] = {}

    async def back() -> bool:
        return await everything(jo, room) == before

    async with acting(circle, actor) as api:
        for setting, (word, change) in CHANGES.items():
            started = loop.time()
            print(f"{actor} changes {setting}")
            try:
                await change(api, room)
            except Refused as error:
                refused[setting] = error.code
                continue
            await until(back, PROMISED, every=0.02)
            took[setting] = loop.time() - started
            who = "the server does not say who" if setting in NOBODY_KNOWS else by
            for name in KEY_MEMBERS:
                await until(lambda name=name, who=who, word=word: told(circle, name, who, word), PROMISED, every=0.02)  # type: ignore[misc]  # bound at once
                assert len(told(circle, name, who, word)) == 1

    for setting in CHANGES:
        print(f"{actor:12} | {setting:18} | {f'back after {took[setting]:.2f} s' if setting in took else 'cannot'}")
    assert set(took) == CAN[actor]
    # The first event of a room is never taken a second time, from nobody.
    assert refused == dict.fromkeys(set(CHANGES) - CAN[actor], "M_FORBIDDEN") | {"other servers": "M_INVALID_PARAM"}
    assert await back()
    assert max(took.values()) <= PROMISED
    assert not told(circle, "Tom", "changed")


async def test_our_account_that_left_comes_back(circle: Circle) -> None:
    """The server's admin lets the account that stands above the owners leave: it is back within ten seconds, and key members read of it."""
    room, user = await circle.circle_id(), creator_of(circle)

    async def inside() -> bool:
        return user in (await circle.people["Jo"].api.get(path("rooms", room, "joined_members")))["joined"]

    async with acting(circle, "server admin") as api:
        await api.post(path("rooms", room, "leave"), {})
        assert not await inside()
        seconds = await until(inside, PROMISED, every=0.02)

    print(f"our account that makes rooms was back after {seconds:.2f} s")
    for name in KEY_MEMBERS:
        await until(lambda name=name: told(circle, name, f"my own account {user}", "how much I hear"), PROMISED)  # type: ignore[misc]  # bound at once
    await until(lambda: _as_decided(circle), PROMISED, every=0.5)


async def test_the_servers_admin_makes_themself_an_owner(circle: Circle) -> None:
    """Power that the homeserver's own switch for admins gives somebody is taken back within ten seconds, and key members read of it."""
    room, jo = await circle.circle_id(), circle.people["Jo"]
    before = await everything(jo, room)

    async def back() -> bool:
        return await everything(jo, room) == before

    async with admin_of(circle) as admin:
        await admin.post(f"_synapse/admin/v1/rooms/{room}/make_room_admin", {})
        assert not await back()
        seconds = await until(back, PROMISED, every=0.02)

    print(f"the power of the server's admin was gone after {seconds:.2f} s")
    for name in KEY_MEMBERS:
        await until(lambda name=name: told(circle, name, "who may do what", "changed"), PROMISED)  # type: ignore[misc]  # bound at once


async def test_a_room_replaced_with_our_account_goes_on_in_a_room_of_ours(circle: Circle) -> None:
    """The server's admin upgrades a room with our account: within ten seconds the old one points to one of ours, and are told how."""
    old, jo, loop = await circle.circle_id(), circle.people["Jo"], asyncio.get_running_loop()
    people = {one.user_id for one in circle.people.values()}

    async def ours() -> bool:
        new = (await jo.api.get(path("rooms", old, "state", "m.room.tombstone", "")))["replacement_room"]
        if new == theirs or new not in (await jo.api.get(path("joined_rooms")))["joined_rooms"]:
            return False
        return people <= set((await jo.api.get(path("rooms", new, "joined_members")))["joined"])

    started = loop.time()
    async with acting(circle, "server admin") as api:
        theirs = (await api.post(path("rooms", old, "upgrade"), {"new_version": "12"}))["replacement_room"]
    await until(ours, PROMISED)

    print(f"everybody was in the room that follows after {loop.time() - started:.1f} s")
    for name in KEY_MEMBERS:
        await until(lambda name=name: told(circle, name, "replaced by", f"my own account {creator_of(circle)}"), PROMISED)  # type: ignore[misc]  # bound at once
    await until(lambda: _as_decided(circle), PROMISED, every=0.5)


async def _as_decided(circle: Circle) -> bool:
    return not await circle.audit()
