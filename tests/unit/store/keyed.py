"""Keyed work as the engine does it, and how a test of a bad day sees what became of it."""

from __future__ import annotations

import asyncio
import contextlib
import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from supportd.engine.records import JournalLine
from supportd.sdk.facts import GroupStyle
from supportd.sdk.ids import EventId, GroupId

if TYPE_CHECKING:
    import io
    from collections.abc import Callable

    from supportd.engine.unit import UnitOfWork
    from supportd.store.open import SqlStore

NOW = datetime(2026, 11, 2, 18, 0, tzinfo=UTC)
GROUP = GroupId("roses")
#: Longer than anything here takes; a test that waits so long has failed.
DEADLINE = 30


def lines(log: io.StringIO, event: str) -> list[dict[str, object]]:
    """Return the lines of one kind."""
    return [line for line in map(json.loads, log.getvalue().splitlines()) if line["event"] == event]


async def until(true: Callable[[], object]) -> None:
    """Wait for another process or the disk, which nothing here can turn like a clock."""
    async with asyncio.timeout(DEADLINE):
        while not true():  # noqa: ASYNC110 - what happens outside of this process sets no event
            await asyncio.sleep(0.01)


def found_group(uow: UnitOfWork) -> None:
    """Make the group of these tests."""
    uow.groups.add(GROUP, GroupStyle(name="Roses", zone="UTC"), NOW)


def keyed(number: int) -> Callable[[UnitOfWork], int]:
    """Return work as the engine does it: it looks for its key first, and would show twice in the journal without that."""
    id_ = EventId(f"$event{number}")

    def work(uow: UnitOfWork) -> int:
        if not uow.handled.seen(id_):
            uow.handled.add(id_, NOW)
            uow.journal.add(JournalLine(group=GROUP, plugin="welcome", at=NOW, kind="React", outcome="accepted", reason=str(number)))
        return number

    return work


async def written_until(store: SqlStore, refused: type[Exception], start: int = 0) -> list[int]:
    """Write one piece of keyed work after the other until one is refused; returns what was acknowledged."""
    acknowledged: list[int] = []
    with contextlib.suppress(refused):
        for number in range(start, start + 5000):
            acknowledged += [await store.transact(keyed(number))]
        pytest.fail("nothing was refused")
    return acknowledged


async def kept(store: SqlStore) -> list[int]:
    """Return the numbers of all work that was done, each as often as it was done."""
    found = await store.read(lambda uow: uow.journal.last(GROUP, 100_000))
    return sorted(int(line.reason) for line in found)
