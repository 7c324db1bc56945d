"""nio's store on an encrypted SQLite file, with three small tables of our own beside nio's."""

from __future__ import annotations

import fcntl
import os
import sqlite3
from typing import TYPE_CHECKING, Any, Final

from nio.store import MatrixStore
from nio.store.models import MegolmInboundSessions
from peewee import DatabaseError, SqliteDatabase
from sqlcipher3 import dbapi2 as cipher

from supportd.matrix.errors import StoreBusy, StoreUnreadable

if TYPE_CHECKING:
    from contextlib import AbstractContextManager
    from pathlib import Path

# Setting -> (what we say, what must come back): a room key lost to a power failure is lost for good, so FULL.
_SETTINGS: Final = (("journal_mode", "WAL", "wal"), ("synchronous", "FULL", 2), ("secure_delete", "ON", 1), ("foreign_keys", "ON", 1))

_TABLES: Final = (
    # The first master key of a person is pinned; another one waits in ``offered`` until a key member agrees.
    "CREATE TABLE IF NOT EXISTS supportd_pins (user TEXT PRIMARY KEY, master TEXT NOT NULL, offered TEXT) WITHOUT ROWID",
    # Rooms we made, so that a job repeated after its alias was dropped finds its room.
    "CREATE TABLE IF NOT EXISTS supportd_made (marker TEXT PRIMARY KEY, room TEXT NOT NULL) WITHOUT ROWID",
    # Which event used a message index: the same ciphertext under another event id is a replay.
    "CREATE TABLE IF NOT EXISTS supportd_used (session TEXT, number INTEGER, event TEXT NOT NULL, PRIMARY KEY (session, number))",
)


class _Database(SqliteDatabase):  # type: ignore[misc] # peewee has no types
    """peewee's SQLite database on SQLCipher, or on plain SQLite without a key."""

    def __init__(self, path: Path, key: bytes | None) -> None:
        self._supportd_key = key
        super().__init__(str(path))

    def _connect(self) -> Any:
        module: Any = sqlite3 if self._supportd_key is None else cipher
        raw = module.connect(self.database, timeout=5.0, isolation_level=None)
        try:
            if self._supportd_key is not None:
                _unlock(raw, self._supportd_key)
            raw.execute("SELECT count(*) FROM sqlite_master").fetchone()
            _configure(raw)
            self._add_conn_hooks(raw)
        except module.DatabaseError as error:
            raw.close()
            if isinstance(error, module.OperationalError):
                raise
            raise StoreUnreadable from None
        except BaseException:
            raw.close()
            raise
        return raw


def _unlock(raw: Any, key: bytes) -> None:
    # SQLCipher writes to standard error by itself when a key does not fit.
    raw.execute("PRAGMA cipher_log_level = NONE")
    raw.execute(f"PRAGMA key = \"x'{key.hex()}'\"")
    if raw.execute("PRAGMA cipher_version").fetchone() is None:
        # A library without a cipher ignores the key and would write everything in clear.
        raise StoreUnreadable


def _configure(raw: Any) -> None:
    for name, value, expected in _SETTINGS:
        raw.execute(f"PRAGMA {name} = {value}")
        if raw.execute(f"PRAGMA {name}").fetchone()[0] != expected:
            raise StoreUnreadable


class CryptoStore(MatrixStore):  # type: ignore[misc] # nio has no types
    """What nio keeps for one device, and our pins, made rooms and used message indexes.

    ``file_key``: 32 bytes for SQLCipher, ``None`` for a readable file. ``pickle_key``: 32 bytes under which nio seals its objects.
    """

    def __init__(self, user_id: str, device_id: str, folder: Path, *, file_key: bytes | None, pickle_key: bytes) -> None:
        """Open the store in ``folder``; raises :class:`StoreBusy` or :class:`StoreUnreadable`."""
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._path = folder / "crypto.db"
        self._file_key = file_key
        self._lock = _lock(folder / "lock")
        try:
            # SQLite gives its write-ahead log the mode of the file itself.
            os.close(os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
            super().__init__(user_id, device_id, str(folder), pickle_key.hex(), self._path.name)
            for table in _TABLES:
                self.database.execute_sql(table)
        except DatabaseError:
            self.close()
            raise StoreUnreadable from None
        except BaseException:
            self.close()
            raise

    def _create_database(self) -> _Database:
        return _Database(self._path, self._file_key)

    def close(self) -> None:
        """Close the file and let the lock go."""
        if getattr(self, "database", None) is not None and not self.database.is_closed():
            self.database.close()
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def transaction(self) -> AbstractContextManager[object]:
        """Return one transaction around everything done within; never wait for anything inside it."""
        return self.database.atomic()  # type: ignore[no-any-return]

    def save_inbound_group_session(self, session: Any) -> None:
        """Keep a room key; of two copies the one that opens more stays (nio would let the later one win)."""
        with self.database.bind_ctx(self.models):
            row = MegolmInboundSessions.get_or_none(MegolmInboundSessions.session_id == session.id)
            if row is None:
                super().save_inbound_group_session(session)
                return
            if row.sender_key == session.sender_key and row.room_id == session.room_id:
                row.session = session.pickle(self.pickle_key)
                row.save()

    # ---- our own tables ---------------------------------------------------------------------------------------------

    def pin(self, user: str) -> tuple[str, str | None] | None:
        """Return the pinned and the offered master key of ``user``."""
        row = self._one("SELECT master, offered FROM supportd_pins WHERE user = ?", user)
        return None if row is None else (row[0], row[1])

    def set_pin(self, user: str, master: str, offered: str | None) -> None:
        """Keep the pinned and the offered master key of ``user``."""
        self.database.execute_sql(
            "INSERT INTO supportd_pins VALUES (?, ?, ?)"
            " ON CONFLICT (user) DO UPDATE SET master = excluded.master, offered = excluded.offered",
            (user, master, offered),
        )

    def offers(self) -> int:
        """Return how many people have new keys that nobody agreed to yet."""
        row = self._one("SELECT count(*) FROM supportd_pins WHERE offered IS NOT NULL")
        return int(row[0]) if row else 0

    def made(self, marker: str) -> str | None:
        """Return the room that was made for ``marker``."""
        row = self._one("SELECT room FROM supportd_made WHERE marker = ?", marker)
        return None if row is None else str(row[0])

    def set_made(self, marker: str, room: str) -> None:
        """Keep which room was made for ``marker``."""
        self.database.execute_sql("INSERT OR IGNORE INTO supportd_made VALUES (?, ?)", (marker, room))

    def first_use(self, session: str, number: int, event: str) -> bool:
        """Tell whether message ``number`` of ``session`` is not yet taken by another event, and take it."""
        row = self._one("SELECT event FROM supportd_used WHERE session = ? AND number = ?", session, number)
        if row is None:
            self.database.execute_sql("INSERT INTO supportd_used VALUES (?, ?, ?)", (session, number, event))
            return True
        return bool(row[0] == event)

    def _one(self, sql: str, *values: object) -> Any:
        return self.database.execute_sql(sql, values).fetchone()


def _lock(path: Path) -> int | None:
    # Two processes on one store use the same one-time keys twice (matrix-nio#72).
    file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(file)
        raise StoreBusy from None
    return file
