"""The three seeds of our cross-signing keys, sealed in a file before anything is sent."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

from supportd.matrix.errors import StoreUnreadable
from supportd.matrix.signing import KEY_BYTES, public_of, with_signature
from supportd.private import write_private

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Any

_NONCE = 12
_CONTEXT = b"supportd cross-signing seeds 1"


@dataclass(frozen=True, slots=True)
class Seeds:
    """Ed25519 seeds, 32 bytes each."""

    master: bytes = field(repr=False)
    self_signing: bytes = field(repr=False)
    user_signing: bytes = field(repr=False)

    @classmethod
    def fresh(cls) -> Seeds:
        """Return new random seeds."""
        return cls(os.urandom(KEY_BYTES), os.urandom(KEY_BYTES), os.urandom(KEY_BYTES))

    def upload(self, user: str) -> dict[str, Any]:
        """Return the body of ``keys/device_signing/upload``; the master signs the other two."""
        return {
            "master_key": _object(self.master, user, "master"),
            "self_signing_key": with_signature(self.master, _object(self.self_signing, user, "self_signing"), user),
            "user_signing_key": with_signature(self.master, _object(self.user_signing, user, "user_signing"), user),
        }

    def sign_own_device(self, device: dict[str, Any], user: str) -> dict[str, Any]:
        """Return a device's object, as published, signed by our self-signing key."""
        return with_signature(self.self_signing, device, user)


def _object(seed: bytes, user: str, usage: str) -> dict[str, Any]:
    public = public_of(seed)
    return {"user_id": user, "usage": [usage], "keys": {f"ed25519:{public}": public}}


def load_or_make(path: Path, key: bytes) -> tuple[Seeds, bool]:
    """Return the seeds kept at ``path`` under ``key`` (32 bytes), and whether they were made just now.

    New ones are on the disk for good before this returns. Raises :class:`StoreUnreadable` for another key or a changed file.
    """
    if path.exists():
        return _open(path.read_bytes(), key), False
    seeds = Seeds.fresh()
    nonce = os.urandom(_NONCE)
    plain = json.dumps([seeds.master.hex(), seeds.self_signing.hex(), seeds.user_signing.hex()]).encode()
    # A half-written file after a power cut would look like a lost identity.
    write_private(path, nonce + ChaCha20Poly1305(key).encrypt(nonce, plain, _CONTEXT))
    return seeds, True


def _open(sealed: bytes, key: bytes) -> Seeds:
    try:
        plain = ChaCha20Poly1305(key).decrypt(sealed[:_NONCE], sealed[_NONCE:], _CONTEXT)
        master, self_signing, user_signing = (bytes.fromhex(seed) for seed in json.loads(plain))
    except (InvalidTag, ValueError):
        raise StoreUnreadable from None
    return Seeds(master, self_signing, user_signing)
