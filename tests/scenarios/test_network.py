"""Requests that fail, answers that are lost, syncs that leave something out: nothing goes out unread, nothing is lost."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from supportd.engine import wire
from supportd.matrix.errors import ServerAway
from supportd.sdk.rooms import RoomSpec
from tests.matrix.conftest import devices_change, until
from tests.scenarios.acts import device, hears, is_closed_to, key_of, opens, raw_of, reads, said, sends, turns

if TYPE_CHECKING:
    from tests.matrix.conftest import Group
    from tests.scenarios.between import Between

pytestmark = [pytest.mark.synapse, pytest.mark.asyncio]

_QUERY = "POST /_matrix/client/v3/keys/query"
_SHARE = "PUT /_matrix/client/v3/sendToDevice/m.room.encrypted/"
_SAY = "/send/m.room.encrypted/"


@pytest.mark.parametrize("version", ["10", "11", "12"])
async def test_room_versions(group: Group, version: str) -> None:
    """In rooms of version 10, 11 and 12 words are read in both directions, and the first member's going ends the key."""
    side, ann, bo = await group.opened(), await group.person(), await group.person("bo")
    room = await group.room(side, ann, bo, spec=RoomSpec("Tuesday", room_version=version))

    heard = await hears(side, group, await ann.say(room, "both"))
    before = await sends(side, room, "ways")
    await reads(bo, "both", "ways")
    await bo.leave(room)
    await turns(side, lambda: bo.user_id not in side.session.rooms.known[room].joined)
    after = await sends(side, room, "without Bo")
    await reads(ann, "ways", "without Bo")

    assert heard.verified
    assert version == side.session.rooms.known[room].version
    assert await key_of(ann, room, before) != await key_of(ann, room, after)


async def test_devices_that_cannot_be_asked_for(group: Group, between: Between) -> None:
    """While the homeserver does not say who has which devices nothing is sent; afterwards the message goes out and is read."""
    side, ann = await group.opened(base_url=between.url), await group.person()
    room = await group.room(side, ann)
    await device(group, ann, "TABLET")
    await devices_change(side, ann)
    job = said(room, "at last")

    between.refuse(_QUERY, times=2)
    failed = [await side.homeserver.perform("reader", job) for _ in range(2)]
    meanwhile = between.asked(_SAY), between.asked(_SHARE)
    done = await side.homeserver.perform("reader", job)
    await reads(ann, "at last")

    assert all(isinstance(outcome, wire.Later) for outcome in failed)
    assert meanwhile == ([], [])
    assert isinstance(done, wire.Done)


async def test_answer_that_leaves_a_person_out(group: Group, between: Between) -> None:
    """An answer about devices that says nothing of a person is no answer: nothing is sent, and it is asked again."""
    side, ann = await group.opened(base_url=between.url), await group.person()
    room = await group.room(side, ann)
    await device(group, ann, "TABLET")
    await devices_change(side, ann)
    job = said(room, "at last")

    between.change(_QUERY, lambda _value: {"device_keys": {}, "failures": {}})
    first = await side.homeserver.perform("reader", job)
    meanwhile = between.asked(_SAY)
    await side.homeserver.perform("reader", job)
    await reads(ann, "at last")

    assert isinstance(first, wire.Later)
    assert meanwhile == []


async def test_answer_without_members(group: Group, between: Between) -> None:
    """An answer about who is in the room that does not even name the bot is no answer: nothing is sent, and it is asked again."""
    side, ann = await group.opened(base_url=between.url), await group.person()
    room = await group.room(side, ann)
    side.session.rooms.known[room].doubtful = True
    job = said(room, "at last")

    between.change("/joined_members", lambda _value: {})
    first = await side.homeserver.perform("reader", job)
    meanwhile = between.asked(_SAY)
    await side.homeserver.perform("reader", job)
    await reads(ann, "at last")

    assert isinstance(first, wire.Later)
    assert meanwhile == []


async def test_reading_goes_on_without_devices(group: Group, between: Between) -> None:
    """While the homeserver does not say who has which devices, words wait, and are read and proven when it does."""
    side, ann = await group.opened(base_url=between.url), await group.person()
    room = await group.room(side, ann)
    await side.session.settle()

    side.opened.devices.changed([ann.user_id])
    between.refuse(_QUERY, times=3)
    waited = await ann.say(room, "one")
    with pytest.raises(ServerAway):
        await hears(side, group, waited)
    proven = await hears(side, group, waited)

    assert proven.verified


