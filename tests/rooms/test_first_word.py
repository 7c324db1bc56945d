"""Somebody of the group opens a chat with the bot and says that they need to talk; strangers learn nothing."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

import pytest

from supportd.matrix.errors import Refused
from supportd.matrix.http import path
from tests.rooms.conftest import Circle, until

if TYPE_CHECKING:
    from supportd.matrix.member import Member

pytestmark = [pytest.mark.asyncio, pytest.mark.synapse, pytest.mark.slow]

ENCRYPTION = {"type": "m.room.encryption", "state_key": "", "content": {"algorithm": "m.megolm.v1.aes-sha2"}}


async def opens(
    one: Member, other: str, *, encrypted: bool = True, preset: str = "trusted_private_chat", more: tuple[str, ...] = ()
) -> str:
    """Let somebody's app open a chat of two, as apps do."""
    body = {"preset": preset, "is_direct": True, "invite": [other, *more], "initial_state": [ENCRYPTION] if encrypted else []}
    return str((await one.api.post(path("createRoom"), body))["room_id"])


def bot(circle: Circle) -> str:
    """Return the reader's Matrix id."""
    return f"@reader-{circle.place.number}:{circle.synapse.server_name}"


def said(one: Member, words: str, room: str = "") -> list[tuple[str, str]]:
    """Return (room, event) of what somebody read that holds ``words``."""
    return [(seen.room, seen.event) for seen in one.timeline if words in seen.text and (not room or seen.room == room)]


async def test_i_need_to_talk_works_as_the_very_first_message(circle: Circle) -> None:
    """Tom opens a chat and writes before the bot is there; the key member on duty says yes, and the two have a room; nobody else knows."""
    tom = circle.people["Tom"]
    helpers = [circle.people[name] for name in ("Jo", "Sam", "Mei")]
    before = {name: set((await one.api.get(path("joined_rooms")))["joined_rooms"]) for name, one in circle.people.items()}

    chat = await opens(tom, bot(circle))
    # As apps do: the words are for those who were invited.
    await tom.wait_for(lambda one: bot(circle) in one.rooms.of(chat).members)
    await tom.say(chat, "I need to talk")
    took = await until(lambda: said(tom, "“help”, “talk”", chat) and any(said(one, "would like to talk") for one in helpers), 20)
    print(f"seconds from a member's first word until a key member was asked: {took:.2f}")
    asked = next(one for one in helpers if said(one, "would like to talk"))
    await asked.say(said(asked, "would like to talk")[0][0], "yes")
    new = await _both_in_a_new_room(asked, tom, before)

    inside = set((await tom.api.get(path("rooms", new, "joined_members")))["joined"])
    assert {tom.user_id, asked.user_id} <= inside
    assert not inside & {one.user_id for one in helpers if one is not asked}
    assert [len(said(one, "would like to talk")) for one in helpers if one is not asked] == [0, 0]


async def _both_in_a_new_room(one: Member, other: Member, before: dict[str, set[str]]) -> str:
    old = set.union(*before.values())
    found: list[str] = []

    async def there() -> bool:
        first = set((await one.api.get(path("joined_rooms")))["joined_rooms"])
        both = first & set((await other.api.get(path("joined_rooms")))["joined_rooms"]) - old
        found[:] = both
        return bool(both)

    await until(there, 30)
    return found[0]


async def test_a_chat_in_clear_is_encrypted_or_left(circle: Circle) -> None:
    """With the power that apps give the second person the bot turns encryption on; without it, it goes and opens its own chat."""
    tom, mei = circle.people["Tom"], circle.people["Mei"]

    mended = await opens(tom, bot(circle), encrypted=False)
    await until(lambda: said(tom, "I turned encryption on", mended), 20)
    left = await opens(mei, bot(circle), encrypted=False, preset="private_chat")
    await until(lambda: said(mei, "would not be safe"), 20)

    assert (await tom.api.get(path("rooms", mended, "state", "m.room.encryption", "")))["algorithm"] == "m.megolm.v1.aes-sha2"
    assert said(mei, "would not be safe")[0][0] != left
    assert await _membership(mei, left, bot(circle)) == "leave"


async def test_a_stranger_learns_nothing(circle: Circle) -> None:
    """However often they invite: the bot's membership stays as that of an account that does not exist, and it says nothing."""
    eve, tom = await circle.stranger("Eve"), circle.people["Tom"]
    circle.people["Eve"] = eve
    nobody = f"@nobody-{secrets.token_hex(4)}:{circle.synapse.server_name}"

    rooms = [await opens(eve, bot(circle)) for _ in range(3)]
    alike = await opens(eve, nobody)
    crowd = await opens(tom, bot(circle), more=(eve.user_id,))
    await until(lambda: _is(eve, crowd, eve.user_id, "join"), 20)
    # Tom's other chat comes after all of these in the reader's sync: what it does to them it has done by then.
    mine = await opens(tom, bot(circle))
    await until(lambda: said(tom, "Automatic message. Hello", mine), 20)

    assert [await _seen(eve, room, bot(circle)) for room in rooms] == [await _seen(eve, alike, nobody)] * 3
    assert await _membership(tom, crowd, bot(circle)) in {"invite", "leave"}
    assert not said(eve, "Automatic message")


async def _seen(one: Member, room: str, user: str) -> tuple[str, list[str]]:
    """Return all that is seen of ``user`` in a room: membership, and what kinds of events came from them."""
    events = (await one.api.get(path("rooms", room, "messages"), {"dir": "b", "limit": "50"}))["chunk"]
    return await _membership(one, room, user), [event["type"] for event in events if event["sender"] == user]


async def _membership(one: Member, room: str, user: str) -> str:
    try:
        return str((await one.api.get(path("rooms", room, "state", "m.room.member", user)))["membership"])
    except Refused as error:
        return error.code


async def _is(one: Member, room: str, user: str, membership: str) -> bool:
    return await _membership(one, room, user) == membership
