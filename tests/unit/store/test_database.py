"""What both databases promise."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import func, insert, select

from supportd.errors import ConfigurationError
from supportd.store.database import open_database
from supportd.store.errors import ReadOnly, RowRefused, StoreClosed, StoreInUse, UnfinishedWork
from tests.unit.store.conftest import HOST_KEY, NOTES

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy.engine import Connection

    from tests.unit.store.conftest import Store

pytestmark = pytest.mark.asyncio


def note(number: int, words: str = "hello") -> Callable[[Connection], int]:
    """Return work that writes one note and answers with its number."""

    def work(connection: Connection) -> int:
        connection.execute(insert(NOTES), {"id": number, "words": words})
        return number

    return work


def count(connection: Connection) -> int:
    """Count the notes."""
    return int(connection.execute(select(func.count()).select_from(NOTES)).scalar_one())


async def test_answer_comes_back_and_the_row_is_there(database: Store) -> None:
    """A piece of work answers, and what it wrote is read by the reader at once."""
    answer = await database.transact(note(7))

    assert answer == 7
    assert await database.read(count) == 1


async def test_exception_undoes_only_its_own_work(database: Store) -> None:
    """Of many pieces of work that share a commit, the one that raises is undone alone and hears its own exception."""

    def breaks(connection: Connection) -> None:
        note(1000)(connection)
        raise LookupError("no such room")

    results = await asyncio.gather(
        *(database.transact(note(n)) for n in range(20)),
        database.transact(breaks),
        *(database.transact(note(n)) for n in range(20, 40)),
        return_exceptions=True,
    )

    assert [repr(each) for each in results if isinstance(each, BaseException)] == ["LookupError('no such room')"]
    assert await database.read(count) == 40


async def test_many_producers_share_commits(database: Store) -> None:
    """Two hundred producers that write at once need far fewer commits than rows."""
    before = database.commits

    await asyncio.gather(*(database.transact(note(n)) for n in range(200)))

    assert await database.read(count) == 200
    assert database.commits - before <= 10


async def test_order_is_kept(database: Store) -> None:
    """Pieces of work are done in the order in which they were handed in."""
    seen: list[int] = []

    def look(number: int) -> Callable[[Connection], None]:
        def work(connection: Connection) -> None:
            seen.append(number)
            assert count(connection) == number
            note(number)(connection)

        return work

    await asyncio.gather(*(database.transact(look(n)) for n in range(50)))

    assert seen == list(range(50))


async def test_refused_row_says_its_rule_and_no_words(database: Store) -> None:
    """A row that breaks a rule is refused with the rule's name; the row's words are in no part of the error."""
    await database.transact(note(1, "first"))

    with pytest.raises(RowRefused) as caught:
        await database.transact(note(1, "Rose was here"))

    assert "Rose" not in str(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__


async def test_neighbours_survive_a_refused_row(database: Store) -> None:
    """A refused row fails alone; others of the same moment are committed."""
    results = await asyncio.gather(*(database.transact(note(n // 2)) for n in range(40)), return_exceptions=True)

    assert sum(isinstance(each, RowRefused) for each in results) == 20
    assert await database.read(count) == 20


@pytest.mark.parametrize("verb", ["commit", "rollback", "begin_nested"])
async def test_work_cannot_end_or_leave_open_a_transaction(database: Store, verb: str) -> None:
    """Work that commits, rolls back or leaves a savepoint open fails, and the store goes on."""

    def meddle(connection: Connection) -> None:
        note(1)(connection)
        getattr(connection, verb)()

    with pytest.raises(UnfinishedWork):
        await database.transact(meddle)

    await database.transact(note(2))
    assert await database.read(count) == 1


async def test_work_may_use_savepoints_of_its_own(database: Store) -> None:
    """A savepoint inside a piece of work is undone without the rest of it."""

    def work(connection: Connection) -> None:
        note(1)(connection)
        with contextlib.suppress(LookupError), connection.begin_nested():
            note(2)(connection)
            raise LookupError
        note(3)(connection)

    await database.transact(work)

    assert await database.read(lambda c: list(c.scalars(select(NOTES.c.id).order_by(NOTES.c.id)))) == [1, 3]


async def test_reader_cannot_write(database: Store) -> None:
    """Work handed to read is refused when it writes, and nothing is written."""
    with pytest.raises(ReadOnly):
        await database.read(note(1))

    assert await database.read(count) == 0


async def test_exception_of_a_reader_is_its_own(database: Store) -> None:
    """An exception in reading work comes back as it is, whatever its kind, and the reader goes on."""

    def broken(_connection: Connection) -> None:
        raise ConnectionResetError("mine")

    with pytest.raises(ConnectionResetError, match="mine"):
        await database.read(broken)

    assert await database.read(count) == 0


async def test_stop_iteration_is_not_swallowed(database: Store) -> None:
    """A StopIteration in a piece of work arrives as an error instead of hanging its caller."""

    def work(_connection: Connection) -> None:
        next(iter(()))

    with pytest.raises(RuntimeError, match="StopIteration"):
        await database.transact(work)


async def test_second_daemon_is_refused(database: Store, url: str) -> None:
    """Two daemons cannot have one store open; after the first has closed it the next may."""
    with pytest.raises(StoreInUse):
        await open_impatiently(url)

    await database.close()
    second = await open_database(url, host_key=HOST_KEY)
    await second.close()


async def open_impatiently(url: str) -> None:
    """Open a store that is in use."""
    await (await open_database(url, host_key=HOST_KEY)).close()


async def test_close_finishes_what_waits(database: Store, url: str) -> None:
    """What was handed in before closing is committed; later it is refused with a sentence."""
    waiting = [asyncio.ensure_future(database.transact(note(n))) for n in range(30)]
    await asyncio.sleep(0)

    await database.close()
    await database.close()

    assert await asyncio.gather(*waiting) == list(range(30))
    with pytest.raises(StoreClosed):
        await database.transact(note(31))
    with pytest.raises(StoreClosed):
        await database.read(count)
    again = await open_database(url, host_key=HOST_KEY)
    assert await again.read(count) == 30
    await again.close()


async def test_purge_and_scrub_do_their_work(database: Store) -> None:
    """Work that makes room is committed as any other, and clearing the files afterwards harms nothing."""
    await database.transact(note(1))

    removed = await database.purge(lambda connection: connection.execute(NOTES.delete()).rowcount)
    await database.scrub()

    assert removed == 1
    assert await database.read(count) == 0


@pytest.mark.parametrize("address", ["", "not an address", "mysql://x/y", "sqlite://", "sqlite:///:memory:"])
async def test_useless_address_is_refused_with_a_sentence(address: str) -> None:
    """An address that names no store of ours ends with status 78."""
    with pytest.raises(ConfigurationError) as caught:
        await open_database(address, host_key=HOST_KEY)

    assert caught.value.status == 78
