"""A store for the tests of the engine, on either database."""

from __future__ import annotations

import asyncio
from itertools import count
from typing import TYPE_CHECKING

import pytest
import pytest_asyncio

from supportd.store.open import SqlStore, open_store

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from pathlib import Path

    from tests.support.postgres import PostgresServer

HOST_KEY = b"k" * 32
COUNT = count(1)


@pytest.fixture(scope="session")
def migrated(request: pytest.FixtureRequest) -> str:
    """Return the name of a PostgreSQL database at the newest revision, from which each test's own is copied."""
    server: PostgresServer = request.getfixturevalue("postgres")
    address = server.new_database()
    with asyncio.Runner() as runner:
        runner.run(runner.run(open_store(address, host_key=HOST_KEY)).close())
    return address.rpartition("/")[2]


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Yield the address of an empty store, on either database."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/supportd.db"
        return
    server: PostgresServer = request.getfixturevalue("postgres")
    template: str = request.getfixturevalue("migrated")
    name = f"engine_{next(COUNT)}"
    server.sql(server.url(), f"CREATE DATABASE {name} TEMPLATE {template}")
    yield server.url(name)
    server.drop_database(server.url(name))


@pytest_asyncio.fixture
async def store(url: str) -> AsyncIterator[SqlStore]:
    """Yield an open store."""
    opened = await open_store(url, host_key=HOST_KEY)
    yield opened
    await opened.close()


@pytest_asyncio.fixture
async def sqlite_store(tmp_path: Path) -> AsyncIterator[SqlStore]:
    """Yield an open store on SQLite, where the database makes no difference."""
    opened = await open_store(f"sqlite:///{tmp_path}/supportd.db", host_key=HOST_KEY)
    yield opened
    await opened.close()
