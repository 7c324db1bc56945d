"""Nothing is lost: tokens in our commit, late keys, gaps, hostile events (F1 to F14 of ``matrix.md``)."""

from __future__ import annotations

import secrets
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import pytest

from supportd.engine import wire
from supportd.matrix.errors import LoggedOut, Refused, ServerAway
from supportd.matrix.http import path
from supportd.sdk.ids import EventId
from supportd.sdk.rooms import RoomSpec
from tests.matrix.conftest import until

if TYPE_CHECKING:
    from tests.matrix.conftest import Group

pytestmark = [pytest.mark.synapse, pytest.mark.asyncio]


async def test_raised_commit_loses_nothing(group: Group) -> None:
    """A commit that raises, and a side built anew: the same words come again, readable (F1, F2, F3)."""
    side = await group.opened()
    ann = await group.person()
    room = await group.room(side, ann)
    for number in range(3):
        await ann.say(room, f"word {number}")
    group.inbox.fail = 1
    with pytest.raises(RuntimeError):
        await until(side, lambda: False, seconds=5)
    await side.close()

    rebuilt = await group.opened()
    await until(rebuilt, lambda: len(group.inbox.texts(room)) == 3)

    assert group.inbox.texts(room) == ["word 0", "word 1", "word 2"]
    assert all(one.verified for one in group.inbox.incoming.values())


async def test_rebuilt_in_between_every_sync(group: Group) -> None:
    """Every second commit fails and the side is built anew each time: each word once, in order."""
    side = await group.opened()
    ann = await group.person()
    room = await group.room(side, ann, spec=RoomSpec("Tuesday", rotation_messages=2))
    for number in range(6):
        await ann.say(room, f"word {number}")
        group.inbox.fail = 1
        with pytest.raises(RuntimeError):
            await until(side, lambda: False, seconds=5)
        await side.close()
        side = await group.opened()

    assert [f"word {number}" for number in range(6)] == group.inbox.texts(room)


async def test_restart_reads_what_was_missed(group: Group) -> None:
    """What was said while we were down is read after the start, and rooms are known again (F7, F8, F14)."""
    side = await group.opened()
    ann = await group.person()
    room = await group.room(side, ann)
    await side.close()
    bo = await group.person("bo")
    await group_invite(group, room, bo.user_id)
    await bo.join(room)
    await bo.sync_once()
    await ann.sync_once()
    await bo.say(room, "I am new")

    again = await group.opened()
    await again.homeserver.perform("reader", wire.SendMessage(room, "t1", "Welcome"))

    assert group.inbox.texts(room) == ["I am new"]
    assert {ann.user_id, bo.user_id} <= set(again.session.rooms.known[room].joined)
    for one in (ann, bo):
        await one.wait_for(lambda one: any(seen.text == "Welcome" for seen in one.timeline))


async def test_empty_sender_key_stops_nothing(group: Group) -> None:
    """Malformed ciphertext of a member is passed over, and the next words are read (F9, F11)."""
    side = await group.opened()
    ann = await group.person()
    room = await group.room(side, ann)
    good: dict[str, Any] = {"algorithm": "m.megolm.v1.aes-sha2", "sender_key": "", "device_id": "X", "session_id": "", "ciphertext": "A"}
    contents: list[dict[str, Any]] = [
        good,
        {**good, "session_id": "x"},
        {**good, "session_id": "x", "ciphertext": {"a": 1}},
        {**good, "sender_key": ["x"], "session_id": "y"},
        {"algorithm": "m.megolm.v1.aes-sha2"},
        {"algorithm": {"x": 1}},
        {},
    ]
    for content in contents:
        await ann.api.put(path("rooms", room, "send", "m.room.encrypted", secrets.token_hex(8)), content)
    for kind in ("m.room.message", "m.reaction", "org.example.thing"):
        for content in ({}, {"msgtype": [], "body": {}}, {"m.relates_to": [1]}, {"m.relates_to": {"rel_type": {}, "event_id": 5}}):
            # Synapse refuses some of these itself, others do not.
            with suppress(Refused):
                await ann.api.put(path("rooms", room, "send", kind, secrets.token_hex(8)), content)

    said = await ann.say(room, "still here")
    await until(side, lambda: said in group.inbox.incoming)

    assert group.inbox.texts(room) == ["still here"]
    assert group.inbox.asides == []


async def test_hostile_to_device_events_stop_nothing(group: Group) -> None:
    """Malformed to-device events of a member are passed over, and room keys still arrive."""
    side = await group.opened()
    ann = await group.person()
    room = await group.room(side, ann)
    reader, curve = group.logins["reader"], side.opened.machine.identity[0]
    olm: dict[str, Any] = {"algorithm": "m.olm.v1.curve25519-aes-sha2", "sender_key": ann.machine.identity[0]}
    contents: list[dict[str, Any]] = [
        {},
        {**olm, "ciphertext": {}},
        {**olm, "ciphertext": {curve: {"type": 0, "body": "AAAA"}}},
        {**olm, "ciphertext": {curve: {"type": 0, "body": "not base64!"}}},
        {**olm, "ciphertext": {curve: {"type": 1, "body": "AAAA"}}},
        {**olm, "ciphertext": {curve: {"type": 7}}},
        {**olm, "sender_key": "", "ciphertext": {curve: {"type": 0, "body": "AAAA"}}},
        {**olm, "sender_key": "short", "ciphertext": {curve: {"type": 0, "body": "AAAA"}}},
    ]
    for kind in ("m.room.encrypted", "m.room_key", "m.room_key_request", "m.forwarded_room_key", "m.key.verification.request"):
        for content in contents:
            await ann.sharing.send_to_devices(kind, {reader.user_id: {reader.device_id: content}})

    said = await ann.say(room, "still here")
    await until(side, lambda: said in group.inbox.incoming)

    assert group.inbox.texts(room) == ["still here"]


