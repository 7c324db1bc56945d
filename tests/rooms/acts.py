"""What people of the circle do in many of these tests."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Protocol

from supportd.matrix.http import Api, path
from tests.rooms.conftest import until
from tests.support.reading import heard

if TYPE_CHECKING:
    from supportd.matrix.member import Member
    from tests.rooms.conftest import Circle

#: How the question to the key member on duty begins, and how a private talk is called.
QUESTION = "would like to talk"
TALK = "Thursday evenings: talk"


class Reaching(Protocol):
    """Somebody with a way to the homeserver."""

    api: Api


async def greeted(circle: Circle, name: str) -> tuple[Member, str]:
    """Enter somebody and wait for the greeting; returns them and their direct chat, where they can give commands."""
    await circle.place.data("plugins", "on", "welcome")
    for setting, value in (("ask_key_member", "false"), ("offer_introduction", "false"), ("delay_minutes", "0")):
        await circle.place.data("settings", "set", "welcome", setting, value)
    member = await circle.enter(name)
    await until(lambda: heard(member, f"Hello {name}"), 30)
    return member, heard(member, f"Hello {name}")[0].room


async def talk(circle: Circle, member: Member, chat: str) -> tuple[Member, str]:
    """Let somebody ask for a private talk, and the key member who is asked say yes; returns the key member and the room."""
    helpers = [circle.people[name] for name in ("Jo", "Sam", "Mei")]
    before = {seen.event for one in helpers for seen in heard(one, QUESTION)}
    rooms = await called(member, TALK)
    await member.say(chat, "talk")
    await until(lambda: any(seen.event not in before for one in helpers for seen in heard(one, QUESTION)), 20)
    helper = next(one for one in helpers for seen in heard(one, QUESTION) if seen.event not in before)
    await helper.say(next(seen.room for seen in heard(helper, QUESTION) if seen.event not in before), "yes")
    await until(lambda: _both_in(member, helper, rooms), 20)
    return helper, next(iter(await called(member, TALK) - rooms))


async def _both_in(one: Member, other: Member, before: set[str]) -> bool:
    new = await called(one, TALK) - before
    return bool(new) and new <= await called(other, TALK)


async def called(who: Reaching, name: str) -> set[str]:
    """Return the rooms of this name that somebody is in."""
    found = set()
    for room in (await who.api.get(path("joined_rooms")))["joined_rooms"]:
        for event in await who.api.ask("GET", path("rooms", room, "state")):
            if event["type"] == "m.room.name" and event["content"].get("name") == name:
                found.add(room)
    return found


async def every_kind(circle: Circle) -> dict[str, tuple[str, Member]]:
    """Return a room of each kind, and somebody who is in it."""
    ana, chat = await greeted(circle, "Ana")
    _helper, private = await talk(circle, ana, chat)
    await circle.place.data("rooms", "create", "key_members", "Helpers")
    jo = circle.people["Jo"]
    await until(lambda: called(jo, "Helpers"), 20)
    named = await circle.ids()
    return {
        "space": (named["Thursday evenings"], jo),
        "circle": (named["Thursday evenings: circle"], jo),
        "key members": (named["Helpers"], jo),
        "talk": (private, ana),
        "direct chat": (chat, ana),
    }


async def an_event(room: str, member: Member) -> str:
    """Return the id of an event of a room."""
    events = await member.api.ask("GET", path("rooms", room, "state"))
    return next(str(one["event_id"]) for one in events if one["type"] == "m.room.power_levels")


def made_up(sign: str) -> str:
    """Return an id of the shape of one, of something that does not exist."""
    return sign + secrets.token_urlsafe(33)[:43]
