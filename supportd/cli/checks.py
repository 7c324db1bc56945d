"""The single checks of ``supportd check``."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final, Literal

from supportd.daemon.compose import open_own_store
from supportd.daemon.control import NoDaemon, Request, ask
from supportd.daemon.health import power_problems
from supportd.daemon.reader import open_once
from supportd.errors import SupportdError
from supportd.host.installed import InstalledPlugins
from supportd.matrix import keyfile
from supportd.matrix.accounts import check_login, server_facts
from supportd.matrix.errors import StoreBusy
from supportd.matrix.http import Api

if TYPE_CHECKING:
    from supportd.config import Config
    from supportd.daemon.secrets import Secrets
    from supportd.matrix.service import MatrixSettings

#: EX_CONFIG of sysexits.h.
CONFIGURATION: Final = 78
#: Seconds by which clocks may differ before timers and signatures suffer.
MOST_SKEW: Final = 30.0


@dataclass(frozen=True, slots=True)
class Found:
    """What one check says; ``unknown``: it could not be made from here."""

    name: str
    state: Literal["ok", "wrong", "unknown"]
    sentence: str


def well(name: str, sentence: str) -> Found:
    """Return that all is well."""
    return Found(name, "ok", sentence)


def wrong(name: str, sentence: str | SupportdError) -> Found:
    """Return what is wrong."""
    return Found(name, "wrong", str(sentence))


def permissions(config: Config) -> list[Found]:
    """Look whether others on the machine can read what is secret."""
    open_ones = [path.name for path in (config.host_key, config.logins, config.matrix) if path.exists() and path.stat().st_mode & 0o077]
    if open_ones:
        names = ", ".join(open_ones)
        return [wrong("permissions", f"Others on this machine can read {names}: run chmod -R go= {config.folder}.")]
    return [well("permissions", "Only the owner can read the secrets.")]


def room_keys(config: Config) -> Found:
    """Look whether room keys can be kept for a restore."""
    if keyfile.usable(config.matrix):
        return well("room keys", "They are kept for a restore.")
    path = config.matrix / keyfile.PUBLIC
    return wrong(
        "room keys", f"They are not kept, since {path} is missing: run supportd restore with the recovery sheet, which makes it again."
    )


async def homeserver(settings: MatrixSettings) -> list[Found]:
    """Look whether the homeserver answers and has what we need."""
    try:
        facts = await server_facts(settings.base_url, settings.reader.access_token)
    except SupportdError as error:
        advice = f"Check the address {settings.base_url} in supportd.toml and whether the homeserver runs."
        return [wrong("homeserver", f"{error} {advice}")]
    found = [well("homeserver", "It answers.")]
    if not facts.room_version_12:
        found.append(wrong("room version", "The homeserver knows no rooms of version 12: update it (Synapse 1.135 or later)."))
    if not facts.cross_signing:
        found.append(wrong("cross-signing", "The homeserver knows no cross-signing: update it."))
    if facts.clock_skew is not None and abs(facts.clock_skew) > MOST_SKEW:
        seconds = round(facts.clock_skew)
        found.append(
            wrong("clock", f"The clocks of this machine and the homeserver differ by {seconds} seconds: turn on time synchronisation.")
        )
    else:
        found.append(well("clock", "This machine and the homeserver agree."))
    return found


async def accounts(settings: MatrixSettings) -> list[Found]:
    """Look whether each account is still signed in as itself, and the reader's keys are ours."""
    found = []
    for name, login in (("creator", settings.creator), ("doorkeeper", settings.doorkeeper), ("reader", settings.reader)):
        api = Api(settings.base_url, login.access_token, account=name)
        try:
            await check_login(api, login)
            found.append(well(name, "It is signed in."))
        except SupportdError as error:
            found.append(wrong(name, error))
        finally:
            await api.close()
    try:
        await open_once(settings)
        found.append(well("cross-signing", "Members' apps trust the bot's device."))
    except StoreBusy:
        found.append(well("cross-signing", "The running daemon has checked its keys when it started."))
    except SupportdError as error:
        found.append(wrong("cross-signing", error))
    return found


async def store_or_daemon(config: Config, secrets: Secrets) -> list[Found]:
    """Ask the running daemon how it is; without one, open the store and look."""
    try:
        answer = ask(config.socket, Request(uuid.uuid4().hex, "", ("health",)))
    except NoDaemon:
        return [*await _store(config, secrets), Found("daemon", "unknown", "It is not running: start it with supportd run.")]
    except SupportdError as error:
        return [wrong("daemon", error)]
    problems = answer.data.get("problems", [])
    found = [wrong("power", str(one)) for one in problems] if isinstance(problems, list) else []
    found = found or [well("power", "The accounts have the power they need in every room.")]
    return [well("daemon", "It is running."), *found, *_not_written(config, failed=bool(answer.data.get("key_file_failed")))]


def _not_written(config: Config, *, failed: bool) -> list[Found]:
    if not failed:
        return []
    path = config.matrix / keyfile.FILE
    return [wrong("room keys", f"The daemon cannot write {path}: make room on the disk and see who may write there; a restore needs it.")]


async def _store(config: Config, secrets: Secrets) -> list[Found]:
    try:
        plugins = InstalledPlugins.discover(allow_in_process=config.plugins.allow_in_process)
        store = await open_own_store(config, secrets, plugins)
    except SupportdError as error:
        return [wrong("store", error)]
    try:
        problems = await store.read(lambda uow: power_problems(uow, datetime.now(UTC)))
    finally:
        await store.close()
    return [well("store", "It can be read."), *(wrong("power", one) for one in problems)]


async def limits(settings: MatrixSettings) -> Found:
    """Say whether the homeserver's rate limits bind us, as far as can be seen without being its admin."""
    api = Api(settings.base_url, settings.creator.access_token, account="creator")
    user = settings.reader.user_id
    try:
        await api.get(f"_synapse/admin/v1/users/{user}/override_ratelimit")
    except SupportdError:
        text = (
            "Whether the homeserver slows the bot down cannot be seen from here: ask its admin for override_ratelimit with"
            " messages_per_second 0 and burst_count 0 for the three accounts."
        )
        return Found("rate limits", "unknown", text)
    finally:
        await api.close()
    return wrong("rate limits", "The creator account is an admin of the homeserver, which it should not be: take that right away.")
