"""Rooms that the plugin made, in a client of somebody else's making: nothing from before a joining opens, nothing from after a leaving."""

from __future__ import annotations

import secrets
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import pytest
import pytest_asyncio

from supportd.matrix.errors import Refused
from supportd.matrix.http import Api, path
from tests.rooms.acts import called
from tests.rooms.conftest import Circle, until
from tests.rooms.test_first_word import ENCRYPTION, bot
from tests.support.reading import heard
from tests.support.strict import Strict

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    Events = dict[str, list[dict[str, Any]]]

pytestmark = [pytest.mark.asyncio, pytest.mark.synapse, pytest.mark.slow]

#: Everybody's room and a small one, in which the bot reads, and one in which it does not.
CIRCLE, TEA, STILL = "Thursday evenings: circle", "Tea", "Still"
SOON = 30.0
#: After sixty rows of a plugin in a minute the rest waits for the next: words, and invitations.
PATIENT = 90.0


class Person:
    """Somebody of the group with such a client, and with plain requests for what a client hides."""

    def __init__(self, client: Strict, api: Api) -> None:
        """Take both."""
        self.client, self.api, self.user_id = client, api, client.user_id

    async def words(self) -> set[str]:
        """Return what the client shows, as far as it can be read."""
        return {one["text"] for one in await self.client.messages() if one["text"] is not None}

    async def shows(self, *words: str) -> None:
        """Wait until the client shows all of these words."""
        await self.client.until(lambda found: all(any(word in (one["text"] or "") for one in found) for word in words), SOON)

    async def opens(self, events: list[dict[str, Any]]) -> list[str]:
        """Return the words of those events that the keys of this client open, wherever it may have got the events from."""
        found = [await self.client.ask("open", raw=one) for one in events]
        return [one for one in found if one is not None]


class House:
    """The group, and its people with such clients."""

    def __init__(self, circle: Circle) -> None:
        """Take the group."""
        self.circle, self.rooms, self.people = circle, dict[str, str](), list[Person]()

    async def enter(self, name: str, *roles: str) -> Person:
        """Give somebody an account and a client, and enter them in the people."""
        synapse = self.circle.synapse
        login = await synapse.register(f"{name.lower()}-{secrets.token_hex(3)}", "pw", device_id="STRICT")
        one = Person(await Strict.start(synapse.base_url, login, "pw"), Api(synapse.base_url, login.access_token))
        self.people.append(one)
        await self.circle.place.data("people", "add", name, login.user_id, *roles)
        return one

    async def settle(self) -> tuple[Person, Person]:
        """Return Ann (key member) and Bo, who are in all three rooms."""
        both = await self.enter("Ann", "key_member"), await self.enter("Bo")
        for kind, name in (("small_circle", TEA), ("quiet", STILL)):
            await self.circle.place.data("rooms", "create", kind, name, "Ann,Bo")
        for one in both:
            await one.client.join_all(4, SOON)
        for name in (CIRCLE, TEA, STILL):
            (self.rooms[name],) = await called(both[0], name)
        return both

    async def says(self, who: str, one: Person) -> list[str]:
        """Let somebody say something in each of the rooms; returns the words."""
        words = [f"{who} in {name}" for name in self.rooms]
        for name, text in zip(self.rooms, words, strict=True):
            await one.client.ask("say", room=self.rooms[name], text=text)
        return words

    async def bot_says(self) -> list[str]:
        """Let the bot say something wherever it reads, by a panic that is called off; returns what it said."""
        helpers = [self.circle.people[name] for name in ("Jo", "Sam")]
        asked = len(heard(helpers[0], "Is all well?"))
        await self.circle.place.data("panic")
        await self.circle.place.data("open", "again")
        await until(lambda: all(len(heard(one, "Is all well?")) > asked for one in helpers), SOON)
        for one in helpers:
            await one.say(heard(one, "Is all well?")[-1].room, "yes")
        said = "The group is open again"
        await until(lambda: len([one for one in heard(helpers[0], said) if one.room == self.rooms[CIRCLE]]) > asked, PATIENT)
        return [said]

    async def everything(self, who: Person, but: Events | None = None) -> Events:
        """Return all encrypted events of each room, ``but`` these, as the homeserver gives them to somebody, under the room's name."""
        found, known = {}, {one["event_id"] for events in (but or {}).values() for one in events}
        for name, room in self.rooms.items():
            page = await who.api.get(path("rooms", room, "messages"), {"dir": "b", "limit": "500"})
            new = [one for one in page["chunk"] if one["type"] == "m.room.encrypted" and one["event_id"] not in known]
            found[name] = [{**one, "room_id": room} for one in new]
        return found


@pytest_asyncio.fixture
async def house(circle: Circle) -> AsyncIterator[House]:
    """Yield the group, nobody with such a client in it yet."""
    one = House(circle)
    yield one
    for person in one.people:
        await person.client.close()
        await person.api.close()


