"""Connections to PostgreSQL: the engine, the lock against a second daemon, and the settings we rely on, read back."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import create_async_engine

from supportd.errors import ConfigurationError
from supportd.logs import get_logger
from supportd.store.errors import DatabaseAway, DatabaseLocked, NotDurable, is_lost, translate
from supportd.store.group import watch

if TYPE_CHECKING:
    from sqlalchemy.engine import URL
    from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

# The advisory lock's number within its database: "supportd" in ASCII.
_LOCK: Final = int.from_bytes(b"supportd", "big")
_PAUSE: Final = 0.05
_CONNECT_SECONDS: Final = 5
# Longer than any statement of ours; a server that says nothing for so long is as good as gone.
_COMMAND_SECONDS: Final = 60
# Settings that let the server forget what it confirmed when its machine loses power.
_UNSAFE: Final = ("fsync", "full_page_writes")

_log = get_logger(__name__)


def make_engine(address: URL, patience: float) -> AsyncEngine:
    """Return an engine for one writer and two readers; ``patience``: how long to wait for another session's lock, seconds."""
    engine = create_async_engine(
        address.set(drivername="postgresql+asyncpg"),
        pool_size=3,
        max_overflow=0,
        hide_parameters=True,
        isolation_level="READ COMMITTED",
        connect_args={
            "timeout": _CONNECT_SECONDS,
            "command_timeout": _COMMAND_SECONDS,
            "server_settings": {
                "application_name": "supportd",
                "lock_timeout": str(int(patience * 1000)),
                # Our statements are short; compiling them costs more than it saves.
                "jit": "off",
                # A daemon whose machine vanished must not keep the lock for the two hours that are the system's default.
                "tcp_keepalives_idle": "10",
                "tcp_keepalives_interval": "5",
                "tcp_keepalives_count": "3",
            },
        },
    )
    watch(engine.sync_engine)
    return engine


async def connect_writer(engine: AsyncEngine, *, patience: float = 0.0) -> AsyncConnection:
    """Return a connection that holds the store's lock and keeps what it confirms.

    Raises :class:`~supportd.store.errors.DatabaseLocked` while another session has the lock (for ``patience`` seconds it
    is asked for again: a killed daemon's session lives on for a moment), :class:`~supportd.store.errors.NotDurable`.
    """
    try:
        connection = await engine.connect()
    except (SQLAlchemyError, OSError) as error:
        raise (DatabaseAway() if is_lost(error) else translate(error)) from None
    try:
        await _lock(connection, patience)
        await _check(connection)
        await connection.commit()
    except BaseException as error:  # noqa: BLE001 - whatever it is, it is raised again as ours
        # Closing the session, rather than giving it back to the pool, lets go of the lock too.
        await connection.invalidate()
        await connection.close()
        raise (DatabaseAway() if is_lost(error) else translate(error)) from None
    return connection


async def _lock(connection: AsyncConnection, patience: float) -> None:
    clock = asyncio.get_running_loop().time
    deadline = clock() + patience
    while not (await connection.execute(text("SELECT pg_try_advisory_lock(:lock)"), {"lock": _LOCK})).scalar_one():
        if clock() > deadline:
            raise DatabaseLocked
        await asyncio.sleep(_PAUSE)


async def _check(connection: AsyncConnection) -> None:
    if await _setting(connection, "server_encoding") != "UTF8":
        raise ConfigurationError(problem="the PostgreSQL database is not in UTF-8: make it anew with ENCODING 'UTF8'")
    if await _setting(connection, "synchronous_commit") == "off":
        await connection.execute(text("SET synchronous_commit = on"))
        value = await _setting(connection, "synchronous_commit")
        if value != "on":
            raise NotDurable(setting="synchronous_commit", value=value)
    for name in _UNSAFE:
        if await _setting(connection, name) == "off":
            _log.warning("store.unsafe_setting_found", kind=name)


async def _setting(connection: AsyncConnection, name: str) -> str:
    return str((await connection.execute(text("SELECT current_setting(:name)"), {"name": name})).scalar_one())