async def test_limit_while_a_key_is_shared(group: Group, between: Between) -> None:
    """When the homeserver asks for a pause while a key is shared, the account keeps it, and then everybody reads the message."""
    side, ann = await group.opened(base_url=between.url), await group.person()
    room = await group.room(side, ann)
    job = said(room, "after a pause")

    between.refuse(_SHARE, status=429, errcode="M_LIMIT_EXCEEDED", retry_after_ms=1)
    paused = await side.homeserver.perform("reader", job)
    meanwhile = between.asked(_SAY)
    done: Any = None
    while not isinstance(done, wire.Done):
        done = await side.homeserver.perform("reader", job)
    await reads(ann, "after a pause")

    assert isinstance(paused, wire.Later)
    assert paused.whole_account
    assert meanwhile == []


async def test_lost_answer_to_a_message(group: Group, between: Between) -> None:
    """When only the answer to a message is lost, its repeat is the same event, though it is encrypted anew."""
    side, ann = await group.opened(base_url=between.url), await group.person()
    room = await group.room(side, ann)
    job = said(room, "once")

    between.lose(_SAY)
    lost = await side.homeserver.perform("reader", job)
    done = await side.homeserver.perform("reader", job)
    await sends(side, room, "the end")
    await reads(ann, "the end")

    assert isinstance(lost, wire.Later)
    assert lost.maybe_done
    assert isinstance(done, wire.Done)
    assert [seen.text for seen in ann.timeline] == ["once", "the end"]


async def test_lost_answer_to_devices(group: Group, between: Between) -> None:
    """A device that is added while the question after devices is answered is in the next answer: the next message reaches it."""
    side, ann = await group.opened(base_url=between.url), await group.person()
    room = await group.room(side, ann)
    await sends(side, room, "one")

    losing = between.lose(_QUERY, times=1000)
    tablet = await device(group, ann, "TABLET")
    await devices_change(side, ann)
    lost = await side.homeserver.perform("reader", said(room, "two"))
    losing.left = 0
    await sends(side, room, "three")
    await reads(tablet, "three")

    assert isinstance(lost, wire.Later)


async def test_leaving_in_a_gap(group: Group) -> None:
    """Somebody's going that lies in a part of the history that a sync left out ends the key as well."""
    side, ann, bo = await group.opened(), await group.person(), await group.person("bo")
    room = await group.room(side, ann, bo)
    await sends(side, room, "before")
    await reads(bo, "before")

    await bo.leave(room)
    await ann.sync_once()
    for number in range(110):
        await ann.say(room, str(number))
    await turns(side, lambda: "109" in group.inbox.texts(room))
    after = await sends(side, room, "after")

    assert [str(number) for number in range(110)] == [text for text in group.inbox.texts(room) if text.isdigit()]
    assert not opens(bo, room, await raw_of(ann, room, after))


async def test_no_key_is_told_why(group: Group) -> None:
    """A device that gets no key is told so, in clear and without a word of what it does not get."""
    side, ann = await group.opened(), await group.person()
    room = await group.room(side, ann)
    ghost = await device(group, ann, "GHOST", signed=False)
    await devices_change(side, ann)

    event = await sends(side, room, "for signed devices")
    told = await ghost.api.get("_matrix/client/v3/sync", {"since": str(ghost.memory.at), "timeout": "0"})

    assert await is_closed_to(ghost, event)
    content = told["to_device"]["events"][0]["content"]
    assert [one["type"] for one in told["to_device"]["events"]] == ["m.room_key.withheld"]
    assert ("m.unverified", room, await key_of(ann, room, event)) == (content["code"], content["room_id"], content["session_id"])


async def test_long_hold_is_cut_off(group: Group, between: Between) -> None:
    """A sync that is cut off in the middle of its answer is asked for again from the same place."""
    side, ann = await group.opened(base_url=between.url), await group.person()
    room = await group.room(side, ann)
    before = group.inbox.tokens["reader"]

    between.lose("GET /_matrix/client/v3/sync")
    event = await ann.say(room, "heard at the second try")
    with pytest.raises(Exception, match="homeserver"):
        await side.session.step(1000)
    after = group.inbox.tokens["reader"]
    await until(side, lambda: event in group.inbox.incoming)

    assert before == after
    assert group.inbox.incoming[event].verified
