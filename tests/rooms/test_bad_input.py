"""Bad input on the real daemon: one plain sentence to who asked, and never a second room.

One homeserver and one daemon serve all cases, with a proxy between them for the one refusal that a real homeserver does not give here.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, cast

import pytest
import pytest_asyncio

from supportd.matrix.http import path
from tests.rooms.acts import called
from tests.rooms.conftest import Circle, settled_in, until
from tests.rooms.servers import Through, asked
from tests.rooms.test_drift import powers, put, state
from tests.rooms.test_first_word import bot, opens
from tests.scenarios.between import Between
from tests.support.reading import heard

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from supportd.demo.synapse import Synapse
    from supportd.matrix.member import Member

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.synapse, pytest.mark.slow]

#: So many seconds the daemon asks the homeserver for nothing when it has done everything.
QUIET = 2.0
#: Seconds in which whatever comes is there, also where other things keep the machine busy; nothing here is about speed.
SOON = 60.0
BIDI = "Tues\u202eyad"
SIGNS = "hidden signs"


class House:
    """The group, direct chats of its people with the bot, and what the homeserver's admin sees."""

    def __init__(self, circle: Circle, between: Between, token: str) -> None:
        """Take the group and the proxy in front of its homeserver; ``token`` is that of an admin of the homeserver."""
        self.circle, self.between, self.token = circle, between, token
        self.chats: dict[str, str] = {}

    async def rooms(self) -> set[str]:
        """Return all rooms that this installation's creator has made, as the homeserver's admin sees them."""
        creator = f"@creator-{self.circle.place.number}:{self.circle.synapse.server_name}"
        _status, found = await self.as_admin("GET", "_synapse/admin/v1/rooms", query={"limit": "10000"})
        return {one["room_id"] for one in found["rooms"] if one["creator"] == creator}

    async def as_admin(self, method: str, where: str, body: Any = None, query: dict[str, str] | None = None) -> tuple[int, Any]:
        """Ask the homeserver as its admin."""
        return await asked(self.circle.synapse.base_url, method, where, body, token=self.token, query=query)

    async def made(self, name: str, called: str, people: str) -> str:
        """Let a key member have a smaller circle made; returns its Matrix id when everybody named is in it."""
        await self.answered(name, f'rooms create small_circle "{called}" {people}')
        wanted = {self.circle.people[one].user_id for one in people.split(",")}
        await until(lambda: self._all_in(called, wanted), SOON)
        return (await self.circle.ids())[called]

    async def _all_in(self, called: str, wanted: set[str]) -> bool:
        room = (await self.circle.ids()).get(called)
        if room is None:
            return False
        return wanted <= set((await self.circle.people["Jo"].api.get(path("rooms", room, "joined_members")))["joined"])

    async def answered(self, name: str, words: str) -> str:
        """Let somebody write to the bot; returns its answer, of which there has to be exactly one."""
        before = len(self.told(name))
        await self.circle.people[name].say(self.chats[name], words)
        await until(lambda: len(self.told(name)) > before, SOON)
        return self.told(name)[before]

    async def settled(self) -> None:
        """Wait until the daemon has nothing more to do and everybody has read what it wrote; a second sentence would be there then."""
        loop = asyncio.get_running_loop()
        count, since = self._acts(), loop.time()

        def quiet() -> bool:
            nonlocal count, since
            if self._acts() != count:
                count, since = self._acts(), loop.time()
            return loop.time() - since >= QUIET

        await until(quiet, SOON)
        for member in self.circle.people.values():
            await until(lambda member=member: _has_read(member), SOON)  # type: ignore[misc]

    def _acts(self) -> int:
        """Return how often the daemon has asked for something to be done; it looks at things as long as it runs."""
        return sum(not what.startswith("GET ") and "/keys/query" not in what for what, _body in self.between.seen)

    def told(self, name: str) -> list[str]:
        """Return what the bot wrote to somebody alone, oldest first."""
        seen = self.circle.people[name].timeline
        return [one.text for one in seen if one.room == self.chats[name] and one.sender == bot(self.circle)]

    def heard_by(self, words: str) -> dict[str, int]:
        """Return how often each of them was told something with these words."""
        found = {name: sum(words in one for one in self.told(name)) for name in self.chats}
        return {name: count for name, count in found.items() if count}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house(synapse: Synapse, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    """Yield the group; Jo and Sam (admins), Mei (key member) and Tom have chats with the bot."""
    between = Between(synapse.base_url)
    await between.open()
    reached = cast("Synapse", Through(synapse, between.url))
    async with settled_in(reached, tmp_path_factory.mktemp("bad-input")) as circle:
        login = await synapse.register(f"root-{circle.place.number}", "pw", admin=True)
        one = House(circle, between, login.access_token)
        await circle.place.data("people", "add", "Sam", circle.people["Sam"].user_id, "admin")
        for name, member in circle.people.items():
            one.chats[name] = await opens(member, bot(circle))
            await until(lambda member=member: heard(member, "Words that I understand"), SOON)  # type: ignore[misc]
        yield one
    await between.close()


async def _has_read(who: Member) -> bool:
    """Tell whether somebody's client knows all that the homeserver has for it."""
    new = await who.api.get(path("sync"), {"since": who.memory.at or "", "timeout": "0"})
    return not any(new.get("rooms", {}).values())


@pytest_asyncio.fixture(autouse=True, loop_scope="module")
async def _nothing_is_left(house: House) -> None:
    """Begin when all is said that the test before brought about: the first sentence after a command is its answer."""
    await house.settled()


#: What somebody says -> what the answer says.
UNFIT = {
    "rooms create nonsense Hello Tom": "There is no template “nonsense”; there are: space, circle, small_circle",
    f'rooms create small_circle "{BIDI}" Tom': SIGNS,
    f'rooms create small_circle "{"x" * 300}" Tom': "at most 100 characters",
    'rooms create small_circle "\u200b" Tom': SIGNS,
    "rooms create small_circle Tea Nobody": "There is nobody called “Nobody”",
    "rooms create small_circle Tea @zoe:elsewhere.test": "There is nobody called “@zoe:elsewhere.test”",
    "rooms create circle Tea": "is made by supportd itself",
    "make a room for Tea with Nobody": "There is nobody called “Nobody”",
    f"make a room for {'x' * 300} with Tom": "at most 100 characters",
    "rooms invite nowhere Tom": "There is no room “nowhere”",
}


async def test_words_that_fit_nothing(house: House) -> None:
    """In chat and in a terminal each is answered with one sentence that says what to do; no room comes of it."""
    before = await house.rooms()
    counts = {name: len(house.told(name)) for name in house.chats}

    answers = {words: await house.answered("Mei", words) for words in UNFIT}
    terminal = {words: await house.circle.place.say(*_split(words)) for words in UNFIT if words.startswith("rooms")}
    forbidden = await house.answered("Tom", "rooms create small_circle Tea Tom")
    await house.settled()

    assert [words for words, part in UNFIT.items() if part not in answers[words]] == []
    assert all("\n" not in one and one.endswith(".") for one in answers.values())
    assert [words for words, (status, said) in terminal.items() if status != 1 or said != answers[words]] == []
    assert forbidden == "Only key members may give this command: ask one of them."
    assert {name: len(house.told(name)) - count for name, count in counts.items()} == {"Jo": 0, "Sam": 0, "Mei": len(UNFIT), "Tom": 1}
    assert await house.rooms() == before


def _split(words: str) -> list[str]:
    first, quoted_, rest = [*words.split('"'), "", ""][:3]
    return [*first.split(), *([quoted_] if quoted_ else []), *rest.split()]


async def test_somebody_of_another_server(house: House) -> None:
    """They could come into nothing of the group, so they are not entered; whoever tries reads why, and nobody else is bothered."""
    before, people = await house.rooms(), await house.circle.place.data("people", "list")

    status, said = await house.circle.place.say("people", "add", "Zoe", "@zoe:elsewhere.test")
    in_chat = await house.answered("Jo", "people add Zoe @zoe:elsewhere.test")
    await house.settled()

    assert status == 78
    assert said == in_chat
    assert f"enter an account on {house.circle.synapse.server_name}, or the name alone." in said
    assert await house.circle.place.data("people", "list") == people
    assert house.heard_by("@zoe:elsewhere.test is an account on another server") == {"Jo": 1}
    assert await house.rooms() == before


async def test_somebody_who_takes_no_invitations(house: House) -> None:
    """Synapse itself refuses (``M_INVITE_BLOCKED``, MSC4380): who asked reads it once each time; when Tom allows it again he comes in."""
    tom, before = house.circle.people["Tom"], await house.rooms()
    kept = path("user", tom.user_id, "account_data", "m.invite_permission_config")
    await tom.api.put(kept, {"default_action": "block"})
    try:
        await house.answered("Mei", "rooms create small_circle Blocked Tom,Mei")
        await until(lambda: house.heard_by("Tom does not take invitations") == {"Mei": 1}, SOON)
        await house.settled()
        at_first = house.heard_by("Tom does not take invitations")
        await house.answered("Sam", "rooms invite blocked Tom")
        await until(lambda: house.heard_by("Tom does not take invitations").get("Sam"), SOON)
        await house.settled()
    finally:
        await tom.api.put(kept, {})
    await house.answered("Sam", "rooms invite blocked Tom")
    await until(lambda: _is_in(tom, "Blocked"), SOON)

    assert at_first == {"Mei": 1}
    assert house.heard_by("Tom does not take invitations") == {"Mei": 1, "Sam": 1}
    assert house.heard_by("Then say: rooms invite blocked Tom") == {"Mei": 1, "Sam": 1}
    assert len(await house.rooms() - before) == 1


async def _is_in(one: Member, name: str) -> bool:
    return bool(await called(one, name))


async def test_without_the_power(house: House) -> None:
    """Where Jo banned Tom nobody can invite him: Mei, who asked, reads it; where Jo took the doorkeeper's power it comes back."""
    before = await house.rooms()
    room = await house.made("Mei", "Power", "Tom,Mei")
    jo, doorkeeper = house.circle.people["Jo"], f"@doorkeeper-{house.circle.place.number}:{house.circle.synapse.server_name}"
    inside = (await house.circle.rooms())["power"]["people"]
    await jo.api.post(path("rooms", room, "ban"), {"user_id": house.circle.people["Tom"].user_id})
    await until(lambda: _has_people(house, "power", inside - 1), SOON)
    answer = await house.answered("Mei", "rooms invite power Tom")
    await until(lambda: house.heard_by("Tom could not be invited to the room power"), SOON)
    users = (await state(jo, room, "m.room.power_levels"))["users"]
    await powers(jo, room, users={name: level for name, level in users.items() if name != doorkeeper})
    await until(lambda: _level_is(jo, room, doorkeeper, users[doorkeeper]), SOON)
    await house.settled()

    assert answer == "Tom is invited."
    assert house.heard_by("Tom could not be invited to the room power") == {"Mei": 1}
    assert len(await house.rooms() - before) == 1


async def _has_people(house: House, room: str, people: int) -> bool:
    return bool((await house.circle.rooms())[room]["people"] == people)


async def _level_is(who: Member, room: str, user: str, level: int) -> bool:
    return bool((await state(who, room, "m.room.power_levels"))["users"].get(user) == level)


async def test_a_room_that_the_server_does_not_make(house: House) -> None:
    """The homeserver's refusal is scripted: who asked reads it once, nothing is left, and the next try makes the one room."""
    before = await house.rooms()
    refusal = house.between.refuse("POST /_matrix/client/v3/createRoom", status=403, errcode="M_FORBIDDEN")
    await house.answered("Mei", "rooms create small_circle Refused Tom,Mei")
    await until(lambda: house.heard_by("The room refused could not be made"), SOON)
    nothing = await house.rooms() - before
    await house.made("Sam", "Refused", "Tom,Mei")
    await house.settled()

    assert refusal.met == 1
    assert nothing == set()
    assert house.heard_by("The room refused could not be made") == {"Mei": 1}
    assert len(await house.rooms() - before) == 1


@pytest.mark.parametrize("how", ["redacted", "empty", "another algorithm"])
async def test_encryption_is_taken_away(house: House, how: str) -> None:
    """Also by hiding the event that turned it on, which no new setting tells of: it is back, and who did it is told once."""
    room, sam = await house.circle.circle_id(), house.circle.people["Sam"]
    before, wanted = await house.rooms(), await state(sam, room, "m.room.encryption")
    words = "changed by Sam: encryption"
    told = house.heard_by(words)
    if how == "redacted":
        events = await sam.api.ask("GET", path("rooms", room, "state"))
        await sam.redact(room, next(one["event_id"] for one in events if one["type"] == "m.room.encryption"))
        assert await state(sam, room, "m.room.encryption") == {}
    else:
        await put(sam, room, "m.room.encryption", {} if how == "empty" else {"algorithm": "m.none"})
    took = await until(lambda: _is_state(sam, room, "m.room.encryption", wanted), SOON, every=0.02)
    print(f"seconds until encryption was back, {how}: {took:.2f}")
    await until(lambda: len(house.heard_by(words)) == 3 and house.heard_by(words) != told, SOON)
    await house.settled()

    assert house.heard_by(words) == {name: told.get(name, 0) + 1 for name in ("Jo", "Sam", "Mei")}
    assert await house.rooms() == before
    assert await house.circle.audit() == []


async def _is_state(who: Member, room: str, kind: str, content: dict[str, Any]) -> bool:
    return await state(who, room, kind) == content


async def test_two_make_the_same_room_at_once(house: House) -> None:
    """Jo and Sam in chat, and two terminals: one of them is told that it is being made, the others that it is there already."""
    before = await house.rooms()
    words = ("rooms", "create", "small_circle", "Same", "Tom,Mei")

    found = await asyncio.gather(
        house.answered("Jo", " ".join(words)),
        house.answered("Sam", " ".join(words)),
        house.circle.place.say(*words),
        house.circle.place.say(*words),
    )
    await until(lambda: house._all_in("Same", {house.circle.people["Tom"].user_id}), SOON)
    await house.settled()

    answers = sorted(one if isinstance(one, str) else one[1] for one in found)
    there = "There is a room “same” already: choose another name."
    assert answers == sorted(["The room same is being made, and its people are invited.", there, there, there])
    assert len(await house.rooms() - before) == 1


async def test_who_asks_twice_for_a_talk(house: House) -> None:
    """At once, while a key member is asked, while the room is made, and when it is there: one question, one room, an answer each time."""
    tom, before = house.circle.people["Tom"], await house.rooms()
    count = len(house.told("Tom"))
    await asyncio.gather(*(tom.say(house.chats["Tom"], words) for words in ("talk", "I need to talk")))
    await until(lambda: len(house.told("Tom")) == count + 2 and house.heard_by("would like to talk"), SOON)
    asked_again = await house.answered("Tom", "talk")
    await house.settled()
    (who, questions), *others = house.heard_by("would like to talk").items()
    held = house.between.hold("POST /_matrix/client/v3/createRoom")
    await house.circle.people[who].say(house.chats[who], "yes")
    await held.here(SOON)
    meanwhile = [await house.answered("Tom", "talk") for _ in range(2)]
    held.release.set()
    await until(lambda: _is_in(tom, "Thursday evenings: talk"), SOON)
    # Somebody may be in it a moment before its making is on record.
    await house.settled()
    there = await house.answered("Tom", "talk")
    await house.settled()

    assert (questions, others) == (1, [])
    assert all("I am asking the key member on duty" in one for one in (*house.told("Tom")[count : count + 2], asked_again))
    assert meanwhile == ["Your room for the two of you is being made. The invitation comes in a moment."] * 2
    assert there == "You two have a room already. Look among your chats, or at your invitations."
    assert len(await house.rooms() - before) == 1
