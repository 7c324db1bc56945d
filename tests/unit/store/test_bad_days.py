"""What the store does on a bad day: a sentence for a person, nothing lost, nothing twice, and on it goes."""

from __future__ import annotations

import asyncio
import contextlib
import random
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from supportd.engine.records import NewPerson
from supportd.engine.retry import TryAgain, settled
from supportd.sdk.ids import UserId
from supportd.store.errors import DatabaseLocked, DatabaseUnreadable
from supportd.store.files import RESERVE
from supportd.store.keyring import Keyring
from supportd.store.open import SqlStore, open_store
from supportd.store.sqlite import SqliteDatabase, open_sqlite
from tests.unit.store.conftest import HOST_KEY
from tests.unit.store.keyed import DEADLINE, GROUP, NOW, found_group, kept, keyed, lines, until, written_until

if TYPE_CHECKING:
    import io
    from collections.abc import Iterator

    from tests.unit.store.conftest import Opening

pytestmark = pytest.mark.asyncio


FULL = "The disk is full and nothing was written: free some space on the disk that holds the store, and supportd goes on."
UNREADABLE = "The database {path} cannot be read: put back the host key it was made with, or restore the database from a backup."
LOCKED = "Another program holds the database and did not let go in time: close database shells and backups, and supportd goes on."
IN_USE = "Another supportd uses this store: stop it first, or give this one a store of its own."

ROOT = Path(__file__).resolve().parents[3]

#: A database shell that holds the store until its input ends.
_SHELL = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("BEGIN IMMEDIATE")
connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
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


def program(text: str, *arguments: object) -> subprocess.Popen[str]:
    """Start another process with a program of ours."""
    command = [sys.executable, "-c", text, *map(str, arguments)]
    return subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


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


async def test_start_while_another_process_has_the_file_for_itself(tmp_path: Path, opening: Opening) -> None:
    """Where a shell has the whole file for itself the start ends with a sentence, and works when the shell has let go."""
    path = tmp_path / "supportd.db"
    await (await opening(f"sqlite:///{path}", cipher=False)).close()

    with program(_SHELL.replace("BEGIN IMMEDIATE", "PRAGMA locking_mode = EXCLUSIVE").replace("ROLLBACK", "SELECT 1"), path) as shell:
        assert shell.stdout is not None
        assert shell.stdout.readline() == "held\n"
        with pytest.raises(DatabaseLocked) as caught:
            await open_sqlite(str(path), host_key=HOST_KEY, cipher=False, busy_seconds=0.05)
        shell.communicate()

    assert str(caught.value) == LOCKED
    assert await (await opening(f"sqlite:///{path}", cipher=False)).read(lambda uow: uow.groups.ids()) == ()
