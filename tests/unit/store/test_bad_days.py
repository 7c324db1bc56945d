"""What the store does on a bad day: a sentence for a person, nothing lost, nothing twice, and on it goes."""

from __future__ import annotations

import asyncio
import contextlib
import io
import itertools
import json
import random
import socket
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import pytest_asyncio

from supportd import logs
from supportd.engine.records import JournalLine, NewPerson
from supportd.engine.retry import TryAgain, looked, settled
from supportd.sdk.facts import GroupStyle
from supportd.sdk.ids import EventId, GroupId, UserId
from supportd.store.errors import DatabaseAway, DatabaseRefused, DatabaseUnreadable
from supportd.store.files import RESERVE
from supportd.store.keyring import Keyring
from supportd.store.open import SqlStore, open_store
from supportd.store.sqlite import SqliteDatabase, open_sqlite
from tests.support.fixtures import skip_or_fail
from tests.support.postgres import PostgresServer, find_binaries
from tests.unit.store.conftest import HOST_KEY

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator

    from supportd.engine.unit import UnitOfWork
    from tests.unit.store.conftest import Opening

pytestmark = pytest.mark.asyncio

NOW = datetime(2026, 11, 2, 18, 0, tzinfo=UTC)
GROUP = GroupId("roses")
#: Longer than anything here takes; a test that waits so long has failed.
DEADLINE = 30

FULL = "The disk is full and nothing was written: free some space on the disk that holds the store, and supportd goes on."
UNREADABLE = "The database {path} cannot be read: put back the host key it was made with, or restore the database from a backup."
LOCKED = "Another program holds the database and did not let go in time: close database shells and backups, and supportd goes on."
IN_USE = "Another supportd uses this store: stop it first, or give this one a store of its own."
AWAY = "PostgreSQL does not answer and nothing was written: start it or check its address, and supportd goes on."

ROOT = Path(__file__).resolve().parents[3]
_OTHERS = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
#: Cut every other connection to the database.
_CUT = _OTHERS.replace("count(*)", "pg_terminate_backend(pid, 5000)")

#: A database shell that holds the store until its input ends.
_SHELL = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("BEGIN IMMEDIATE")
print("held", flush=True)
sys.stdin.read()
connection.execute("ROLLBACK")
connection.close()
"""

#: A daemon that opens its store when it is told to, says what came of it, and keeps it until its input ends.
_DAEMON = """
import asyncio, sys
from supportd import logs
from supportd.errors import SupportdError
from supportd.store.open import open_store

async def main():
    try:
        store = await open_store(sys.argv[1], host_key=b"k" * 32)
    except SupportdError as error:
        print(error.status, error, flush=True)
        return
    await store.transact(lambda uow: uow.handled.add("$1", __import__("datetime").datetime.now(__import__("datetime").UTC)))
    print("open", int(await store.read(lambda uow: uow.handled.seen("$1"))), flush=True)
    sys.stdin.read()
    await store.close()

