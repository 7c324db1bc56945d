"""What people and the bot do in a scenario, and how it is seen whether somebody can read."""

from __future__ import annotations

import itertools
import json
import shutil
from typing import TYPE_CHECKING, Any

from supportd.engine import wire
from supportd.matrix.accounts import log_in
from supportd.matrix.http import path
from supportd.matrix.machine import NoKey, Unreadable
from supportd.matrix.member import Member
from supportd.matrix.signing import base64_of
from supportd.sdk.ids import EventId, RoomId, UserId
from tests.matrix.conftest import until

if TYPE_CHECKING:
    from collections.abc import Callable

    from supportd.matrix.machine import Machine
    from supportd.matrix.service import MatrixSide
    from tests.matrix.conftest import Group

_numbers = itertools.count(1)


async def sends(side: MatrixSide, room: str, text: str) -> EventId:
    """Let the bot say ``text``; returns the event."""
    done = await side.homeserver.perform("reader", said(room, text))
    assert isinstance(done, wire.Done), done
    assert done.event is not None
    return done.event


def said(room: str, text: str) -> wire.SendMessage:
    """Return a message with a transaction id of its own."""
    return wire.SendMessage(RoomId(room), f"scenario{next(_numbers)}", text)


async def hears(side: MatrixSide, group: Group, event: str) -> wire.Incoming:
    """Sync the bot until it has read ``event``, and return what it took it for."""
    await until(side, lambda: event in group.inbox.incoming, seconds=8)
    return group.inbox.incoming[event]


async def turns(side: MatrixSide, predicate: Callable[[], object], most: int = 50) -> None:
    """Let the bot take syncs without waiting for news until ``predicate`` holds."""
    for _ in range(most):
        if predicate():
            return
        await side.session.step()
        await side.session.settle()
    raise TimeoutError


async def reads(member: Member, *texts: str) -> None:
    """Sync ``member`` until they have read all of ``texts``."""
    await member.wait_for(lambda one: set(texts) <= {seen.text for seen in one.timeline})


async def is_closed_to(member: Member, event: str) -> bool:
    """Sync ``member`` until ``event`` waits for a key that did not come; tells whether it does."""
    await member.wait_for(lambda one: event in one.memory.waiting or any(seen.event == event for seen in one.timeline))
    return event in member.memory.waiting


async def moves(side: MatrixSide, group: Group, member: Member, state: str) -> None:
    """Sync the bot until the last it heard of ``member`` is the membership ``state``."""
    await until(side, lambda: membership(group, member.user_id) == state)


def membership(group: Group, user: str, room: str | None = None) -> str | None:
    """Return the last membership of ``user`` that the bot heard of, anywhere or in ``room``."""
    found = [
        one.content.state
        for one in group.inbox.incoming.values()
        if isinstance(one.content, wire.Membership) and one.content.subject == user and room in {None, one.room}
    ]
    return found[-1] if found else None


async def lets_in(side: MatrixSide, group: Group, room: str, member: Member) -> None:
    """Invite ``member``, let them join, and wait until the bot has heard of it."""
    await invites(side, room, member)
    await member.join(room)
    await moves(side, group, member, "join")
    await member.sync_once()


async def invites(side: MatrixSide, room: str, member: Member) -> None:
    """Invite ``member`` as the doorkeeper does."""
    done = await side.homeserver.perform("doorkeeper", wire.InvitePerson(RoomId(room), UserId(member.user_id)))
    assert isinstance(done, wire.Done), done


async def raw_of(member: Member, room: str, event: str) -> dict[str, Any]:
    """Return an event as the homeserver has it, asked for by ``member``."""
    return await member.api.get(path("rooms", room, "event", event))


async def key_of(member: Member, room: str, event: str) -> str:
    """Return the id of the room key an event was encrypted with, as the homeserver shows it."""
    raw = await raw_of(member, room, event)
    assert raw["type"] == "m.room.encrypted"
    return str(raw["content"]["session_id"])


def opens(member: Member, room: str, raw: dict[str, Any]) -> bool:
    """Tell whether ``member`` could decrypt the event, if a homeserver handed it to them."""
    return opens_with(member.machine, room, raw)


def opens_with(machine: Machine, room: str, raw: dict[str, Any]) -> bool:
    """Tell whether the event could be decrypted with the keys that ``machine`` has."""
    try:
        machine.decrypt(room, raw, machine.curves(str(raw["sender"])))
    except (NoKey, Unreadable):
        return False
    return True


