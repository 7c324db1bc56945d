"""``supportd recover``: the words on the sheet open the recovery file; what it holds is put where it was."""

from __future__ import annotations

import getpass
import json
import os
import sys
from typing import TYPE_CHECKING

from supportd import recovery
from supportd.daemon.secrets import Secrets
from supportd.errors import ConfigurationError
from supportd.private import write_private
from supportd.store.sealing import HostKey, HostKeyThere

if TYPE_CHECKING:
    import argparse
    from collections.abc import Mapping
    from pathlib import Path


def recover(chosen: argparse.Namespace) -> int:
    """Write the host key, the sign-ins and the seeds of the bot's keys into the folder; never over a host key that is there."""
    os.umask(0o077)
    folder: Path = chosen.folder.absolute()
    if (folder / "host-key").exists():
        raise HostKeyThere(path=folder / "host-key")
    held = recovery.open_sealed(words_of(chosen), read(chosen.file))
    put_back(folder, held)
    missing = [name for name in ("supportd.toml", "store/supportd.db", "matrix/crypto.db") if not (folder / name).exists()]
    if chosen.json:
        print(json.dumps({"folder": str(folder), "missing": missing}))
        return 0
    print(f"The host key, the sign-ins and the seeds of the bot's keys are in {folder} again.")
    if missing:
        print(f"Still missing: {', '.join(missing)}. Put them back from a backup of the folder.")
    if (folder / "supportd.toml").exists():
        print(f"Next: supportd restore --file {chosen.file}, since keys from a backup are too old to go on with; then supportd check.")
    else:
        print(f"Then: supportd restore --file {chosen.file}, since keys from a backup are too old to go on with.")
    return 0


def put_back(folder: Path, held: Mapping[str, str]) -> None:
    """Write what the recovery file held into ``folder``; seeds that are there stay."""
    host = HostKey(bytes.fromhex(held["host_key"]))
    # The host key comes last: with it there, a second try would be refused.
    Secrets(host).write_logins(folder / "accounts.sealed", json.loads(held["logins"]))
    if not (folder / "matrix" / "seeds").exists():
        write_private(folder / "matrix" / "seeds", bytes.fromhex(held["seeds"]))
    write_private(folder / "host-key", host.key, mode=0o400)


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
