"""Encrypting for a room: who gets the key, and never a message before they have it (``matrix.md`` 1.5; F5, F6, F13, F15)."""

from __future__ import annotations

import asyncio
import json
import secrets
import time
from collections import defaultdict
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final, cast

from nio.exceptions import EncryptionError

from supportd.logs import get_logger, short
from supportd.matrix import withheld
from supportd.matrix.errors import CannotEncrypt, MatrixError, ServerAway
from supportd.matrix.http import path
from supportd.matrix.machine import MEGOLM
from supportd.matrix.shapes import obj

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from supportd.engine.ports import Readers
    from supportd.matrix.devices import Devices
    from supportd.matrix.http import Api
    from supportd.matrix.machine import Machine
    from supportd.matrix.roomstate import Rooms, RoomState
    from supportd.sdk.ids import RoomId, UserId

log = get_logger(__name__)

#: Devices in one request, and devices encrypted for before others get a turn (one takes about 5 ms).
AT_ONCE: Final = 20
STEP: Final = 4
#: Seconds until a device that had no one-time key left is asked again.
CLAIM_AGAIN: Final = 30.0
ATTEMPTS: Final = 3


class Sharing:
    """Holds the room keys we send with; they live in memory only."""

    def __init__(self, api: Api, machine: Machine, devices: Devices, rooms: Rooms) -> None:
        """Send keys through ``api``."""
        self.api = api
        self.machine = machine
        self.devices = devices
        self.rooms = rooms
        self._locks: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._claiming = asyncio.Lock()
        self._asked: dict[tuple[str, str], float] = {}
        #: Who says which people in a room may read us; without it all who are in the room.
        self.admission: Readers | None = None
        #: Devices that were told that they get no key, by the session they do not get.
        self._told: dict[str, set[tuple[str, str]]] = {}

    def discard(self, rooms: Iterable[str]) -> None:
        """Make a new key before the next message in ``rooms``: somebody left, or lost a device."""
        for room in rooms:
            session = self.machine.olm.outbound_group_sessions.pop(room, None)
            if session is not None:
                self._told.pop(session.id, None)

    def settle(self) -> None:
        """Discard the keys that lost devices hold."""
        lost, self.devices.lost = self.devices.lost, set()
        for user in lost:
            self.discard(self.rooms.with_reader(user))
        renewed, self.machine.renewed = self.machine.renewed, set()
        # They may never have got the key in use. The same key again, as it is now, would not open what was said with it so far, and some
        # apps let the later copy win; so the next message has a new one.
        self.discard([room for room, one in self.machine.olm.outbound_group_sessions.items() if one.users_shared_with & renewed])

    async def encrypt(self, room: RoomState, kind: str, content: dict[str, Any]) -> dict[str, Any]:
        """Return the content of the ``m.room.encrypted`` event; all sound devices in the room can read it by then."""
        async with self._locks[room.id]:
            session = await self._shared(room)
            text = json.dumps({"type": kind, "content": content, "room_id": room.id}, separators=(",", ":"))
            try:
                ciphertext = session.encrypt(text)
            except EncryptionError:
                # It grew too old while its key was on the way.
                raise CannotEncrypt from None
            outer = {
                "algorithm": MEGOLM,
                # Deprecated since specification v1.3, but older clients still ask for both.
                "sender_key": self.machine.identity[0],
                "device_id": self.machine.device_id,
                "session_id": session.id,
                "ciphertext": ciphertext,
            }
            if "m.relates_to" in content:
                outer["m.relates_to"] = content["m.relates_to"]
            return outer

    async def _shared(self, room: RoomState) -> Any:
        for _attempt in range(ATTEMPTS):
            if room.doubtful:
                await self._ask_who_is_in(room)
            users = await self._readers(room)
            await self.devices.refresh(users)
            self.settle()
            await self.open_sessions(users)
            session = self._session(room, users)
            await self._share(room, session, users)
            session.shared = True
            await self._explain(room, session, users)
            # Somebody may have left, or lost a device, while the key was on its way: then it must not be used.
            users = await self._readers(room)
            await self.devices.refresh(users)
            self.settle()
            unchanged = self.machine.olm.outbound_group_sessions.get(room.id) is session and not room.doubtful
            if unchanged and not self._in_wrong_hands(session, users):
                return session
        raise CannotEncrypt

    async def _readers(self, room: RoomState) -> tuple[str, ...]:
        """Return who in the room is to have the key: whoever has it, our own, and of all others those who are admitted.

        Who has it is not asked about before the next key: that would be a question for each message.
        """
        if self.admission is None:
            return room.readers
        session = self.machine.olm.outbound_group_sessions.get(room.id)
        sure = {self.machine.user_id, *self.devices.keyless}
        if session is not None and not session.expired:
            sure |= {user for user, _device in session.users_shared_with}
        unsure = [cast("UserId", user) for user in room.readers if user not in sure]
        admitted = await self.admission.readers(cast("RoomId", room.id), unsure) if unsure else frozenset()
        return tuple(user for user in room.readers if user in sure or user in admitted)

    async def _ask_who_is_in(self, room: RoomState) -> None:
        before = set(room.joined)
        # Lowered before the question: a sync that comes while we wait may raise it again.
        room.doubtful = False
        try:
            answer = await self.api.get(path("rooms", room.id, "joined_members"))
        except BaseException:
            room.doubtful = True
            raise
        inside = set(obj(answer, "joined"))
        if self.machine.user_id not in inside:
            # No answer to who is in a room that we are in.
            room.doubtful = True
            raise ServerAway
        if before - inside:
            self.discard([room.id])
        if not room.doubtful:
            room.are_in(inside)

    def _session(self, room: RoomState, users: Sequence[str]) -> Any:
        olm = self.machine.olm
        session = olm.outbound_group_sessions.get(room.id)
        if session is not None:
            # The room may have got other settings since.
            session.max_messages, session.max_age = room.rotation_messages, timedelta(milliseconds=room.rotation_ms)
        if session is None or session.expired or self._in_wrong_hands(session, users):
            self.discard([room.id])
            with self.machine.store.transaction():
                olm.create_outbound_group_session(room.id)
            session = olm.outbound_group_sessions[room.id]
            session.max_messages, session.max_age = room.rotation_messages, timedelta(milliseconds=room.rotation_ms)
        return session

    def _in_wrong_hands(self, session: Any, users: Sequence[str]) -> bool:
        """Tell whether somebody has this key who may not read here any more, whatever took their right away."""
        may = {(user, device.id) for user in users for device in self.machine.devices(user)}
        return bool(session.users_shared_with - may - {(self.machine.user_id, self.machine.device_id)})

    async def open_sessions(self, users: Sequence[str]) -> None:
        """Open Olm sessions with the devices that have none; one without a one-time key is asked again later."""
        # One at a time: two rooms that claim for the same device would open two sessions with it.
        async with self._claiming:
            await self._open_sessions(users)

    async def _open_sessions(self, users: Sequence[str]) -> None:
        now = time.monotonic()
        missing = self.machine.without_session(users)
        wanted = {
            user: {name: "signed_curve25519" for name in names if now - self._asked.get((user, name), -CLAIM_AGAIN) >= CLAIM_AGAIN}
            for user, names in missing.items()
        }
        wanted = {user: names for user, names in wanted.items() if names}
        if not wanted:
            return
        answer = await self.api.post(path("keys", "claim"), {"one_time_keys": wanted, "timeout": 10_000})
        self._asked.update({(user, name): now for user, names in wanted.items() for name in names})
        for user, names in wanted.items():
            for name in names:
                if (keys := obj(answer, "one_time_keys", user).get(name)) is not None:
                    self.machine.claimed(user, name, keys)
            # One takes milliseconds; others get a turn.
            await asyncio.sleep(0)
        for user, left in self.machine.without_session(tuple(wanted)).items():
            log.warning("claim.failed", id=short(user), count=len(left))

    async def _share(self, room: RoomState, session: Any, users: Sequence[str]) -> None:
        todo = [
            device
            for user in users
            for device in self.machine.devices(user)
            if (user, device.id) not in session.users_shared_with
            and self.machine.olm.session_store.get(device.curve25519) is not None
            and not (user == self.machine.user_id and device.id == self.machine.device_id)
        ]
        key = {"algorithm": MEGOLM, "room_id": room.id, "session_id": session.id, "session_key": session.session_key}
        for at in range(0, len(todo), AT_ONCE):
            part = todo[at : at + AT_ONCE]
            await self.send_to_devices("m.room.encrypted", await self._sealed(part, key))
            # Only now: what was refused or cut off is shared again before the next message.
            session.users_shared_with.update((device.user_id, device.id) for device in part)

    async def _explain(self, room: RoomState, session: Any, users: Sequence[str]) -> None:
        """Tell devices that get no key why, so that their apps can say it; once for each session."""
        told = self._told.setdefault(session.id, set())
        messages: dict[str, dict[str, dict[str, dict[str, Any]]]] = {"unverified": {}, "no_olm": {}}
        for user in users:
            for name in self.devices.refused.get(user, ()):
                if (user, name) not in told:
                    messages["unverified"].setdefault(user, {})[name] = withheld.unverified(self.machine, room.id, session.id)
            for device in self.machine.devices(user):
                if self.machine.olm.session_store.get(device.curve25519) is None and (user, device.id) not in told:
                    messages["no_olm"].setdefault(user, {})[device.id] = withheld.no_olm(self.machine)
        for part in messages.values():
            if not part:
                continue
            try:
                await self.send_to_devices(withheld.KIND, dict(part))
            except MatrixError as error:
                # It only explains; the words themselves must not wait for it.
                log.warning("withheld.not_told", room=short(room.id), error=error)
                return
            told.update((user, name) for user, names in part.items() for name in names)

    async def _sealed(self, devices: Sequence[Any], key: dict[str, Any]) -> dict[str, dict[str, Any]]:
        olm = self.machine.olm
        messages: dict[str, dict[str, Any]] = defaultdict(dict)
        for at in range(0, len(devices), STEP):
            with self.machine.store.transaction():
                for device in devices[at : at + STEP]:
                    one = olm.session_store.get(device.curve25519)
                    messages[device.user_id][device.id] = olm._olm_encrypt(one, device, "m.room_key", key)  # noqa: SLF001 - its only caller in nio cannot be cut up
            await asyncio.sleep(0)
        return messages

    async def send_to_devices(self, kind: str, messages: dict[str, dict[str, Any]]) -> None:
        """Send until the homeserver has it; the same transaction id is delivered once."""
        where = path("sendToDevice", kind, secrets.token_hex(12))
        for attempt in range(1, ATTEMPTS + 1):
            try:
                await self.api.put(where, {"messages": messages})
            except ServerAway:
                if attempt == ATTEMPTS:
                    raise
                await asyncio.sleep(0.2 * 2**attempt)
            else:
                return

    async def mend(self) -> None:
        """Open new sessions where an old one went wrong, and tell the other side."""
        if wedged := self.machine.wedged():
            await self.open_sessions(wedged)
        for message in self.machine.dummies():
            await self.send_to_devices("m.room.encrypted", {message.recipient: {message.recipient_device: message.content}})
