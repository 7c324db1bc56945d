"""``supportd restore``: the bot's keys are lost; the recovery sheet brings it back as the same person, on a new device.

The cross-signing keys stay what they were, so to members nothing looks like a stolen account. The lost device is signed out.
While it is under way a file lies beside the crypto store, and the daemon does not start: it would write the room keys of a store that has
none yet over those that are to be put back.
"""

from __future__ import annotations

import asyncio
import json
import os
import secrets as random
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final

from supportd import recovery
from supportd.cli.accounts import DEVICE
from supportd.cli.recover import installation, put_back, read, words_of
from supportd.cli.signins import SignIns
from supportd.config import load
from supportd.daemon.compose import matrix_settings, open_own_store
from supportd.daemon.reader import open_once, take_keys
from supportd.daemon.secrets import Secrets
from supportd.errors import ConfigurationError
from supportd.host.installed import InstalledPlugins
from supportd.matrix import keyfile
from supportd.matrix.accounts import Login, sign_out_device
from supportd.matrix.errors import KeyFileRefused, MatrixError, StoreLost, StoreUnreadable
from supportd.private import write_private
from supportd.store.sealing import HostKey

if TYPE_CHECKING:
    import argparse
    from pathlib import Path

    from supportd.config import Config
    from supportd.matrix.service import MatrixSettings

#: EX_IOERR of sysexits.h.
_NOT_WRITTEN: Final = 74


class AnotherInstallation(ConfigurationError):
    """The host key in {path} is not the one in the recovery file: take the recovery file of this installation."""


@dataclass(slots=True)
class Done:
    """What a restoring did."""

    #: The reader's device now, and the one it had.
    device: str = ""
    before: str = ""
    #: How many room keys were new here.
    room_keys: int = 0
    #: Whether there was a file with room keys, and where it lies now if it did not open.
    key_file: bool = True
    refused: str | None = None
    #: Accounts that were signed in anew.
    signed_in: list[str] = field(default_factory=list)
    #: Devices that could not be signed out.
    lost: list[str] = field(default_factory=list)
    #: Messages of which nobody knows whether they left.
    unsure: int = 0
    #: Whether the recovery file was written anew, and why it could not be.
    written: bool = False
    not_written: str | None = None

    def as_json(self) -> dict[str, Any]:
        """Return it as JSON types."""
        return {name: getattr(self, name) for name in self.__slots__} | {"left": bool(self.lost)}


def restore(chosen: argparse.Namespace) -> int:
    """Bring the bot back; what is sound stays as it is."""
    os.umask(0o077)
    folder = installation(chosen.folder)
    config, words = load(folder), words_of(chosen)
    held = recovery.open_sealed(words, read(chosen.file))
    if config.host_key.exists() and HostKey.load(config.host_key).key.hex() != held["host_key"]:
        raise AnotherInstallation(path=config.host_key)
    put_back(folder, held)
    done = asyncio.run(_Restoring(chosen, config, held, words).run())
    print(json.dumps(done.as_json()) if chosen.json else _report(done, chosen.file))
    return _NOT_WRITTEN if done.not_written else 0


def _report(done: Done, file: Path) -> str:
    new = done.device != done.before
    back = f"The bot is back on the new device {done.device}, with the identity it had."
    lines = [back if new else "The bot's keys are sound and stay as they are."]
    if done.signed_in:
        lines.append(f"Signed in again: {', '.join(done.signed_in)}.")
    lines += _about_room_keys(done, new=new)
    if done.lost:
        lines.append(f"The lost device {', '.join(done.lost)} could not be signed out: give this command again with --password-file.")
    if done.unsure:
        lines.append(f"{done.unsure} messages may or may not have been sent before; the key members are asked.")
    if done.written:
        lines.append("The recovery file was written anew, for the same words: copy it to its other place again.")
    if done.not_written:
        again = "copy it to a place that can be written, and give this command once more with that copy"
        lines.append(f"The recovery file {file} could not be written anew ({done.not_written}): {again}.")
    return "\n".join([*lines, "Next: supportd check, then supportd run."])


def _about_room_keys(done: Done, *, new: bool) -> list[str]:
    if done.refused:
        where = f"It lies at {done.refused} now, in case it belongs to another recovery file"
        return [f"The file with the room keys does not open, so none were put back. {where}."]
    if new and not done.key_file:
        return ["There was no file with room keys, so none were put back: what was written before may stay unread."]
    return [f"{done.room_keys} room keys were put back from the sealed file."] if done.room_keys else []


