"""From a member sending a flagged word to somebody else's client seeing the redaction, in an encrypted room."""

from __future__ import annotations

import asyncio
import contextlib
import json
from time import perf_counter
from typing import TYPE_CHECKING

from supportd.matrix.http import path
from tests.bench.figures import line
from tests.bench.stage import PASSWORD, stage
from tests.bench.words import OURS, THEIRS

if TYPE_CHECKING:
    from supportd.matrix.http import Api
    from tests.bench.options import Options
    from tests.bench.stage import Stage

WARMING = 10
#: Seconds both sides are left alone between two messages, so that neither works on the one before.
REST = 0.05
_PATIENCE = 30.0
_FILTER = json.dumps({"room": {"timeline": {"limit": 50}, "state": {"types": []}, "ephemeral": {"types": []}}, "presence": {"types": []}})


class Watcher:
    """A third person's client that long-polls and notes when a message and its redaction arrive."""

    def __init__(self, api: Api, room: str) -> None:
        """Watch ``room`` with ``api``."""
        self.api, self.room = api, room
        self.arrived: dict[str, float] = {}
        self.hidden: dict[str, float] = {}
        self._news = asyncio.Event()

    async def run(self) -> None:
        """Watch until cancelled."""
        since = None
        while True:
            query = {"timeout": "30000" if since else "0", "filter": _FILTER} | ({"since": since} if since else {})
            answer = await self.api.get(path("sync"), query, seconds=60)
            now = perf_counter()
            since = answer["next_batch"]
            events = answer.get("rooms", {}).get("join", {}).get(self.room, {}).get("timeline", {}).get("events", [])
            for event in events:
                if event["type"] == "m.room.redaction":
                    self.hidden.setdefault(event.get("redacts") or event["content"].get("redacts"), now)
                else:
                    self.arrived.setdefault(event["event_id"], now)
            self._news.set()

    async def until_hidden(self, event: str) -> float | None:
        """Return when the redaction of ``event`` arrived, ``None`` when it did not."""
        try:
            async with asyncio.timeout(_PATIENCE):
                while event not in self.hidden:
                    self._news.clear()
                    await self._news.wait()
        except TimeoutError:
            return None
        return self.hidden[event]


class Side:
    """What was measured of one side, milliseconds."""

    def __init__(self, word: str) -> None:
        """Take the word whose messages it redacts."""
        self.word = word
        self.whole: list[float] = []
        self.returned: list[float] = []
        self.exposed: list[float] = []
        self.missed = 0

    async def once(self, place: Stage, room: str, watcher: Watcher) -> None:
        """Post the word and wait until it is gone."""
        started = perf_counter()
        event = await place.ann.say(room, f"some words and {self.word}, {started}")
        sent = perf_counter()
        hidden = await watcher.until_hidden(event)
        if hidden is None or event not in watcher.arrived:
            self.missed += 1
            return
        self.whole.append((hidden - started) * 1000)
        self.returned.append((hidden - sent) * 1000)
        self.exposed.append((hidden - watcher.arrived[event]) * 1000)


async def measure(options: Options) -> None:
    """Let both redact in one room, message by message in turn."""
    async with stage() as place, place.daemon() as daemon:
        room = await place.circle()
        await place.say("plugins", "on", "hide")
        login, peer = await place.bare("hide")
        await place.helper(room, login.user_id)
        carl = await place.member(await place.synapse.register("carl", PASSWORD, device_id="CARL"))
        await place.ann.api.post(path("rooms", room, "invite"), {"user_id": carl.user_id})
        await carl.join(room)
        await place.ann.wait_for(lambda ann: carl.user_id in ann.rooms.of(room).joined, 30)
        watcher = Watcher(carl.api, room)
        task = asyncio.create_task(watcher.run())
        ours, floor = Side(OURS), Side(THEIRS)
        try:
            warm = (Side(OURS), Side(THEIRS))
            for pair, times in ((warm, WARMING), ((ours, floor), options.count)):
                for _ in range(times):
                    for side in pair:
                        await side.once(place, room, watcher)
                        await asyncio.sleep(REST)
        finally:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task
        name = "redaction, encrypted version 12 room (floor: bare nio client in the same room, message by message in turn)"
        print(line(f"{name}: start of send to redaction seen by a third person's client", ours.whole, floor.whole, aim="median ratio 1.15"))
        print(line("  from the send's return to redaction seen", ours.returned, floor.returned))
        print(line("  exposed: seen by the third client until redacted there", ours.exposed, floor.exposed))
        print(
            f"  not redacted within {_PATIENCE:.0f} s: supportd {ours.missed} of {options.count}, floor {floor.missed} of {options.count}"
        )
        print(f"  memory then: supportd {daemon.mib():.0f} MiB, bare nio client {peer.mib():.0f} MiB")