def name_of(member: Member) -> str:
    """Return the local part of the id of ``member``."""
    return member.user_id[1:].partition(":")[0]


async def device(group: Group, owner: Member, device_id: str, *, signed: bool = True, base_url: str | None = None) -> Member:
    """Return another device of ``owner``, who signed it unless ``signed`` is false."""
    folder = group.folder / f"{name_of(owner)}-{device_id}-{next(_numbers)}"
    folder.mkdir(mode=0o700)
    for file in ("key", "seeds") if signed else ("key",):
        shutil.copy(group.folder / name_of(owner) / file, folder / file)
    login = await log_in(group.synapse.base_url, name_of(owner), "pw", device_id)
    made = await Member.sign_up(base_url or group.synapse.base_url, login, folder, cross_sign=signed)
    group.people.append(made)
    return made


def seal(sender: Member, recipient: Machine, content: dict[str, Any], change: dict[str, Any] | None = None) -> dict[str, Any]:
    """Return a room key, or what ``change`` makes of it, in the Olm session that ``sender`` has with ``recipient``."""
    curve, ed = recipient.identity
    payload = {
        "sender": sender.user_id,
        "sender_device": sender.login.device_id,
        "keys": {"ed25519": sender.machine.identity[1]},
        "recipient": recipient.user_id,
        "recipient_keys": {"ed25519": ed},
        "type": "m.room_key",
        "content": content,
    }
    kind, body = sender.machine.olm.session_store.get(curve).encrypt(json.dumps({**payload, **(change or {})})).to_parts()
    return {"type": kind, "body": base64_of(body)}


async def deliver(sender: Member, recipient: Machine, ciphertext: dict[str, Any]) -> None:
    """Send what :func:`seal` returned."""
    content = {
        "algorithm": "m.olm.v1.curve25519-aes-sha2",
        "sender_key": sender.machine.identity[0],
        "ciphertext": {recipient.identity[0]: ciphertext},
    }
    await sender.sharing.send_to_devices("m.room.encrypted", {recipient.user_id: {recipient.device_id: content}})


def keys_here(machine: Machine, room: str) -> set[str]:
    """Return the ids of the room keys that ``machine`` has for ``room``."""
    return {name for keys in machine.olm.inbound_group_store[room].values() for name in keys}


def lose_sessions(machine: Machine, curve25519: str) -> None:
    """Lose all that ``machine`` knows of its Olm sessions with the device of this key."""
    machine.olm.session_store[curve25519].clear()
    machine.store.database.execute_sql("DELETE FROM olmsessions WHERE sender_key = ?", (curve25519,))


class Withheld:
    """Room keys that a member has made and not sent yet; ``keys`` are their contents as they would be sent."""

    def __init__(self, member: Member) -> None:
        """Hold back what ``member`` shares from now on."""
        self.member = member
        self.keys: list[dict[str, Any]] = []
        self._kept: list[tuple[str, Any]] = []
        self._sent, self._sealed = member.sharing.send_to_devices, member.sharing._sealed
        member.sharing.send_to_devices = self._keep  # type: ignore[method-assign]
        member.sharing._sealed = self._note  # type: ignore[method-assign]

    async def _keep(self, kind: str, messages: Any) -> None:
        self._kept.append((kind, messages))

    async def _note(self, devices: Any, key: dict[str, Any]) -> dict[str, dict[str, Any]]:
        self.keys.append(key)
        return await self._sealed(devices, key)

    async def release(self) -> None:
        """Send them, and hold nothing back any longer."""
        self.let_go()
        for kind, messages in self._kept:
            await self._sent(kind, messages)

    def let_go(self) -> None:
        """Hold nothing back any longer; what was held is lost."""
        self.member.sharing.send_to_devices = self._sent  # type: ignore[method-assign]
        self.member.sharing._sealed = self._sealed  # type: ignore[method-assign]


async def encrypts(member: Member, room: str, text: str, **more: object) -> dict[str, Any]:
    """Return the content of an event that ``member`` has not sent."""
    return await member.sharing.encrypt(await member.sender.room(room), "m.room.message", {"msgtype": "m.text", "body": text, **more})


async def puts(member: Member, room: str, content: dict[str, Any], kind: str = "m.room.encrypted") -> EventId:
    """Send an event of any content as ``member``; returns its id."""
    answer = await member.api.put(path("rooms", room, "send", kind, f"raw{next(_numbers)}"), content)
    return EventId(answer["event_id"])
