"""A room that the homeserver's admin deletes, while the daemon runs or is down: told once, and one new room at a key member's word."""

from __future__ import annotations

import asyncio

import pytest

from tests.rooms.conftest import Circle, until
from tests.rooms.servers import asked, quoted
from tests.support.reading import heard

pytestmark = [pytest.mark.asyncio, pytest.mark.synapse, pytest.mark.slow]


async def all_rooms(circle: Circle, token: str) -> set[str]:
    """Return the rooms that this installation's creator made and that are no chats of two, as the homeserver's admin sees them."""
    _status, found = await asked(
        circle.synapse.base_url, "GET", "_synapse/admin/v1/rooms", token=token, query={"limit": "10000", "search_term": "Tea"}
    )
    creator = f"@creator-{circle.place.number}:{circle.synapse.server_name}"
    return {one["room_id"] for one in found["rooms"] if one["creator"] == creator}


@pytest.mark.parametrize("away", [False, True])
async def test_a_room_that_is_deleted_on_the_server(circle: Circle, *, away: bool) -> None:
    """Key members read it once, also when it went while the daemon was down; commands say it is gone; a new one takes its place."""
    admin = await circle.synapse.register(f"root-{circle.place.number}", "pw", admin=True)
    await circle.place.data("rooms", "create", "small_circle", "Tea", "Tom,Mei")
    await until(lambda: _inside(circle), 20)
    (room,) = await all_rooms(circle, admin.access_token)
    if away:
        await circle.place.daemon.stop()
    where = f"_synapse/admin/v2/rooms/{quoted(room)}"
    await asked(circle.synapse.base_url, "DELETE", where, {"block": True, "purge": True}, token=admin.access_token)
    await until(lambda: _none(circle, admin.access_token), 20)
    if away:
        await circle.place.daemon.start()

    took = await until(lambda: any(_told(circle).values()), 30)
    print(f"seconds until a deleted room was told, away {away}: {took:.1f}")
    await asyncio.sleep(3)
    told = _told(circle)
    status, said = await circle.place.say("rooms", "invite", "tea", "Mei")
    assert (status, said) == (1, "There is no room “tea”: see rooms list.")
    assert set(told.values()) <= {0, 1}
    assert told["Tom"] == 0
    assert await all_rooms(circle, admin.access_token) == set()

    await circle.place.data("rooms", "create", "small_circle", "Tea", "Tom,Mei")
    await until(lambda: _inside(circle), 20)
    assert len(await all_rooms(circle, admin.access_token) - {room}) == 1


def _told(circle: Circle) -> dict[str, int]:
    return {name: len(heard(one, "I cannot reach the room tea any more")) for name, one in circle.people.items()}


async def _inside(circle: Circle) -> bool:
    rooms = await circle.rooms()
    return "tea" in rooms and rooms["tea"]["people"] == 3


async def _none(circle: Circle, token: str) -> bool:
    return await all_rooms(circle, token) == set()
