"""In rooms of the plugin a client of somebody else's making opens nothing from before its owner came, and nothing from after they left."""

from __future__ import annotations

import asyncio
import secrets
from typing import TYPE_CHECKING, Any

import pytest
import pytest_asyncio

from supportd.matrix.errors import Refused
from supportd.matrix.http import Api, path
from tests.acceptance.test_operator import Installation, _numbers
from tests.acceptance.test_strict_client import PASSWORD
from tests.support.strict import Strict

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable
    from pathlib import Path

    from supportd.demo.synapse import Synapse
    from supportd.matrix.accounts import Login

pytestmark = [pytest.mark.asyncio, pytest.mark.synapse, pytest.mark.slow]

#: Seconds that people and bot may take for an answer on a busy machine.
SOON = 30.0
#: Seconds in which a room key would have come to who asked for it.
KEYS_COME = 2.0


class Person:
    """Somebody with a strict client, and with the token of it for what a client would never do."""

    def __init__(self, client: Strict, login: Login, base_url: str) -> None:
        """Use :meth:`Group.member`."""
        self.client, self.login = client, login
        self.api = Api(base_url, login.access_token)
        #: Their direct chat with the bot, once they are in it.
        self.chat = ""

    @property
    def user(self) -> str:
        """Their Matrix id."""
        return self.client.user_id

    async def say(self, room: str, text: str) -> None:
        """Post words."""
        await self.client.ask("say", room=room, text=text)

    async def read(self, words: str, *, room: str | None = None) -> str:
        """Wait until their client shows these words; returns the room."""

        def there(messages: list[dict[str, Any]]) -> list[str]:
            return [one["room"] for one in messages if one["text"] and words in one["text"] and room in {None, one["room"]}]

        return there(await self.client.until(there, SOON))[0]

    async def come(self, count: int = 1) -> list[str]:
        """Join what they are invited to, so many rooms."""
        return await self.client.join_all(count, SOON)

    async def sees(self, room: str, *others: Person) -> None:
        """Wait until their client knows that others are in a room: only then it gives them keys."""
        users = {one.user for one in others}
        await self.client.wait(lambda: self.client.ask("members", room=room), lambda found: users <= set(found), SOON)

    async def given(self, room: str) -> list[dict[str, Any]]:
        """Return the encrypted events of a room that the server gives them, oldest first."""
        found = await self.api.get(path("rooms", room, "messages"), {"dir": "b", "limit": "500"})
        return [one | {"room_id": room} for one in reversed(found["chunk"]) if one["type"] == "m.room.encrypted"]

    async def opens(self, events: Iterable[dict[str, Any]]) -> list[str | None]:
        """Hand ciphertext to their client and return what it makes of it."""
        found: list[str | None] = await self.client.ask("open", events=list(events))
        return found

    async def close(self) -> None:
        """End their client."""
        await self.api.close()
        await self.client.close()


class Group:
    """A running installation, and people with strict clients."""

    def __init__(self, place: Installation) -> None:
        """Take the installation."""
        self.place = place
        self.people: list[Person] = []

    async def member(self, name: str, *roles: str) -> Person:
        """Enter somebody, in the space and the circle."""
        synapse = self.place.synapse
        login = await synapse.register(f"{name.lower()}-{self.place.number}-{secrets.token_hex(3)}", PASSWORD, device_id="STRICT")
        one = Person(await Strict.start(synapse.base_url, login, PASSWORD), login, synapse.base_url)
        self.people.append(one)
        await self.place.data("people", "add", name, login.user_id, *roles)
        await one.come(2)
        return one

    def bot(self, account: str) -> str:
        """Return the Matrix id of one of the bot's accounts."""
        return f"@{account}-{self.place.number}:{self.place.synapse.server_name}"


@pytest_asyncio.fixture
async def group(synapse: Synapse, tmp_path: Path) -> AsyncIterator[Group]:
    """Yield a group whose rooms are being made."""
    place = Installation(synapse, tmp_path, next(_numbers))
    status, output = await place.init("--accounts-file", str(await place.accounts(tmp_path)))
    assert status == 0, output
    await place.daemon.start()
    await place.data("plugins", "on", "confidential_rooms")
    one = Group(place)
    try:
        yield one
    finally:
        for each in one.people:
            await each.close()
        await place.daemon.stop()


