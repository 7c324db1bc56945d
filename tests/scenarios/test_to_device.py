"""Messages from device to device: delivered once, whole, and mended where a session of two devices broke."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from supportd.engine import wire
from supportd.matrix import sharing
from supportd.matrix.machine import MEGOLM
from supportd.sdk.rooms import RoomSpec
from tests.matrix.conftest import devices_change
from tests.scenarios.acts import deliver, device, hears, keys_here, lose_sessions, name_of, reads, said, seal, sends, turns

if TYPE_CHECKING:
    from tests.matrix.conftest import Group
    from tests.scenarios.between import Between

pytestmark = [pytest.mark.synapse, pytest.mark.asyncio]

_SEND = "PUT /_matrix/client/v3/sendToDevice/m.room.encrypted/"


async def test_delivered_twice(group: Group, between: Between) -> None:
    """To-device messages that the homeserver delivers twice, in one sync and in the next, are taken once and break nothing."""
    side, ann = await group.opened(base_url=between.url), await group.person()
    room = await group.room(side, ann, spec=RoomSpec("Tuesday", rotation_messages=1))
    brought: list[dict[str, Any]] = []

    def twice(value: dict[str, Any]) -> dict[str, Any]:
        events = value.setdefault("to_device", {}).setdefault("events", [])
        brought.extend(events)
        value["to_device"]["events"] = [*brought, *brought]
        return value

    between.change("GET /_matrix/client/v3/sync", twice, times=1000)
    for number in range(3):
        heard = await hears(side, group, await ann.say(room, f"word {number}"))
        assert heard.verified
    await sends(side, room, "answer")
    await reads(ann, "answer")

    assert group.inbox.texts(room)[:3] == ["word 0", "word 1", "word 2"]
    assert group.inbox.asides == []


async def test_one_part_of_the_keys_fails(group: Group, between: Between, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of the requests that carry a key to a room's devices one fails at first: nothing is said before each device has it, and all read."""
    side, ann = await group.opened(base_url=between.url), await group.person()
    room = await group.room(side, ann)
    others = [await device(group, ann, f"D{number}") for number in range(3)]
    monkeypatch.setattr(sharing, "AT_ONCE", 2)
    await devices_change(side, ann)
    job = said(room, "to all of them")

    between.rules.append(_only_second(between))
    failed = await side.homeserver.perform("reader", job)
    said_meanwhile = between.asked("/send/m.room.encrypted/")
    done = await side.homeserver.perform("reader", job)
    for one in (ann, *others):
        await reads(one, "to all of them")

    assert isinstance(failed, wire.Later)
    assert said_meanwhile == []
    assert isinstance(done, wire.Done)


async def test_lost_answer_is_one_delivery(group: Group, between: Between) -> None:
    """When only the answer to a delivery of keys is lost, the repeat has the same transaction id and arrives once."""
    side, ann = await group.opened(base_url=between.url), await group.person()
    room = await group.room(side, ann)

    between.lose(_SEND)
    await sends(side, room, "once")
    raw = await ann.api.ask("GET", "_matrix/client/v3/sync", query={"since": str(ann.memory.at), "timeout": "0"})
    await reads(ann, "once")

    names = [name for name, _body in between.seen if name.startswith(_SEND)]
    assert len(names) == 2
    assert len(set(names)) == 1
    assert [event["type"] for event in raw["to_device"]["events"]] == ["m.room.encrypted"]


@pytest.mark.parametrize("restarted", [False, True])
async def test_broken_session_from_a_member_is_mended(group: Group, restarted: bool) -> None:  # noqa: FBT001 - a parameter of the test
    """When the bot lost the session in which a member's keys come, it makes a new one, and reads the member's next key again."""
    side, ann = await group.opened(), await group.person()
    room = await group.room(side, ann, spec=RoomSpec("Tuesday", rotation_messages=1))
    await sends(side, room, "hello")
    await reads(ann, "hello")
    await hears(side, group, await ann.say(room, "before"))
    lose_sessions(side.opened.machine, ann.machine.identity[0])
    # Half a minute later, when a device may be asked for another key.
    side.session.sharing._asked.clear()
    if restarted:
        await side.close()
        side = await group.opened()

    await ann.say(room, "lost")
    await turns(side, lambda: side.opened.machine.olm.session_store.get(ann.machine.identity[0]) is not None)
    await ann.sync_once()
    heard = await hears(side, group, await ann.say(room, "after"))

    assert heard.verified


async def test_broken_session_to_a_member_is_mended(group: Group) -> None:
    """When a member's app lost the session in which the bot's keys come and makes a new one, they read the bot's next key."""
    side, ann = await group.opened(), await group.person()
    room = await group.room(side, ann, spec=RoomSpec("Tuesday", rotation_messages=1))
    await sends(side, room, "hello")
    await reads(ann, "hello")
    await hears(side, group, await ann.say(room, "before"))
    lose_sessions(ann.machine, side.opened.machine.identity[0])

    await sends(side, room, "lost")
    await ann.wait_for(lambda one: one.machine.olm.session_store.get(side.opened.machine.identity[0]) is not None)
    await turns(side, lambda: len(side.opened.machine.olm.session_store[ann.machine.identity[0]]) > 1)
    await sends(side, room, "after")
    await reads(ann, "hello", "after")

    assert "lost" not in [seen.text for seen in ann.timeline]


