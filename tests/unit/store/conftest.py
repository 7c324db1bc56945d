"""Both databases for the tests of the store."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Protocol, TypeAlias

import pytest
import pytest_asyncio
from sqlalchemy import Column, Integer, MetaData, Table, Text

from supportd import logs
from supportd.store.database import open_database
from supportd.store.open import SqlStore, open_store
from supportd.store.postgres import PostgresDatabase
from supportd.store.sqlite import SqliteDatabase

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from pathlib import Path

#: The host key of all these tests.
HOST_KEY = b"k" * 32

METADATA = MetaData()
#: A table with a rule, a key and words.
NOTES = Table(
    "notes",
    METADATA,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("words", Text, nullable=False),
)

Store: TypeAlias = SqliteDatabase | PostgresDatabase


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Return the address of an empty store, on either database."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/supportd.db"
    address: str = request.getfixturevalue("postgres_database")
    return address


@pytest_asyncio.fixture
async def database(url: str) -> AsyncIterator[Store]:
    """Yield an open store with the table of notes."""
    opened = await open_database(url, host_key=HOST_KEY)
    assert isinstance(opened, (SqliteDatabase, PostgresDatabase))
    await opened.reshape(METADATA.create_all)
    yield opened
    await opened.close()


class Opening(Protocol):
    """Opens a store that is closed at the end of the test, however the test ends."""

    async def __call__(self, url: str, *, cipher: bool = True) -> SqlStore:
        """Open the store at ``url``."""


@pytest_asyncio.fixture
async def opening() -> AsyncIterator[Opening]:
    """Yield what opens stores; name it after ``url``, so that they are closed before their database is dropped."""
    opened: list[SqlStore] = []

    async def store_at(url: str, *, cipher: bool = True) -> SqlStore:
        opened.append(await open_store(url, host_key=HOST_KEY, cipher=cipher))
        return opened[-1]

    yield store_at
    for one in opened:
        await one.close()


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """Yield what is written to the log."""
    stream = io.StringIO()
    logs.configure(stream)
    yield stream
    logs.configure()
