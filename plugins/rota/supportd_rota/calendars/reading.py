"""A calendar's bytes become busy times, in a child process that is killed when it takes too long; a bad calendar never raises."""

from __future__ import annotations

import asyncio
import contextlib
import json
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Final

from supportd_rota.times import Window

if TYPE_CHECKING:
    from asyncio.subprocess import Process

MOST_BYTES: Final = 1_000_000
#: For the reading itself; starting the interpreter is not the calendar's fault and has a bound of its own.
READING_SECONDS: Final = 2.0
STARTING_SECONDS: Final = 20.0
_MOST_ANSWER: Final = 1_000_000
_READER: Final = Path(__file__).with_name("reader.py")


class Trouble(StrEnum):
    """Why a calendar gave nothing."""

    NO_CALENDAR = "no_calendar"
    UNREADABLE = "unreadable"
    TOO_BIG = "too_big"
    TOO_MANY = "too_many"
    TOO_OFTEN = "too_often"
    TOO_SLOW = "too_slow"
    ADDRESS = "address"
    UNREACHABLE = "unreachable"
    NOT_GIVEN = "not_given"

    @property
    def sentence(self) -> str:
        """Return one sentence for the owner of the calendar, which says what to do."""
        return _SENTENCES[self]


_SENTENCES: Final = {
    Trouble.NO_CALENDAR: "That address gives no calendar: copy the address that ends in .ics from your calendar's settings.",
    Trouble.UNREADABLE: "Your calendar could not be read: export it once more, or share another one.",
    Trouble.TOO_BIG: "Your calendar is larger than one megabyte: share one with fewer old entries.",
    Trouble.TOO_MANY: "Your calendar has more than 5,000 entries: share one with fewer of them.",
    Trouble.TOO_OFTEN: "An entry of your calendar comes back more often than daily: take it out, or share a calendar without it.",
    Trouble.TOO_SLOW: "Reading your calendar took too long: share one with fewer entries that come back.",
    Trouble.ADDRESS: "That address cannot be used: give one that starts with https:// and can be opened from everywhere.",
    Trouble.UNREACHABLE: "Your calendar could not be reached: look whether its address still opens in a browser.",
    Trouble.NOT_GIVEN: "Your calendar's address no longer works: copy it once more from your calendar's settings.",
}


@dataclass(frozen=True, slots=True)
class Read:
    """What came of a calendar: when its owner is busy (UTC, in order, not touching), or the trouble with it."""

    busy: tuple[Window, ...] = ()
    trouble: Trouble | None = None


async def read_calendar(data: bytes, start: datetime, end: datetime, zone: str) -> Read:
    """Read when the owner is busy between two instants (aware); whole days and times without a zone are those of ``zone``."""
    if len(data) > MOST_BYTES:
        return Read(trouble=Trouble.TOO_BIG)
    head = json.dumps({"start": int(start.timestamp()), "end": int(end.timestamp()), "zone": zone}).encode()
    # Isolated (-I): no environment and no current folder decides what the child imports.
    child = await asyncio.create_subprocess_exec(
        sys.executable,
        "-I",
        str(_READER),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        env={},
    )
    try:
        return _understood(await _asked(child, head + b"\n" + data))
    except TimeoutError:
        return Read(trouble=Trouble.TOO_SLOW)
    except (OSError, asyncio.IncompleteReadError):
        return Read(trouble=Trouble.UNREADABLE)
    finally:
        with contextlib.suppress(ProcessLookupError):
            child.kill()
        await child.wait()


async def _asked(child: Process, question: bytes) -> bytes:
    assert child.stdin is not None, "asked for a pipe"  # noqa: S101 - for the type checker
    assert child.stdout is not None, "asked for a pipe"  # noqa: S101 - for the type checker
    async with asyncio.timeout(STARTING_SECONDS):
        await child.stdout.readexactly(1)
    async with asyncio.timeout(READING_SECONDS):
        child.stdin.write(question)
        await child.stdin.drain()
        child.stdin.close()
        said = b""
        while more := await child.stdout.read(65_536):
            said += more
            if len(said) > _MOST_ANSWER:
                return b""
    return said


def _understood(said: bytes) -> Read:
    try:
        found = json.loads(said)
        if "trouble" in found:
            return Read(trouble=Trouble(found["trouble"]))
        return Read(tuple(Window(datetime.fromtimestamp(one, UTC), datetime.fromtimestamp(two, UTC)) for one, two in found["busy"]))
    except (ValueError, TypeError, KeyError, OverflowError, OSError):
        return Read(trouble=Trouble.UNREADABLE)
