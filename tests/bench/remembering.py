"""Memory after a thousand messages and after twenty thousand."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from tests.bench.figures import load
from tests.bench.recording import PATIENCE, studio
from tests.bench.tape import AT_ONCE

if TYPE_CHECKING:
    from tests.bench.options import Options
    from tests.bench.processes import Child
    from tests.bench.recording import Studio

MESSAGES = 20_000
FIRST = 1_000
#: MiB that may be between the first and the last figure.
FLAT = 10
_POINTS = 5
_SETTLED = 3.0


async def measure(options: Options) -> None:
    """Play encrypted messages as fast as each reads them, and look at its resident memory on the way."""
    count = options.scaled(MESSAGES, 2 * FIRST)
    async with studio("hide") as here:
        reel = await here.record(here.circle, count)
        print(f"{count:,} encrypted messages of one person in one room, {reel.room_keys} room keys; {load()}", flush=True)
        points = sorted({FIRST, *(count * part // _POINTS // AT_ONCE * AT_ONCE for part in range(1, _POINTS + 1))})
        async with here.ours(reel) as (child, home):
            ours, idle = await _curve(here, child, points)
        handled = await here.handled(home, reel)
        async with here.floor(reel) as child:
            floor, _ = await _curve(here, child, points)
    grown = ours[points[-1]] - ours[FIRST]
    print(
        f"memory after {FIRST:,} messages: supportd {ours[FIRST]:.0f} MiB, floor (bare nio client) {floor[FIRST]:.0f} MiB;"
        f" after {points[-1]:,}: supportd {ours[points[-1]]:.0f} MiB, floor {floor[points[-1]]:.0f} MiB;"
        f" supportd grew by {grown:+.1f} MiB (aim: at most {FLAT}), floor by {floor[points[-1]] - floor[FIRST]:+.1f} MiB"
    )
    curve = ", ".join(f"{at:,}: {ours[at]:.1f}" for at in points)
    print(f"  on the way, MiB of supportd: {curve}; {_SETTLED:.0f} s later {idle:.1f}; {handled:,} of {count:,} stand as handled")


async def _curve(here: Studio, child: Child, points: list[int]) -> tuple[dict[int, float], float]:
    """Return the memory when each of ``points`` was handled, and when all was quiet again."""
    found: dict[int, float] = {}

    def look(number: int) -> None:
        if number * AT_ONCE in points:
            found[number * AT_ONCE] = child.mib()

    here.tape.heard = look
    await asyncio.wait_for(here.tape.done.wait(), PATIENCE)
    here.tape.heard = lambda _number: None
    await asyncio.sleep(_SETTLED)
    return found, child.mib()
