"""Room keys: one for all that is said, renewed as the room wants it, found again when they come late."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from supportd.engine import wire
from supportd.matrix.http import path
from supportd.sdk.rooms import RoomSpec
from tests.matrix.conftest import until
from tests.scenarios.acts import Withheld, deliver, encrypts, hears, key_of, opens, puts, raw_of, reads, seal, sends

if TYPE_CHECKING:
    from tests.matrix.conftest import Group

pytestmark = [pytest.mark.synapse, pytest.mark.asyncio]


async def test_words_both_ways(group: Group) -> None:
    """A member and the bot read each other, know who wrote, and the homeserver sees ciphertext of two different keys."""
    side, ann = await group.opened(), await group.person()
    room = await group.room(side, ann)

    asked = await ann.say(room, "Is it Tuesday?")
    heard = await hears(side, group, asked)
    answered = await sends(side, room, "It is.")
    await reads(ann, "It is.")

    assert (wire.Said("Is it Tuesday?"), ann.user_id, True) == (heard.content, heard.sender, heard.verified)
    assert [seen.proven for seen in ann.timeline] == [True, True]
    assert await key_of(ann, room, asked) != await key_of(ann, room, answered)
    assert "Tuesday" not in str(await raw_of(ann, room, asked))


async def test_room_that_is_encrypted_later(group: Group) -> None:
    """In a room that was plain at first, everything after the change is encrypted, in both directions."""
    side, ann = await group.opened(), await group.person()
    room = await group.room(side, ann, spec=RoomSpec("Tuesday", encrypted=False))
    plain = await sends(side, room, "plain")

    settings = {"algorithm": "m.megolm.v1.aes-sha2"}
    await side._apis["creator"].put(path("rooms", room, "state", "m.room.encryption", ""), settings)
    await until(side, lambda: group.inbox.power[room].encrypted)
    await reads(ann, "plain")
    sealed = await sends(side, room, "sealed")
    await reads(ann, "sealed")
    heard = await hears(side, group, await ann.say(room, "sealed too"))

    assert (await raw_of(ann, room, plain))["type"] == "m.room.message"
    assert (await raw_of(ann, room, sealed))["type"] == "m.room.encrypted"
    assert heard.verified


async def test_sends_at_once_share_one_key(group: Group) -> None:
    """Ten messages said at the same moment in one room go out under one key, which is shared once, and all are read."""
    side, ann = await group.opened(), await group.person()
    room = await group.room(side, ann)

    events = await asyncio.gather(*(sends(side, room, f"word {number}") for number in range(10)))
    await reads(ann, *(f"word {number}" for number in range(10)))

    assert len({await key_of(ann, room, event) for event in events}) == 1
    assert sum(len(one) for one in ann.machine.olm.inbound_group_store[room].values()) == 1
    assert ann.undecryptable == 0


async def test_sends_at_once_in_many_rooms(group: Group) -> None:
    """Messages said at the same moment in many rooms each go out under the key of their own room, and all are read."""
    side, ann = await group.opened(), await group.person()
    rooms = [await group.room(side, ann) for _ in range(5)]

    events = await asyncio.gather(*(sends(side, room, f"in room {number}") for number, room in enumerate(rooms)))
    await reads(ann, *(f"in room {number}" for number in range(5)))

    assert len({await key_of(ann, room, event) for room, event in zip(rooms, events, strict=True)}) == 5
    assert {room: f"in room {number}" for number, room in enumerate(rooms)} == {seen.room: seen.text for seen in ann.timeline}


async def test_new_key_after_a_number_of_messages(group: Group) -> None:
    """After as many messages as the room allows for one key, the next goes out under a new one, and everything is read."""
    side, ann = await group.opened(), await group.person()
    room = await group.room(side, ann, spec=RoomSpec("Tuesday", rotation_messages=3))

    events = [await sends(side, room, f"word {number}") for number in range(7)]
    await reads(ann, *(f"word {number}" for number in range(7)))

    keys = [await key_of(ann, room, event) for event in events]
    assert [keys[0]] * 3 + [keys[3]] * 3 + [keys[6]] == keys
    assert len(set(keys)) == 3


async def test_new_key_after_a_time(group: Group) -> None:
    """A key that is older than the room allows is not used again; one that is younger is."""
    side, ann = await group.opened(), await group.person()
    room = await group.room(side, ann, spec=RoomSpec("Tuesday", rotation_ms=3_600_000))
    keys = []

    for minutes in (0, 59, 2):
        await _age(side, room, timedelta(minutes=minutes))
        keys.append(await key_of(ann, room, await sends(side, room, f"after {minutes}")))
    await reads(ann, "after 0", "after 59", "after 2")

    assert keys[0] == keys[1] != keys[2]


async def test_new_settings_hold_for_the_key_in_use(group: Group) -> None:
    """When a room asks for a new key more often, the key in use follows: it is not used for longer than the room now allows."""
    side, ann = await group.opened(), await group.person()
    room = await group.room(side, ann)
    events = [await sends(side, room, f"word {number}") for number in range(2)]

    settings = {"algorithm": "m.megolm.v1.aes-sha2", "rotation_period_msgs": 2, "rotation_period_ms": 3_600_000}
    await side._apis["creator"].put(path("rooms", room, "state", "m.room.encryption", ""), settings)
    await until(side, lambda: side.session.rooms.known[room].rotation_messages == 2)
    events += [await sends(side, room, f"word {number}") for number in range(2, 5)]

    keys = [await key_of(ann, room, event) for event in events]
    assert keys[1] != keys[2] == keys[3] != keys[4]


async def test_words_in_any_order(group: Group) -> None:
    """Later words of a key that are read first do not hinder earlier ones of the same key."""
    side, ann = await group.opened(), await group.person()
    room = await group.room(side, ann)
    sealed = [await encrypts(ann, room, f"word {number}") for number in range(4)]

    for number in (3, 1, 0, 2):
        await puts(ann, room, sealed[number])
    await until(side, lambda: len(group.inbox.texts(room)) == 4)

    assert group.inbox.texts(room) == ["word 3", "word 1", "word 0", "word 2"]
    assert all(one.verified for one in group.inbox.incoming.values() if isinstance(one.content, wire.Said))


@pytest.mark.parametrize("restarted", [False, True])
async def test_key_that_comes_after_the_words(group: Group, restarted: bool) -> None:  # noqa: FBT001 - a parameter of the test
    """Words whose key comes later wait as ciphertext and are read when it comes, also by a process that was started in between."""
    side, ann = await group.opened(), await group.person()
    room = await group.room(side, ann)
    held = Withheld(ann)
    event = await ann.say(room, "first the words")
    await until(side, lambda: event in group.inbox.waiting)
    if restarted:
        await side.close()
        side = await group.opened()

    await held.release()
    heard = await hears(side, group, event)

    assert (wire.Said("first the words"), True) == (heard.content, heard.verified)
    assert group.inbox.waiting == {}


async def test_key_behind_many_others(group: Group) -> None:
    """Of 120 keys that come at once, more than one sync brings, none is lost."""
    side, ann = await group.opened(), await group.person()
    room = await group.room(side, ann, spec=RoomSpec("Tuesday", rotation_messages=1))
    for number in range(120):
        await ann.say(room, f"word {number}")

    await until(side, lambda: len(group.inbox.texts(room)) == 120)

    assert [f"word {number}" for number in range(120)] == sorted(group.inbox.texts(room), key=lambda text: int(text[5:]))
    assert group.inbox.waiting == {}


async def test_better_copy_of_a_key(group: Group) -> None:
    """Of a key that came from its middle a copy from its start, which comes later, opens the words that were closed, as proven."""
    side, ann = await group.opened(), await group.person()
    room = await group.room(side, ann)
    held = Withheld(ann)
    closed = [await ann.say(room, "one"), await ann.say(room, "two")]
    held.let_go()
    session = ann.machine.olm.outbound_group_sessions[room]
    session.users_shared_with.clear()
    await hears(side, group, await ann.say(room, "three"))
    assert set(closed) == set(group.inbox.waiting)

    await deliver(ann, side.opened.machine, seal(ann, side.opened.machine, held.keys[0]))
    heard = [await hears(side, group, event) for event in closed]

    assert [one.verified for one in heard] == [True, True]
    assert group.inbox.texts(room) == ["three", "one", "two"]
    assert group.inbox.waiting == {}


async def test_a_key_opens_only_what_came_after_it(group: Group) -> None:
    """The key that a newcomer gets in the middle of its use opens the words from then on, not those before."""
    side, ann, bo = await group.opened(), await group.person(), await group.person("bo")
    room = await group.room(side, ann)
    before = await raw_of(ann, room, await sends(side, room, "before"))
    await side.homeserver.perform("doorkeeper", wire.InvitePerson(room, bo.user_id))  # type: ignore[arg-type] # an id of a person
    await bo.join(room)
    await until(side, lambda: bo.user_id in side.session.rooms.known[room].joined)

    after = await sends(side, room, "after")
    await reads(bo, "after")
    await reads(ann, "before", "after")

    assert await key_of(ann, room, after) == before["content"]["session_id"]
    assert opens(ann, room, before)
    assert not opens(bo, room, before)


async def _age(side: Any, room: str, by: timedelta) -> None:
    """Make the key in use of ``room`` older, where there is one."""
    session = side.opened.machine.olm.outbound_group_sessions.get(room)
    if session is not None:
        session.creation_time -= by
