"""The chain of trust: from a person's published answer to the devices that their master key vouches for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from supportd.matrix.signing import is_signed


@dataclass(frozen=True, slots=True)
class Device:
    """A device whose owner signed it; keys are unpadded base64."""

    user: str
    id: str
    curve25519: str
    ed25519: str


@dataclass(frozen=True, slots=True)
class Published:
    """What the homeserver publishes of one person, verified.

    ``master``: the public master key, ``None`` without a sound chain. ``devices``: signed by the chain, whatever master that is.
    ``unsigned``: the ids of the other devices.
    """

    master: str | None
    self_signing: str | None
    devices: tuple[Device, ...]
    unsigned: tuple[str, ...]


def published(user: str, answer: dict[str, Any]) -> Published:
    """Verify master -> self-signing -> device of ``user`` in a ``keys/query`` answer (``matrix.md`` 1.1 and 1.6)."""
    master = _key(answer.get("master_keys"), user, "master")
    signing_object = _of(answer.get("self_signing_keys"), user)
    signing = _key(answer.get("self_signing_keys"), user, "self_signing")
    devices = _of(answer.get("device_keys"), user)
    if master is None or signing is None or not is_signed(signing_object, user, master, master):
        return Published(master, None, (), tuple(devices))
    found = {name: _device(user, name, value, signing) for name, value in devices.items()}
    sound = tuple(device for device in found.values() if device is not None)
    return Published(master, signing, sound, tuple(name for name, device in found.items() if device is None))


def _of(objects: Any, user: str) -> dict[str, Any]:
    found = objects.get(user) if isinstance(objects, dict) else None
    return found if isinstance(found, dict) else {}


def _key(objects: Any, user: str, usage: str) -> str | None:
    found = _of(objects, user)
    keys, uses = found.get("keys"), found.get("usage")
    if found.get("user_id") != user or not isinstance(uses, list) or usage not in uses or not isinstance(keys, dict) or len(keys) != 1:
        return None
    name, public = next(iter(keys.items()))
    return public if isinstance(public, str) and name == f"ed25519:{public}" else None


def _device(user: str, name: str, value: Any, signing: str) -> Device | None:
    if not isinstance(value, dict) or value.get("user_id") != user or value.get("device_id") != name:
        return None
    keys = value.get("keys")
    if not isinstance(keys, dict):
        return None
    curve, ed = keys.get(f"curve25519:{name}"), keys.get(f"ed25519:{name}")
    if not isinstance(curve, str) or not isinstance(ed, str):
        return None
    # Signed by its owner's chain and by itself: the second proves that the device holds the key it publishes.
    if not is_signed(value, user, signing, signing) or not is_signed(value, user, name, ed):
        return None
    return Device(user, name, curve, ed)
