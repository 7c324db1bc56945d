"""``make bench``: speed as ratios beside a bare floor in the same run. Nothing here is asserted."""

from __future__ import annotations

import argparse
import asyncio
import importlib
import sys
import traceback
from time import perf_counter
from typing import Final

from supportd import logs
from tests.bench.figures import load, machine
from tests.bench.options import Options

#: Name of a part -> its module and what it measures.
PARTS: Final = {
    "starts": ("starting", "from start to ready"),
    "answers": ("answering", "from a message to its answer"),
    "redaction": ("redacting", "from a flagged word to its redaction in somebody else's client"),
    "backlog": ("missing", "what was missed while away"),
    "fetch": ("fetching", "what was missed while away, with the homeserver's part"),
    "rooms": ("rooming", "rooms until they can be spoken in, and a panic"),
    "crowd": ("crowding", "many rooms at once within the homeserver's limits"),
    "gap": ("gapping", "more missed in one room than a sync brings"),
    "stall": ("stalling", "the loop while a room key is shared"),
    "memory": ("remembering", "memory after many messages"),
    "day": ("living", "a day of five groups in a few minutes"),
    "rota": ("planning", "plans beside taking turns"),
    "idle": ("idling", "memory of an idle daemon"),
}


async def run(names: list[str], options: Options) -> int:
    """Measure the parts one after the other; one that breaks says so and the next begins."""
    print(machine(), flush=True)
    broken = 0
    for name in names:
        module, what = PARTS[name]
        started = perf_counter()
        print(f"\n[{name}] {what}; {load()}", flush=True)
        try:
            await importlib.import_module(f"tests.bench.{module}").measure(options)
        except Exception as error:  # noqa: BLE001 - the other parts are measured all the same
            broken += 1
            print(f"NOT MEASURED: {type(error).__name__}: {error}", flush=True)
            traceback.print_exc()
        print(f"[{name}] took {perf_counter() - started:.0f} s; {load()}", flush=True)
    return 1 if broken else 0


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.bench",
        description=__doc__,
        epilog="Parts: " + "; ".join(f"{name}: {what}" for name, (_, what) in PARTS.items()),
    )
    parser.add_argument("--only", default="", metavar="PARTS", help="these parts only, with commas between")
    parser.add_argument("--count", type=int, default=Options().count, help="answers and redactions of each side (default %(default)s)")
    parser.add_argument("--scale", type=float, default=Options().scale, help="multiplies the large amounts (default %(default)s)")
    chosen = parser.parse_args()
    names = [name for name in chosen.only.split(",") if name] or list(PARTS)
    unknown = [name for name in names if name not in PARTS]
    if unknown:
        parser.error(f"there is no part {', '.join(unknown)}; there are {', '.join(PARTS)}")
    logs.silence()
    return asyncio.run(run(names, Options(chosen.count, chosen.scale)))


if __name__ == "__main__":
    sys.exit(main())
