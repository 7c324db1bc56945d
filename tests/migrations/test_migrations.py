"""The core's migrations: they make the declared schema, are refused backwards, and survive a kill."""

from __future__ import annotations

import contextlib
import json
import signal
from typing import TYPE_CHECKING

import pytest
from alembic.autogenerate import compare_metadata
from sqlalchemy import text

from supportd.store import migrate
from supportd.store.database import open_database
from supportd.store.errors import SchemaTooNew
from supportd.store.open import open_store
from supportd.store.tables import metadata
from tests.crash.test_crash import Zygote, quick_folder

if TYPE_CHECKING:
    from pathlib import Path

    from sqlalchemy.engine import Connection

    from tests.support.postgres import PostgresServer

HOST_KEY = b"k" * 32


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Return the address of an empty store, on either database."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/supportd.db"
    address: str = request.getfixturevalue("postgres_database")
    return address


def differences(connection: Connection) -> list[object]:
    """Compare the database with the declared tables."""
    found = compare_metadata(migrate.Chain(migrate.CORE, migrate.LOCATION).context(connection), metadata)
    return [one for one in found if "supportd_version" not in str(one)]


@pytest.mark.asyncio
async def test_replay_equals_the_declared_schema(url: str) -> None:
    """What the migrations make from nothing is what the tables declare, and doing them again changes nothing."""
    database = await open_database(url, host_key=HOST_KEY)

    await migrate.upgrade(database)
    await migrate.upgrade(database)

    assert await database.read(differences) == []
    assert await migrate.current(database) == migrate.Chain(migrate.CORE, migrate.LOCATION).head
    await database.close()


@pytest.mark.asyncio
async def test_newer_schema_is_refused_with_a_sentence(url: str) -> None:
    """A store that a newer supportd wrote is refused, untouched, with what to do."""
    store = await open_store(url, host_key=HOST_KEY)
    await store.database.transact(lambda connection: connection.execute(text("UPDATE supportd_version SET version_num = '9999'")))
    await store.close()

    with pytest.raises(SchemaTooNew) as caught:
        await open_store(url, host_key=HOST_KEY)

    assert str(caught.value) == (
        "The store was written by a newer supportd (supportd 9999 is not known here): install that version again, or restore a backup."
    )
    assert caught.value.status == 78


@pytest.mark.asyncio
async def test_questions_that_wait_can_be_answered_after_the_upgrade(url: str) -> None:
    """A question that was put to somebody by a supportd of the first schema counts as come when it was sent, one that waits as not come."""
    database = await open_database(url, host_key=HOST_KEY)
    chain = migrate.Chain(migrate.CORE, migrate.LOCATION)
    first = (await database.read(chain.pending))[0]
    await database.reshape(lambda connection: chain.step(connection, first))
    await database.reshape(_two_questions)

    await migrate.upgrade(database)

    found = await database.read(lambda connection: connection.execute(text("SELECT ask_id, sent_at FROM ask_people ORDER BY ask_id")).all())
    assert [tuple(row) for row in found] == [("swept", 5), ("told", 7), ("waits", None)]
    await database.close()


def _two_questions(connection: Connection) -> None:
    sent = (
        "INSERT INTO outbox (id, group_id, plugin, account, lane, priority, kind, state, attempts, not_before, added, ended)"
        " VALUES ('r', 'g', 'p', 'reader', 'l', 2, 'PostDirect', 'done', 1, 0, 6, 7)"
    )
    connection.execute(text(sent))
    for name, outbox_row, event in (("told", "r", "$1"), ("swept", "gone", "$2"), ("waits", "w", None)):
        connection.execute(
            text("INSERT INTO asks (id, group_id, plugin, key, step, outcome, opened) VALUES (:ask, 'g', 'p', :ask, 1, '', 5)"),
            {"ask": name},
        )
        connection.execute(
            text("INSERT INTO ask_people (ask_id, person_id, row_id, event_id, turn) VALUES (:ask, 'ann', :row, :event, 0)"),
            {"ask": name, "row": outbox_row, "event": event},
        )


def test_killed_at_each_statement_it_starts_again_on_sqlite() -> None:
    """Killed before any statement or commit of the first start, the next start makes the whole schema."""
    zygote = Zygote()
    with contextlib.closing(zygote), quick_folder() as folder:
        names = migrated(zygote, f"sqlite:///{folder}/whole.db", folder)
        for point in range(1, len(names) + 1):
            url = f"sqlite:///{folder}/{point}.db"
            assert zygote.run(migrate=True, url=url, kill=point, out=str(folder / "out")) == -signal.SIGKILL
            migrated(zygote, url, folder)

    print(f"\nmigration, sqlite: killed at {len(names)} of {len(names)} boundaries, started again after each")
    assert len(names) > 40


def test_killed_at_a_sample_of_statements_it_starts_again_on_postgresql(postgres: PostgresServer, tmp_path: Path) -> None:
    """The same on PostgreSQL, at each tenth boundary and around the commits."""
    zygote = Zygote()
    try:
        names = migrated(zygote, postgres.new_database(), tmp_path)
        commits = {at + step for at, name in enumerate(names, 1) if name == "commit" for step in (0, 1)}
        points = sorted({*range(1, len(names) + 1, 10), *commits} & set(range(1, len(names) + 1)))
        for point in points:
            url = postgres.new_database()
            assert zygote.run(migrate=True, url=url, kill=point, out=str(tmp_path / "out")) == -signal.SIGKILL
            migrated(zygote, url, tmp_path)
    finally:
        zygote.close()

    print(f"\nmigration, postgresql: killed at {len(points)} of {len(names)} boundaries, started again after each")
    assert len(points) > 5


def migrated(zygote: Zygote, url: str, folder: Path) -> list[str]:
    """Start for good and return the boundaries that were passed."""
    assert zygote.run(migrate=True, url=url, kill=None, out=str(folder / "out")) == 0
    names: list[str] = json.loads((folder / "out").read_text(encoding="utf-8"))
    return names