async def test_after_mending_the_key_in_use_is_shared_again(group: Group) -> None:
    """A member whose broken session was mended reads the bot's next message also where the key they missed is still in use."""
    side, ann = await group.opened(), await group.person()
    room, other = await group.room(side, ann), await group.room(side, ann)
    await sends(side, other, "hello")
    await reads(ann, "hello")
    await hears(side, group, await ann.say(other, "before"))
    lose_sessions(ann.machine, side.opened.machine.identity[0])

    await sends(side, room, "lost")
    await ann.wait_for(lambda one: one.machine.olm.session_store.get(side.opened.machine.identity[0]) is not None)
    await turns(side, lambda: len(side.opened.machine.olm.session_store[ann.machine.identity[0]]) > 1)
    await sends(side, room, "after")

    await reads(ann, "after")


async def test_a_session_is_not_mended_again_and_again(group: Group, between: Between) -> None:
    """Somebody who sends one broken message after the other makes the bot use up no more than one of their keys an hour."""
    side, ann = await group.opened(base_url=between.url), await group.person()
    room = await group.room(side, ann)
    await sends(side, room, "hello")
    await reads(ann, "hello")
    claimed = len(between.asked("keys/claim"))
    for number in range(5):
        sealed = seal(ann, side.opened.machine, {"number": number})
        await deliver(ann, side.opened.machine, {**sealed, "body": sealed["body"][:-8]})

    event = await ann.say(room, "still here")
    await hears(side, group, event)

    assert claimed == len(between.asked("keys/claim"))


async def test_both_sides_open_a_session_at_once(group: Group, between: Between) -> None:
    """When the bot and a member open a session with each other at the same moment, all that follows is read on both sides."""
    side, ann = await group.opened(base_url=between.url), await group.person()
    room = await group.room(side, ann, spec=RoomSpec("Tuesday", rotation_messages=1))
    held = between.hold(_SEND)

    sending = asyncio.create_task(sends(side, room, "from the bot"))
    await held.here()
    event = await ann.say(room, "from Ann")
    held.release.set()
    await sending
    heard = [await hears(side, group, event)]
    for number in range(3):
        await sends(side, room, f"bot {number}")
        await reads(ann, f"bot {number}")
        heard.append(await hears(side, group, await ann.say(room, f"ann {number}")))

    assert [one.verified for one in heard] == [True] * 4
    assert ann.undecryptable == 0


async def test_key_from_a_device_nobody_vouches_for(group: Group) -> None:
    """The key of a device that its owner did not sign opens what it says, but proves nothing of who said it."""
    side, ann = await group.opened(), await group.person()
    room = await group.room(side, ann)
    ghost = await group.ghost(name_of(ann))

    heard = await hears(side, group, await ghost.say(room, "believe me"))

    assert (wire.Said("believe me"), ann.user_id, False) == (heard.content, heard.sender, heard.verified)


@pytest.mark.parametrize(
    "change",
    [
        {"recipient": "@somebody:else"},
        {"recipient_keys": {"ed25519": "AAAA"}},
        {"sender": "@somebody:else"},
        {"type": "m.dummy"},
        {"content": {}},
        {"content": {"algorithm": MEGOLM, "room_id": 5, "session_id": [], "session_key": {}}},
        {"keys": {}},
        {"keys": []},
        pytest.param({"recipient_keys": {}}, id="recipient_keys-none"),
    ],
    ids="-".join,
)
async def test_keys_in_a_wrong_wrapping(group: Group, change: dict[str, Any]) -> None:
    """A key whose sealed wrapping is malformed, or names another sender or recipient, opens nothing and stops nothing."""
    side, ann = await group.opened(), await group.person()
    room = await group.room(side, ann)
    machine = side.opened.machine
    await sends(side, room, "hello")
    await reads(ann, "hello")
    ann.machine.olm.create_outbound_group_session(room)
    session = ann.machine.olm.outbound_group_sessions.pop(room)
    content = {"algorithm": MEGOLM, "room_id": room, "session_id": session.id, "session_key": session.session_key}

    await deliver(ann, machine, seal(ann, machine, content, change))
    heard = await hears(side, group, await ann.say(room, "still here"))
    taken = [session.id in keys_here(machine, room)]
    await deliver(ann, machine, seal(ann, machine, content))
    await hears(side, group, await ann.say(room, "and here"))
    taken.append(session.id in keys_here(machine, room))

    assert heard.verified
    assert taken == [False, True]
    assert group.inbox.asides == []


def _only_second(between: Between) -> Any:
    """Return a rule that breaks the second delivery of keys and its repeats, and lets the others pass."""
    names: list[str] = []
    rule = between.refuse(_SEND, times=0)
    refuse = rule.act

    async def act(on: Any) -> Any:
        name = between.seen[-1][0]
        names.extend([name] if name not in names else [])
        return await (refuse(on) if names.index(name) == 1 else on())

    rule.act, rule.left = act, 1000
    return rule
