"""What only the crypto store knows, outside of it: one sealed file, always the newest, that only the words on the recovery sheet open.

It holds the room keys, the pinned master keys, which rooms are encrypted and which messages were read: what was let go
(:mod:`supportd.matrix.oldkeys`) is not in the next file either. Our device's own keys are not in it: two copies of them would spoil each
other. Sealed with HPKE (RFC 9180) to a public key whose private half stands in the recovery file, so that the running daemon can write it
and cannot read it.
"""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any, Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hpke
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from nio.crypto.sessions import InboundGroupSession

from supportd.logs import get_logger
from supportd.matrix.errors import KeyFileRefused
from supportd.matrix.machine import HOSTILE
from supportd.matrix.withheld import MEGOLM
from supportd.private import write_private

if TYPE_CHECKING:
    from pathlib import Path

    from supportd.matrix.machine import Machine

log = get_logger(__name__)

#: The file beside the crypto store, and the public half of its key.
FILE: Final = "room-keys.sealed"
PUBLIC: Final = "room-keys.public"
#: It lies there while a restore is under way: until then the store lacks keys that the file has, and must not overwrite it.
RESTORING: Final = "restoring"
_CONTEXT: Final = b"supportd room keys 1"
_SUITE: Final = hpke.Suite(hpke.KEM.X25519, hpke.KDF.HKDF_SHA256, hpke.AEAD.CHACHA20_POLY1305)
_AT: Final = "org.supportd.at"


def new_key() -> tuple[bytes, bytes]:
    """Return the private and the public half of a new key, 32 bytes each."""
    private = X25519PrivateKey.generate()
    return private.private_bytes_raw(), private.public_key().public_bytes_raw()


def put_public(folder: Path, private: bytes, *, over: bool) -> None:
    """Write the public half that belongs to ``private`` into ``folder``; ``over``: also in place of another one."""
    path, public = folder / PUBLIC, X25519PrivateKey.from_private_bytes(private).public_key().public_bytes_raw()
    if not path.exists() or (over and path.read_bytes() != public):
        write_private(path, public)


def usable(folder: Path) -> bool:
    """Tell whether ``folder`` has a public half, so that the file can be written."""
    try:
        X25519PublicKey.from_public_bytes((folder / PUBLIC).read_bytes())
    except (OSError, ValueError):
        return False
    return True


class KeyFile:
    """Keeps the file up to date while the daemon runs."""

    def __init__(self, folder: Path) -> None:
        """Write into ``folder``, where the public half lies; without one nothing is written."""
        self._path = folder / FILE
        self._public = folder / PUBLIC
        self._restoring = folder / RESTORING
        self._written = b""
        #: Whether the last try to write it failed.
        self.failed = False

    def write(self, machine: Machine) -> bool:
        """Write what ``machine`` knows, if that changed since the last time; tells whether it wrote.

        A disk that is full or locked is told once in the log and stands in ``failed``; the next time tries again.
        """
        if not self._public.exists() or self._restoring.exists():
            return False
        try:
            wrote = self._write(machine)
        except (OSError, ValueError) as error:
            if not self.failed:
                log.error("keyfile.not_written", error=error, reason=getattr(error, "strerror", None) or "no public key")  # noqa: TRY400
            self.failed = True
            return False
        self.failed = False
        return wrote

    def _write(self, machine: Machine) -> bool:
        body = json.dumps(contents(machine), separators=(",", ":")).encode()
        digest = hashlib.sha256(body).digest()
        if digest == self._written and self._path.exists():
            return False
        public = X25519PublicKey.from_public_bytes(self._public.read_bytes())
        write_private(self._path, _SUITE.encrypt(body, public, _CONTEXT))
        self._written = digest
        return True


def contents(machine: Machine) -> dict[str, Any]:
    """Return what the file holds, as JSON types."""
    arrived = machine.store.keys.arrived()
    return {
        "keys": [_exported(one, arrived.get(one.id, 0.0)) for one in machine.room_keys()],
        "used": machine.store.keys.used(),
        "pins": machine.store.pins(),
        "devices": machine.store.devices.all(),
        "encrypted": sorted(machine.encrypted_rooms),
    }


def read(path: Path, private: bytes) -> dict[str, Any]:
    """Return what the file at ``path`` holds; raises :class:`KeyFileRefused` for another private half or a changed file."""
    try:
        found = json.loads(_SUITE.decrypt(path.read_bytes(), X25519PrivateKey.from_private_bytes(private), _CONTEXT))
    except (InvalidTag, ValueError):
        raise KeyFileRefused(path=path) from None
    return dict(found)


def take(machine: Machine, held: dict[str, Any]) -> int:
    """Put what a file held into a machine, beside what it knows already; returns how many room keys were new."""
    known = {(one.id, one.sender_key) for one in machine.room_keys()}
    count = 0
    with machine.store.transaction():
        for one in held["keys"]:
            session = _imported(one)
            if session is not None and (session.id, session.sender_key) not in known:
                machine.store.keys.arrive(session.id, one[_AT])
                machine.replace_room_key(session)
                count += 1
        machine.store.keys.take_used(held["used"])
        machine.store.take_pins(held["pins"])
        # Files of earlier versions have none.
        machine.store.devices.take(held.get("devices", ()))
    for room in held["encrypted"]:
        machine.remember_encrypted(room)
    return count


def _exported(session: Any, at: float) -> dict[str, Any]:
    # The shape of the specification's "key export format", and when the key came.
    return {
        "algorithm": MEGOLM,
        "forwarding_curve25519_key_chain": list(session.forwarding_chain),
        "room_id": session.room_id,
        "sender_key": session.sender_key,
        "sender_claimed_keys": {"ed25519": session.ed25519},
        "session_id": session.id,
        "session_key": session.export_session(session.first_known_index),
        _AT: at,
    }


def _imported(one: dict[str, Any]) -> Any:
    try:
        return InboundGroupSession.import_session(
            one["session_key"],
            one["sender_claimed_keys"]["ed25519"],
            one["sender_key"],
            one["room_id"],
            one["forwarding_curve25519_key_chain"],
        )
    except HOSTILE:
        return None
