"""Publishing our device's keys: each one-time key is offered at most once, a fallback key stays good until its successor is there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from supportd.logs import get_logger
from supportd.matrix.http import path
from supportd.matrix.withheld import MEGOLM

if TYPE_CHECKING:
    from supportd.matrix.http import Api
    from supportd.matrix.machine import Machine

log = get_logger(__name__)


async def upload(machine: Machine, api: Api, *, count: int = 0, fallback: bool = True) -> None:
    """Publish device keys, a fallback key if asked, and one-time keys up to full (``count`` are there); raises what :class:`Api` raises."""
    if fallback or _fallback_keys(machine) or not machine.uploaded:
        await _fallback(machine, api, wanted=fallback)
    # A server may say anything; more than an account can hold is never made.
    missing = machine.olm.account.max_one_time_keys - max(count, 0)
    if missing > 0:
        await _one_time(machine, api, missing)
    log.info("keys.uploaded", account=api.account, count=max(missing, 0))


async def _fallback(machine: Machine, api: Api, *, wanted: bool) -> None:
    """Publish the device's own keys and a fallback key.

    One whose upload failed is published before another is made: the account keeps no more than two, and the server may still hand out the
    earlier one.
    """
    olm = machine.olm
    if wanted and not _fallback_keys(machine):
        with machine.store.transaction():
            olm.account._account.generate_fallback_key()  # noqa: SLF001 - nio has no call for it (matrix.md 1.5)
            # On the disk before it is published: a key whose private half is lost would make messages unreadable.
            olm.save_account()
    keys = _signed_keys(machine, _fallback_keys(machine), fallback=True)
    await api.post(path("keys", "upload"), {"device_keys": device_keys(machine), "fallback_keys": keys})
    with machine.store.transaction():
        olm.account.shared = True
        olm.mark_keys_as_published()
        olm.save_account()


async def _one_time(machine: Machine, api: Api, missing: int) -> None:
    """Publish new one-time keys.

    They count as published before the server has them: after a lost answer nobody knows whether it took them, and a key given to two people
    makes the second one's message unreadable. Keys that never arrived are only wasted.
    """
    olm = machine.olm
    with machine.store.transaction():
        olm.account.generate_one_time_keys(missing)
        keys = _signed_keys(machine, dict(olm.account.one_time_keys["curve25519"]))
        olm.mark_keys_as_published()
        olm.save_account()
    await api.post(path("keys", "upload"), {"one_time_keys": keys})


def _fallback_keys(machine: Machine) -> dict[str, str]:
    found = machine.olm.account._account.fallback_key  # noqa: SLF001 - as above
    return {str(name): key if isinstance(key, str) else key.to_base64() for name, key in found.items()}


def device_keys(machine: Machine) -> dict[str, Any]:
    """Return our device as it is published, signed by itself (specification, "DeviceKeys")."""
    curve, ed = machine.identity
    keys = {
        "algorithms": ["m.olm.v1.curve25519-aes-sha2", MEGOLM],
        "device_id": machine.device_id,
        "user_id": machine.user_id,
        "keys": {f"curve25519:{machine.device_id}": curve, f"ed25519:{machine.device_id}": ed},
    }
    return _signed(machine, keys)


def _signed_keys(machine: Machine, keys: dict[str, str], *, fallback: bool = False) -> dict[str, Any]:
    mark = {"fallback": True} if fallback else {}
    return {f"signed_curve25519:{name}": _signed(machine, {"key": key, **mark}) for name, key in keys.items()}


def _signed(machine: Machine, value: dict[str, Any]) -> dict[str, Any]:
    return {**value, "signatures": {machine.user_id: {f"ed25519:{machine.device_id}": machine.olm.sign_json(value)}}}
