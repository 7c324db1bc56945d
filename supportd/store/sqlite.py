"""SQLite: one writer thread that groups commits, one reader thread beside it."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any, Final, Literal, TypeVar, cast

from sqlalchemy.exc import SQLAlchemyError

from supportd.errors import ConfigurationError
from supportd.logs import get_logger
from supportd.store.errors import (
    DatabaseFailed,
    DatabaseLocked,
    DatabaseUnreadable,
    DiskFull,
    RowRefused,
    StoreClosed,
    StoreError,
    from_driver,
    translate,
)
from supportd.store.files import Lock, Reserve, make_private
from supportd.store.group import GROUP, SPLIT, Item, fail, grouped, presentable, run_each, settle
from supportd.store.sqlite_connect import connect, file_key

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy.engine import Connection, Engine

    from supportd.store.group import Kind

T = TypeVar("T")

#: How long another process may hold the database before we say so, seconds.
BUSY_SECONDS: Final = 5.0

_log = get_logger(__name__)


async def open_sqlite(database: str, *, host_key: bytes, cipher: bool, busy_seconds: float = BUSY_SECONDS) -> SqliteDatabase:
    """Open the file ``database``, making it when it is not there."""
    if database in {"", ":memory:"} or "mode=memory" in database:
        raise ConfigurationError(problem="the store's address names no file: write sqlite:/// and a path")
    key = file_key(host_key) if cipher else None
    store = SqliteDatabase(Path(database).absolute(), key, busy_seconds)  # noqa: ASYNC240 - it looks at no file
    await asyncio.to_thread(store.open)
    return store


class SqliteDatabase:
    """One SQLite file; see :class:`~supportd.store.database.Database`."""

    dialect: Literal["sqlite"] = "sqlite"

    def __init__(self, path: Path, key: bytes | None, busy_seconds: float) -> None:
        """Prepare for the file at ``path``; nothing is opened yet."""
        self._path, self._key, self._busy_seconds = path, key, busy_seconds
        self._queue: SimpleQueue[Item | None] = SimpleQueue()
        self._reserve = Reserve(path.with_name(path.name + ".reserve"))
        self._readers = ThreadPoolExecutor(1, "store-reader")
        self._thread = threading.Thread(target=self._write, name="store-writer", daemon=True)
        self._fatal: StoreError | None = None
        self._closing = False
        self._loop: asyncio.AbstractEventLoop = asyncio.get_running_loop()
        #: Commits that were made, for measuring how well they group.
        self.commits = 0

    def open(self) -> None:
        """Take the lock, open both connections and start the writer; runs in any thread."""
        make_private(self._path)
        self._lock = Lock(self._path.with_name(self._path.name + ".lock"))
        try:
            self._engine, self._writer = self._connect("BEGIN IMMEDIATE")
            self._reader_engine, self._reader = self._connect("BEGIN")
            self._reader.exec_driver_sql("PRAGMA query_only = ON")
            self._reader.rollback()
        except BaseException:
            self._lock.release()
            raise
        self._reserve.make()
        self._thread.start()

    async def transact(self, work: Callable[[Connection], T]) -> T:
        """Do ``work``; return its answer after COMMIT."""
        return cast("T", await self._submit(work, "plain"))

    async def purge(self, work: Callable[[Connection], T]) -> T:
        """Do ``work``; when the disk is full, give up the reserve for it."""
        return cast("T", await self._submit(work, "purge"))

    async def reshape(self, work: Callable[[Connection], T]) -> T:
        """Do ``work`` alone, with foreign keys off inside and checked before COMMIT, as altering a table here needs."""
        return cast("T", await self._submit(work, "reshape"))

    async def scrub(self) -> None:
        """Move the log into the file, whose deleted rows are overwritten, and empty it."""
        await self._submit(lambda _connection: None, "scrub")

    async def read(self, work: Callable[[Connection], T]) -> T:
        """Do ``work`` on the reader's own connection, which refuses to write."""
        if self._closing:
            raise StoreClosed
        return await self._loop.run_in_executor(self._readers, self._read, work)

    async def close(self) -> None:
        """Finish what waits and close."""
        if self._closing:
            return
        self._closing = True
        self._queue.put(None)
        await asyncio.to_thread(self._shut)

    def _connect(self, begin: str) -> tuple[Engine, Connection]:
        return connect(self._path, key=self._key, busy_seconds=self._busy_seconds, begin=begin)

    async def _submit(self, work: Callable[[Connection], object], kind: Kind) -> object:
        if self._closing:
            raise StoreClosed
        item = Item(work, self._loop.create_future(), kind)
        self._queue.put(item)
        return await item.future

    def _read(self, work: Callable[[Connection], T]) -> T:
        try:
            with self._reader.begin():
                return work(self._reader)
        except SQLAlchemyError as error:
            raise presentable(translate(error, path=str(self._path), reading=True)) from None

    def _write(self) -> None:
        while (waiting := self._take()) is not None:
            for kind, items in grouped(waiting):
                try:
                    self._do(kind, items)
                except BaseException as error:  # noqa: BLE001 - the thread lives on, and those who wait must hear of it
                    fail(items, error)
                self._answer(items)

    def _take(self) -> list[Item] | None:
        """Wait for work; return all that waits, in its order, ``None`` when there will be no more."""
        items = [self._queue.get()]
        while len(items) < GROUP and items[-1] is not None and not self._queue.empty():
            items.append(self._queue.get())
        if items[-1] is None:
            # Nothing comes after the end, so what came before it is done and the end is found again.
            items.pop()
            if items:
                self._queue.put(None)
        return cast("list[Item]", items) or None

    def _do(self, kind: Kind, items: list[Item]) -> None:
        if self._fatal is not None:
            raise self._fatal
        try:
            if kind == "purge":
                self._purge(items)
            elif kind == "reshape":
                self._reshape(items)
            elif kind == "scrub":
                self._scrub()
            else:
                self._share(items)
        except (DatabaseFailed, DatabaseUnreadable) as error:
            self._fatal = error
            _log.error("store.failed", error=error)
            raise

    def _share(self, items: list[Item]) -> None:
        try:
            self._commit(items)
        except SPLIT as error:
            if len(items) == 1:
                raise
            _log.warning("store.group_split", count=len(items), error=error)
            for item in items:
                # Whatever happens concerns this one alone: those before it may be done, and must not be done again.
                try:
                    self._do("plain", [item])
                except Exception as alone:  # noqa: BLE001 - it is handed to the caller, whatever it is
                    fail([item], alone)

    def _purge(self, items: list[Item]) -> None:
        try:
            self._commit(items)
        except DiskFull:
            if not self._reserve.give_up():
                raise
            _log.warning("store.reserve_given_up")
            self._commit(items)
        self._scrub()

    def _reshape(self, items: list[Item]) -> None:
        self._set("foreign_keys = OFF")
        try:
            self._commit(items, checks=True)
        finally:
            self._set("foreign_keys = ON")

    def _scrub(self) -> None:
        busy = self._set("wal_checkpoint(TRUNCATE)")
        if busy is not None and busy[0]:
            raise DatabaseLocked
        self._reserve.make()

    def _commit(self, items: list[Item], *, checks: bool = False) -> None:
        try:
            with self._writer.begin():
                run_each(self._writer, items)
                if checks:
                    self._check_references(items)
        except BaseException as error:  # noqa: BLE001 - whatever it is, it is raised again as ours
            raise self._undone(error) from None
        self.commits += 1

    def _check_references(self, items: list[Item]) -> None:
        broken = self._writer.exec_driver_sql("PRAGMA foreign_key_check").first()
        if broken is not None and items[0].error is None:
            raise RowRefused(rule=f"foreign key of {broken[0]} to {broken[2]}")

    def _undone(self, error: BaseException) -> BaseException:
        """Leave nothing of the transaction behind, whoever ended it, and return our error."""
        self._writer.rollback()
        raw = self._raw()
        if raw.in_transaction:
            raw.rollback()
        return translate(error, path=str(self._path))

    def _set(self, pragma: str) -> Any:
        try:
            return self._raw().execute(f"PRAGMA {pragma}").fetchone()
        except Exception as error:
            raise from_driver(error, path=str(self._path)) from error

    def _raw(self) -> Any:
        return self._writer.connection.dbapi_connection

    def _answer(self, items: list[Item]) -> None:
        try:
            self._loop.call_soon_threadsafe(settle, items)
        except RuntimeError:
            # The event loop is gone, and with it everybody who waited.
            _log.warning("store.answer_unheard", count=len(items))

    def _shut(self) -> None:
        self._thread.join()
        self._readers.shutdown()
        for connection, engine in ((self._reader, self._reader_engine), (self._writer, self._engine)):
            connection.close()
            engine.dispose()
        self._lock.release()
