"""What the store does on PostgreSQL's bad days: a sentence for a person, nothing lost, nothing twice, and on it goes."""

from __future__ import annotations

import asyncio
import itertools
import socket
from typing import TYPE_CHECKING

import pytest
import pytest_asyncio
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from supportd.engine.retry import TryAgain, looked, settled
from supportd.store.errors import DatabaseAway, DatabaseRefused
from supportd.store.open import open_store
from tests.support.fixtures import skip_or_fail
from tests.support.postgres import PostgresServer, find_binaries
from tests.unit.store.conftest import HOST_KEY
from tests.unit.store.keyed import DEADLINE, GROUP, found_group, kept, keyed, lines, until

if TYPE_CHECKING:
    import io
    from collections.abc import AsyncIterator

    from tests.unit.store.conftest import Opening

pytestmark = pytest.mark.asyncio

AWAY = "PostgreSQL does not answer and nothing was written: start it or check its address, and supportd goes on."
_OTHERS = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
#: Cut every other connection to the database.
_CUT = _OTHERS.replace("count(*)", "pg_terminate_backend(pid, 5000)")


@pytest_asyncio.fixture
async def mortal() -> AsyncIterator[PostgresServer]:
    """Yield a PostgreSQL of this test's own, which it may stop as hard as it likes."""
    binaries = find_binaries()
    if binaries is None:
        skip_or_fail("PostgreSQL is not installed (deploy/apt.txt)")
        raise AssertionError
    server = PostgresServer(binaries)
    try:
        await asyncio.to_thread(server.create)
        yield server
    finally:
        await asyncio.to_thread(server.destroy)


async def test_postgresql_killed_during_writes_loses_and_doubles_nothing(
    mortal: PostgresServer, log: io.StringIO, opening: Opening
) -> None:
    """Stopped as hard as by a crash and started again while many write, twice: all that was acknowledged is there, each once."""
    store = await opening(mortal.new_database())
    await store.transact(found_group)
    acknowledged: list[int] = []
    numbers, enough = itertools.count(), asyncio.Event()

    async def produce() -> None:
        while not enough.is_set():
            acknowledged.append(await settled(store, keyed(next(numbers))))

    producers = [asyncio.create_task(produce()) for _ in range(8)]
    for _ in range(2):
        more = len(acknowledged) + 100
        await until(lambda more=more: len(acknowledged) >= more)  # type: ignore[misc]  # mypy cannot infer a default's type here
        await asyncio.to_thread(mortal.stop, "immediate")
        await asyncio.to_thread(mortal.start)
    more = len(acknowledged) + 100
    await until(lambda: len(acknowledged) >= more)
    enough.set()
    await asyncio.wait_for(asyncio.gather(*producers), DEADLINE)

    assert await kept(store) == sorted(acknowledged)
    assert len(acknowledged) == next(numbers)
    assert await store.read(lambda uow: uow.journal.intact(GROUP))
    assert lines(log, "store.commit_retried") or lines(log, "store.waits")
    print(f"\npostgresql stopped twice: {len(acknowledged)} acknowledged, all there once")


async def test_postgresql_away_at_start_ends_with_a_sentence() -> None:
    """Where no server listens the start ends with a sentence that says what to do."""
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]

    with pytest.raises(DatabaseAway) as caught:
        await open_store(f"postgresql://postgres@127.0.0.1:{port}/supportd", host_key=HOST_KEY)

    assert str(caught.value) == AWAY


async def test_postgresql_refusing_us_ends_with_a_sentence(postgres: PostgresServer) -> None:
    """An address that names no database of the server ends the start with a sentence and status 78."""
    with pytest.raises(DatabaseRefused) as caught:
        await open_store(postgres.url("nowhere"), host_key=HOST_KEY)

    assert str(caught.value) == "PostgreSQL does not let supportd in: check the name, the password and the database in the store's address."
    assert caught.value.status == 78


async def test_reading_survives_lost_connections(mortal: PostgresServer, log: io.StringIO, opening: Opening) -> None:
    """Reading goes on after its connection was cut; while the server is down it says so once and answers when it is back."""
    url = mortal.new_database()
    store = await opening(url)
    await store.transact(found_group)
    await store.transact(keyed(1))
    await asyncio.to_thread(mortal.sql, url, _CUT)
    assert await kept(store) == [1]
    await asyncio.to_thread(mortal.stop, "immediate")

    waiting = asyncio.create_task(looked(store, lambda uow: uow.groups.ids()))
    await until(lambda: lines(log, "store.waits"))
    await asyncio.to_thread(mortal.start)
    found = await asyncio.wait_for(waiting, DEADLINE)

    assert found == (GROUP,)
    assert [line["reason"] for line in lines(log, "store.waits")] == [AWAY]
    assert len(lines(log, "store.went_on")) == 1
    assert await settled(store, keyed(2)) == 2


async def test_no_connection_to_postgresql_is_left_behind(postgres: PostgresServer, postgres_database: str, opening: Opening) -> None:
    """After work that raised, a cut connection and closing, the server knows of no connection of ours."""
    store = await opening(postgres_database)
    await store.transact(found_group)
    with pytest.raises(LookupError):
        await store.transact(lambda _uow: (_ for _ in ()).throw(LookupError()))
    with pytest.raises(LookupError):
        await store.read(lambda _uow: (_ for _ in ()).throw(LookupError()))
    await asyncio.to_thread(postgres.sql, postgres_database, _CUT)
    await settled(store, keyed(1))
    assert await kept(store) == [1]

    await store.close()

    await until(lambda: postgres.sql(postgres_database, _OTHERS) == "0")


async def test_reading_that_is_given_up_leaves_nothing_behind(postgres: PostgresServer, postgres_database: str, opening: Opening) -> None:
    """Somebody who stops waiting for a slow read takes its connection with them, and the store goes on."""
    store = await opening(postgres_database)
    await store.transact(found_group)
    reading = asyncio.create_task(store.database.read(lambda connection: connection.execute(text("SELECT pg_sleep(60)"))))
    await until(lambda: "pg_sleep" in postgres.sql(postgres_database, _OTHERS.replace("count(*)", "query")))

    reading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reading

    assert await store.read(lambda uow: uow.groups.ids()) == (GROUP,)
    await store.close()
    await until(lambda: postgres.sql(postgres_database, _OTHERS) == "0")


@pytest.mark.parametrize("done", [True, False], ids=["it was done", "it was not done"])
async def test_commit_whose_answer_was_lost_is_done_once(postgres_database: str, log: io.StringIO, opening: Opening, *, done: bool) -> None:
    """When the connection breaks during a commit (a fault put into the driver) the work is looked for by its key and is there once."""
    store = await opening(postgres_database)
    await store.transact(found_group)
    commit = AsyncConnection.commit

    async def broken(self: AsyncConnection) -> None:
        if done:
            await commit(self)
        raise ConnectionResetError

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(AsyncConnection, "commit", broken)
        with pytest.raises(TryAgain):
            await store.transact(keyed(1))
    await settled(store, keyed(1))

    assert await kept(store) == [1]
    assert [line["error"] for line in lines(log, "store.waits")] == ["CommitUnknown"]
    assert len(lines(log, "store.went_on")) == 1
