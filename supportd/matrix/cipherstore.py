"""nio's store on an encrypted SQLite file, with small tables of our own beside nio's."""

from __future__ import annotations

import fcntl
import os
import sqlite3
import time
from typing import TYPE_CHECKING, Any, Final

from nio.store import MatrixStore
from nio.store.models import MegolmInboundSessions
from peewee import DatabaseError, SqliteDatabase
from sqlcipher3 import dbapi2 as cipher

from supportd.matrix import twinkeys
from supportd.matrix.errors import StoreBusy, StoreUnreadable
from supportd.matrix.keyrows import TABLES, KeyRows
from supportd.matrix.newdevices import TABLES as DEVICE_TABLES
from supportd.matrix.newdevices import DeviceRows

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from contextlib import AbstractContextManager
    from pathlib import Path

# Setting -> (what we say, what must come back): a room key lost to a power failure is lost for good, so FULL.
_SETTINGS: Final = (("journal_mode", "WAL", "wal"), ("synchronous", "FULL", 2), ("secure_delete", "ON", 1), ("foreign_keys", "ON", 1))

# As nio writes it. Its own way binds all its models anew for each statement, which takes ten times as long as the statement.
_MOMENT: Final = "%Y-%m-%d %H:%M:%S.%f"

_NEW_ROOM_KEY: Final = """
    INSERT INTO megolminboundsessions (sender_key, account_id, fp_key, room_id, session, session_id) VALUES (?, ?, ?, ?, ?, ?)"""
_OLM_SESSION: Final = """
    REPLACE INTO olmsessions (creation_time, last_usage_date, sender_key, account_id, session, session_id) VALUES (?, ?, ?, ?, ?, ?)"""