async def asks_for_keys(person: Person, events: Iterable[dict[str, Any]], *holders: str) -> None:
    """Ask everybody who could have them for the keys of these events, as a client asks its owner's other devices."""
    for event in events:
        body = {
            "algorithm": event["content"]["algorithm"],
            "room_id": event["room_id"],
            "session_id": event["content"]["session_id"],
            "sender_key": event["content"].get("sender_key", ""),
        }
        request = {
            "action": "request",
            "body": body,
            "requesting_device_id": person.login.device_id,
            "request_id": secrets.token_hex(8),
        }
        messages = {user: {"*": request} for user in {*holders, event["sender"]}}
        await person.api.put(path("sendToDevice", "m.room_key_request", secrets.token_hex(8)), {"messages": messages})


async def reads_nothing(person: Person, events: list[dict[str, Any]], *holders: str) -> None:
    """Assert that somebody gets none of these events from the server, and opens none that they have from elsewhere."""
    assert events
    room = events[0]["room_id"]
    gets = {one["event_id"] for one in await person.given(room)}
    assert not gets & {one["event_id"] for one in events}
    for one in events:
        with pytest.raises(Refused):
            await person.api.get(path("rooms", room, "event", one["event_id"]))
    await asks_for_keys(person, events, *holders)
    loop = asyncio.get_running_loop()
    until = loop.time() + KEYS_COME
    while loop.time() < until:
        assert await person.opens(events) == [None] * len(events)
        await asyncio.sleep(0.2)
    shown = {one["event"] for one in await person.client.messages(room) if one["text"] is not None}
    assert not shown & {one["event_id"] for one in events}


async def whole(person: Person, room: str) -> tuple[list[dict[str, Any]], list[str]]:
    """Return all encrypted events that somebody gets who was there all the time, and what their client makes of them: all of it."""
    events = await person.given(room)
    texts = await person.opens(events)
    assert None not in texts
    return events, [one or "" for one in texts]


def part(events: list[dict[str, Any]], texts: list[str], first: str, last: str) -> list[dict[str, Any]]:
    """Return the events from the message with the first words to that with the last, both with them."""
    begin, end = (next(number for number, text in enumerate(texts) if words in text) for words in (first, last))
    return events[begin : end + 1]


async def kept(group: Group, days: int, *deciders: Person) -> None:
    """Let two decide how long words stay, so that the bot says so in the room."""
    await group.place.data("rooms", "keep", "early-birds", str(days))
    for one in deciders:
        if not one.chat:
            one.chat = (await one.come())[0]
        await one.read("hidden after" if days else "stay from now on. Two", room=one.chat)
        await one.say(one.chat, "yes")


async def test_in_a_small_circle_the_times_of_others_stay_shut(group: Group) -> None:
    """Karim opens nothing from before he came, also of while he was invited; Mei nothing from after she left; nor the bot's words."""
    tom, sam = await group.member("Tom", "key_member"), await group.member("Sam", "key_member")
    mei, karim = await group.member("Mei"), await group.member("Karim")
    await group.place.data("rooms", "create", "small_circle", "Early birds", "Tom,Sam,Mei")
    for one in (tom, sam, mei):
        room = (await one.come())[0]
    await tom.sees(room, sam, mei)
    await mei.sees(room, tom, sam)
    holders = (tom.user, sam.user, mei.user, group.bot("reader"), group.bot("doorkeeper"))

    await tom.say(room, "before Karim")
    await group.place.data("rooms", "invite", "early-birds", "Karim")
    await mei.read("before Karim")
    await mei.say(room, "while he is invited")
    await kept(group, 30, tom, sam)
    await tom.read("after 30 days", room=room)
    await karim.come()
    await tom.sees(room, karim)
    await tom.say(room, "all four are here")
    for one in (mei, karim):
        await one.read("all four are here")
    await mei.client.ask("leave", room=room)
    await tom.client.wait(lambda: tom.client.ask("members", room=room), lambda found: mei.user not in found, SOON)
    await kept(group, 0, tom, sam)
    await karim.read("stays from now on", room=room)
    await tom.say(room, "after Mei")
    await karim.read("after Mei")
    events, texts = await whole(tom, room)
    await karim.client.ask("back", room=room)
    before, together = part(events, texts, "before Karim", "after 30 days"), part(events, texts, "all four", "all four")
    after = part(events, texts, "stays from now on", "after Mei")

    await reads_nothing(karim, before, *holders)
    await reads_nothing(mei, after, *holders)
    assert {one["sender"] for one in before} == {tom.user, mei.user, group.bot("reader")}
    assert {one["sender"] for one in after} == {tom.user, group.bot("reader")}
    # What was said while all were there shows that both clients open what is theirs, handed over in the same way.
    assert None not in await karim.opens(together + after)
    assert None not in await mei.opens(before + together)
    # What was decided was how long words stay: nobody is told that the bot begins to read.
    assert not [one for one in texts if "I can read" in one]
