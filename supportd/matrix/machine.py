"""The one place that speaks nio's Olm machine: keys in and out, ciphertext to clear text, nothing else of nio.

nio's client is not used: of its faults F1 to F15 (``matrix.md`` 1.4) all but F10 lie there, and single events cannot be kept from it.
"""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import vodozemac
from nio.crypto import Olm, OlmDevice
from nio.crypto.sessions import InboundGroupSession
from nio.event_builders import DummyMessage
from nio.events.to_device import OlmEvent, ToDeviceEvent
from nio.exceptions import VerificationError
from nio.responses import KeysClaimResponse

from supportd.logs import get_logger
from supportd.matrix import withheld
from supportd.matrix.keyrows import ENDED
from supportd.matrix.shapes import identifier, obj, whole

if TYPE_CHECKING:
    from collections.abc import Sequence

    from supportd.matrix.chain import Device
    from supportd.matrix.cipherstore import CryptoStore

log = get_logger(__name__)

# nio's own lines name people, devices and rooms: none of them may reach a log, whoever configured it.
logging.getLogger("nio").setLevel(logging.CRITICAL + 1)

#: What vodozemac raises for bytes that another person made; it leaves our keys as they were.
HOSTILE: Final = (
    vodozemac.DecodeException, vodozemac.KeyException, vodozemac.OlmDecryptionException, vodozemac.SessionCreationException,
    vodozemac.SessionKeyDecodeException, vodozemac.SignatureException,
)  # fmt: skip
#: The longest ciphertext looked at, characters: an event has 64 KiB at most (specification, size limits).
LONGEST: Final = 65_536
MEGOLM: Final = withheld.MEGOLM


class NoKey(Exception):
    """The room key of an event is not here (yet)."""


class Unreadable(Exception):
    """An event can never be decrypted: it is malformed, changed or replayed."""


@dataclass(frozen=True, slots=True)
class Clear:
    """A decrypted event; ``curve25519`` and ``ed25519`` are those of the device that made the room key."""

    type: str
    content: dict[str, Any] = field(repr=False)
    curve25519: str
    ed25519: str
    forwarded: bool
    session: str
    #: Which message of the room key it is, and when the homeserver says it was sent (seconds since 1970).
    number: int = 0
    at: float = 0.0


#: Room keys of one device that are kept at once: with the shortest rotation that is 50,000 messages of the last ten days.
MOST_KEYS: Final = 1000


class _Olm(Olm):  # type: ignore[misc] # nio has no types
    """nio's machine, which keeps of two copies of a room key the one that opens more."""

    def create_group_session(self, sender_key: str, sender_fp_key: str, room_id: str, session_id: str, session_key: str) -> None:
        try:
            new = InboundGroupSession(session_key, sender_fp_key, sender_key, room_id)
        except HOSTILE:
            return
        if new.id != session_id:
            return
        old = self.inbound_group_store.get(room_id, sender_key, session_id)
        floor = self.store.keys.floor(session_id, sender_key)
        if floor > new.first_known_index:
            if floor >= ENDED:
                return
            # It was wound forward: what lies behind must not be opened again by a second copy.
            exported = new.export_session(floor)
            new = InboundGroupSession.import_session(exported, sender_fp_key, sender_key, room_id, [])
        if old is not None and old.first_known_index <= new.first_known_index:
            return
        if old is None and self._full(sender_key):
            log.warning("keys.too_many", count=MOST_KEYS)
            return
        self.inbound_group_store.add(new)
        self.save_inbound_group_session(new)

    def _full(self, sender_key: str) -> bool:
        """Tell whether one device has sent as many room keys as anybody could need within the window."""
        rooms = self.inbound_group_store._entries.values()  # noqa: SLF001 - nio has no call that counts
        return sum(len(senders[sender_key]) for senders in rooms if sender_key in senders) >= MOST_KEYS

    def _verify_olm_payload(self, sender: str, payload: dict[str, Any]) -> bool:
        if not isinstance(obj(payload.get("recipient_keys")).get("ed25519"), str):
            # nio takes it for granted and would raise something else.
            raise VerificationError("no recipient key")
        return bool(super()._verify_olm_payload(sender, payload))