_TABLES: Final = (
    # The first master key of a person is pinned; another one waits in ``offered`` until a key member agrees.
    # One that was refused stands in ``declined`` and is not asked about again.
    "CREATE TABLE IF NOT EXISTS supportd_pins (user TEXT PRIMARY KEY, master TEXT NOT NULL, offered TEXT, declined TEXT) WITHOUT ROWID",
    # Rooms we made, so that a job repeated after its alias was dropped finds its room.
    "CREATE TABLE IF NOT EXISTS supportd_made (marker TEXT PRIMARY KEY, room TEXT NOT NULL) WITHOUT ROWID",
    # How often this store has moved on; the homeserver keeps the number too.
    "CREATE TABLE IF NOT EXISTS supportd_generation (id INTEGER PRIMARY KEY CHECK (id = 1), count INTEGER NOT NULL)",
    *TABLES,
    *twinkeys.TABLES,
    *DEVICE_TABLES,
)
# Tables of earlier versions get what they lack.
_COLUMNS: Final = (("supportd_used", "at", "REAL NOT NULL DEFAULT 0"), ("supportd_pins", "declined", "TEXT"))


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
    """What nio keeps for one device, our pins and made rooms; ``keys``: what we note of each room key, ``devices``: who has which.

    ``file_key``: 32 bytes for SQLCipher, ``None`` for a readable file. ``pickle_key``: 32 bytes under which nio seals its objects.
    """

    def __init__(
        self,
        user_id: str,
        device_id: str,
        folder: Path,
        *,
        file_key: bytes | None,
        pickle_key: bytes,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """Open the store in ``folder``; raises :class:`StoreBusy` or :class:`StoreUnreadable`. ``clock``: seconds since 1970."""
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
            self._add_columns()
            self.keys = KeyRows(self.database.execute_sql, clock)
            self.devices = DeviceRows(self.database.execute_sql, clock)
            #: People whose pinned master key is no longer the published one.
            self.distrusted = self._load_distrusted()
        except DatabaseError:
            self.close()
            raise StoreUnreadable from None
        except BaseException:
            self.close()
            raise

    def _create_database(self) -> _Database:
        return _Database(self._path, self._file_key)

    def _add_columns(self) -> None:
        for table, column, what in _COLUMNS:
            if all(row[1] != column for row in self.database.execute_sql(f"PRAGMA table_info({table})").fetchall()):
                self.database.execute_sql(f"ALTER TABLE {table} ADD COLUMN {column} {what}")

    def _load_distrusted(self) -> set[str]:
        return {row[0] for row in self.database.execute_sql("SELECT user FROM supportd_pins WHERE offered IS NOT NULL").fetchall()}

    def checkpoint(self) -> None:
        """Write everything into the file itself and empty the log in front of it."""
        self.database.execute_sql("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()

    def close(self) -> None:
        """Close the file and let the lock go."""
        lock, self._lock = self._lock, None
        try:
            if getattr(self, "database", None) is not None and not self.database.is_closed():
                self.database.close()
        finally:
            if lock is not None:
                os.close(lock)

    def of_another_device(self) -> bool:
        """Tell whether this file was made for another device of ours, and by no restore for this one."""
        sql = "SELECT count(*), sum(user_id = ? AND device_id = ?) FROM accounts"
        devices, ours = self._one(sql, self.user_id, self.device_id)
        return bool(devices) and not ours

    def transaction(self) -> AbstractContextManager[object]:
        """Return one transaction around everything done within; never wait for anything inside it."""
        return self.database.atomic()  # type: ignore[no-any-return]

    def load_inbound_group_sessions(self) -> Any:
        """Return nio's store of all room keys, also those of which nio keeps one only."""
        found = super().load_inbound_group_sessions()
        for session in twinkeys.load(self.database.execute_sql, self.pickle_key):
            found.add(session)
        return found

    def save_inbound_group_session(self, session: Any) -> None:
        """Keep a room key as it is now; a key of the same id that somebody else holds up stays beside it."""
        row = self._one("SELECT sender_key, room_id FROM megolminboundsessions WHERE session_id = ?", session.id)
        if row is None and session.forwarding_chain:
            super().save_inbound_group_session(session)
        elif row is None:
            self.database.execute_sql(
                _NEW_ROOM_KEY,
                (session.sender_key, self._account_id, session.ed25519, session.room_id, session.pickle(self.pickle_key), session.id),
            )
        elif tuple(row) == (session.sender_key, session.room_id):
            sql = "UPDATE megolminboundsessions SET session = ? WHERE session_id = ?"
            self.database.execute_sql(sql, (session.pickle(self.pickle_key), session.id))
        else:
            twinkeys.save(self.database.execute_sql, session, self.pickle_key)
        self.keys.arrive(session.id)

    def save_session(self, curve_key: str, session: Any) -> None:
        """Keep an Olm session as it is now."""
        self.database.execute_sql(
            _OLM_SESSION,
            (
                *(moment.strftime(_MOMENT) for moment in (session.creation_time, session.use_time)),
                *(curve_key, self._account_id, session.pickle(self.pickle_key), session.id),
            ),
        )

    @property
    def _account_id(self) -> int:
        return int(self._one("SELECT id FROM accounts WHERE user_id = ? AND device_id = ?", self.user_id, self.device_id)[0])

    def drop_inbound_group_session(self, session: Any) -> None:
        """Delete a room key, and everything noted about it unless somebody else holds up the same one."""
        with self.database.bind_ctx(self.models):
            same = (MegolmInboundSessions.session_id == session.id) & (MegolmInboundSessions.sender_key == session.sender_key)
            MegolmInboundSessions.delete().where(same & (MegolmInboundSessions.room_id == session.room_id)).execute()
            left = MegolmInboundSessions.get_or_none(MegolmInboundSessions.session_id == session.id)
        if not twinkeys.drop(self.database.execute_sql, session) and left is None:
            self.keys.drop([session.id])

    # ---- our own tables ---------------------------------------------------------------------------------------------

    def pin(self, user: str) -> tuple[str, str | None] | None:
        """Return the pinned and the offered master key of ``user``."""
        row = self._one("SELECT master, offered FROM supportd_pins WHERE user = ?", user)
        return None if row is None else (row[0], row[1])

    def set_pin(self, user: str, master: str, offered: str | None) -> None:
        """Keep the pinned and the offered master key of ``user``."""
        self.database.execute_sql(
            "INSERT INTO supportd_pins (user, master, offered) VALUES (?, ?, ?)"
            " ON CONFLICT (user) DO UPDATE SET master = excluded.master, offered = excluded.offered",
            (user, master, offered),
        )
        (self.distrusted.discard if offered is None else self.distrusted.add)(user)

    def pins(self) -> list[list[str | None]]:
        """Return all pins as JSON types: user, pinned, offered and declined master key."""
        sql = "SELECT user, master, offered, declined FROM supportd_pins ORDER BY user"
        return [list(row) for row in self.database.execute_sql(sql).fetchall()]

    def take_pins(self, rows: Iterable[Iterable[str | None]]) -> None:
        """Keep what :meth:`pins` returned elsewhere; what is known here stays."""
        sql = "INSERT OR IGNORE INTO supportd_pins (user, master, offered, declined) VALUES (?, ?, ?, ?)"
        for row in rows:
            self.database.execute_sql(sql, tuple(row))
        self.distrusted = self._load_distrusted()

    def decline(self, user: str) -> None:
        """Keep that the offered master key of ``user`` was refused."""
        self.database.execute_sql("UPDATE supportd_pins SET declined = offered WHERE user = ?", (user,))

    def offered(self) -> dict[str, str]:
        """Return people with a new master key on which nobody has decided yet, and that key."""
        sql = "SELECT user, offered FROM supportd_pins WHERE offered IS NOT NULL AND offered IS NOT declined"
        return dict(self.database.execute_sql(sql).fetchall())

    def made(self, marker: str) -> str | None:
        """Return the room that was made for ``marker``."""
        row = self._one("SELECT room FROM supportd_made WHERE marker = ?", marker)
        return None if row is None else str(row[0])

    def set_made(self, marker: str, room: str) -> None:
        """Keep which room was made for ``marker``."""
        self.database.execute_sql("INSERT OR IGNORE INTO supportd_made VALUES (?, ?)", (marker, room))

    def generation(self) -> int:
        """Return how often this store has moved on."""
        row = self._one("SELECT count FROM supportd_generation")
        return 0 if row is None else int(row[0])

    def advance(self) -> int:
        """Move on and return how often that was."""
        sql = "INSERT INTO supportd_generation VALUES (1, 1) ON CONFLICT (id) DO UPDATE SET count = count + 1"
        self.database.execute_sql(sql)
        return self.generation()

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
