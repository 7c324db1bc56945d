"""A store for the tests of the engine, on either database."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import pytest_asyncio

from supportd.store.open import SqlStore, open_store

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

HOST_KEY = b"k" * 32


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Return the address of an empty store, on either database."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/supportd.db"
    address: str = request.getfixturevalue("postgres_database")
    return address


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