class Machine:
    """Our device's keys and everybody's room keys."""

    def __init__(self, user_id: str, device_id: str, store: CryptoStore) -> None:
        """Load the device's keys from ``store``, or make them there."""
        self.user_id = user_id
        self.device_id = device_id
        self.store = store
        self.olm = _Olm(user_id, device_id, store)
        self.encrypted_rooms: set[str] = set(store.load_encrypted_rooms())
        #: Devices (person, id) with a new Olm session in the place of one that went wrong: what they were sent before may be unread.
        self.renewed: set[tuple[str, str]] = set()
        self._owners: dict[str, tuple[str, str]] = {}

    def reload(self) -> None:
        """Forget what is in memory only, after something was rolled back on the disk."""
        sending = self.olm.outbound_group_sessions
        self.olm = _Olm(self.user_id, self.device_id, self.store)
        self.olm.outbound_group_sessions.update(sending)
        self.encrypted_rooms = set(self.store.load_encrypted_rooms())

    @property
    def identity(self) -> tuple[str, str]:
        """Our device's public keys: curve25519, ed25519."""
        keys = self.olm.account.identity_keys
        return keys["curve25519"], keys["ed25519"]

    @property
    def uploaded(self) -> bool:
        """Whether the homeserver has taken our device's keys once."""
        return bool(self.olm.account.shared)

    # ---- what arrives -----------------------------------------------------------------------------------------------

    def take(self, event: dict[str, Any]) -> tuple[str, str] | None:
        """Take one to-device event; returns (room, session id) when it brought a room key. May raise anything nio raises.

        Only ciphertext reaches nio: key requests are not answered and verification is not offered.
        """
        if event.get("type") == withheld.KIND:
            withheld.hear(self, event)
        if event.get("type") != "m.room.encrypted":
            return None
        # nio takes these shapes for granted.
        ours = obj(event, "content", "ciphertext", self.identity[0])
        if not isinstance(ours.get("body"), str) or ours.get("type") not in (0, 1):
            return None
        parsed = ToDeviceEvent.parse_event(event)
        if not isinstance(parsed, OlmEvent) or identifier(parsed.sender_key) is None:
            return None
        before = self.olm.session_store.get(parsed.sender_key)
        try:
            result = self.olm.handle_to_device_event(parsed)
        except HOSTILE:
            return None
        self._note_renewal(parsed.sender, parsed.sender_key, before)
        room, session = getattr(result, "room_id", None), getattr(result, "session_id", None)
        return (room, session) if isinstance(room, str) and isinstance(session, str) else None

    def decrypt(self, room: str, event: dict[str, Any], likely: frozenset[str] = frozenset()) -> Clear:
        """Decrypt one ``m.room.encrypted`` event of ``room``; ``likely``: the curve25519 keys of its sender's devices.

        ``sender_key`` and ``device_id`` may be missing (specification v1.3 made them optional) or wrong: the room key says who made it.
        Raises :class:`NoKey` or :class:`Unreadable`.
        """
        content = event.get("content")
        session_id, ciphertext = _envelope(content)
        claimed = content.get("sender_key") if isinstance(content, dict) else None
        session = self._room_key(room, session_id, likely, claimed)
        if session is None or self._is_of_another(session.sender_key, event.get("sender")):
            # A key that somebody else holds up, or words that somebody else copied: neither may take the place of the author's own.
            raise NoKey
        try:
            text, number = session.decrypt(ciphertext)
            value = json.loads(text)
        except Exception as error:  # noqa: BLE001 - vodozemac, Unicode, JSON and depth: whatever a member may have put there
            if session.first_known_index > 0 and "index" in str(error).lower():
                raise NoKey from None
            raise Unreadable from None
        if not isinstance(value, dict) or value.get("room_id") != room:
            raise Unreadable
        kind, inner = value.get("type"), value.get("content")
        event_id = event.get("event_id")
        if not isinstance(kind, str) or not isinstance(inner, dict) or not isinstance(event_id, str):
            raise Unreadable
        if not self.store.keys.first_use(session_id, number, event_id):
            raise Unreadable
        at = (whole(event.get("origin_server_ts")) or 0) / 1000
        return Clear(kind, inner, session.sender_key, session.ed25519, bool(session.forwarding_chain), session_id, number, at)

    def _room_key(self, room: str, session_id: str, likely: frozenset[str], claimed: object) -> Any:
        # Two people may hold up the same session id: only its maker's word counts, so the sender's own devices come first.
        found = [sessions[session_id] for sessions in self.olm.inbound_group_store[room].values() if session_id in sessions]
        return min(found, key=lambda one: (one.sender_key not in likely, one.sender_key != claimed), default=None)

    # ---- room keys ---------------------------------------------------------------------------------------------------

    def room_keys(self) -> tuple[Any, ...]:
        """Return all room keys that are here (nio's inbound group sessions)."""
        return tuple(self.olm.inbound_group_store)

    def drop_room_key(self, session: Any) -> None:
        """Delete a room key for good."""
        self.store.drop_inbound_group_session(session)
        self.store.keys.set_floor(session.id, session.sender_key, ENDED)
        self.olm.inbound_group_store[session.room_id][session.sender_key].pop(session.id, None)

    def replace_room_key(self, session: Any) -> None:
        """Put ``session`` in the place of the room key of the same id and sender, or keep it as a new one."""
        self.olm.inbound_group_store[session.room_id][session.sender_key][session.id] = session
        self.store.save_inbound_group_session(session)

    # ---- other people's devices -------------------------------------------------------------------------------------

    def owns(self, user: str, device: Device) -> bool:
        """Tell whether nobody else was known by this device's curve25519 key before, and keep it for this device.

        Olm sessions are found by that key alone, so a device that claims another one's would cut it off.
        """
        return self._known_owners().setdefault(device.curve25519, (user, device.id)) == (user, device.id)

    def _known_owners(self) -> dict[str, tuple[str, str]]:
        if not self._owners:
            self._owners = {one.curve25519: (one.user_id, one.id) for one in self.olm.device_store}
            self._owners[self.identity[0]] = (self.user_id, self.device_id)
        return self._owners

    def _is_of_another(self, curve25519: str, sender: object) -> bool:
        """Tell whether a device is known as somebody's who is not ``sender``."""
        owner = self._known_owners().get(curve25519)
        return owner is not None and owner[0] != sender

    def know(self, user: str, devices: Sequence[Device]) -> bool:
        """Make ``devices`` the only ones of ``user`` that may get keys; tells whether one of the earlier ones may no longer."""
        known = self.olm.device_store[user]
        sound = {device.id: device for device in devices if not (user == self.user_id and device.id == self.device_id)}
        gone = [one for one in known.values() if not one.deleted and (one.id not in sound or sound[one.id].ed25519 != one.ed25519)]
        changed: dict[str, Any] = {}
        for one in gone:
            one.deleted = True
            changed[one.id] = one
            self.store.keys.go(one.curve25519)
        for device in sound.values():
            old = known.get(device.id)
            if old is not None and not old.deleted and (old.curve25519, old.ed25519) == (device.curve25519, device.ed25519):
                continue
            new = OlmDevice(user, device.id, {"ed25519": device.ed25519, "curve25519": device.curve25519})
            known[device.id] = new
            self.store.keys.come(device.curve25519)
            changed[device.id] = new
        self.store.save_device_keys({user: changed})
        return bool(gone)

    def devices(self, user: str) -> tuple[Any, ...]:
        """Return the devices of ``user`` that may get keys."""
        return tuple(self.olm.device_store.active_user_devices(user))

    def curves(self, user: str) -> frozenset[str]:
        """Return the curve25519 keys of all sound devices of ``user``, also of those that are gone."""
        return frozenset(device.curve25519 for device in self.olm.device_store[user].values())

    def proves(self, user: str, clear: Clear) -> bool:
        """Tell whether ``user`` wrote what was decrypted: the room key was made by a device that their own keys vouch for."""
        if clear.forwarded or user in self.store.distrusted:
            # Somebody with new keys is believed again when a person agreed to these.
            return False
        if user == self.user_id and (clear.curve25519, clear.ed25519) == self.identity:
            return True
        return any(
            (one.curve25519, one.ed25519) == (clear.curve25519, clear.ed25519)
            and (not one.deleted or self.store.keys.said_in_time(clear.session, one.curve25519, clear.number, clear.at))
            for one in self.olm.device_store[user].values()
        )

    # ---- olm sessions -----------------------------------------------------------------------------------------------

    def without_session(self, users: Sequence[str]) -> dict[str, list[str]]:
        """Return the devices with which we have no Olm session, and those whose session went wrong."""
        missing: dict[str, list[str]] = {}
        for user in users:
            for device in self.devices(user):
                if self.olm.session_store.get(device.curve25519) is None or device in self.olm.wedged_devices:
                    missing.setdefault(user, []).append(device.id)
        return missing

    def reopen(self, user: str, curve25519: str) -> None:
        """Open a new Olm session with a device of ``user`` soon; not more often than once an hour."""
        self.olm._mark_device_for_unwedging(user, curve25519)  # noqa: SLF001 - its only caller in nio is a failed decryption

    def wedged(self) -> tuple[str, ...]:
        """Return the people with a device whose Olm session went wrong."""
        return tuple({device.user_id for device in self.olm.wedged_devices if not device.deleted})

    def claimed(self, user: str, device: str, keys: Any) -> None:
        """Open an Olm session with one device's part of a ``keys/claim`` answer; a malformed one is left out."""
        known = self.olm.device_store[user].get(device)
        # Only a session that went wrong is replaced by a claim.
        before = self.olm.session_store.get(known.curve25519) if known in self.olm.wedged_devices else None
        try:
            with self.store.transaction():
                self.olm.handle_response(KeysClaimResponse({user: {device: keys}}, {}))
            if known is not None:
                self._note_renewal(user, known.curve25519, before)
        except Exception as error:  # noqa: BLE001 - another person's key may be anything
            log.warning("claim.refused", error=error)

    def _note_renewal(self, user: str, curve25519: str, before: Any) -> None:
        now = self.olm.session_store.get(curve25519)
        if before is not None and now is not None and now.id != before.id:
            self.renewed |= {(user, one.id) for one in self.devices(user) if one.curve25519 == curve25519}

    def dummies(self) -> tuple[Any, ...]:
        """Return the messages that mend broken Olm sessions; what else nio queued is dropped (requests nobody answers)."""
        queue = self.olm.outgoing_to_device_messages
        found = tuple(message for message in queue if isinstance(message, DummyMessage))
        queue.clear()
        self.olm.key_re_requests_events.clear()
        return found

    def remember_encrypted(self, room: str) -> None:
        """Treat ``room`` as encrypted from now on, whatever the homeserver says later."""
        if room not in self.encrypted_rooms:
            self.store.save_encrypted_rooms({room})
            self.encrypted_rooms.add(room)


def _envelope(content: Any) -> tuple[str, str]:
    if not isinstance(content, dict) or content.get("algorithm") != MEGOLM:
        raise Unreadable
    session_id, ciphertext = content.get("session_id"), content.get("ciphertext")
    if not isinstance(session_id, str) or not session_id or not isinstance(ciphertext, str) or not 0 < len(ciphertext) <= LONGEST:
        raise Unreadable
    return session_id, ciphertext
