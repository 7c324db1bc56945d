"""Fixtures for tests against a real Synapse; ``tests/conftest.py`` names this module in ``pytest_plugins``."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from supportd.demo.synapse import Synapse
from tests.support.fixtures import skip_or_fail

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]


def synapse_python() -> Path | None:
    """Return the interpreter that has ``matrix-synapse``, if there is one."""
    # Not resolved: a virtual environment's interpreter is a link, and the link is what makes it one.
    path = Path(os.environ.get("SUPPORTD_SYNAPSE_PYTHON") or ROOT / ".venv-synapse" / "bin" / "python")
    return path if path.exists() else None


@pytest.fixture(scope="session")
def synapse(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Synapse]:
    """Yield a running Synapse without rate limits that all tests of the run share."""
    yield from _running(tmp_path_factory, limits=False)


@pytest.fixture(scope="session")
def strict_synapse(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Synapse]:
    """Yield a running Synapse with its default rate limits."""
    yield from _running(tmp_path_factory, limits=True)


def _running(tmp_path_factory: pytest.TempPathFactory, *, limits: bool) -> Iterator[Synapse]:
    python = synapse_python()
    if python is None:
        skip_or_fail("Synapse is not installed (make .venv-synapse)")
        raise AssertionError
    server = Synapse(tmp_path_factory.mktemp("synapse"), python, limits=limits)
    # A lax server: whoever may in a room puts it into the public list.
    server.extra["room_list_publication_rules"] = [{"action": "allow"}]
    asyncio.run(server.start())
    try:
        yield server
    finally:
        asyncio.run(server.stop())
