"""Committing when the database may have lost its answer."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, TypeVar

from supportd.errors import SupportdError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from supportd.engine.unit import Store, UnitOfWork

T = TypeVar("T")


class TryAgain(SupportdError):
    """The database is away for a moment; supportd tries again by itself."""


#: Seconds between attempts; the last is repeated until the database is back.
WAITS = (0.0, 0.1, 0.5, 1.0, 2.0, 5.0)


async def settled(store: Store, work: Callable[[UnitOfWork], T]) -> T:
    """Run ``work`` until it is known to be committed.

    ``work`` must be repeatable: everything the engine commits is keyed, so doing it again after an unknown commit changes nothing.
    """
    return await _until(lambda: store.transact(work))


async def looked(store: Store, work: Callable[[UnitOfWork], T]) -> T:
    """Run ``work``, which only reads, until the database answers."""
    return await _until(lambda: store.read(work))


async def _until(attempt: Callable[[], Awaitable[T]]) -> T:
    tries = 0
    while True:
        try:
            return await attempt()
        except TryAgain:
            await asyncio.sleep(WAITS[min(tries, len(WAITS) - 1)])
            tries += 1
