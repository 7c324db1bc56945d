"""The faults F1 to F15 of ``matrix.md`` 1.4, one test each: what happened with a bot on nio as shipped, and does not happen here."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest
import pytest_asyncio

from supportd.engine import wire
from supportd.matrix.errors import LoggedOut
from supportd.matrix.http import path
from supportd.sdk.rooms import RoomSpec
from tests.matrix.conftest import Killed, until
from tests.scenarios.acts import device, encrypts, hears, is_closed_to, key_of, puts, reads, said, sends, turns
from tests.scenarios.between import Between

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from supportd.demo.synapse import Synapse
    from tests.matrix.conftest import Group

pytestmark = [pytest.mark.synapse, pytest.mark.asyncio]

_SHARE = "PUT /_matrix/client/v3/sendToDevice/m.room.encrypted/"
_SAY = "/send/m.room.encrypted/"
_SYNC = "GET /_matrix/client/v3/sync"


@pytest_asyncio.fixture
async def proxy(synapse: Synapse) -> AsyncIterator[Between]:
    """Yield a proxy in front of the shared Synapse that can break requests."""
    one = Between(synapse.base_url)
    await one.open()
    yield one
    await one.close()


async def test_f01_handling_that_raises(group: Group) -> None:
    """Gone: an exception while events are handled ends the sync, and what came with it is never seen again."""
    side, ann = await group.opened(), await group.person()
    room = await group.room(side, ann)
    for number in range(5):
        await ann.say(room, f"word {number}")

    group.inbox.fail = 1
    with pytest.raises(RuntimeError):
        await side.session.step()
    await turns(side, lambda: len(group.inbox.texts(room)) == 5)

    assert [f"word {number}" for number in range(5)] == group.inbox.texts(room)


async def test_f02_killed_while_handling(group: Group, monkeypatch: pytest.MonkeyPatch) -> None:
    """Gone: killed while it handles a message, the bot has already saved that it read it, and no new process sees it."""
    side, ann = await group.opened(), await group.person()
    room = await group.room(side, ann)
    event = await ann.say(room, "do not lose me")

    _killed_before_the_commit(group, monkeypatch)
    with pytest.raises(Killed):
        await until(side, lambda: False)
    await side.close()
    monkeypatch.undo()
    again = await group.opened()
    heard = await hears(again, group, event)

    assert wire.Said("do not lose me") == heard.content


async def test_f03_killed_between_token_and_keys(group: Group, monkeypatch: pytest.MonkeyPatch) -> None:
    """Gone: killed after the token of a sync was saved and before its room keys were, all that is said under them stays closed."""
    side, ann = await group.opened(), await group.person()
    room = await group.room(side, ann)
    events = [await ann.say(room, "brings the key")]

    _killed_before_the_commit(group, monkeypatch)
    with pytest.raises(Killed):
        await until(side, lambda: False)
    await side.close()
    monkeypatch.undo()
    again = await group.opened()
    events.append(await ann.say(room, "under the same key"))
    heard = [await hears(again, group, event) for event in events]

    assert len({await key_of(ann, room, event) for event in events}) == 1
    assert [one.verified for one in heard] == [True, True]


async def test_f04_server_that_fails(group: Group, proxy: Between, monkeypatch: pytest.MonkeyPatch) -> None:
    """Gone: a homeserver that answers with errors is asked thousands of times a second, and for ever after a sign-out."""
    side, waits, sleep = await group.opened(base_url=proxy.url), [], asyncio.sleep

    async def rest(seconds: float) -> None:
        if seconds:
            waits.append(seconds)
        await sleep(0)

    monkeypatch.setattr("supportd.matrix.session.asyncio.sleep", rest)
    proxy.refuse(_SYNC, times=10, status=500)
    proxy.refuse(_SYNC, times=1000, status=401, errcode="M_UNKNOWN_TOKEN")
    before = len(proxy.asked(_SYNC))
    with pytest.raises(LoggedOut):
        # Each account has a loop like this one.
        await side.session.run()

    assert len(proxy.asked(_SYNC)) - before == 11
    assert len(waits) == 10
    assert 0.75 <= waits[0] <= 1.25
    assert all(45 <= wait <= 75 for wait in waits[6:])


async def test_f05_claim_that_fails_and_send_that_is_cut_off(group: Group, proxy: Between) -> None:
    """Gone: a failed claim of one-time keys, or a send that was cancelled, makes the room mute for ever."""
    side, ann = await group.opened(base_url=proxy.url), await group.person()
    room = await group.room(side, ann)

    proxy.refuse("POST /_matrix/client/v3/keys/claim")
    failed = await side.homeserver.perform("reader", said(room, "failed"))
    held = proxy.hold(_SHARE)
    cut = asyncio.create_task(side.homeserver.perform("reader", said(room, "cut off")))
    await held.here()
    cut.cancel()
    await asyncio.gather(cut, return_exceptions=True)
    await sends(side, room, "not mute")
    await reads(ann, "not mute")

    assert isinstance(failed, wire.Later)
    assert ann.undecryptable == 0


async def test_f06_delivery_of_keys_that_fails(group: Group, proxy: Between) -> None:
    """Gone: after one delivery of keys that failed the key counts as shared, and members read nothing."""
    side, ann = await group.opened(base_url=proxy.url), await group.person()
    room = await group.room(side, ann)
    job = said(room, "readable")

    proxy.refuse(_SHARE, status=400)
    failed = await side.homeserver.perform("reader", job)
    said_without_a_key = proxy.asked(_SAY)
    second = said(room, "readable, too")
    await side.homeserver.perform("reader", second)
    await reads(ann, "readable, too")

    assert not isinstance(failed, wire.Done)
    assert said_without_a_key == []
    assert ann.undecryptable == 0


async def test_f07_away_for_150_messages(group: Group) -> None:
    """Gone: of 150 messages that were said while the bot was away it sees the last ten."""
    side, ann = await group.opened(), await group.person()
    room = await group.room(side, ann)
    await side.close()
    for number in range(150):
        await ann.say(room, str(number))

    again = await group.opened()
    await turns(again, lambda: len(group.inbox.texts(room)) == 150)

    assert [str(number) for number in range(150)] == group.inbox.texts(room)


async def test_f08_start_from_a_kept_token(group: Group) -> None:
    """Gone: started from a kept token the bot knows no room in which nothing happened meanwhile."""
    side, ann = await group.opened(), await group.person()
    room = await group.room(side, ann)
    await turns(side, lambda: ann.user_id in side.session.rooms.known[room].joined)
    before, heard = side.session.rooms.known[room], len(group.inbox.incoming)
    await side.close()

    again = await group.opened()

    assert before == again.session.rooms.known[room]
    assert heard == len(group.inbox.incoming)


async def test_f09_empty_names_of_keys(group: Group) -> None:
    """Gone: any member stops the bot with one event whose ``sender_key`` or ``session_id`` is empty."""
    side, ann = await group.opened(), await group.person()
    room = await group.room(side, ann)
    content = await encrypts(ann, room, "x")

    for change in ({"sender_key": ""}, {"session_id": ""}, {"sender_key": "", "session_id": "", "device_id": ""}):
        await puts(ann, room, {**content, **change})
    heard = await hears(side, group, await ann.say(room, "still here"))

    assert heard.verified
    assert group.inbox.asides == []


async def test_f10_one_time_keys_used_up(group: Group) -> None:
    """Gone: once its one-time keys are used up, down to 0, the bot believes that 50 are left and never makes new ones."""
    side, ann, reader = await group.opened(), await group.person(), group.logins["reader"]
    wanted = {"one_time_keys": {reader.user_id: {reader.device_id: "signed_curve25519"}}}
    for _ in range(50):
        await ann.api.post(path("keys", "claim"), wanted)

    await side.session.step()
    await side.session.settle()

    answer = await side._apis["reader"].post(path("keys", "upload"), {})
    assert answer["one_time_key_counts"]["signed_curve25519"] == 50


async def test_f11_without_sender_key(group: Group) -> None:
    """Gone: ciphertext without ``sender_key`` and ``device_id``, as the specification allows it since v1.3, is never read."""
    side, ann = await group.opened(), await group.person()
    room = await group.room(side, ann)
    content = await encrypts(ann, room, "short form")

    event = await puts(ann, room, {name: content[name] for name in ("algorithm", "session_id", "ciphertext")})
    heard = await hears(side, group, event)

    assert (wire.Said("short form"), True) == (heard.content, heard.verified)


async def test_f12_blocks_without_their_parts(group: Group, proxy: Between) -> None:
    """Gone: a sync in which an invitation or a left room has no inner parts is thrown away with all else that it brings."""
    side, ann = await group.opened(base_url=proxy.url), await group.person()
    room = await group.room(side, ann)

    def bare(value: dict[str, Any]) -> dict[str, Any]:
        rooms = value.setdefault("rooms", {})
        for block in ("invite", "leave", "join", "knock"):
            rooms.setdefault(block, {})[f"!bare-{block}"] = {}
            rooms[block][f"!half-{block}"] = {"timeline": {}}
        return value

    changed = proxy.change(_SYNC, bare, times=1000)
    heard = await hears(side, group, await ann.say(room, "in the same sync"))

    assert heard.verified
    assert changed.met > 0


async def test_f13_device_without_a_session_after_the_claim(group: Group, proxy: Between) -> None:
    """Gone: a device from which no one-time key could be had is skipped, and the key counts as shared with it."""
    side, ann, bo = await group.opened(base_url=proxy.url), await group.person(), await group.person("bo")
    room = await group.room(side, ann, bo)

    def nothing_of_bo(value: dict[str, Any]) -> dict[str, Any]:
        value["one_time_keys"].pop(bo.user_id)
        return value

    proxy.change("POST /_matrix/client/v3/keys/claim", nothing_of_bo)
    first = await sends(side, room, "not for Bo yet")
    # Half a minute later, when a device may be asked for another key.
    side.session.sharing._asked.clear()
    second = await sends(side, room, "for both")
    await reads(bo, "for both")
    await reads(ann, "not for Bo yet", "for both")

    assert await is_closed_to(bo, first)
    assert await key_of(ann, room, first) == await key_of(ann, room, second)


async def test_f14_devices_that_changed_while_it_was_down(group: Group) -> None:
    """Gone: devices that members added or gave up while the bot was down are not noticed."""
    side, ann = await group.opened(), await group.person()
    old = await device(group, ann, "OLD")
    room = await group.room(side, ann)
    await sends(side, room, "before")
    await reads(old, "before")
    await side.close()
    await old.api.post(path("logout"), {})
    new = await device(group, ann, "NEW")

    again = await group.opened()
    await sends(again, room, "after")
    await reads(new, "after")

    assert {"SUPPORTD", "NEW"} == {one.id for one in again.opened.machine.devices(ann.user_id)}


async def test_f15_rotation_as_the_room_wants_it(group: Group) -> None:
    """Gone: a room's own settings for how long a key is used are ignored, it is used for 100 messages and 7 days."""
    side, ann = await group.opened(), await group.person()
    room = await group.room(side, ann, spec=RoomSpec("Tuesday", rotation_messages=2, rotation_ms=3_600_000))

    events = [await sends(side, room, f"word {number}") for number in range(3)]
    session = side.opened.machine.olm.outbound_group_sessions[room]
    keys = [await key_of(ann, room, event) for event in events]

    assert keys[0] == keys[1] != keys[2]
    assert session.max_age.total_seconds() == 3600


def _killed_before_the_commit(group: Group, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the process die at the next commit that brings words of members."""
    accept = group.inbox.accept

    async def die(batch: wire.SyncBatch) -> None:
        if any(isinstance(one.content, wire.Said) for one in batch.incoming):
            raise Killed
        await accept(batch)

    monkeypatch.setattr(group.inbox, "accept", die)
