"""The files beside an SQLite database: a lock against a second daemon, and a reserve for the day the disk is full."""

from __future__ import annotations

import fcntl
import os
from typing import TYPE_CHECKING, Final

from supportd.errors import ConfigurationError
from supportd.store.errors import StoreInUse

if TYPE_CHECKING:
    from pathlib import Path

#: Bytes kept back for deleting when the disk is full.
RESERVE: Final = 1024 * 1024

_PRIVATE: Final = 0o600


def make_private(path: Path) -> None:
    """Make sure that ``path`` is a file which only its owner may read; what SQLite puts beside it gets the same mode."""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, _PRIVATE))
        path.chmod(_PRIVATE)
    except OSError as error:
        raise ConfigurationError(problem=f"the store {path} cannot be opened ({error.strerror})") from error


class Lock:
    """Keeps a second daemon out of a store for as long as this process lives, however it ends."""

    def __init__(self, path: Path) -> None:
        """Take the lock at ``path`` or raise :class:`~supportd.store.errors.StoreInUse`."""
        make_private(path)
        self._file = os.open(path, os.O_RDWR | os.O_CLOEXEC)
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(self._file)
            raise StoreInUse from error

    def release(self) -> None:
        """Let the next daemon in. The file stays: removing it would let two daemons hold two locks of one name."""
        os.close(self._file)


class Reserve:
    """Space on the disk that can be given up once, so that a full store can still delete."""

    def __init__(self, path: Path) -> None:
        """Keep the reserve at ``path``."""
        self._path = path

    def make(self) -> bool:
        """Take the space unless it is taken already; tell whether the reserve is there."""
        if self._path.exists():
            return True
        partial = self._path.with_name(self._path.name + ".new")
        try:
            with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, _PRIVATE), "wb") as file:
                os.posix_fallocate(file.fileno(), 0, RESERVE)
            partial.rename(self._path)
        except OSError:
            partial.unlink(missing_ok=True)
            return False
        return True

    def give_up(self) -> bool:
        """Free the space; tell whether there was any."""
        try:
            self._path.unlink()
        except FileNotFoundError:
            return False
        return True
