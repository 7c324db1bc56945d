"""Keeps the order of what happens in a room when its listening level changes and the other account goes on reading it.

Two syncs have no common order. What one account read up to the change has to be kept before what the other one reads from then on, else
somebody who joined and left could come to stand as joined.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from supportd.logs import get_logger

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

log = get_logger(__name__)

#: Seconds for which one account waits for the other; then it goes on, since one that fails must not stop both.
MOST_WAIT: Final = 10.0


class Handover:
    """Which rooms the reader is in, as each of the two syncs has committed it."""

    def __init__(self, *, seconds: float = MOST_WAIT) -> None:
        """Nothing is committed yet, and nobody waits for a sync that does not run."""
        self.seconds = seconds
        self.reader_runs = False
        self.doorkeeper_runs = False
        self._by_reader: frozenset[str] | None = None
        self._by_doorkeeper: frozenset[str] | None = None
        self._news = asyncio.Event()

    def reader_committed(self, rooms: Collection[str]) -> None:
        """Note in which rooms the reader found itself."""
        self._by_reader = frozenset(rooms)
        self._news.set()

    def doorkeeper_committed(self, rooms: Collection[str]) -> None:
        """Note in which rooms the doorkeeper found the reader."""
        self._by_doorkeeper = frozenset(rooms)
        self._news.set()

    async def reader_has_left(self, rooms: Collection[str]) -> None:
        """Wait until the reader has handled what it saw in ``rooms`` up to its leaving; for the doorkeeper, before it goes on there.

        At its very first sync the reader may find that it was put out of a room while nobody was running.
        """
        if self.reader_runs and (rooms or self._by_reader is None):
            await self._until(lambda: self._by_reader is not None and self._by_reader.isdisjoint(rooms))

    async def reader_has_come(self, rooms: Collection[str]) -> None:
        """Wait until the doorkeeper has handled what it saw in ``rooms`` before the reader came; for the reader, before it begins there."""
        if rooms and self.doorkeeper_runs:
            await self._until(lambda: self._by_doorkeeper is not None and self._by_doorkeeper.issuperset(rooms))

    async def _until(self, met: Callable[[], bool]) -> None:
        try:
            async with asyncio.timeout(self.seconds):
                while not met():
                    self._news.clear()
                    await self._news.wait()
        except TimeoutError:
            log.warning("handover.late")
