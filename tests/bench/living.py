"""A day of five groups in a few minutes: whether descriptors and memory of the daemon stay where they are."""

from __future__ import annotations

from time import perf_counter
from typing import TYPE_CHECKING

from tests.bench.figures import load, slope
from tests.bench.idling import GROUPS, more_groups
from tests.bench.proxy import Proxy
from tests.bench.stage import stage
from tests.bench.village import PEOPLE, Village

if TYPE_CHECKING:
    from tests.bench.options import Options
    from tests.bench.processes import Child

HOURS = 24
#: Hours between two breaks of the network, and between two restarts of the homeserver.
CUT_EVERY = 2
RESTART_EVERY = 8
AWAY = 1.0


class Curve:
    """One figure at the end of each hour."""

    def __init__(self) -> None:
        """Begin at nothing."""
        self.points: list[tuple[float, float]] = []

    def note(self, hour: int, value: float) -> None:
        """Note it."""
        self.points.append((float(hour), value))

    def line(self, name: str, unit: str) -> str:
        """Return first, last, highest and slope; the second half has a slope of its own, since a start fills caches."""
        values = [value for _, value in self.points]
        half = self.points[len(self.points) // 2 :]
        return (
            f"{name}: first {values[0]:.1f}, last {values[-1]:.1f}, most {max(values):.1f} {unit};"
            f" slope {slope(self.points):+.2f} an hour, second half {slope(half):+.2f} (aim: flat)"
        )


async def measure(options: Options) -> None:
    """Let the groups live, with breaks of the network and restarts of the homeserver, and look at one daemon at the end of each hour."""
    proxies: list[Proxy] = []

    def front(upstream: str) -> Proxy:
        proxies.append(Proxy(upstream))
        return proxies[0]

    hours = options.scaled(HOURS, 2)
    files, memory = Curve(), Curve()
    async with stage(front) as place:
        names = await more_groups(place, GROUPS)
        async with place.daemon() as daemon:
            village = Village(place)
            await village.settle(names)
            print(f"{len(names)} groups, {len(names) * (PEOPLE + 1)} people with clients of their own; {load()}", flush=True)
            started = perf_counter()
            for hour in range(1, hours + 1):
                if hour % RESTART_EVERY == 0:
                    await place.synapse.stop()
                    await place.synapse.start()
                    village.done["restarts of the homeserver"] += 1
                elif hour % CUT_EVERY == 0:
                    await proxies[0].cut(AWAY)
                    village.done["breaks of the network"] += 1
                await village.hour(hour)
                _look(daemon, hour, files, memory)
            seconds = perf_counter() - started
    told = ", ".join(f"{name} {number}" for name, number in village.done.items())
    print(f"{hours} hours in {seconds:.0f} s: {told}, room keys of people {len(village.keys)}")
    print(files.line("descriptors of the daemon", "open"))
    print(memory.line("memory of the daemon", "MiB"))


def _look(daemon: Child, hour: int, files: Curve, memory: Curve) -> None:
    files.note(hour, daemon.descriptors())
    memory.note(hour, daemon.mib())