logs.silence()
print("ready", flush=True)
sys.stdin.readline()
asyncio.run(main())
"""


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """Yield what is written to the log."""
    stream = io.StringIO()
    logs.configure(stream)
    yield stream
    logs.configure()


def lines(log: io.StringIO, event: str) -> list[dict[str, object]]:
    """Return the lines of one kind."""
    return [line for line in map(json.loads, log.getvalue().splitlines()) if line["event"] == event]


def program(text: str, *arguments: object) -> subprocess.Popen[str]:
    """Start another process with a program of ours."""
    command = [sys.executable, "-c", text, *map(str, arguments)]
    return subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


async def until(true: Callable[[], object]) -> None:
    """Wait for another process or the disk, which nothing here can turn like a clock."""
    async with asyncio.timeout(DEADLINE):
        while not true():  # noqa: ASYNC110 - what happens outside of this process sets no event
            await asyncio.sleep(0.01)


def found_group(uow: UnitOfWork) -> None:
    """Make the group of these tests."""
    uow.groups.add(GROUP, GroupStyle(name="Roses", zone="UTC"), NOW)


def keyed(number: int) -> Callable[[UnitOfWork], int]:
    """Return work as the engine does it: it looks for its key first, and would show twice in the journal without that."""
    id_ = EventId(f"$event{number}")

    def work(uow: UnitOfWork) -> int:
        if not uow.handled.seen(id_):
            uow.handled.add(id_, NOW)
            uow.journal.add(JournalLine(group=GROUP, plugin="welcome", at=NOW, kind="React", outcome="accepted", reason=str(number)))
        return number

    return work


async def written_until(store: SqlStore, refused: type[Exception], start: int = 0) -> list[int]:
    """Write one piece of keyed work after the other until one is refused; returns what was acknowledged."""
    acknowledged: list[int] = []
    with contextlib.suppress(refused):
        for number in range(start, start + 5000):
            acknowledged += [await store.transact(keyed(number))]
        pytest.fail("nothing was refused")
    return acknowledged


async def kept(store: SqlStore) -> list[int]:
    """Return the numbers of all work that was done, each as often as it was done."""
    found = await store.read(lambda uow: uow.journal.last(GROUP, 100_000))
    return sorted(int(line.reason) for line in found)


def damage(path: Path) -> None:
    """Write random bytes over the middle half of a file."""
    size = path.stat().st_size
    with path.open("r+b") as file:
        file.seek(size // 4)
        file.write(random.Random(1).randbytes(size // 2))  # noqa: S311 - damage that can be had again


async def test_database_held_by_another_process_is_waited_for(tmp_path: Path, log: io.StringIO, opening: Opening) -> None:
    """While a shell holds the database the work waits, one sentence says so, and all of it is done when the shell lets go."""
    path = tmp_path / "supportd.db"
    await (await opening(f"sqlite:///{path}", cipher=False)).close()
    database = await open_sqlite(str(path), host_key=HOST_KEY, cipher=False, busy_seconds=0.05)
    store = SqlStore(database, Keyring(HOST_KEY))
    await store.transact(found_group)
    with program(_SHELL, path) as shell:
        assert shell.stdout is not None
        assert shell.stdout.readline() == "held\n"

        first = asyncio.create_task(settled(store, keyed(1)))
        await until(lambda: lines(log, "store.waits"))
        with pytest.raises(TryAgain):
            await store.transact(keyed(2))
        with pytest.raises(TryAgain):
            await store.transact(keyed(3))
        assert await kept(store) == []
        shell.communicate()
        await asyncio.wait_for(first, DEADLINE)

    assert await settled(store, keyed(2)) == 2
    assert await kept(store) == [1, 2]
    assert [line["reason"] for line in lines(log, "store.waits")] == [LOCKED]
    assert len(lines(log, "store.went_on")) == 1
    await store.close()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """Yield a disk of four mebibytes; making one needs root, as build machines have."""
    folder = tmp_path / "disk"
    folder.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", folder], capture_output=True, check=False).returncode:
        pytest.skip("a small disk can be mounted by root only")
    yield folder
    subprocess.run(["umount", "-l", folder], check=True)


def fill(disk: Path) -> Path:
    """Take all that is left of a disk; returns the file to delete for more space."""
    ballast = disk / "ballast"
    with contextlib.suppress(OSError), ballast.open("ab", buffering=0) as file:
        while True:
            file.write(bytes(4096))
    return ballast


async def test_full_disk_refuses_before_it_acknowledges(small_disk: Path, log: io.StringIO, opening: Opening) -> None:
    """On a full disk nothing is acknowledged that is not kept; one sentence says so, and with space again everything goes on."""
    store = await opening(f"sqlite:///{small_disk}/supportd.db")
    await store.transact(found_group)
    ballast = fill(small_disk)

    acknowledged = await written_until(store, TryAgain)
    refused = len(acknowledged)
    with pytest.raises(TryAgain):
        await store.transact(keyed(refused))
    assert await kept(store) == acknowledged
    waiting = asyncio.create_task(settled(store, keyed(refused)))
    ballast.unlink()
    await asyncio.wait_for(waiting, DEADLINE)
    await settled(store, keyed(refused + 1))

    assert await kept(store) == [*acknowledged, refused, refused + 1]
    assert [line["reason"] for line in lines(log, "store.waits")] == [FULL]
    assert len(lines(log, "store.went_on")) == 1


async def test_somebody_is_forgotten_on_a_full_disk(small_disk: Path, log: io.StringIO, opening: Opening) -> None:
    """With no byte left the reserve is given up for forgetting somebody, and is taken again when there is space."""
    store = await opening(f"sqlite:///{small_disk}/supportd.db")
    await store.transact(found_group)
    member = NewPerson(user=UserId("@rose:test"), name="Rose", roles=frozenset({"member"}))
    rose = await store.transact(lambda uow: uow.people.add(GROUP, member, NOW))
    ballast = fill(small_disk)
    acknowledged = await written_until(store, TryAgain)
    fill(small_disk)

    await store.forget(rose)

    assert await store.read(lambda uow: uow.people.user_of(rose)) is None
    assert await kept(store) == acknowledged
    assert len(lines(log, "store.reserve_given_up")) == 1
    ballast.unlink()
    await store.scrub()
    assert (small_disk / "supportd.db.reserve").stat().st_size == RESERVE


async def test_full_table_space_is_refused_on_any_machine(tmp_path: Path, log: io.StringIO, opening: Opening) -> None:
    """SQLite's own "full" (here a limit on its pages, which needs no root) refuses, says so once, and goes on when there is room."""
    store = await opening(f"sqlite:///{tmp_path}/supportd.db")
    await store.transact(found_group)
    assert isinstance(store.database, SqliteDatabase)
    raw = store.database._raw()
    pages = raw.execute("PRAGMA page_count").fetchone()[0]
    raw.execute(f"PRAGMA max_page_count = {pages}")

    acknowledged = await written_until(store, TryAgain)
    raw.execute("PRAGMA max_page_count = 4294967294")
    await settled(store, keyed(len(acknowledged)))

    assert await kept(store) == list(range(len(acknowledged) + 1))
    assert [line["reason"] for line in lines(log, "store.waits")] == [FULL]
    assert len(lines(log, "store.went_on")) == 1