async def test_who_joins_later_opens_nothing_from_before(house: House) -> None:
    """By the bot's invitation or a key member's own: Karim's client pages back to nothing, and its keys open nothing handed to it."""
    ann, bo = await house.settle()
    before = [*await house.says("before, Ann", ann), *await house.says("before, Bo", bo), *await house.bot_says()]
    for one in (ann, bo):
        await one.shows(*before)
    old = await house.everything(bo)
    karim = await house.enter("Karim")
    for name in (TEA, STILL):
        # Her client also tells his the room's old keys, as far as the room allows that.
        await ann.client.ask("invite", room=house.rooms[name], user=karim.user_id)
    await karim.client.join_all(4, PATIENT)

    paged = {name: set(await karim.client.ask("back", room=room)) for name, room in house.rooms.items()}
    after = [*await house.says("after, Ann", ann), *await house.says("after, Bo", bo), *await house.says("Karim", karim)]
    await house.bot_says()
    await karim.shows(*after, "The group is open again")
    new = await house.everything(bo, but=old)

    assert {name: len(events) >= 2 for name, events in old.items()} == dict.fromkeys(house.rooms, True)
    assert {name: found for name, events in old.items() if (found := await karim.opens(events))} == {}
    assert {name: await _told(karim, events) for name, events in old.items()} == dict.fromkeys(old, 0)
    for name, events in old.items():
        assert len(await bo.opens(events)) == len(events)
        assert not paged[name] & {one["event_id"] for one in events}
        assert len(await karim.opens(new[name])) == len(new[name]) >= 3
    assert not {one for one in await karim.words() if one.startswith("before")}


async def test_who_left_opens_nothing_from_after(house: House) -> None:
    """By himself, removed, or on a break: Bo's client opens what was before and nothing after, nor what was between when he is back."""
    ann, bo = await house.settle()
    before = [*await house.says("before, Ann", ann), *await house.says("before, Bo", bo), *await house.bot_says()]
    for one in (ann, bo):
        await one.shows(*before)
    old = await house.everything(bo)
    chat = await _chat(house, bo)
    await bo.client.ask("leave", room=house.rooms[TEA])
    await ann.client.ask("remove", room=house.rooms[STILL], user=bo.user_id)
    await _answered(bo, chat, "take a break 3", "Answer yes or no")
    await _answered(bo, chat, "yes", "You are out of the rooms")
    # Until somebody's app has heard of a leaving it speaks to everybody it knows of.
    await until(lambda: _sees_gone(ann, bo, house), SOON)

    between = [*await house.says("between, Ann", ann), *await house.bot_says()]
    await ann.shows(*between)
    new = await house.everything(ann, but=old)
    at_once = {name: await bo.opens(events) for name, events in new.items()}
    await _answered(bo, chat, "back", "Good to have you back")
    await bo.client.join_all(2, PATIENT)
    await bo.client.ask("back", room=house.rooms[CIRCLE])
    await ann.client.ask("say", room=house.rooms[CIRCLE], text="at last")
    await bo.shows("at last")

    assert {name: found for name, found in at_once.items() if found} == {}
    assert {name: found for name, events in new.items() if (found := await bo.opens(events))} == {}
    assert {name: await _told(bo, events) for name, events in new.items()} == dict.fromkeys(new, 0)
    for name, events in new.items():
        assert len(await ann.opens(events)) == len(events) >= 1
        assert len(await bo.opens(old[name])) == len(old[name]) >= 2
    assert not {one for one in await bo.words() if one.startswith("between")}


async def _told(who: Person, events: list[dict[str, Any]]) -> int:
    """Return how many of these events, whose ids they know, the homeserver gives to somebody."""
    told = 0
    for event in events:
        with suppress(Refused):
            await who.api.get(path("rooms", event["room_id"], "event", event["event_id"]))
            told += 1
    return told


async def _sees_gone(one: Person, other: Person, house: House) -> bool:
    return not any([other.user_id in await one.client.ask("people", room=room) for room in house.rooms.values()])


async def _chat(house: House, one: Person) -> str:
    """Let somebody open a chat with the bot, as apps do; returns it when the bot is there."""
    other = bot(house.circle)
    body = {"preset": "trusted_private_chat", "is_direct": True, "invite": [other], "initial_state": [ENCRYPTION]}
    room = str((await one.api.post(path("createRoom"), body))["room_id"])

    async def both() -> bool:
        inside = (await one.api.get(path("rooms", room, "joined_members")))["joined"]
        return other in inside and room in await one.client.ask("inside")

    await until(both, SOON)
    return room


async def _answered(one: Person, chat: str, words: str, answer: str) -> None:
    """Say something to the bot and wait until it has answered with these words."""
    await one.client.ask("say", room=chat, text=words)
    await one.client.until(lambda found: any(answer in (each["text"] or "") for each in found if each["room"] == chat), SOON)
