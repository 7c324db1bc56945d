"""Making or taking the three Matrix accounts for ``supportd init``."""

from __future__ import annotations

import getpass
import sys
import tomllib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from supportd.errors import ConfigurationError
from supportd.matrix.accounts import Login, log_in, register
from supportd.matrix.errors import Refused
from supportd.matrix.http import Api, path

if TYPE_CHECKING:
    import argparse
    from pathlib import Path

    from supportd.daemon.secrets import Secrets

#: Account -> the name it gets when we make it. Neutral: every member and the server can read it.
NAMES: Final = {"creator": "helper-rooms", "doorkeeper": "helper-door", "reader": "helper"}
#: Fixed for ever: a Matrix device that changes its id loses its keys and its transaction ids.
DEVICE: Final = "SUPPORTD"
#: What members see beside the bot's words.
DISPLAY_NAME: Final = "Helper"


@dataclass(frozen=True, slots=True)
class SignedIn:
    """The three sign-ins, and the reader's password where we know it (a homeserver may ask for it before it takes keys)."""

    logins: dict[str, Login]
    reader_password: str | None


async def sign_in_all(chosen: argparse.Namespace, base_url: str, server_name: str, secrets: Secrets) -> SignedIn:
    """Return the sign-ins of ``creator``, ``doorkeeper`` and ``reader``; accounts that we made before are taken up again."""
    names = ("reader",) if chosen.one_account else tuple(NAMES)
    if chosen.registration_secret_file is not None:
        passwords = {name: (NAMES[name], secrets.bytes_for(f"password {name}").hex()) for name in names}
        await _make(passwords, base_url, _secret(chosen.registration_secret_file))
    else:
        passwords = _passwords(chosen, names, server_name)
    found = {name: await log_in(base_url, user, password, DEVICE) for name, (user, password) in passwords.items()}
    for one in found.values():
        await _show_as(base_url, one, DISPLAY_NAME)
    return SignedIn({name: found.get(name, found["reader"]) for name in NAMES}, passwords["reader"][1])


async def _show_as(base_url: str, login: Login, name: str) -> None:
    api = Api(base_url, login.access_token)
    try:
        await api.put(path("profile", login.user_id, "displayname"), {"displayname": name})
    finally:
        await api.close()


async def _make(passwords: dict[str, tuple[str, str]], base_url: str, secret: str) -> None:
    for user, password in passwords.values():
        try:
            await register(base_url, secret, user, password)
        except Refused as refusal:
            # Made by an earlier try that was broken off; the password follows from the host key, so we can sign in.
            if refusal.code != "M_USER_IN_USE":
                raise


def _secret(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8").strip()
    except OSError:
        raise ConfigurationError(problem=f"the file {file} with the registration secret cannot be read") from None


def _passwords(chosen: argparse.Namespace, names: tuple[str, ...], server_name: str) -> dict[str, tuple[str, str]]:
    if chosen.accounts_file is not None:
        return from_file(chosen.accounts_file, names)
    if not sys.stdin.isatty():
        raise ConfigurationError(
            problem="no accounts were given: use --registration-secret-file to make them or --accounts-file to take them"
        )
    print(f"Three Matrix accounts are needed on {server_name}; their passwords are not kept.")
    given = {}
    for name in names:
        user = input(f"Matrix id of the account that is the {name}: ").strip()
        given[name] = (user, getpass.getpass("Its password: "))
    return given


def from_file(file: Path, names: tuple[str, ...]) -> dict[str, tuple[str, str]]:
    """Return the user and the password of each of ``names`` from a TOML file, or raise a sentence."""
    try:
        parsed = tomllib.loads(file.read_text(encoding="utf-8"))
        return {name: (str(parsed[name]["user"]), str(parsed[name]["password"])) for name in names}
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError):
        raise ConfigurationError(problem=f"the file {file} with the accounts cannot be read as TOML") from None
    except (KeyError, TypeError):
        wanted = ", ".join(f"[{name}] with user and password" for name in names)
        raise ConfigurationError(problem=f"the file {file} needs {wanted}") from None
