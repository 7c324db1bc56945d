"""One account goes on in a room when the other has handled what was its own."""

from __future__ import annotations

import asyncio

import pytest

from supportd.matrix.handover import Handover

pytestmark = pytest.mark.asyncio

ROOM = "!room"


async def test_the_doorkeeper_waits_until_the_reader_has_left() -> None:
    """A commit in which the reader is still in the room is not enough."""
    handover = Handover()
    handover.reader_runs = True
    handover.reader_committed([ROOM])

    waiting = asyncio.create_task(handover.reader_has_left([ROOM]))
    await asyncio.sleep(0)
    handover.reader_committed([ROOM, "!other"])
    await asyncio.sleep(0)
    early = waiting.done()
    handover.reader_committed(["!other"])
    await waiting

    assert not early


async def test_the_reader_waits_until_the_doorkeeper_saw_it_come() -> None:
    """Each of several rooms counts."""
    handover = Handover()
    handover.doorkeeper_runs = True

    waiting = asyncio.create_task(handover.reader_has_come([ROOM, "!other"]))
    await asyncio.sleep(0)
    handover.doorkeeper_committed([ROOM])
    await asyncio.sleep(0)
    early = waiting.done()
    handover.doorkeeper_committed([ROOM, "!other", "!third"])
    await waiting

    assert not early


async def test_the_doorkeeper_begins_after_the_readers_first_sync() -> None:
    """Before it nobody knows which rooms the reader was put out of while nothing ran."""
    handover = Handover()
    handover.reader_runs = True

    waiting = asyncio.create_task(handover.reader_has_left([]))
    await asyncio.sleep(0)
    early = waiting.done()
    handover.reader_committed([ROOM])
    await waiting

    assert not early


async def test_nobody_waits_for_ever() -> None:
    """One that does not run is not waited for, one that is late only for a while."""
    handover = Handover(seconds=0.0)

    await handover.reader_has_left([ROOM])
    await handover.reader_has_come([ROOM])
    handover.reader_runs = handover.doorkeeper_runs = True
    async with asyncio.timeout(5):
        await handover.reader_has_left([ROOM])
        await handover.reader_has_come([ROOM])

    assert handover.reader_runs
