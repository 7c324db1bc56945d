"""Group commit: pieces of work that wait are done in one transaction, each behind a savepoint of its own."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import groupby
from typing import TYPE_CHECKING, Final, Literal

from sqlalchemy import event

from supportd.store.errors import (
    DatabaseAway,
    DatabaseFailed,
    DatabaseLocked,
    DatabaseUnreadable,
    DiskFull,
    RowRefused,
    UnfinishedWork,
    is_passing,
    translate,
)

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from sqlalchemy.engine import Connection, Engine, ExceptionContext

#: The most pieces of work in one commit.
GROUP: Final = 200

#: What one large or broken piece of work does to its whole group: each is then committed alone, and only that one fails.
SPLIT: Final = (DiskFull, RowRefused, UnfinishedWork)

#: What an item wants: to share a commit, to make room on a full disk, to change tables, to empty the log.
Kind = Literal["plain", "purge", "reshape", "scrub"]

_FAULT: Final = "supportd_fault"
_WORKING: Final = "supportd_working"
_FAULTS: Final = (DiskFull, DatabaseFailed, DatabaseUnreadable, DatabaseAway, DatabaseLocked)


class Unguarded(Exception):
    """A piece of work raised where no savepoint guards its neighbours."""


@dataclass(slots=True, eq=False)
class Item:
    """A piece of work that waits, and what became of it."""

    work: Callable[[Connection], object]
    future: asyncio.Future[object]
    kind: Kind = "plain"
    result: object = field(default=None, repr=False)
    error: BaseException | None = field(default=None, repr=False)


def grouped(items: Iterable[Item]) -> Iterator[tuple[Kind, list[Item]]]:
    """Split what waits, in its order: plain items that follow each other together, each other one alone."""
    for _, run in groupby(items, key=lambda item: None if item.kind == "plain" else id(item)):
        together = list(run)
        yield together[0].kind, together


def run_each(connection: Connection, items: Sequence[Item], *, guarded: bool = True) -> None:
    """Do each piece of work in the open transaction; one that raises is undone alone and keeps its error.

    Not ``guarded``: without savepoints, which on a server cost two journeys each; then the first that raises ends it with
    :class:`Unguarded`. Raises what concerns the transaction as a whole too: nothing of the group may be committed then.
    """
    info = connection.info
    info.pop(_FAULT, None)
    for item in items:
        if guarded:
            connection.exec_driver_sql("SAVEPOINT item")
        _run(connection, item)
        if item.error is not None and not guarded:
            raise Unguarded
        if item.error is not None:
            connection.exec_driver_sql("ROLLBACK TO SAVEPOINT item")
        if guarded:
            connection.exec_driver_sql("RELEASE SAVEPOINT item")


def _run(connection: Connection, item: Item) -> None:
    item.result = item.error = None
    connection.info[_WORKING] = True
    try:
        item.result = item.work(connection)
    except BaseException as error:  # noqa: BLE001 - it is handed to the caller, whatever it is
        item.error = error
    finally:
        if not connection.invalidated:
            connection.info[_WORKING] = False
    raise_fault(connection)
    if not connection.in_transaction():
        # The work tried to commit or roll back what belongs to the whole group.
        raise UnfinishedWork
    while (nested := connection.get_nested_transaction()) is not None:
        item.error = item.error or UnfinishedWork()
        nested.rollback()


def settle(items: Sequence[Item]) -> None:
    """Hand each result or error to whoever waits for it; runs on the event loop."""
    for item in items:
        if item.future.done():
            continue
        if item.error is None:
            item.future.set_result(item.result)
        else:
            item.future.set_exception(presentable(item.error))


def fail(items: Sequence[Item], error: BaseException) -> None:
    """Note that nothing of ``items`` was done because of ``error``; an item keeps an error of its own."""
    for item in items:
        item.error = item.error or error


def watch(engine: Engine, *, path: str = "") -> None:
    """Make what concerns the whole transaction impossible to hide for a piece of work that swallows exceptions."""

    def note(context: ExceptionContext) -> None:
        connection, error = context.connection, context.sqlalchemy_exception or context.original_exception
        if connection is None or connection.closed or connection.invalidated:
            return
        # What SQLAlchemy does not wrap and the system reports came from the driver's socket.
        ours = DatabaseAway() if isinstance(error, OSError) else translate(error, path=path)
        if isinstance(ours, _FAULTS) or is_passing(error):
            connection.info[_FAULT] = ours if isinstance(error, OSError) else error

    def refuse(connection: Connection) -> None:
        if not connection.invalidated and connection.info.get(_WORKING):
            raise UnfinishedWork

    event.listen(engine, "handle_error", note)
    event.listen(engine, "commit", refuse)
    event.listen(engine, "rollback", refuse)


def raise_fault(connection: Connection) -> None:
    """Raise the fault that was noted since this was last asked."""
    if connection.invalidated:
        raise DatabaseAway
    fault: BaseException | None = connection.info.pop(_FAULT, None)
    if fault is not None:
        raise fault


def presentable(error: BaseException) -> BaseException:
    """Return ``error`` as it may be handed to whoever waits: ours where it was a library's."""
    if isinstance(error, StopIteration):
        # A future refuses it, because a coroutine would take it for its own end.
        wrapped = RuntimeError("a piece of work raised StopIteration")
        wrapped.__cause__ = error
        return wrapped
    return translate(error)
