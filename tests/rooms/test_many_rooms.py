"""Many rooms at once, on a homeserver that limits how many an account may make, while the daemon is killed: each is there once."""

from __future__ import annotations

import asyncio
from collections import Counter
from functools import partial

import pytest

from tests.bench.crowding import complete, free, rooms, strict
from tests.bench.polite import Polite
from tests.bench.stage import stage

pytestmark = [pytest.mark.asyncio, pytest.mark.synapse, pytest.mark.slow]

ROOMS = 30
#: How many rooms there are when the daemon is killed.
KILLED_AT = (4, 17)
_PATIENCE = 120.0


async def test_many_rooms_within_the_limits(capsys: pytest.CaptureFixture[str]) -> None:
    """Thirty rooms: the homeserver's limits bind and are kept, the daemon is killed twice, and nothing is made twice or forgotten."""
    fronts: list[Polite] = []

    def front(upstream: str) -> Polite:
        fronts.append(Polite(upstream))
        return fronts[0]

    async with stage(front, prepare=partial(strict, a_second=1.0, at_once=5)) as place:
        admin = await free(place, freed=False)
        for count in KILLED_AT:
            async with place.daemon() as child:
                if count == KILLED_AT[0]:
                    await place.say("settings", "set", "more_rooms", "plain", "0")
                    await place.say("settings", "set", "more_rooms", "alone", str(ROOMS))
                    await place.say("plugins", "on", "more_rooms")
                async with asyncio.timeout(_PATIENCE):
                    while len(await rooms(admin)) < count:  # noqa: ASYNC110 - another process makes them
                        await asyncio.sleep(0.02)
                await child.kill()
        async with place.daemon():
            await complete(admin, ROOMS, _PATIENCE)
            # Whatever would come twice has come by then.
            await asyncio.sleep(2)
        found = Counter(one["name"] for one in await rooms(admin))
        await admin.close()

    with capsys.disabled():
        print(f" {len(found)} rooms, refused for haste {sum(fronts[0].refused.values())}, asked again too early {fronts[0].early}", end="")
    assert found == Counter(f"alone {number}" for number in range(ROOMS))
    # The limits have bound: else this would show nothing.
    assert fronts[0].refused["createRoom"] > 0
    # A daemon that was killed while it waited does not know of the wait.
    assert fronts[0].early <= len(KILLED_AT)
