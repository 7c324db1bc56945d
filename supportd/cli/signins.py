"""The accounts' sign-ins during ``supportd restore``: which the homeserver still takes, and signing in anew by password."""

from __future__ import annotations

import getpass
import json
import sys
from dataclasses import asdict
from typing import TYPE_CHECKING, Final

from supportd.cli.accounts import from_file
from supportd.cli.recover import read
from supportd.errors import ConfigurationError
from supportd.matrix.accounts import Login, check_login, log_in
from supportd.matrix.errors import LoggedOut, Refused
from supportd.matrix.http import Api

if TYPE_CHECKING:
    import argparse
    from collections.abc import Mapping

    from supportd.config import Config
    from supportd.daemon.secrets import Secrets

#: In the order in which they are looked at; one account may stand for all three.
_NAMES: Final = ("reader", "creator", "doorkeeper")


class NoPassword(ConfigurationError):
    """The password of {user} is needed to sign it in again: name a file that holds it with --password-file."""


class WrongPassword(ConfigurationError):
    """The homeserver does not take this password of {user}: name a file that holds the right one with --password-file."""


class SignIns:
    """The three sign-ins of one installation."""

    def __init__(self, chosen: argparse.Namespace, config: Config, secrets: Secrets, held: Mapping[str, str]) -> None:
        """Take passwords from the files that ``chosen`` names; ``held``: what the recovery file has."""
        self._chosen = chosen
        self._config = config
        self._secrets = secrets
        self._held: dict[str, dict[str, str]] = json.loads(held["logins"])
        self._typed: dict[str, str] = {}

    def kept(self) -> dict[str, dict[str, str]]:
        """Return the sign-ins as they are kept now."""
        return self._secrets.read_logins(self._config.logins)

    @property
    def device(self) -> str:
        """The reader's device."""
        return self.kept()["reader"]["device_id"]

    async def mend(self) -> list[str]:
        """Sign in anew each account whose sign-in ended, on the device it had; return their names."""
        mended = []
        for name in self._distinct():
            one = self.kept()[name]
            if not await self._taken(name, one) and not await self._as_held(name, one):
                self.keep(await self.log_in(name, one["device_id"]))
                mended.append(name)
        return mended

    async def log_in(self, name: str, device: str) -> Login:
        """Sign the account ``name`` in on ``device`` by the password that is known, given, or typed."""
        user = self.kept()[name]["user_id"]
        for password in self._known(name):
            try:
                return await log_in(self._config.homeserver.url, user, password, device)
            except Refused:
                continue
        if self._given(name) is not None:
            raise WrongPassword(user=user)
        if not sys.stdin.isatty():
            raise NoPassword(user=user)
        self._typed[user] = getpass.getpass(f"The password of {user}: ")
        try:
            return await log_in(self._config.homeserver.url, user, self._typed[user], device)
        except Refused:
            raise WrongPassword(user=user) from None

    def keep(self, login: Login) -> None:
        """Keep ``login`` for every name under which its account stands."""
        new = {name: asdict(login) if one["user_id"] == login.user_id else one for name, one in self.kept().items()}
        self._secrets.write_logins(self._config.logins, new)

    def password(self) -> str:
        """Return the reader's password as far as it is known, for what the homeserver asks it again."""
        return self._known("reader")[0]

    def _distinct(self) -> tuple[str, ...]:
        names = {one["user_id"]: name for name, one in ((name, self.kept()[name]) for name in reversed(_NAMES))}
        return tuple(name for name in _NAMES if name in names.values())

    async def _taken(self, name: str, one: Mapping[str, str]) -> bool:
        login = Login(**one)
        api = Api(self._config.homeserver.url, login.access_token, account=name)
        try:
            await check_login(api, login)
        except LoggedOut:
            return False
        finally:
            await api.close()
        return True

    async def _as_held(self, name: str, one: Mapping[str, str]) -> bool:
        # A folder from a backup may be older than the recovery file.
        other = self._held.get(name, one)
        if other == one or other["user_id"] != one["user_id"] or not await self._taken(name, other):
            return False
        self.keep(Login(**other))
        return True

    def _known(self, name: str) -> list[str]:
        """Return the passwords to try: typed before, given in a file, or that of an account which supportd made itself."""
        typed, given = self._typed.get(self.kept()[name]["user_id"]), self._given(name)
        made = self._secrets.bytes_for(f"password {name}").hex()
        return [one for one in (typed, given, made) if one is not None]

    def _given(self, name: str) -> str | None:
        if self._chosen.accounts_file is not None:
            return from_file(self._chosen.accounts_file, self._distinct())[name][1]
        if self._chosen.password_file is not None:
            return read(self._chosen.password_file).decode(errors="replace").strip()
        return None
