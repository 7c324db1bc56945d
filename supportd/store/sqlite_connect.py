"""Connections to an SQLite file: key first, then every setting we rely on, each read back."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING, Any, Final, cast

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from sqlalchemy import create_engine, event
from sqlalchemy.pool import NullPool

from supportd.store.errors import DatabaseUnreadable, NotDurable, translate
from supportd.store.group import watch

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from types import ModuleType

    from sqlalchemy.engine import Connection, Engine

# Setting -> (what we say, what must come back). secure_delete=FAST and OFF leave deleted rows in the file.
_SETTINGS: Final[tuple[tuple[str, str, object], ...]] = (
    ("journal_mode", "WAL", "wal"),
    ("synchronous", "FULL", 2),
    ("secure_delete", "ON", 1),
    ("foreign_keys", "ON", 1),
    ("mmap_size", "0", 0),
    ("temp_store", "MEMORY", 2),
    ("trusted_schema", "OFF", 0),
)


def file_key(host_key: bytes) -> bytes:
    """Return the 32 bytes that encrypt the whole file, derived from the host key."""
    return HKDF(hashes.SHA256(), 32, salt=None, info=b"supportd sqlite file").derive(host_key)


def connect(path: Path, *, key: bytes | None, busy_seconds: float, begin: str) -> tuple[Engine, Connection]:
    """Open ``path`` once; each transaction starts with ``begin``.

    ``key``: 32 bytes, or ``None`` for a readable file. Raises :class:`~supportd.store.errors.DatabaseUnreadable` for a
    wrong key or a file that is no database, :class:`~supportd.store.errors.NotDurable` where a setting did not take.
    """
    module = _driver(key)
    engine = create_engine(
        "sqlite://",
        module=module,
        creator=_creator(module, path, key, busy_seconds),
        poolclass=NullPool,
        hide_parameters=True,
    )

    @event.listens_for(engine, "begin")
    def start(connection: Connection) -> None:
        connection.exec_driver_sql(begin)

    del start
    watch(engine, path=str(path))
    try:
        connection = engine.connect()
    except BaseException as error:  # noqa: BLE001 - whatever it is, it is raised again as ours
        engine.dispose()
        raise translate(error, path=str(path)) from None
    return engine, connection


def _driver(key: bytes | None) -> ModuleType:
    if key is None:
        return sqlite3
    from sqlcipher3 import dbapi2  # noqa: PLC0415 - a readable store needs no cipher library

    return cast("ModuleType", dbapi2)


def _creator(module: ModuleType, path: Path, key: bytes | None, busy_seconds: float) -> Callable[[], Any]:
    def create() -> Any:
        # Without isolation_level=None the driver would begin and commit behind our back, above all around DDL.
        raw = module.connect(str(path), isolation_level=None, check_same_thread=False, timeout=busy_seconds)
        try:
            if key is not None:
                _unlock(raw, path, key)
            raw.execute("SELECT count(*) FROM sqlite_master").fetchone()
            _configure(raw)
        except module.DatabaseError as error:
            raw.close()
            if isinstance(error, module.OperationalError):
                raise
            raise DatabaseUnreadable(path=path) from None
        except BaseException:
            raw.close()
            raise
        return raw

    return create


def _unlock(raw: Any, path: Path, key: bytes) -> None:
    # SQLCipher writes to standard error by itself when a key does not fit.
    raw.execute("PRAGMA cipher_log_level = NONE")
    raw.execute(f"PRAGMA key = \"x'{key.hex()}'\"")
    if raw.execute("PRAGMA cipher_version").fetchone() is None:
        # A library without a cipher ignores the key and would write everything in clear.
        raise DatabaseUnreadable(path=path)


def _configure(raw: Any) -> None:
    for name, value, expected in _SETTINGS:
        raw.execute(f"PRAGMA {name} = {value}")
        found = raw.execute(f"PRAGMA {name}").fetchone()
        # A build without memory mapping answers nothing, which is as good as 0.
        if found is not None and found[0] != expected:
            raise NotDurable(setting=name, value=found[0])
