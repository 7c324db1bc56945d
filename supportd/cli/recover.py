"""``supportd recover``: the words on the sheet open the recovery file; what it holds is put where it was."""

from __future__ import annotations

import getpass
import json
import os
import sys
from typing import TYPE_CHECKING

from supportd import recovery
from supportd.config import FILE
from supportd.daemon.secrets import Secrets
from supportd.errors import ConfigurationError, SupportdError
from supportd.matrix import keyfile
from supportd.private import write_private
from supportd.store.sealing import HostKey, HostKeyThere

if TYPE_CHECKING:
    import argparse
    from collections.abc import Mapping
    from pathlib import Path


class NoInstallation(ConfigurationError):
    """There is no supportd.toml in {folder}: put the last backup of the folder there, or name the right folder with --folder."""


class NotWritable(ConfigurationError):
    """The folder {folder} cannot be written ({problem}): give the command as the user whose folder it is, and make room on the disk."""


def recover(chosen: argparse.Namespace) -> int:
    """Write the host key, the sign-ins and the seeds of the bot's keys into the folder; never over a host key that is there."""
    os.umask(0o077)
    folder = installation(chosen.folder)
    if (folder / "host-key").exists():
        raise HostKeyThere(path=folder / "host-key")
    held = recovery.open_sealed(words_of(chosen), read(chosen.file))
    put_back(folder, held)
    missing = [name for name in ("store/supportd.db", "matrix/crypto.db") if not (folder / name).exists()]
    if chosen.json:
        print(json.dumps({"folder": str(folder), "missing": missing}))
        return 0
    print(f"The host key, the sign-ins and the seeds of the bot's keys are in {folder} again.")
    if missing:
        print(f"Still missing: {', '.join(missing)}. Put them back from a backup of the folder.")
    print(f"Next: supportd restore --file {chosen.file}, since keys from a backup are too old to go on with; then supportd check.")
    return 0


def installation(folder: Path) -> Path:
    """Return the absolute path of ``folder``, or raise before any secret is put into a folder that is none of ours."""
    found = folder.absolute()
    if not (found / FILE).exists():
        raise NoInstallation(folder=found)
    return found


def put_back(folder: Path, held: Mapping[str, str]) -> None:
    """Write what is missing in ``folder`` and the recovery file held; what is there and opens with its host key stays."""
    host = HostKey(bytes.fromhex(held["host_key"]))
    try:
        if not _open(Secrets(host), folder / "accounts.sealed"):
            Secrets(host).write_logins(folder / "accounts.sealed", json.loads(held["logins"]))
        if not (folder / "matrix" / "seeds").exists():
            write_private(folder / "matrix" / "seeds", bytes.fromhex(held["seeds"]))
        if "room_keys" in held:
            keyfile.put_public(folder / "matrix", bytes.fromhex(held["room_keys"]), over=False)
        # The host key comes last: with it there, a second recover would be refused.
        if not (folder / "host-key").exists():
            write_private(folder / "host-key", host.key, mode=0o400)
    except OSError as error:
        raise NotWritable(folder=folder, problem=error.strerror) from None


def _open(secrets: Secrets, logins: Path) -> bool:
    """Tell whether these sign-ins are there and open: they may be newer than those of the recovery file."""
    try:
        secrets.read_logins(logins)
    except SupportdError:
        return False
    return True


def words_of(chosen: argparse.Namespace) -> str:
    """Return the words on the sheet, from a file or typed."""
    if chosen.words_file is not None:
        return read(chosen.words_file).decode(errors="replace").strip()
    if not sys.stdin.isatty():
        raise ConfigurationError(problem="nobody is there to type the words of the sheet: name a file with them with --words-file")
    return getpass.getpass("The words on the recovery sheet: ")


def read(file: Path) -> bytes:
    """Return a file's bytes, or raise a sentence."""
    try:
        return file.read_bytes()
    except OSError as error:
        raise ConfigurationError(problem=f"the file {file} cannot be read ({error.strerror})") from None
