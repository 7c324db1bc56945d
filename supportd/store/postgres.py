"""PostgreSQL: one writing connection that groups commits, as on SQLite, and a small pool for reading.

Why READ COMMITTED: the writing connection holds the store's advisory lock and does one piece of work after the other,
so nothing changes beneath a piece of work and no stricter level could promise more; it would only add refusals to retry.
Reads run on one snapshot (REPEATABLE READ, read only).
"""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, Final, Literal, TypeVar, cast

from sqlalchemy.exc import SQLAlchemyError

from supportd.logs import get_logger
from supportd.store.errors import (
    CommitUnknown,
    DatabaseAway,
    DatabaseLocked,
    StoreClosed,
    StoreInUse,
    is_lost,
    is_passing,
    sqlstate,
    translate,
)
from supportd.store.group import GROUP, SPLIT, Item, Unguarded, fail, grouped, presentable, raise_fault, run_each, settle
from supportd.store.postgres_connect import connect_writer, make_engine

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy.engine import URL, Connection
    from sqlalchemy.ext.asyncio import AsyncConnection

    from supportd.store.group import Kind

T = TypeVar("T")

#: How long a server that does not answer, or a lock of somebody else, is waited for, seconds.
PATIENCE: Final = 5.0

# How long to wait before each further try of a commit that surely was not done, seconds.
_PAUSES: Final = (0.05, 0.1, 0.2, 0.4, 0.8, 1.0, 1.0, 1.0)

_log = get_logger(__name__)


async def open_postgres(address: URL, *, patience: float = PATIENCE) -> PostgresDatabase:
    """Open the database at ``address``; the driver is always asyncpg."""
    store = PostgresDatabase(address, patience)
    try:
        await store.open()
    except BaseException:
        await store.close()
        raise
    return store


