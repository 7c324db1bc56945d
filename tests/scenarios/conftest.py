"""The group of ``tests/matrix`` and a proxy that breaks what a scenario wants broken."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest_asyncio

from tests.matrix.conftest import group
from tests.scenarios.between import Between

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from supportd.demo.synapse import Synapse

__all__ = ["between", "group"]


@pytest_asyncio.fixture
async def between(synapse: Synapse) -> AsyncIterator[Between]:
    """Yield a proxy in front of the shared Synapse."""
    one = Between(synapse.base_url)
    await one.open()
    yield one
    await one.close()
