"""From a message in the sync to the answer leaving."""

from __future__ import annotations

from time import perf_counter
from typing import TYPE_CHECKING

from tests.bench.figures import line
from tests.bench.proxy import Proxy
from tests.bench.stage import stage
from tests.bench.words import ASKED

if TYPE_CHECKING:
    from tests.bench.options import Options
    from tests.bench.stage import Stage

BLOCKS = 4
WARMING = 10


async def measure(options: Options) -> None:
    """Let both answer in blocks, in turn, each in an encrypted room of its own behind the same proxy."""
    proxies: list[Proxy] = []

    def front(upstream: str) -> Proxy:
        proxies.append(Proxy(upstream))
        return proxies[0]

    async with stage(front) as place, place.daemon() as daemon:
        proxy = proxies[0]
        room = await place.circle()
        await place.say("plugins", "on", "echo")
        login, bare = await place.bare("answer")
        bare_room = await _room_with(place, login.user_id)
        ours: list[float] = []
        floor: list[float] = []
        warm: list[float] = []
        for where, into in [(room, warm), (bare_room, warm)] + [(room, ours), (bare_room, floor)] * BLOCKS:
            proxy.clear()
            for number in range(WARMING if into is warm else max(1, options.count // BLOCKS)):
                await _ping(place, where, f"{ASKED} {perf_counter()} {number}")
            into += [gap * 1000 for gap in proxy.gaps]
        print(line("message in /sync to answer leaving (floor: bare nio client)", ours, floor))
        print(f"memory after {len(ours)} answers: supportd {daemon.mib():.0f} MiB, bare nio client {bare.mib():.0f} MiB")


async def _ping(place: Stage, room: str, text: str) -> None:
    await place.ann.say(room, text)
    await place.ann.wait_for(lambda ann: any(seen.text == f"echo {text}" for seen in ann.timeline[-5:]), 30)


async def _room_with(place: Stage, user: str) -> str:
    state = [{"type": "m.room.encryption", "state_key": "", "content": {"algorithm": "m.megolm.v1.aes-sha2"}}]
    made = await place.ann.api.post("_matrix/client/v3/createRoom", {"preset": "private_chat", "invite": [user], "initial_state": state})
    room = str(made["room_id"])
    await place.ann.wait_for(lambda ann: user in ann.rooms.of(room).joined, 30)
    return room
