"""``supportd restore``: the bot's keys are lost; the recovery sheet brings it back as the same person, on a new device.

The cross-signing keys stay what they were, so to members nothing looks like a stolen account. The lost device is signed out.
"""

from __future__ import annotations

import asyncio
import getpass
import json
import os
import secrets as random
import sys
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

from supportd import recovery
from supportd.cli.accounts import DEVICE
from supportd.cli.recover import put_back, read, words_of
from supportd.config import load
from supportd.daemon.compose import matrix_settings, open_own_store
from supportd.daemon.reader import open_once, take_keys
from supportd.daemon.secrets import Secrets
from supportd.errors import ConfigurationError
from supportd.host.installed import InstalledPlugins
from supportd.matrix import keyfile
from supportd.matrix.accounts import Login, log_in, sign_out_device
from supportd.matrix.errors import LoggedOut, MatrixError, Refused, StoreLost, StoreUnreadable
from supportd.private import write_private
from supportd.store.sealing import HostKey

if TYPE_CHECKING:
    import argparse
    from pathlib import Path

    from supportd.config import Config
    from supportd.matrix.service import MatrixSettings


class AnotherInstallation(ConfigurationError):
    """The host key in {path} is not the one in the recovery file: take the recovery file of this installation."""


class NoPassword(ConfigurationError):
    """The password of {user} is needed to sign the bot in on a new device: name a file that holds it with --password-file."""


class WrongPassword(ConfigurationError):
    """The homeserver does not take this password of {user}: put the right one into the file named with --password-file."""


def restore(chosen: argparse.Namespace) -> int:
    """Bring the bot back; what is sound stays as it is."""
    os.umask(0o077)
    folder: Path = chosen.folder.absolute()
    words = words_of(chosen)
    held = recovery.open_sealed(words, read(chosen.file))
    if not (folder / "host-key").exists():
        put_back(folder, held)
    elif HostKey.load(folder / "host-key").key.hex() != held["host_key"]:
        raise AnotherInstallation(path=folder / "host-key")
    data = asyncio.run(_Restoring(chosen, load(folder), held, words).run())
    print(json.dumps(data) if chosen.json else _report(data))
    return 0


def _report(data: dict[str, Any]) -> str:
    new = data["device"] != data["before"]
    back = f"The bot is back on the new device {data['device']}, with the identity it had."
    lines = [back if new else "The bot's keys are sound and stay as they are."]
    if data["room_keys"]:
        lines.append(f"{data['room_keys']} room keys were put back from the sealed file.")
    if data["left"]:
        lines.append(f"The lost device {data['before']} could not be signed out: give this command again with --password-file.")
    if data["unsure"]:
        lines.append(f"{data['unsure']} messages may or may not have been sent before; the key members are asked.")
    if new:
        lines.append("The recovery file was written anew, for the same words: copy it to its other place again.")
    return "\n".join([*lines, "Next: supportd check, then supportd run."])


class _Restoring:
    """One restoring."""

    def __init__(self, chosen: argparse.Namespace, config: Config, held: dict[str, str], words: str) -> None:
        """Work on the installation of ``config`` with what the recovery file ``held``."""
        self.chosen, self.config, self.held, self.words = chosen, config, held, words
        self.secrets = Secrets(HostKey.load(config.host_key))
        self.unsure = 0

    async def run(self) -> dict[str, Any]:
        """Do it; every step may be broken off, a second run goes on."""
        before = json.loads(self.held["logins"])["reader"]["device_id"]
        self._seeds()
        try:
            await open_once(self._settings())
        except LoggedOut:
            # The sign-in ended, the keys may be here: the same device again.
            self._keep(await self._log_in(self._settings().reader.device_id))
            await self._once_more()
        except (StoreLost, StoreUnreadable):
            await self._new_device()
        count = self._take_keys()
        device = self._settings().reader.device_id
        left = device != before and not await self._sign_out(before)
        if device != before and not left:
            logins = json.dumps(self.secrets.read_logins(self.config.logins))
            write_private(self.chosen.file, recovery.seal(self.words, {**self.held, "logins": logins}), mode=0o400)
        return {"device": device, "before": before, "room_keys": count, "left": left, "unsure": self.unsure}

    def _settings(self) -> MatrixSettings:
        return replace(matrix_settings(self.config, self.secrets), password=self._password(ask=False))

    def _seeds(self) -> None:
        # A start without the folder made other ones, which were never published.
        path, seeds = self.config.matrix / "seeds", bytes.fromhex(self.held["seeds"])
        if not path.exists() or path.read_bytes() != seeds:
            write_private(path, seeds)

    async def _once_more(self) -> None:
        try:
            await open_once(self._settings())
        except (StoreLost, StoreUnreadable):
            await self._new_device()

    async def _new_device(self) -> None:
        """Sign in on a device without keys; the lost one's stay where they are, under another name."""
        login = await self._log_in(f"{DEVICE}-{random.token_hex(3).upper()}")
        await self._forget_certainty()
        self._keep(login)
        for path in self.config.matrix.glob("crypto.db*"):
            if ".lost" not in path.name:
                path.rename(path.with_name(f"{path.name}.lost"))
        await open_once(self._settings())

    async def _forget_certainty(self) -> None:
        # Transaction ids count for one device: what may have arrived must not go again by itself.
        plugins = InstalledPlugins.discover(allow_in_process=self.config.plugins.allow_in_process)
        store = await open_own_store(self.config, self.secrets, plugins)
        try:
            self.unsure = await store.transact(lambda uow: uow.outbox.unsure())
        finally:
            await store.close()

    async def _log_in(self, device: str) -> Login:
        user = self.secrets.read_logins(self.config.logins)["reader"]["user_id"]
        try:
            return await log_in(self.config.homeserver.url, user, self._password(ask=False) or "", device)
        except Refused:
            if self.chosen.password_file is not None:
                raise WrongPassword(user=user) from None
            return await log_in(self.config.homeserver.url, user, self._password(ask=True) or "", device)

    def _keep(self, login: Login) -> None:
        # One account may stand for all three.
        logins = self.secrets.read_logins(self.config.logins)
        new = {name: asdict(login) if one["user_id"] == login.user_id else one for name, one in logins.items()}
        self.secrets.write_logins(self.config.logins, new)

    def _password(self, *, ask: bool) -> str | None:
        if self.chosen.password_file is not None:
            return read(self.chosen.password_file).decode(errors="replace").strip()
        if not ask:
            # That of an account which supportd made itself.
            return self.secrets.bytes_for("password reader").hex()
        user = self.secrets.read_logins(self.config.logins)["reader"]["user_id"]
        if not sys.stdin.isatty():
            raise NoPassword(user=user)
        return getpass.getpass(f"The password of {user}: ")

    def _take_keys(self) -> int:
        file = self.config.matrix / keyfile.FILE
        if "room_keys" not in self.held or not file.exists():
            return 0
        found = keyfile.read(file, bytes.fromhex(self.held["room_keys"]))
        return take_keys(self._settings(), found)

    async def _sign_out(self, device: str) -> bool:
        settings = self._settings()
        login = Login(settings.reader.user_id, settings.reader.device_id, settings.reader.access_token)
        try:
            await sign_out_device(settings.base_url, login, device, settings.password)
        except MatrixError:
            return False
        return True
