"""More events missed in one room than a sync may bring: who recovers them."""

from __future__ import annotations

import asyncio
import shutil
from time import perf_counter
from typing import TYPE_CHECKING, cast

from supportd.matrix.http import path
from tests.bench.figures import load
from tests.bench.stage import stage

if TYPE_CHECKING:
    from supportd.matrix.accounts import Login
    from supportd.sdk.ids import EventId
    from tests.bench.options import Options
    from tests.bench.stage import Stage

MISSED = 10_000
WRITERS = 12
#: Seconds ours may take; nio is looked at after a few, it asks for nothing more.
PATIENCE = 300.0
_SETTLED = 5.0


async def measure(options: Options) -> None:
    """Post to a room of a real Synapse while nobody listens, then start each bot."""
    count = options.scaled(MISSED, 300)
    async with stage() as place:
        async with place.daemon():
            await place.circle()
            (room,) = await place.rooms("more_rooms", 1)
            await place.say("plugins", "on", "count")
            login, child = await place.bare("resume")
            await place.invite(room, login.user_id)
            await place.ann.say(room, "good evening")
            await asyncio.sleep(2)
            await child.end()
        started = perf_counter()
        posted = await _post(place, room, count)
        print(f"{count:,} events posted in one room in {perf_counter() - started:.0f} s while both were away; {load()}", flush=True)
        await _ours(place, posted)
        for limit in (0, 100):
            await _floor(place, login, limit, count)


async def _post(place: Stage, room: str, count: int) -> list[str]:
    numbers = iter(range(count))
    posted: list[str] = []

    async def some() -> None:
        for number in numbers:
            content = {"msgtype": "m.text", "body": f"message {number} of an ordinary length, as people write them"}
            answer = await place.ann.api.put(path("rooms", room, "send", "m.room.message", f"gap-{number}"), content)
            posted.append(answer["event_id"])

    await asyncio.gather(*(some() for _ in range(WRITERS)))
    return posted


async def _ours(place: Stage, posted: list[str]) -> None:
    started, seconds = perf_counter(), 0.0
    async with place.daemon(goal=len(posted)) as daemon:
        ready = perf_counter() - started
        try:
            await daemon.line(PATIENCE)
            seconds = perf_counter() - started
        except TimeoutError:
            pass
        # What the last call yielded is committed by then.
        await asyncio.sleep(1)
        counted = await daemon.report()
    async with place.store() as store:
        handled = await store.read(lambda uow: sum(uow.handled.seen(cast("EventId", one)) for one in posted))
    how = f"in {seconds:.1f} s from its start ({ready:.1f} s until ready)" if seconds else f"NOT ALL within {PATIENCE:.0f} s"
    print(
        f"missed in one room: supportd recovered {counted['distinct']:,} of {len(posted):,} {how}, "
        f"{len(posted) / seconds if seconds else 0:,.0f}"
        f" events/s with the homeserver's part; plugin called {counted['calls']:,} times, {handled:,} stand as handled",
        flush=True,
    )


async def _floor(place: Stage, login: Login, limit: int, count: int) -> None:
    store = place.folder / f"bare{limit}"
    shutil.copytree(place.folder / "bare", store)
    _, child = await place.bare("resume", limit=limit, login=login, store=store)
    await asyncio.sleep(_SETTLED)
    counted = await child.report()
    asked = "as it asks by itself" if not limit else f"asking for {limit} events a sync"
    print(f"  floor (bare nio client, {asked}): {counted['distinct']:,} of {count:,}, and never more", flush=True)
