"""Setting up accounts: register, sign in, lift limits, and what the homeserver can do."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from supportd.matrix.errors import NeedsPassword, ServerAway, WrongAccount
from supportd.matrix.http import Api, path
from supportd.matrix.shapes import objects


@dataclass(frozen=True, slots=True)
class Login:
    """Who an account is: it lasts as long as the installation, above all ``device_id`` (``matrix.md`` 1.1, step 1)."""

    user_id: str
    device_id: str
    access_token: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class ServerFacts:
    """What ``supportd check`` tells of a homeserver; ``clock_skew``: seconds the server's clock is ahead of ours."""

    versions: tuple[str, ...]
    room_version_12: bool
    cross_signing: bool
    clock_skew: float | None


async def log_in(base_url: str, username: str, password: str, device_id: str) -> Login:
    """Sign in by password on the device ``device_id`` and return the sign-in; an older sign-in of that device ends."""
    body = {
        "type": "m.login.password",
        "identifier": {"type": "m.id.user", "user": username},
        "password": password,
        "device_id": device_id,
        "initial_device_display_name": "supportd",
    }
    api = Api(base_url)
    try:
        answer = await api.post(path("login"), body)
    finally:
        await api.close()
    return _login(answer)


async def register(base_url: str, secret: str, username: str, password: str, *, admin: bool = False) -> None:
    """Make an account with the homeserver's ``registration_shared_secret`` (Synapse's admin API); nothing signs in by it."""
    where = "_synapse/admin/v1/register"
    api = Api(base_url)
    try:
        nonce = (await api.get(where)).get("nonce")
        if not isinstance(nonce, str):
            raise ServerAway
        text = "\0".join([nonce, username, password, "admin" if admin else "notadmin"])
        mac = hmac.new(secret.encode(), text.encode(), hashlib.sha1).hexdigest()
        body = {"nonce": nonce, "username": username, "password": password, "admin": admin, "mac": mac, "inhibit_login": True}
        await api.post(where, body)
    finally:
        await api.close()


async def sign_out_device(base_url: str, login: Login, device: str, password: str | None) -> None:
    """End a device of this account and delete its keys on the homeserver; nothing happens where it is gone already.

    Raises :class:`NeedsPassword` where the homeserver wants one and none was given, and what :class:`Api` raises.
    """
    api = Api(base_url, login.access_token, account="reader")
    try:
        there = (await api.get(path("devices"))).get("devices")
        if not any(one.get("device_id") == device for one in objects(there)):
            return
        try:
            await api.post(path("delete_devices"), {"devices": [device]})
        except NeedsPassword as asked:
            if password is None:
                raise
            identifier = {"type": "m.id.user", "user": login.user_id}
            auth = {"type": "m.login.password", "identifier": identifier, "password": password, "session": asked.session}
            await api.post(path("delete_devices"), {"devices": [device], "auth": auth})
    finally:
        await api.close()


async def lift_limits(base_url: str, admin_token: str, user_id: str) -> None:
    """Free an account of Synapse's rate limits; needs an admin's token (``override_ratelimit`` of the admin API)."""
    where = "/".join(["_synapse/admin/v1/users", path(user_id).rsplit("/", 1)[1], "override_ratelimit"])
    api = Api(base_url, admin_token, account="admin")
    try:
        await api.post(where, {"messages_per_second": 0, "burst_count": 0})
    finally:
        await api.close()


async def whoami(api: Api) -> tuple[str, str | None]:
    """Return the user and the device a token belongs to."""
    answer = await api.get(path("account", "whoami"))
    user, device = answer.get("user_id"), answer.get("device_id")
    if not isinstance(user, str):
        raise ServerAway
    return user, device if isinstance(device, str) else None


async def check_login(api: Api, login: Login) -> None:
    """Raise :class:`WrongAccount` unless the token is of this user and device."""
    if await whoami(api) != (login.user_id, login.device_id):
        raise WrongAccount(account=api.account)


async def server_facts(base_url: str, token: str) -> ServerFacts:
    """Ask a homeserver what it can do: features, not only versions (``matrix.md`` section 3)."""
    api = Api(base_url, token)
    try:
        versions = (await api.get("_matrix/client/versions")).get("versions")
        known = (await api.get(path("capabilities"))).get("capabilities")
        date = await api.date()
        answer = await api.post(path("keys", "query"), {"device_keys": {(await whoami(api))[0]: []}})
    finally:
        await api.close()
    rooms = known.get("m.room_versions") if isinstance(known, dict) else None
    available = rooms.get("available") if isinstance(rooms, dict) else None
    return ServerFacts(
        versions=tuple(str(version) for version in versions) if isinstance(versions, list) else (),
        room_version_12=isinstance(available, dict) and "12" in available,
        cross_signing="master_keys" in answer,
        clock_skew=skew_of(date),
    )


def skew_of(date: str | None) -> float | None:
    """Return how many seconds a server's clock is ahead of ours, by its ``Date`` header; ``None`` where it says nothing."""
    try:
        return (parsedate_to_datetime(date) - datetime.now(UTC)).total_seconds() if date else None
    except (ValueError, TypeError):
        return None


def _login(answer: dict[str, object]) -> Login:
    user, device, token = answer.get("user_id"), answer.get("device_id"), answer.get("access_token")
    if not isinstance(user, str) or not isinstance(device, str) or not isinstance(token, str):
        raise ServerAway
    return Login(user, device, token)
