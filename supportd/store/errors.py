"""What can go wrong with the store; foreign errors become ours here and nowhere else."""

from __future__ import annotations

import asyncio
from typing import Final

from sqlalchemy.exc import DBAPIError, IntegrityError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from supportd.errors import Fault, SupportdError


class StoreError(SupportdError):
    """The store could not do this; see the log for what came before and try again."""


class DiskFull(StoreError, Fault):
    """The disk is full and nothing was written: free some space on the disk that holds the store, and supportd goes on."""


class DatabaseLocked(StoreError, Fault):
    """Another program holds the database and did not let go in time: close database shells and backups, and supportd goes on."""


class DatabaseUnreadable(StoreError, Fault):
    """The database {path} cannot be read: put back the host key it was made with, or restore the database from a backup."""

    status = 78


class DatabaseFailed(StoreError, Fault):
    """The disk reported an error while the store was written: check the disk, then start supportd again."""

    #: EX_IOERR of sysexits.h: the service manager starts the daemon again, which reads everything anew.
    status = 74


class DatabaseAway(StoreError, Fault):
    """PostgreSQL does not answer and nothing was written: start it or check its address, and supportd goes on."""


class DatabaseRefused(StoreError, Fault):
    """PostgreSQL does not let supportd in: check the name, the password and the database in the store's address."""

    status = 78


class CommitUnknown(StoreError, Fault):
    """The connection broke while a commit was under way, so it may or may not be done: look by its key, then do it again."""


class StoreInUse(StoreError, Fault):
    """Another supportd uses this store: stop it first, or give this one a store of its own."""

    status = 78


class NotDurable(StoreError, Fault):
    """The database does not keep what it confirms ({setting} is {value}): change that setting, then start supportd again."""

    status = 78


class RowRefused(StoreError):
    """The database refused a row because of its rule {rule}: this is a mistake in the program, please report it."""


class ReadOnly(StoreError, Fault):
    """This piece of work may only read: a change must go through transact."""


class StoreClosed(StoreError, Fault):
    """The store is closed already: start supportd again."""


class UnfinishedWork(StoreError):
    """A piece of work left a transaction of its own open, or ended ours: this is a mistake in the program, please report it."""


class SchemaTooNew(StoreError):
    """The store was written by a newer supportd ({found} is not known here): install that version again, or restore a backup."""

    status = 78


class MigrationBroken(StoreError):
    """The migrations of {name} do not lead from {found} to one end: install the package again."""

    status = 78


# Primary result codes of https://www.sqlite.org/rescode.html.
_BUSY, _LOCKED, _READONLY, _IOERR, _CORRUPT, _FULL, _CANTOPEN, _NOTADB = 5, 6, 8, 10, 11, 13, 14, 26
# The index beside the log could not grow: on a full disk SQLite reports this instead of SQLITE_FULL.
_IOERR_SHMSIZE: Final = 4874

# SQLSTATE values and classes of https://www.postgresql.org/docs/15/errcodes-appendix.html.
_AGAIN: Final = frozenset({"40001", "40P01"})
# A prepared statement that a migration made stale; SQLAlchemy has dropped it by the time we hear of it.
_STALE: Final = "InvalidCachedStatementError"
_LOST: Final = frozenset({"57P01", "57P02", "57P03", "57P05", "25P03"})


def sqlstate(error: BaseException) -> str | None:
    """Return the five characters PostgreSQL gave, or ``None`` when the server did not say anything."""
    origin = error.orig if isinstance(error, DBAPIError) else error
    state = getattr(origin, "sqlstate", None)
    return state if isinstance(state, str) else None


def is_lost(error: BaseException) -> bool:
    """Tell whether the connection broke, so that what was sent last may or may not have been done."""
    if isinstance(error, DBAPIError):
        if error.connection_invalidated:
            return True
        state = sqlstate(error)
        if state is not None:
            return state in _LOST or state.startswith("08")
        return _is_connection_error(error.orig) or _is_connection_error(getattr(error.orig, "__cause__", None))
    return isinstance(error, DatabaseAway) or _is_connection_error(error)


def is_passing(error: BaseException) -> bool:
    """Tell whether the same transaction, run again from its start, may well succeed (deadlock, stale statement)."""
    return sqlstate(error) in _AGAIN or type(getattr(error, "orig", None)).__name__ == _STALE


def translate(error: BaseException, *, path: str = "", reading: bool = False) -> BaseException:
    """Return our error for one of SQLAlchemy or a driver; any other error comes back as it is.

    ``path``: the database as a person knows it. ``reading``: the error came from work that may only read.
    """
    if not isinstance(error, SQLAlchemyError):
        return error
    ours = _ours(error, path, reading=reading)
    if isinstance(ours, RowRefused):
        # The driver's own text may quote the row (PostgreSQL's DETAIL), and a row may hold what members said.
        ours.__suppress_context__ = True
    else:
        ours.__cause__ = error
    return ours


def from_driver(error: Exception, *, path: str) -> BaseException:
    """Return our error for one that SQLite's driver raised outside of SQLAlchemy."""
    code = getattr(error, "sqlite_errorcode", None)
    return _from_sqlite(code, path, reading=False) if isinstance(code, int) else error


def _ours(error: SQLAlchemyError, path: str, *, reading: bool) -> StoreError:
    if isinstance(error, IntegrityError):
        return RowRefused(rule=_rule(error))
    origin = error.orig if isinstance(error, DBAPIError) else error
    code = getattr(origin, "sqlite_errorcode", None)
    if isinstance(code, int):
        return _from_sqlite(code, path, reading=reading)
    state = sqlstate(error)
    if state is not None:
        return _from_postgres(state)
    if is_lost(error) or isinstance(error, PoolTimeout):
        return DatabaseAway()
    return StoreError()


def _from_sqlite(code: int, path: str, *, reading: bool) -> StoreError:
    primary = code & 0xFF
    if primary == _FULL or code == _IOERR_SHMSIZE:
        return DiskFull()
    if primary in {_BUSY, _LOCKED}:
        return DatabaseLocked()
    if primary in {_NOTADB, _CORRUPT}:
        return DatabaseUnreadable(path=path)
    if primary == _READONLY and reading:
        return ReadOnly()
    if primary in {_IOERR, _READONLY, _CANTOPEN}:
        return DatabaseFailed()
    return StoreError()


def _from_postgres(state: str) -> StoreError:
    if state == "53100":
        return DiskFull()
    if state == "55P03" or state in _AGAIN:
        return DatabaseLocked()
    if state == "25006":
        return ReadOnly()
    if state.startswith("28") or state == "3D000":
        return DatabaseRefused()
    if state.startswith("58") or state in {"XX001", "XX002"}:
        return DatabaseFailed()
    if state in _LOST or state.startswith(("08", "53")):
        return DatabaseAway()
    return StoreError()


def _rule(error: IntegrityError) -> str:
    origin = error.orig
    name = getattr(getattr(origin, "__cause__", None), "constraint_name", None)
    if name:
        return str(name)
    # SQLite names the columns only: "UNIQUE constraint failed: outbox.dedup_key".
    return str(origin) if getattr(origin, "sqlite_errorcode", None) is not None else "unnamed"


def _is_connection_error(error: BaseException | None) -> bool:
    return isinstance(error, (ConnectionError, asyncio.TimeoutError, OSError)) or type(error).__name__ in {
        "ConnectionDoesNotExistError",
        "InterfaceError",
        "InternalClientError",
        "CannotConnectNowError",
    }
