"""Drift: whoever changes a setting, it is set back within ten seconds and the key members read who changed what."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from supportd.matrix.http import path
from tests.rooms.conftest import PROMISED, Circle, until
from tests.support.reading import heard

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from supportd.matrix.member import Member

pytestmark = [pytest.mark.asyncio, pytest.mark.synapse, pytest.mark.slow]


async def state(who: Member, room: str, kind: str, key: str = "") -> dict[str, Any]:
    """Return a state event as somebody in the room sees it."""
    return await who.api.get(path("rooms", room, "state", kind, key))


async def put(who: Member, room: str, kind: str, content: dict[str, Any], key: str = "") -> None:
    """Let somebody set a state event."""
    await who.api.put(path("rooms", room, "state", kind, key), content)


async def powers(who: Member, room: str, **changes: Any) -> None:
    """Let somebody change levels of power."""
    await put(who, room, "m.room.power_levels", {**await state(who, room, "m.room.power_levels"), **changes})


MEGOLM = "m.megolm.v1.aes-sha2"
#: Setting -> who changes it (Jo owns the room with 150, Mei is a key member with 50) and how.
CHANGES: dict[str, tuple[str, Callable[[Member, str], Awaitable[Any]]]] = {
    "who may come in": ("Jo", lambda one, room: put(one, room, "m.room.join_rules", {"join_rule": "public"})),
    "guests": ("Jo", lambda one, room: put(one, room, "m.room.guest_access", {"guest_access": "can_join"})),
    "later joiners read": ("Jo", lambda one, room: put(one, room, "m.room.history_visibility", {"history_visibility": "shared"})),
    "encryption": ("Jo", lambda one, room: put(one, room, "m.room.encryption", {"algorithm": "m.none"})),
    "new key after": ("Jo", lambda one, room: put(one, room, "m.room.encryption", {"algorithm": MEGOLM, "rotation_period_msgs": 9999})),
    "power": ("Jo", lambda one, room: powers(one, room, invite=0, users_default=50)),
    "name and topic": ("Mei", lambda one, room: put(one, room, "m.room.name", {"name": "Cancer group"})),
    "links to spaces": ("Jo", lambda one, room: put(one, room, "m.space.parent", {"via": ["x.test"]}, "!" + "q" * 43)),
    "listening": ("Mei", lambda one, room: put(one, room, "m.room.topic", {"topic": "Nobody reads here"})),
    "public list": ("Jo", lambda one, room: one.api.put(path("directory", "list", "room", room), {"visibility": "public"})),
    "addresses": (
        "Tom",
        lambda one, room: one.api.put(path("directory", "room", f"#a{room[1:9].lower()}:{room_server(one)}"), {"room_id": room}),
    ),
}


def room_server(one: Member) -> str:
    """Return the homeserver's name."""
    return one.user_id.split(":", 1)[1]


async def test_each_setting_is_set_back_in_time(circle: Circle) -> None:
    """Each of the settings that can change in a room's life is set back on the server within ten seconds, and the audit agrees."""
    room = await circle.circle_id()
    jo, before = circle.people["Jo"], await everything(circle.people["Jo"], room)
    loop = asyncio.get_running_loop()
    took: dict[str, float] = {}

    for setting, (name, change) in CHANGES.items():
        started = loop.time()
        await change(circle.people[name], room)
        assert await everything(jo, room) != before or setting not in {"public list", "addresses"}
        try:
            await until(lambda: _is(jo, room, before), PROMISED, every=0.02)
        except AssertionError:
            now = await everything(jo, room)
            pytest.fail(f"{setting}: {[(key, before.get(key), now.get(key)) for key in before | now if before.get(key) != now.get(key)]}")
        took[setting] = loop.time() - started

    print("seconds until a setting was back:", {name: round(seconds, 2) for name, seconds in took.items()})
    assert max(took.values()) <= PROMISED
    await until(lambda: _nothing_odd(circle), PROMISED)


async def everything(who: Member, room: str) -> dict[str, Any]:
    """Return all that is watched of a room, as the homeserver has it now."""
    found: dict[str, Any] = {}
    for event in await who.api.ask("GET", path("rooms", room, "state")):
        # Servers add to what is set, and we seal it; a link that was taken away is an event with nothing else.
        told = {k: v for k, v in event["content"].items() if k not in {"historical", "m.topic", "org.supportd.seal"}}
        if event["type"] not in {"m.room.member", "m.room.create", "m.room.canonical_alias"} and told:
            found[f"{event['type']} {event['state_key']}"] = told
    found["listed"] = await who.api.get(path("directory", "list", "room", room))
    return found | await who.api.get(path("rooms", room, "aliases"))


async def _is(who: Member, room: str, before: dict[str, Any]) -> bool:
    return await everything(who, room) == before


async def _nothing_odd(circle: Circle) -> bool:
    return not await circle.audit()


async def test_key_members_read_who_changed_what(circle: Circle) -> None:
    """All key members are told once in their direct chats: who, what, and that it is set back; members are not bothered."""
    room = await circle.circle_id()

    await put(circle.people["Mei"], room, "m.room.name", {"name": "Cancer group"})
    await until(lambda: all(heard(circle.people[name], "changed by Mei: name or topic") for name in ("Jo", "Sam", "Mei")), 20)

    assert not heard(circle.people["Tom"], "changed by")
    assert (await state(circle.people["Tom"], room, "m.room.name"))["name"] == "Thursday evenings: circle"
