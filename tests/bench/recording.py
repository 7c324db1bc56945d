"""A stage with a tape: messages that a member wrote while both bots were away, played to each of them, run by run in turn."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from supportd.config import load as load_config
from supportd.daemon.compose import matrix_settings
from supportd.daemon.secrets import Secrets
from supportd.store.sealing import HostKey
from tests.bench.stage import stage
from tests.bench.tape import Reel, Tape

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from supportd.matrix.accounts import Login
    from supportd.matrix.member import Member
    from supportd.sdk.ids import EventId
    from tests.bench.processes import Child
    from tests.bench.stage import Stage

#: Seconds a bot may take for one reel.
PATIENCE = 600.0


@dataclass
class Played:
    """How one bot read one reel; ``cpu`` in seconds of processor time, ``handled``: ids that the daemon's store has as handled."""

    seconds: float
    cpu: float
    calls: int
    distinct: int
    handled: int = 0


class Studio:
    """Use :func:`studio`."""

    def __init__(self, place: Stage, tape: Tape, circle: str, plain: str) -> None:
        """Both bots are in both rooms, and rest."""
        self.place, self.tape, self.circle, self.plain = place, tape, circle, plain
        self.writer: Member
        self.peer: Login
        self._copies = 0

    async def record(self, room: str, count: int) -> Reel:
        """Let the member write ``count`` messages into ``room`` while everybody is away."""
        self.tape.recording = Reel(room)
        for number in range(count):
            await self.writer.say(room, f"message {number} of an ordinary length, as people write them when they have a little time")
        reel, self.tape.recording = self.tape.recording, None
        return reel

    @contextlib.asynccontextmanager
    async def ours(self, reel: Reel) -> AsyncIterator[tuple[Child, Path]]:
        """Run the daemon on a copy of its state from before, while the tape plays; yields it and its folder."""
        home = self._copy(self.place.home)
        await self.place.count_anew(home)
        self.tape.play(reel)
        async with self.place.daemon(home=home) as child:
            try:
                yield child, home
            finally:
                self.tape.stop()

    @contextlib.asynccontextmanager
    async def floor(self, reel: Reel, limit: int = 100) -> AsyncIterator[Child]:
        """Run the bare client in the same way."""
        store = self._copy(self.place.folder / "bare")
        self.tape.play(reel)
        _, child = await self.place.bare("count", limit=limit, login=self.peer, store=store)
        try:
            yield child
        finally:
            self.tape.stop()
            await child.end()

    async def play_ours(self, reel: Reel) -> Played:
        """Return how the daemon read ``reel``."""
        async with self.ours(reel) as (child, home):
            before = child.cpu()
            await asyncio.wait_for(self.tape.done.wait(), PATIENCE)
            cpu = child.cpu() - before
            counted = await child.report()
        return Played(self.tape.seconds, cpu, counted["calls"], counted["distinct"], await self.handled(home, reel))

    async def handled(self, home: Path, reel: Reel) -> int:
        """Return how many of the events stand as handled in the store of a daemon that ended."""
        async with self.place.store(home) as store:
            return await store.read(lambda uow: sum(uow.handled.seen(cast("EventId", one)) for one in reel.ids))

    async def play_floor(self, reel: Reel) -> Played:
        """Return how the bare client read ``reel``."""
        async with self.floor(reel) as child:
            before = child.cpu()
            await asyncio.wait_for(self.tape.done.wait(), PATIENCE)
            cpu = child.cpu() - before
            counted = await child.report()
        return Played(self.tape.seconds, cpu, counted["calls"], counted["distinct"])

    def _copy(self, folder: Path) -> Path:
        self._copies += 1
        made = self.place.folder / f"copy{self._copies}"
        shutil.copytree(folder, made, ignore=shutil.ignore_patterns("*.sock"))
        return made


@contextlib.asynccontextmanager
async def studio(plugin: str) -> AsyncIterator[Studio]:
    """Yield a studio: a group with ``plugin`` on, an encrypted and a plain room, the daemon and the bare client in both and resting."""
    tapes: list[Tape] = []

    def front(upstream: str) -> Tape:
        tapes.append(Tape(upstream))
        return tapes[0]

    async with stage(front) as place:
        tape = tapes[0]
        async with place.daemon():
            circle = await place.circle()
            (plain,) = await place.rooms("more_rooms", 1)
            await place.say("plugins", "on", plugin)
            made = Studio(place, tape, circle, plain)
            made.peer, child = await place.bare("count")
            for room in (circle, plain):
                await place.invite(room, made.peer.user_id)
            # Both have read something, so that their sessions with the writer's device are no news to them.
            made.writer = await _writer(place, tape, (circle, plain))
            await asyncio.sleep(1)
            await child.end()
        settings = matrix_settings(load_config(place.home), Secrets(HostKey.load(place.home / "host-key")))
        for login in (settings.reader, made.peer, place.login):
            tape.people[login.access_token] = (login.user_id, login.device_id)
        yield made


async def _writer(place: Stage, tape: Tape, rooms: tuple[str, ...]) -> Member:
    """Let Ann write through the tape from now on."""
    await place.ann.say(rooms[0], "good evening")
    await place.ann.say(rooms[1], "good evening")
    place.ann.api.base_url = tape.url
    return place.ann
