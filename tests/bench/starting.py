"""From start to ready."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from time import perf_counter
from typing import TYPE_CHECKING

from tests.bench.figures import line
from tests.bench.stage import stage

if TYPE_CHECKING:
    from tests.bench.options import Options

STARTS = 5


async def measure(options: Options) -> None:
    """Start the daemon as it is installed, in turn with a Python that only loads the large libraries."""
    del options
    ours, floor = [], []
    async with stage() as place:
        for _ in range(STARTS):
            started = perf_counter()
            async with place.daemon(measured=False):
                ours.append((perf_counter() - started) * 1000)
            floor.append(await asyncio.to_thread(_imports))
    print(line("start to ready (floor: Python importing nio, aiohttp, sqlalchemy, pydantic)", ours, floor))


def _imports() -> float:
    """Return how many milliseconds Python needs to load the large libraries."""
    started = perf_counter()
    subprocess.run([sys.executable, "-c", "import nio, aiohttp, sqlalchemy, pydantic"], check=True)
    return (perf_counter() - started) * 1000
