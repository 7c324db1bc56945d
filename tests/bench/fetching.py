"""The same question with the homeserver's part in it: missed events straight from a real Synapse, in one sync."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
from dataclasses import dataclass
from time import perf_counter
from typing import TYPE_CHECKING

from tests.bench.figures import load, median, several
from tests.bench.proxy import Proxy
from tests.bench.stage import reader_of, stage
from tests.bench.tape import AT_ONCE

if TYPE_CHECKING:
    from pathlib import Path

    from aiohttp import web

    from supportd.matrix.accounts import Login
    from tests.bench.options import Options
    from tests.bench.stage import Stage

ROOMS = {"plain": 50, "encrypted": 20}
RUNS = 3
#: The goal of today's daemon in events a second, and the share of the bare client's speed.
GOAL = {"plain": 2_000, "encrypted": 300}
SHARE = 0.6
_PATIENCE = 120.0
_AT_THE_SAME_TIME = 8


class OneSync(Proxy):
    """Lets one sync through and holds the next, which says that everything before it is handled and makes the server forget keys."""

    def __init__(self, upstream: str) -> None:
        """Let everything through until :meth:`arm`."""
        super().__init__(upstream)
        self.asked: list[float] = []
        self.armed = ""
        self.handled = asyncio.Event()
        self._ended = asyncio.Event()

    def arm(self, token: str) -> None:
        """Let one sync of the account with this access token through from now on; others (the doorkeeper's) are not of interest."""
        self.asked, self.armed = [], f"Bearer {token}"
        self.handled.clear()
        self._ended.clear()

    def disarm(self) -> None:
        """Let go whoever is held."""
        self.armed = ""
        self._ended.set()

    async def _pass(self, request: web.Request) -> web.StreamResponse:
        if self.armed and request.path.endswith("/sync") and request.headers.get("Authorization") == self.armed:
            self.asked.append(perf_counter())
            if len(self.asked) > 1:
                self.handled.set()
                await self._ended.wait()
                raise ConnectionAbortedError
        return await super()._pass(request)


@dataclass
class Run:
    """Seconds of one run, and what was counted."""

    seconds: float
    calls: int
    distinct: int


async def measure(options: Options) -> None:
    """Post 100 events to each of many rooms while both are away; then each takes them in one sync, in turn."""
    for kind, rooms in ROOMS.items():
        await _one(kind, options.scaled(rooms, 2))


async def _one(kind: str, count: int) -> None:
    fronts: list[OneSync] = []

    def front(upstream: str) -> OneSync:
        fronts.append(OneSync(upstream))
        return fronts[0]

    async with stage(front) as place:
        login, rooms = await _prepared(place, kind, count)
        await _post(place, rooms)
        total = count * AT_ONCE
        print(f"{total:,} {kind} events in {count} rooms of a real Synapse, {AT_ONCE} in each, taken in one sync; {load()}", flush=True)
        ours, floor = [], []
        for number in range(RUNS):
            ours.append(await _ours(place, fronts[0], place.folder / f"ours{number}"))
            floor.append(await _floor(place, fronts[0], login, place.folder / f"floor{number}"))
    mine, theirs = [total / one.seconds for one in ours], [total / one.seconds for one in floor]
    aim = max(GOAL[kind], SHARE * median(theirs))
    print(
        f"backlog with the homeserver's part, {kind}: supportd {several(mine)} events/s, floor {several(theirs)} events/s (runs in turn);"
        f" ratio of medians {median(mine) / median(theirs):.2f}; aim: {aim:,.0f} events/s ({SHARE:.0%} of the floor or {GOAL[kind]:,}, the"
        f" higher)\n  each once: supportd {several([one.calls for one in ours])} calls for {several([one.distinct for one in ours])} of"
        f" {total:,}; floor {several([one.calls for one in floor])} calls for {several([one.distinct for one in floor])}",
        flush=True,
    )


async def _prepared(place: Stage, kind: str, count: int) -> tuple[Login, list[str]]:
    """Make the rooms and let both bots rest in them."""
    async with place.daemon():
        await place.circle()
        for name in ROOMS:
            await place.say("settings", "set", "more_rooms", name, str(count if name == kind else 0))
        rooms = await place.rooms("more_rooms", count)
        await place.say("plugins", "on", "count")
        login, child = await place.bare("resume")
        for room in rooms:
            await place.invite(room, login.user_id)
        await asyncio.sleep(2)
        await child.end()
    return login, rooms


async def _post(place: Stage, rooms: list[str]) -> None:
    waiting = iter(rooms)

    async def some() -> None:
        for room in waiting:
            for number in range(AT_ONCE):
                await place.ann.say(room, f"message {number} of an ordinary length, as people write them when they have a little time")

    await asyncio.gather(*(some() for _ in range(_AT_THE_SAME_TIME)))


async def _ours(place: Stage, front: OneSync, home: Path) -> Run:
    shutil.copytree(place.home, home)
    await place.count_anew(home)
    front.arm(reader_of(home)["access_token"])
    async with place.daemon(home=home) as daemon:
        try:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(front.handled.wait(), _PATIENCE)
            counted = await daemon.report()
        finally:
            front.disarm()
    return Run(front.asked[-1] - front.asked[0], counted["calls"], counted["distinct"])


async def _floor(place: Stage, front: OneSync, login: Login, store: Path) -> Run:
    shutil.copytree(place.folder / "bare", store)
    front.arm(login.access_token)
    _, child = await place.bare("resume", limit=AT_ONCE, login=login, store=store)
    try:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(front.handled.wait(), _PATIENCE)
        counted = await child.report()
    finally:
        front.disarm()
    return Run(front.asked[-1] - front.asked[0], counted["calls"], counted["distinct"])
