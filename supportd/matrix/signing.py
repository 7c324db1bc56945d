"""Signed JSON (specification, appendix "Signing JSON"): canonical text, unpadded base64, Ed25519."""

from __future__ import annotations

import base64
import binascii
import json
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

#: Bytes of a seed and of a public key.
KEY_BYTES = 32


def canonical(value: dict[str, Any]) -> bytes:
    """Return canonical JSON without ``signatures`` and ``unsigned``; raises :class:`ValueError` for what has none."""
    bare = {key: part for key, part in value.items() if key not in {"signatures", "unsigned"}}
    try:
        return json.dumps(bare, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()
    except (TypeError, RecursionError) as error:
        raise ValueError from error


def base64_of(data: bytes) -> str:
    """Return unpadded base64."""
    return base64.b64encode(data).decode().rstrip("=")


def bytes_of(text: str) -> bytes:
    """Return the bytes of unpadded base64; raises :class:`ValueError`."""
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except binascii.Error as error:
        raise ValueError from error


def public_of(seed: bytes) -> str:
    """Return the public half of the seed of a key, unpadded base64."""
    return base64_of(Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw())


def signature(seed: bytes, value: dict[str, Any]) -> str:
    """Return the signature of ``value`` by the key of ``seed``, unpadded base64."""
    return base64_of(Ed25519PrivateKey.from_private_bytes(seed).sign(canonical(value)))


def with_signature(seed: bytes, value: dict[str, Any], user: str) -> dict[str, Any]:
    """Return ``value`` signed by ``user``'s key of ``seed``; other signatures on it are left out."""
    bare = {key: part for key, part in value.items() if key not in {"signatures", "unsigned"}}
    return {**bare, "signatures": {user: {f"ed25519:{public_of(seed)}": signature(seed, value)}}}


def is_signed(value: dict[str, Any], user: str, signer: str, public: str) -> bool:
    """Tell whether ``value`` carries a good signature of ``user`` by the key ``public`` under the key id ``ed25519:signer``."""
    signatures = value.get("signatures")
    mine = signatures.get(user) if isinstance(signatures, dict) else None
    found = mine.get(f"ed25519:{signer}") if isinstance(mine, dict) else None
    if not isinstance(found, str):
        return False
    try:
        Ed25519PublicKey.from_public_bytes(bytes_of(public)).verify(bytes_of(found), canonical(value))
    except (ValueError, InvalidSignature):
        return False
    return True
