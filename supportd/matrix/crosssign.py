"""Our own cross-signing: published once, checked at every start, never replaced silently (``matrix.md`` 1.1)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from supportd.logs import get_logger
from supportd.matrix import ownkeys
from supportd.matrix.chain import published
from supportd.matrix.errors import ForeignKeys, NeedsPassword, SignatureRefused, StoreLost
from supportd.matrix.http import path
from supportd.matrix.signing import is_signed, public_of

if TYPE_CHECKING:
    from supportd.matrix.accounts import Login
    from supportd.matrix.http import Api
    from supportd.matrix.machine import Machine
    from supportd.matrix.seeds import Seeds

log = get_logger(__name__)


async def stand_up(api: Api, login: Login, machine: Machine, seeds: Seeds, *, fresh: bool = False, password: str | None = None) -> None:
    """Bring our published keys to what they must be, or stop.

    Nothing published: device keys and seeds are uploaded. Signature missing: signed again. ``fresh``: the seeds were made just now,
    so other published keys mean that ours are lost. Raises :class:`ForeignKeys`,
    :class:`StoreLost`, :class:`NeedsPassword`, :class:`SignatureRefused`.
    """
    answer = await own_keys(api, login)
    device = own_device(answer, login)
    if device is not None and _keys_of(device, login) != machine.identity:
        # Keys of another account object: the store was lost and made anew, or somebody else's device took our id.
        raise ForeignKeys if machine.uploaded else StoreLost
    _check_masters(answer, login, seeds, fresh=fresh)
    if device is None or not machine.uploaded:
        await ownkeys.upload(machine, api)
        answer = await own_keys(api, login)
    if published(login.user_id, answer).self_signing is None:
        await upload(api, login, seeds, password)
        answer = await own_keys(api, login)
        _check_masters(answer, login, seeds, fresh=fresh)
    device = own_device(answer, login)
    if device is None:
        raise SignatureRefused
    signer = public_of(seeds.self_signing)
    if not is_signed(device, login.user_id, signer, signer):
        await sign(api, login, seeds, device)
        answer = await own_keys(api, login)
    if not any(one.id == login.device_id for one in published(login.user_id, answer).devices):
        raise SignatureRefused


async def own_keys(api: Api, login: Login) -> dict[str, Any]:
    """Return what the homeserver publishes of us."""
    return await api.post(path("keys", "query"), {"device_keys": {login.user_id: []}})


def own_device(answer: dict[str, Any], login: Login) -> dict[str, Any] | None:
    """Return our own device out of it."""
    devices = answer.get("device_keys")
    mine = devices.get(login.user_id) if isinstance(devices, dict) else None
    device = mine.get(login.device_id) if isinstance(mine, dict) else None
    return device if isinstance(device, dict) else None


def _keys_of(device: dict[str, Any], login: Login) -> tuple[object, object]:
    keys = device.get("keys")
    found = keys if isinstance(keys, dict) else {}
    return found.get(f"curve25519:{login.device_id}"), found.get(f"ed25519:{login.device_id}")


def _check_masters(answer: dict[str, Any], login: Login, seeds: Seeds, *, fresh: bool) -> None:
    for name, seed in (("master_keys", seeds.master), ("self_signing_keys", seeds.self_signing)):
        everybody = answer.get(name)
        mine = everybody.get(login.user_id) if isinstance(everybody, dict) else None
        keys = mine.get("keys") if isinstance(mine, dict) else None
        if isinstance(keys, dict) and public_of(seed) not in keys.values():
            raise StoreLost if fresh else ForeignKeys


async def upload(api: Api, login: Login, seeds: Seeds, password: str | None) -> None:
    """Publish the three keys; raises :class:`NeedsPassword` where other ones are there already and no password was given."""
    body = seeds.upload(login.user_id)
    where = path("keys", "device_signing", "upload")
    try:
        await api.post(where, body)
    except NeedsPassword as asked:
        if password is None or ("m.login.password",) not in asked.flows:
            raise
        auth = {
            "type": "m.login.password",
            "identifier": {"type": "m.id.user", "user": login.user_id},
            "password": password,
            "session": asked.session,
        }
        await api.post(where, {**body, "auth": auth})
    log.info("crosssign.uploaded", account=api.account)


async def sign(api: Api, login: Login, seeds: Seeds, device: dict[str, Any]) -> None:
    """Publish our signature of ``device``, our own device as the homeserver has it."""
    signed = seeds.sign_own_device(device, login.user_id)
    answer = await api.post(path("keys", "signatures", "upload"), {login.user_id: {login.device_id: signed}})
    # 200 even for a refused signature: only an empty list of failures is good.
    if answer.get("failures"):
        raise SignatureRefused
    log.info("crosssign.signed", account=api.account)
