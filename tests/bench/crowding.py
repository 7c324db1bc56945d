"""Many rooms at once on a homeserver that limits how many an account may make: how long, whether each is there once, and who waits."""

from __future__ import annotations

import asyncio
from collections import Counter
from time import perf_counter
from typing import TYPE_CHECKING, Any

from supportd.matrix.accounts import lift_limits
from supportd.matrix.http import Api, path
from tests.bench.figures import load
from tests.bench.polite import Polite
from tests.bench.stage import PASSWORD, stage

if TYPE_CHECKING:
    from supportd.demo.synapse import Synapse
    from tests.bench.options import Options
    from tests.bench.stage import Stage

ROOMS = 500
#: What the homeserver allows: Synapse's own default is one room in a minute, with which 500 take eight hours.
A_SECOND, AT_ONCE = 2.0, 10
_EACH = 2.0
_STEP = 0.25
_SETTLED = 2.0


async def measure(options: Options) -> None:
    """Make the rooms as the homeserver's limits bind, and freed from them by its admin; beside a client that does nothing else."""
    count = options.scaled(ROOMS, 20)
    least = (count - AT_ONCE) / A_SECOND
    for freed in (False, True):
        seconds, found, front = await _made(count, freed=freed)
        once = sum(1 for times in found.values() if times == 1)
        how = "freed by the homeserver's admin" if freed else f"bound to {A_SECOND:g} rooms a second (at least {least:.0f} s)"
        print(
            f"{count} rooms, {how}: {seconds:.1f} s; {once} there once, {len(found) - once} more than once;"
            f" refused for haste {sum(front.refused.values())}, asked again too early {front.early}; {load()}",
            flush=True,
        )
    print(f"floor, a client that makes {count} such rooms one after the other, freed: {await _floor(count):.1f} s; {load()}", flush=True)


async def _made(count: int, *, freed: bool) -> tuple[float, Counter[str], Polite]:
    """Return the seconds, how often each room is there as the homeserver's admin sees it, and what stood between."""
    fronts: list[Polite] = []

    def front(upstream: str) -> Polite:
        fronts.append(Polite(upstream))
        return fronts[0]

    async with stage(front, prepare=strict) as place:
        admin = await free(place, freed=freed)
        async with place.daemon():
            await place.say("settings", "set", "more_rooms", "plain", "0")
            await place.say("settings", "set", "more_rooms", "alone", str(count))
            started = perf_counter()
            await place.say("plugins", "on", "more_rooms")
            await complete(admin, count, count / A_SECOND + _EACH * count)
            seconds = perf_counter() - started
            # Whatever would come twice has come by then.
            await asyncio.sleep(_SETTLED)
            found = Counter(one["name"] for one in await rooms(admin))
        await admin.close()
    return seconds, found, fronts[0]


def strict(synapse: Synapse, a_second: float = A_SECOND, at_once: int = AT_ONCE) -> None:
    """Let the homeserver limit what accounts do, as it does by default, but for rooms as many as can be waited for."""
    synapse.limits = True
    synapse.extra["rc_room_creation"] = _rate(a_second, at_once)
    # Our own other accounts are invited to each room and join it.
    synapse.extra["rc_invites"] = {name: _rate(4 * a_second, 4 * at_once) for name in ("per_room", "per_user", "per_issuer")}
    synapse.extra["rc_joins"] = {"local": _rate(4 * a_second, 4 * at_once)}
    # By default one in five seconds, and making a room counts as one (Synapse, ``rc_message``).
    synapse.extra["rc_message"] = _rate(4 * a_second, 4 * at_once)


def _rate(a_second: float, at_once: int) -> dict[str, float]:
    return {"per_second": a_second, "burst_count": at_once}


async def free(place: Stage, *, freed: bool) -> Api:
    """Return the homeserver's admin, who has freed the bot's accounts from the limits where ``freed``."""
    login = await place.synapse.register("root", PASSWORD, admin=True, device_id="ROOT")
    if freed:
        for name in ("helper-rooms", "helper-door", "helper"):
            await lift_limits(place.synapse.base_url, login.access_token, f"@{name}:{place.synapse.server_name}")
    return Api(place.synapse.base_url, login.access_token)


async def rooms(admin: Api) -> list[dict[str, Any]]:
    """Return the rooms of the measurement as the homeserver's admin sees them."""
    found = await admin.get("_synapse/admin/v1/rooms", {"limit": "10000"})
    return [one for one in found["rooms"] if (one.get("name") or "").startswith("alone")]


async def complete(admin: Api, count: int, seconds: float) -> None:
    """Wait until so many rooms are there with the bot's accounts in them."""
    async with asyncio.timeout(seconds):
        while len([one for one in await rooms(admin) if one["joined_members"] > 1]) < count:  # noqa: ASYNC110 - another process makes them
            await asyncio.sleep(_STEP)


async def _floor(count: int) -> float:
    """Return the seconds of a client that makes the rooms, each with another account of its own in it, and keeps no record."""
    async with stage() as place:
        door = await place.synapse.register("door", PASSWORD, device_id="DOOR")
        api, other = place.ann.api, Api(place.synapse.base_url, door.access_token)
        started = perf_counter()
        for number in range(count):
            body = {"preset": "private_chat", "name": f"floor {number}", "invite": [door.user_id]}
            made = await api.post(path("createRoom"), body)
            await other.post(path("rooms", made["room_id"], "join"), {})
        seconds = perf_counter() - started
        await other.close()
    return seconds
