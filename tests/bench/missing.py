"""Events that both bots missed while they were away: how fast they are read, and whether each is handled once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.bench.figures import load, median, several
from tests.bench.recording import studio
from tests.bench.tape import AT_ONCE

if TYPE_CHECKING:
    from tests.bench.options import Options
    from tests.bench.recording import Played, Studio

PLAIN = 5_000
ENCRYPTED = 2_000
RUNS = 3
#: At least this share of the bare client's speed, and at least this many encrypted events a second.
SHARE = 0.6
LEAST = 300


async def measure(options: Options) -> None:
    """Play what was missed, in turn."""
    async with studio("count") as here:
        print(
            f"both read the same bytes from a loopback server, {AT_ONCE} events a sync as Synapse gives them, each run from the same state;"
            " the rest goes to a real Synapse. Clock: from asking for the first events to asking for what follows the last."
            " Ours: the whole daemon, its SQLite store and a plugin that counts; floor: a bare nio client that counts, without a database",
            flush=True,
        )
        await _one(here, "plain", here.plain, options.scaled(PLAIN, 100))
        await _one(here, "encrypted", here.circle, options.scaled(ENCRYPTED, 100))


async def _one(here: Studio, name: str, room: str, count: int) -> None:
    reel = await here.record(room, count)
    ours: list[Played] = []
    floor: list[Played] = []
    print(f"{count:,} {name} events in one room, {reel.room_keys} room keys; {load()}", flush=True)
    for _ in range(RUNS):
        ours.append(await here.play_ours(reel))
        floor.append(await here.play_floor(reel))
    mine, theirs = [count / one.seconds for one in ours], [count / one.seconds for one in floor]
    aim = SHARE * median(theirs) if name == "plain" else max(LEAST, SHARE * median(theirs))
    print(
        f"backlog, {name}: supportd {several(mine)} events/s, floor {several(theirs)} events/s (runs in turn);"
        f" ratio of medians {median(mine) / median(theirs):.2f}; aim: {aim:,.0f} events/s ({SHARE:.0%} of the floor"
        + (")" if name == "plain" else f" or {LEAST}, the higher)")
        + f"; processor time for each event: supportd {median([one.cpu for one in ours]) / count * 1000:.2f} ms,"
        f" floor {median([one.cpu for one in floor]) / count * 1000:.2f} ms"
    )
    print(
        f"  each once: supportd called the plugin {several([one.calls for one in ours])} times"
        f" for {several([one.distinct for one in ours])}"
        f" events, {several([one.handled for one in ours])} stand as handled in its store, of {count:,}; floor"
        f" {several([one.calls for one in floor])} calls for {several([one.distinct for one in floor])}",
        flush=True,
    )
