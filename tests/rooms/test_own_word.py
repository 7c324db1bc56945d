"""On a real homeserver: people go, come back and leave for good at their own word."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from supportd.matrix.errors import Refused
from supportd.matrix.http import path
from tests.rooms.conftest import Circle, until

if TYPE_CHECKING:
    from supportd.matrix.member import Member

pytestmark = [pytest.mark.asyncio, pytest.mark.synapse, pytest.mark.slow]
#: Seconds that an answer and what follows from it may take on a busy machine.
SOON = 20.0


def heard(one: Member, words: str) -> str | None:
    """Return the room in which somebody read these words last."""
    return next((seen.room for seen in reversed(one.timeline) if words in seen.text), None)


async def told(one: Member, words: str) -> str:
    """Wait until somebody has read these words, and return the room."""
    await until(lambda: heard(one, words), SOON)
    room = heard(one, words)
    assert room is not None
    return room


async def joined(one: Member) -> set[str]:
    """Return the rooms somebody is in."""
    return set((await one.api.get(path("joined_rooms")))["joined_rooms"])


async def level(circle: Circle, room: str, who: Member) -> int:
    """Return somebody's level of power in a room, as Mei sees it."""
    content = await circle.people["Mei"].api.get(path("rooms", room, "state", "m.room.power_levels", ""))
    return int(content["users"].get(who.user_id, 0))


async def direct_chats(circle: Circle) -> dict[str, str]:
    """Let the bot write to Jo and Tom, and return their direct chats."""
    await circle.place.data("buddies", "Jo", "Tom")
    return {name: await told(circle.people[name], "like to be buddies") for name in ("Jo", "Tom")}


async def test_an_owner_takes_a_break_and_comes_back(circle: Circle) -> None:
    """Jo, who owns the rooms and stands above the bot, is taken out of both within seconds; one word brings her and her level back."""
    jo, room, chats = circle.people["Jo"], await circle.circle_id(), await direct_chats(circle)
    ids = set((await circle.ids()).values()) - set(chats.values())

    await jo.say(chats["Jo"], "take a break 3")
    await told(jo, "wait for you for 3 weeks")
    await jo.say(chats["Jo"], "yes")
    await told(jo, "You are out of the rooms")
    await until(lambda: _out(jo, ids), SOON)
    held = [await level(circle, room, circle.people[name]) for name in ("Jo", "Sam", "Mei")]
    await jo.say(chats["Jo"], "Back.")
    await until(lambda: _in(jo, ids), SOON)
    await until(lambda: _level_is(circle, room, jo, 150), SOON)

    assert held == [0, 150, 150]
    assert [await level(circle, room, circle.people[name]) for name in ("Jo", "Sam", "Mei")] == [150, 150, 50]


async def test_somebody_leaves_for_good(circle: Circle) -> None:
    """Tom is out of everything but his chat with the bot, and then nobody of the group's people; the others stay as they are."""
    tom, chats = circle.people["Tom"], await direct_chats(circle)
    ids = set((await circle.ids()).values())

    await tom.say(chats["Tom"], "leave")
    await told(tom, "mailed, printed or photographed")
    await tom.say(chats["Tom"], "Yes")
    await told(tom, "All the best")
    await until(lambda: _out(tom, ids), SOON)
    await until(lambda: _forgotten(circle, "Tom"), 2 * SOON)

    with pytest.raises(Refused):
        await tom.api.get(path("rooms", await circle.circle_id(), "joined_members"))
    assert {one["name"] for one in await _people(circle)} == {"Jo", "Sam", "Mei"}


async def _out(one: Member, rooms: set[str]) -> bool:
    return not rooms & await joined(one)


async def _in(one: Member, rooms: set[str]) -> bool:
    return rooms <= await joined(one)


async def _level_is(circle: Circle, room: str, who: Member, wanted: int) -> bool:
    return await level(circle, room, who) == wanted


async def _people(circle: Circle) -> list[dict[str, str]]:
    found = (await circle.place.data("people", "list"))["people"]
    assert isinstance(found, list)
    return found


async def _forgotten(circle: Circle, name: str) -> bool:
    return name not in {one["name"] for one in await _people(circle)}