class PostgresDatabase:
    """One PostgreSQL database; see :class:`~supportd.store.database.Database`."""

    dialect: Literal["postgresql"] = "postgresql"

    def __init__(self, address: URL, patience: float) -> None:
        """Prepare for the database at ``address``; nothing is opened yet."""
        self._engine = make_engine(address, patience)
        self._patience = patience
        self._queue: asyncio.Queue[Item | None] = asyncio.Queue()
        self._writer: AsyncConnection | None = None
        self._task: asyncio.Task[None] | None = None
        self._closing = False
        #: Commits that were made, for measuring how well they group.
        self.commits = 0

    async def open(self) -> None:
        """Connect, take the store's lock, and start writing."""
        try:
            self._writer = await connect_writer(self._engine, patience=self._patience)
        except DatabaseLocked:
            raise StoreInUse from None
        self._task = asyncio.create_task(self._write(), name="store-writer")

    async def transact(self, work: Callable[[Connection], T]) -> T:
        """Do ``work``; return its answer after COMMIT."""
        return cast("T", await self._submit(work, "plain"))

    async def purge(self, work: Callable[[Connection], T]) -> T:
        """Do ``work``; the server keeps its own reserve."""
        return await self.transact(work)

    async def reshape(self, work: Callable[[Connection], T]) -> T:
        """Do ``work`` alone in its transaction."""
        return cast("T", await self._submit(work, "reshape"))

    async def scrub(self) -> None:
        """Do nothing: PostgreSQL decides itself when it overwrites what was deleted."""

    async def read(self, work: Callable[[Connection], T]) -> T:
        """Do ``work`` on a snapshot of its own, again when the connection turns out to be dead."""
        if self._closing:
            raise StoreClosed
        deadline = _now() + self._patience
        while True:
            try:
                return await self._read(work)
            except DatabaseAway:
                if _now() > deadline:
                    raise
                await asyncio.sleep(_PAUSES[0])

    async def close(self) -> None:
        """Finish what waits and close."""
        if self._closing:
            return
        self._closing = True
        if self._task is not None:
            self._queue.put_nowait(None)
            await self._task
        await self._drop()
        await self._engine.dispose()

    async def _submit(self, work: Callable[[Connection], object], kind: Kind) -> object:
        if self._closing:
            raise StoreClosed
        item = Item(work, asyncio.get_running_loop().create_future(), kind)
        self._queue.put_nowait(item)
        return await item.future

    async def _read(self, work: Callable[[Connection], T]) -> T:
        try:
            async with self._engine.connect() as connection:
                await connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
                answer, error = await connection.run_sync(_attempt, work)
        except (SQLAlchemyError, OSError) as failure:
            raise (DatabaseAway() if is_lost(failure) else translate(failure, reading=True)) from None
        if error is not None:
            raise error
        return cast("T", answer)

    async def _write(self) -> None:
        while (waiting := await self._take()) is not None:
            for _kind, items in grouped(waiting):
                try:
                    await self._do(items)
                except Exception as error:  # noqa: BLE001 - the writer lives on, and those who wait must hear of it
                    fail(items, presentable(error))
                settle(items)

    async def _take(self) -> list[Item] | None:
        """Wait for work; return all that waits, in its order, ``None`` when there will be no more."""
        items = [await self._queue.get()]
        while len(items) < GROUP and items[-1] is not None and not self._queue.empty():
            items.append(self._queue.get_nowait())
        if items[-1] is None:
            # Nothing comes after the end, so what came before it is done and the end is found again.
            items.pop()
            if items:
                self._queue.put_nowait(None)
        return cast("list[Item]", items) or None

    async def _do(self, items: list[Item]) -> None:
        """Commit ``items``; what surely was not committed is tried again while there is patience."""
        deadline = _now() + self._patience
        for pause in _PAUSES:
            try:
                return await self._commit(items)
            except (DatabaseAway, DatabaseLocked) as error:
                if _now() + pause > deadline:
                    raise
                _log.warning("store.commit_retried", count=len(items), error=error)
                await asyncio.sleep(pause)
        return await self._commit(items)

    async def _commit(self, items: list[Item]) -> None:
        try:
            await self._try(items, guarded=False)
        except Unguarded:
            # The only one keeps its error, and nothing is left to commit.
            if len(items) > 1:
                await self._guard(items)
        except SPLIT:
            if len(items) == 1:
                raise
            await self._part(items)

    async def _guard(self, items: list[Item]) -> None:
        try:
            await self._try(items, guarded=True)
        except SPLIT:
            await self._part(items)

    async def _part(self, items: list[Item]) -> None:
        """Commit each alone; raises nothing, because some may be done already and must not be done again."""
        _log.warning("store.group_split", count=len(items))
        for item in items:
            try:
                await self._do([item])
            except Exception as error:  # noqa: BLE001 - whatever it is concerns this one alone
                fail([item], presentable(error))

    async def _try(self, items: list[Item], *, guarded: bool) -> None:
        if self._writer is None:
            self._writer = await connect_writer(self._engine)
        writer = self._writer
        try:
            await writer.run_sync(_begin_and_run, items, guarded)
        except BaseException as error:  # noqa: BLE001 - whatever it is, it is raised again as ours
            await self._undo(error)
            if is_lost(error):
                raise DatabaseAway from None
            # After a deadlock, or with a statement that a migration made stale, the same may be done again at once.
            raise (DatabaseLocked() if is_passing(error) else translate(error)) from None
        try:
            await writer.commit()
        except BaseException as error:  # noqa: BLE001 - whatever it is, it is raised again as ours
            await self._undo(error)
            # Only a server that answers with a refusal has surely not committed.
            raise (CommitUnknown() if sqlstate(error) is None or is_lost(error) else translate(error)) from None
        self.commits += 1

    async def _undo(self, error: BaseException) -> None:
        """Leave nothing of the transaction behind; a connection of doubtful state is thrown away."""
        if self._writer is None or is_lost(error):
            return await self._drop()
        try:
            await self._writer.run_sync(_roll_back)
        except (SQLAlchemyError, OSError):
            await self._drop()

    async def _drop(self) -> None:
        writer, self._writer = self._writer, None
        if writer is not None:
            with contextlib.suppress(SQLAlchemyError, OSError):
                await writer.invalidate()
            with contextlib.suppress(SQLAlchemyError, OSError):
                await writer.close()


def _begin_and_run(connection: Connection, items: list[Item], guarded: bool) -> None:  # noqa: FBT001 - run_sync passes it by place
    connection.begin()
    run_each(connection, items, guarded=guarded)


def _roll_back(connection: Connection) -> None:
    connection.rollback()
    # Work that ended our transaction itself made SQLAlchemy forget it, while the server still has it open with what was written.
    raw = connection.connection.dbapi_connection
    if raw is not None:
        raw.rollback()


def _attempt(connection: Connection, work: Callable[[Connection], T]) -> tuple[T | None, BaseException | None]:
    # The driver raises errors of the system's kind when its connection breaks, and so may the work for reasons of its own.
    try:
        return work(connection), None
    except (SQLAlchemyError, asyncio.CancelledError):
        # Swallowed, a cancellation would look like a broken connection, and the reading would begin again.
        raise
    except BaseException as error:  # noqa: BLE001 - it goes back to the caller, whatever it is
        raise_fault(connection)
        return None, error


def _now() -> float:
    return asyncio.get_running_loop().time()