@pytest.mark.parametrize("name", ["supportd.db", "a name with 'quotes'.db"])
async def test_wrong_host_key_ends_with_a_sentence(tmp_path: Path, opening: Opening, name: str) -> None:
    """Another host key than the store's ends the start with a sentence and status 78, and changes no byte."""
    path = tmp_path / name
    store = await opening(f"sqlite:///{path}")
    await store.transact(found_group)
    await store.close()
    before = path.read_bytes()

    with pytest.raises(DatabaseUnreadable) as caught:
        await open_store(f"sqlite:///{path}", host_key=b"x" * 32)

    assert str(caught.value) == UNREADABLE.format(path=path)
    assert caught.value.status == 78
    assert path.read_bytes() == before
    assert await (await opening(f"sqlite:///{path}")).read(lambda uow: uow.groups.ids()) == (GROUP,)


@pytest.mark.parametrize("cipher", [True, False], ids=["whole file sealed", "columns only"])
async def test_damaged_file_ends_with_a_sentence(tmp_path: Path, log: io.StringIO, opening: Opening, cipher: bool) -> None:  # noqa: FBT001 - a parameter of the test
    """Random bytes in the middle of the file end the daemon with a sentence, at the start or where they are met."""
    path = tmp_path / "supportd.db"
    store = await opening(f"sqlite:///{path}", cipher=cipher)
    await store.transact(found_group)
    await store.transact(lambda uow: [keyed(number)(uow) for number in range(500)])
    await store.close()
    damage(path)

    async def use() -> None:
        damaged = await opening(f"sqlite:///{path}", cipher=cipher)
        await kept(damaged)
        await damaged.transact(lambda uow: [keyed(number)(uow) for number in range(1000)])

    with pytest.raises(DatabaseUnreadable) as caught:
        await use()

    assert str(caught.value) == UNREADABLE.format(path=path)
    assert caught.value.status == 78


async def test_damage_met_while_writing_ends_all_writing(tmp_path: Path, log: io.StringIO, opening: Opening) -> None:
    """Once the writer met damage nothing more is written: every later piece of work hears the same sentence, the log has it once."""
    path = tmp_path / "supportd.db"
    store = await opening(f"sqlite:///{path}")
    await store.transact(found_group)
    await store.transact(lambda uow: [keyed(number)(uow) for number in range(500)])
    await store.close()
    store = await opening(f"sqlite:///{path}")
    damage(path)

    await written_until(store, DatabaseUnreadable, start=500)
    with pytest.raises(DatabaseUnreadable) as caught:
        await store.transact(lambda _uow: None)

    assert str(caught.value) == UNREADABLE.format(path=path)
    assert [line["error"] for line in lines(log, "store.failed")] == ["DatabaseUnreadable"]


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


async def test_two_daemons_that_start_at_once_are_one(tmp_path: Path) -> None:
    """Of two processes that open one new store at the same moment one has it, whole, and the other says why not with status 78."""
    url = f"sqlite:///{tmp_path}/supportd.db"
    both = [program(_DAEMON, url) for _ in range(2)]
    try:
        ready = [one.stdout.readline() for one in both if one.stdout is not None]
        for one in both:
            assert one.stdin is not None
            one.stdin.write("now\n")
            one.stdin.flush()
        said = [one.stdout.readline() for one in both if one.stdout is not None]
    finally:
        for one in both:
            one.communicate(timeout=DEADLINE)

    assert ready == ["ready\n"] * 2
    assert sorted(said) == [f"78 {IN_USE}\n", "open 1\n"]
