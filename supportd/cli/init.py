"""``supportd init``: questions, accounts, keys, the first group, the recovery sheet; safe to give again after a failure."""

from __future__ import annotations

import asyncio
import json
import os
import re
import sys
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo, available_timezones

from supportd import recovery
from supportd.cli.accounts import sign_in_all
from supportd.config import FILE, Config, load, render
from supportd.daemon.compose import matrix_settings, open_own_store
from supportd.daemon.reader import open_once
from supportd.daemon.secrets import Secrets
from supportd.engine.unit import NewPerson
from supportd.errors import ConfigurationError
from supportd.host.installed import InstalledPlugins
from supportd.matrix import keyfile
from supportd.private import write_private
from supportd.sdk.facts import GroupStyle
from supportd.sdk.ids import GroupId, UserId
from supportd.store.sealing import HostKey

if TYPE_CHECKING:
    import argparse
    from pathlib import Path

    from supportd.engine.unit import UnitOfWork

_GROUP: Final = re.compile(r"[a-z0-9-]{1,40}")
_USER: Final = re.compile(r"@[^:\s]+:\S+")
_SHEET: Final = "recovery-sheet.txt"
_SEALED: Final = "recovery.sealed"


class WrongAnswer(ConfigurationError):
    """{problem}."""

    status = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """What an operator decides at the beginning."""

    homeserver: str
    server_name: str
    group: str
    group_name: str
    language: str
    zone: str
    admin: str
    admin_name: str


#: Key -> the question at a terminal, and the answer when there is nobody to ask (empty: it must be given).
_QUESTIONS: Final = {
    "homeserver": ("Address of the homeserver (for example https://matrix.example.org)", ""),
    "server_name": ("The part of Matrix ids behind the colon (for example example.org)", ""),
    "group": ("A short name for the group, for settings (for example thursday)", ""),
    "group_name": ("The group's name for its members; keep it neutral, the server can read it", ""),
    "language": ("Language of the group", "en"),
    "zone": ("Time zone of the group", "Europe/London"),
    "admin": ("Matrix id of the person who runs the group (for example @jo:example.org)", ""),
    "admin_name": ("What the group calls that person", ""),
}


def init(chosen: argparse.Namespace) -> int:
    """Set up the folder; what is there already is kept."""
    os.umask(0o077)
    answers = _collect(chosen)
    return asyncio.run(_init(chosen, answers))


def _collect(chosen: argparse.Namespace) -> Answers:
    values: dict[str, str] = {}
    for key, (question, default) in _QUESTIONS.items():
        given = getattr(chosen, key) or _ask(question, default)
        if not given:
            raise WrongAnswer(problem=f"--{key.replace('_', '-')} is needed: {question[:1].lower()}{question[1:]}")
        values[key] = given.strip()
    answers = Answers(**values)
    _check(answers)
    return answers


def _ask(question: str, default: str) -> str:
    if not sys.stdin.isatty():
        return default
    shown = f" [{default}]" if default else ""
    try:
        return input(f"{question}{shown}: ").strip() or default
    except EOFError:
        return default


def _check(answers: Answers) -> None:
    if not answers.homeserver.startswith(("http://", "https://")):
        raise WrongAnswer(problem="The homeserver's address starts with https:// (or http:// on this machine)")
    if not _GROUP.fullmatch(answers.group):
        raise WrongAnswer(problem="A group's short name has small letters, digits and hyphens only, at most 40")
    if not _USER.fullmatch(answers.admin):
        raise WrongAnswer(problem="A Matrix id looks like @jo:example.org")
    if answers.zone not in available_timezones():
        raise WrongAnswer(problem=f"{answers.zone} is no time zone: write one like Europe/London")


async def _init(chosen: argparse.Namespace, answers: Answers) -> int:
    folder, secrets = _folder(chosen.folder)
    reader_password = None
    if (folder / FILE).exists() and (folder / "accounts.sealed").exists():
        config = load(folder)
    else:
        signed = await sign_in_all(chosen, answers.homeserver, answers.server_name, secrets)
        reader_password = signed.reader_password
        config = _write_config(chosen, answers, folder, {name: one.user_id for name, one in signed.logins.items()})
        secrets.write_logins(config.logins, {name: asdict(one) for name, one in signed.logins.items()})
    await open_once(replace(matrix_settings(config, secrets), password=reader_password))
    await _begin_group(config, secrets, answers)
    words = _write_recovery(config, secrets, answers.group_name)
    _report(chosen, config, words=words)
    return 0


def _folder(given: Path) -> tuple[Path, Secrets]:
    """Make the folder and its host key unless they are there."""
    folder = given.absolute()
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigurationError(problem=f"the folder {folder} cannot be made ({error.strerror}); choose another with --folder") from None
    path = folder / "host-key"
    return folder, Secrets(HostKey.load(path) if path.exists() else HostKey.create(path))


def _write_config(chosen: argparse.Namespace, answers: Answers, folder: Path, accounts: dict[str, str]) -> Config:
    values: dict[str, dict[str, object]] = {
        "homeserver": {"url": answers.homeserver.rstrip("/"), "server_name": answers.server_name},
        "accounts": dict(accounts),
        "store": {"url": chosen.store, "cipher": not chosen.no_cipher},
        "web": {"host": "127.0.0.1", "port": chosen.port, "public_url": chosen.public_url},
        "plugins": {"allow_in_process": []},
    }
    write_private(folder / FILE, render(values).encode())
    return load(folder)


async def _begin_group(config: Config, secrets: Secrets, answers: Answers) -> None:
    now = datetime.now(UTC)
    group = GroupId(answers.group)
    style = GroupStyle(name=answers.group_name, language=answers.language, zone=ZoneInfo(answers.zone).key)
    admin = NewPerson(user=UserId(answers.admin), name=answers.admin_name, roles=frozenset({"member", "key_member", "admin", "owner"}))

    def work(uow: UnitOfWork) -> None:
        uow.groups.add(group, style, now)
        uow.people.add(group, admin, now)

    store = await open_own_store(config, secrets, InstalledPlugins.discover(allow_in_process=config.plugins.allow_in_process))
    try:
        await store.transact(work)
    finally:
        await store.close()


def _write_recovery(config: Config, secrets: Secrets, group_name: str) -> str | None:
    """Write the sealed file and the sheet; ``None`` when they are there already."""
    if (config.folder / _SEALED).exists():
        return None
    words = recovery.new_passphrase()
    private, public = keyfile.new_key()
    held = {
        "host_key": secrets.host_key.hex(),
        "logins": json.dumps(secrets.read_logins(config.logins)),
        "seeds": (config.matrix / "seeds").read_bytes().hex(),
        "room_keys": private.hex(),
    }
    write_private(config.matrix / keyfile.PUBLIC, public)
    write_private(config.folder / _SHEET, recovery.sheet(words, group=group_name, file=config.folder / _SEALED).encode(), mode=0o400)
    write_private(config.folder / _SEALED, recovery.seal(words, held), mode=0o400)
    return words


def _report(chosen: argparse.Namespace, config: Config, *, words: str | None) -> None:
    sheet = config.folder / _SHEET
    data = {"folder": str(config.folder), "recovery_sheet": str(sheet) if words else None}
    if chosen.json:
        print(json.dumps(data))
        return
    print(f"supportd is set up in {config.folder}.")
    if words:
        print(f"Print {sheet}, copy {_SEALED} to another place, then delete the sheet from this machine.")
    print("Next: supportd check, then supportd run.")