async def test_late_key(group: Group) -> None:
    """Words whose key comes later are parked as ciphertext and read when it comes."""
    side = await group.opened()
    ann = await group.person()
    room = await group.room(side, ann)
    state = await ann.sender.room(room)
    held: list[tuple[str, Any]] = []
    sent, ann.sharing.send_to_devices = ann.sharing.send_to_devices, _hold(held)  # type: ignore[method-assign]
    said = EventId(await ann.say(room, "first the words"))
    await until(side, lambda: said in group.inbox.waiting)
    parked = group.inbox.waiting[said]

    ann.sharing.send_to_devices = sent  # type: ignore[method-assign]
    for kind, messages in held:
        await ann.sharing.send_to_devices(kind, messages)
    await until(side, lambda: said in group.inbox.incoming)

    assert state.encrypted
    assert b"first the words" not in parked.ciphertext
    assert group.inbox.incoming[said].verified
    assert group.inbox.waiting == {}


def _hold(held: list[tuple[str, Any]]) -> Any:
    async def keep(kind: str, messages: Any) -> None:
        held.append((kind, messages))

    return keep


@pytest.mark.parametrize("claims", [50, 51])
async def test_one_time_keys_are_filled_up(group: Group, claims: int) -> None:
    """One-time keys that were used up, to exactly 0, are made anew, and the fallback key once it was handed out (F10)."""
    side = await group.opened()
    ann, reader = await group.person(), group.logins["reader"]
    wanted = {"one_time_keys": {reader.user_id: {reader.device_id: "signed_curve25519"}}}
    for _ in range(claims):
        claimed = await ann.api.post(path("keys", "claim"), wanted)
    assert ("fallback" in str(claimed)) == (claims == 51)

    for _ in range(2):
        await side.session.step()
        await side.session.settle()

    answer = await side._apis["reader"].post(path("keys", "upload"), {})
    assert answer["one_time_key_counts"]["signed_curve25519"] >= 50
    sync = await side._apis["reader"].get(path("sync"), {"timeout": "0", "filter": '{"room":{"rooms":[]}}'})
    assert sync["device_unused_fallback_key_types"] == ["signed_curve25519"]


async def test_quiet_rooms_are_known_after_a_restart(group: Group) -> None:
    """A room in which nothing happened meanwhile is known after a restart, with its members and levels (F8)."""
    side = await group.opened()
    ann = await group.person()
    room = await group.room(side, ann)
    await until(side, lambda: ann.user_id in side.session.rooms.known[room].joined)
    before = side.session.rooms.known[room]
    await side.close()
    heard = len(group.inbox.incoming)

    again = await group.opened()

    assert before == again.session.rooms.known[room]
    assert heard == len(group.inbox.incoming)


async def test_failed_sharing_is_made_up_for(group: Group, monkeypatch: pytest.MonkeyPatch) -> None:
    """When keys cannot be delivered no message goes out; the next attempt shares again (F6)."""
    side = await group.opened()
    ann = await group.person()
    room = await group.room(side, ann)
    job = wire.SendMessage(room, "t1", "hello")

    async def away(*_given: object) -> None:
        raise ServerAway

    with monkeypatch.context() as patch:
        patch.setattr(side.opened.session.sharing, "send_to_devices", away)
        failed = await side.homeserver.perform("reader", job)
    sent = await side.homeserver.perform("reader", job)
    await ann.wait_for(lambda one: one.timeline)

    assert isinstance(failed, wire.Later)
    assert isinstance(sent, wire.Done)
    assert ann.undecryptable == 0


async def test_signed_out_stops(group: Group) -> None:
    """A sign-in that ended stops the loop with a sentence; jobs wait (F4)."""
    side = await group.opened()
    room = await group.room(side)
    await side._apis["reader"].post(path("logout"), {})

    outcome = await side.homeserver.perform("reader", wire.SendMessage(room, "t1", "hello"))
    with pytest.raises(LoggedOut):
        await side.run()

    assert isinstance(outcome, wire.Later)
    assert outcome.whole_account


async def group_invite(group: Group, room: str, user: str) -> None:
    """Invite as the doorkeeper, without a Matrix side."""
    side = group.side()
    api = type(group.people[0].api)(group.synapse.base_url, group.logins["doorkeeper"].access_token)
    await api.post(path("rooms", room, "invite"), {"user_id": user})
    await api.close()
    assert side.health() == {"open": False}