class _Restoring:
    """One restoring."""

    def __init__(self, chosen: argparse.Namespace, config: Config, held: dict[str, str], words: str) -> None:
        """Work on the installation of ``config`` with what the recovery file ``held``."""
        self.file: Path = chosen.file
        self.config, self.held, self.words = config, held, words
        self.secrets = Secrets(HostKey.load(config.host_key))
        self.signins = SignIns(chosen, config, self.secrets, held)
        self.marker = config.matrix / keyfile.RESTORING
        self.done = Done()

    async def run(self) -> Done:
        """Do it; every step may be broken off, a second run goes on."""
        done, lost = self.done, self._under_way()
        self._beside()
        done.signed_in = await self.signins.mend()
        device = self.signins.device
        done.before = lost[-1] if lost else device
        if device in lost or not await self._sound():
            await self._new_device([*(one for one in lost if one != device), device])
        done.device = self.signins.device
        self._take_keys()
        lost = self._lost()
        self.marker.unlink(missing_ok=True)
        done.lost = [one for one in lost if not await self._sign_out(one)]
        self._write_recovery()
        return done

    def _settings(self) -> MatrixSettings:
        return replace(matrix_settings(self.config, self.secrets), password=self.signins.password(), restoring=True)

    def _under_way(self) -> list[str]:
        """Return the devices that a restoring which was broken off had given up, the last one last."""
        return list(json.loads(self.marker.read_bytes())) if self.marker.exists() else []

    def _beside(self) -> None:
        """Put back what lies beside the store; a start without the folder made other seeds, which were never published."""
        path, seeds = self.config.matrix / "seeds", bytes.fromhex(self.held["seeds"])
        if path.read_bytes() != seeds:
            write_private(path, seeds)
        if "room_keys" in self.held:
            keyfile.put_public(self.config.matrix, bytes.fromhex(self.held["room_keys"]), over=True)

    async def _sound(self) -> bool:
        try:
            await open_once(self._settings())
        except (StoreLost, StoreUnreadable):
            return False
        return True

    async def _new_device(self, lost: list[str]) -> None:
        """Sign in on a device without keys; the lost one's stay where they are, under another name."""
        login = await self.signins.log_in("reader", f"{DEVICE}-{random.token_hex(3).upper()}")
        write_private(self.marker, json.dumps(lost).encode())
        await self._forget_certainty()
        self._move_away()
        self.signins.keep(login)
        await open_once(self._settings())

    def _move_away(self) -> None:
        # The file itself last: without its log it would look sound, and be an old copy.
        ending = _free(self.config.matrix, "crypto.db*", "lost")
        for path in sorted(self.config.matrix.glob("crypto.db*"), reverse=True):
            if ".lost" not in path.name:
                path.rename(path.with_name(f"{path.name}.{ending}"))

    async def _forget_certainty(self) -> None:
        # Transaction ids count for one device: what may have arrived must not go again by itself.
        plugins = InstalledPlugins.discover(allow_in_process=self.config.plugins.allow_in_process)
        store = await open_own_store(self.config, self.secrets, plugins)
        try:
            self.done.unsure = await store.transact(lambda uow: uow.outbox.unsure())
        finally:
            await store.close()

    def _take_keys(self) -> None:
        file = self.config.matrix / keyfile.FILE
        self.done.key_file = file.exists()
        if not file.exists():
            return
        try:
            found = keyfile.read(file, bytes.fromhex(self.held.get("room_keys", "")))
        except KeyFileRefused:
            # Out of the way of the daemon, which writes a new one.
            aside = file.with_name(f"{file.name}.{_free(self.config.matrix, f'{file.name}*', 'refused')}")
            self.done.refused = str(file.rename(aside))
            return
        self.done.room_keys = take_keys(self._settings(), found)

    def _lost(self) -> list[str]:
        """Return the devices to be signed out: of this restoring, of one before that could not, and of the recovery file."""
        held = json.loads(self.held["logins"])["reader"]["device_id"]
        found = dict.fromkeys([*self._under_way(), *json.loads(self.held.get("lost", "[]")), held])
        return [one for one in found if one != self.done.device]

    async def _sign_out(self, device: str) -> bool:
        settings = self._settings()
        login = Login(settings.reader.user_id, settings.reader.device_id, settings.reader.access_token)
        try:
            await sign_out_device(settings.base_url, login, device, settings.password)
        except MatrixError:
            return False
        return True

    def _write_recovery(self) -> None:
        """Write the recovery file anew where its sign-ins are no longer these, or a lost device waits to be signed out."""
        logins, lost = self.signins.kept(), self.done.lost
        if json.loads(self.held["logins"]) == logins and json.loads(self.held.get("lost", "[]")) == lost:
            return
        held = {**self.held, "logins": json.dumps(logins), "lost": json.dumps(lost)}
        try:
            write_private(self.file, recovery.seal(self.words, held), mode=0o400)
        except OSError as error:
            self.done.not_written = error.strerror or type(error).__name__
        else:
            self.done.written = True


def _free(folder: Path, pattern: str, ending: str) -> str:
    """Return ``ending``, with a number where files of an earlier time have it already."""
    taken = {path.suffix for path in folder.glob(pattern)}
    numbered = (ending if number == 1 else f"{ending}{number}" for number in range(1, len(taken) + 2))
    return next(one for one in numbered if f".{one}" not in taken)
