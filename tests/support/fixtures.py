"""Fixtures for tests against real databases; ``tests/conftest.py`` names this module in ``pytest_plugins``."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from tests.support.postgres import PostgresServer, find_binaries

if TYPE_CHECKING:
    from collections.abc import Iterator


def skip_or_fail(reason: str) -> None:
    """Skip the test at hand because of ``reason``; where everything must be there (``CI=true``), fail."""
    if os.environ.get("CI") == "true":
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """Yield a running PostgreSQL server of this test run's own."""
    binaries = find_binaries()
    if binaries is None:
        skip_or_fail("PostgreSQL is not installed (deploy/apt.txt)")
        raise AssertionError
    server = PostgresServer(binaries)
    try:
        server.create()
        yield server
    finally:
        server.destroy()


@pytest.fixture(scope="session")
def postgres_url(postgres: PostgresServer) -> str:
    """Return the address of a database that all tests of the run share."""
    return postgres.new_database()


@pytest.fixture
def postgres_database(postgres: PostgresServer) -> Iterator[str]:
    """Yield the address of an empty database of this test's own."""
    url = postgres.new_database()
    yield url
    postgres.drop_database(url)
