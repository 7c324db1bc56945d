"""Somebody whom nobody entered comes into a room: key members are told, the bot's words stay closed to them, one word sends them away."""

from __future__ import annotations

from typing import cast

import pytest

from supportd.matrix.http import path
from tests.rooms.conftest import PROMISED, Circle, until
from tests.rooms.test_first_word import said

pytestmark = [pytest.mark.asyncio, pytest.mark.synapse, pytest.mark.slow]


async def test_a_stranger_is_told_kept_out_of_our_words_and_removed(circle: Circle) -> None:
    """Mei's app invites Eve: all key members read it, Eve reads nothing of the bot, and is gone at a key member's word."""
    room, mei, tom = await circle.circle_id(), circle.people["Mei"], circle.people["Tom"]
    eve = await circle.stranger("Eve")
    await mei.api.post(path("rooms", room, "invite"), {"user_id": eve.user_id})

    took = await until(lambda: all(said(circle.people[name], eve.user_id) for name in ("Jo", "Sam", "Mei")), 20)
    print(f"seconds until the key members were told: {took:.1f}")
    assert not said(tom, eve.user_id)
    people = await circle.place.data("people", "list")
    assert "Eve" not in str(people)
    (shown,) = cast("list[dict[str, str]]", (await circle.place.data("rooms", "strangers"))["strangers"])
    assert eve.user_id in shown["who"]
    assert shown["by"] == "Mei"

    await circle.place.data("panic")
    await until(lambda: said(tom, "shut", room), 20)
    await eve.sync_once()
    assert not said(eve, "shut", room)

    await circle.place.data("rooms", "remove", "circle", eve.user_id)

    async def gone() -> bool:
        return eve.user_id not in (await tom.api.get(path("rooms", room, "joined_members")))["joined"]

    await until(gone, PROMISED)
    assert (await circle.place.data("rooms", "strangers"))["strangers"] == []


async def test_who_is_entered_afterwards_is_no_stranger_any_more(circle: Circle) -> None:
    """The key members say who it is; from then on Eve is one of the group and reads what the bot says."""
    room, mei = await circle.circle_id(), circle.people["Mei"]
    eve = await circle.stranger("Eve")
    await mei.api.post(path("rooms", room, "invite"), {"user_id": eve.user_id})
    await until(lambda: said(circle.people["Sam"], eve.user_id), 20)

    await circle.place.data("people", "add", "Eve", eve.user_id)
    await circle.place.data("panic")

    await until(lambda: said(eve, "shut", room), 20)
    assert (await circle.place.data("rooms", "strangers"))["strangers"] == []
