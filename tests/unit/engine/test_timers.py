"""A timer fires once, whatever the clock does, and is not lost while its plugin is off."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from supportd.engine.records import PluginStatus
from supportd.sdk import effects as fx
from supportd.sdk import events as ev
from tests.support.plugins import SmallPlugins
from tests.support.world import GROUP, START, World
from tests.unit.engine.acting import Doing, do

if TYPE_CHECKING:
    from supportd.domain.quarantine import PluginState
    from supportd.store.open import SqlStore

pytestmark = pytest.mark.asyncio
HOUR = timedelta(hours=1)


async def _world(store: SqlStore, *, minutes: float = 60) -> tuple[World, Doing]:
    """Return a world in which a timer is started."""
    doing = Doing()
    world = World(store, doing)
    await world.begin()
    await do(world, doing, fx.StartTimer(key="t", at=START + timedelta(minutes=minutes)))
    return world, doing


async def _turn(world: World, state: PluginState) -> None:
    await world.store.transact(lambda uow: uow.states.set(GROUP, PluginStatus(plugin="doing", state=state), world.clock.now()))


async def _later(world: World, **parts: float) -> None:
    world.clock.forward(**parts)
    await world.settle()


def _fired(doing: Doing) -> list[str]:
    return [event.key for event in doing.heard if isinstance(event, ev.TimerFired)]


async def test_a_timer_fires_once_at_its_time(store: SqlStore) -> None:
    """Not a second early, and never again."""
    world, doing = await _world(store)

    await _later(world, minutes=59, seconds=59)
    early = _fired(doing)
    await _later(world, seconds=1)
    await _later(world, seconds=1)

    assert early == []
    assert [(event.at, type(event)) for event in doing.heard] == [(START + HOUR, ev.TimerFired)]


async def test_a_clock_that_jumps_a_day_forward_fires_once(sqlite_store: SqlStore) -> None:
    """A timer that was missed, for example while the machine slept, fires late, once, and knows when it was due."""
    world, doing = await _world(sqlite_store)

    await _later(world, days=1)

    assert [event.at for event in doing.heard] == [START + HOUR]


async def test_a_clock_that_jumps_back_fires_nothing_again(store: SqlStore) -> None:
    """After the clock is set back the same hour comes again, the timer does not."""
    world, doing = await _world(store)
    await _later(world, hours=1)

    await _later(world, hours=-2)
    await _later(world, hours=3)

    assert _fired(doing) == ["t"]


async def test_a_moved_timer_fires_at_its_new_time_only(store: SqlStore) -> None:
    """Starting a timer with the same key moves it, to later and to earlier."""
    world, doing = await _world(store)

    await do(world, doing, fx.StartTimer(key="t", at=START + 3 * HOUR))
    await _later(world, hours=1)
    at_first = _fired(doing)
    await do(world, doing, fx.StartTimer(key="t", at=START + 2 * HOUR))
    await _later(world, days=1)

    assert at_first == []
    assert [event.at for event in doing.heard] == [START + 2 * HOUR]


async def test_a_timer_for_a_time_that_is_past_fires_once_and_soon(sqlite_store: SqlStore) -> None:
    """A plugin that names a time before now is called within the next second, once."""
    world, doing = await _world(sqlite_store, minutes=-60)

    await _later(world, seconds=1)
    await _later(world, seconds=1)

    assert _fired(doing) == ["t"]


async def test_a_cancelled_timer_does_not_fire(sqlite_store: SqlStore) -> None:
    """Cancelling forgets it; cancelling what is not there does nothing."""
    world, doing = await _world(sqlite_store)

    await do(world, doing, fx.CancelTimer(key="t"), fx.CancelTimer(key="t"), fx.CancelTimer(key="other"))
    await _later(world, days=1)

    assert _fired(doing) == []


async def test_many_due_timers_all_fire_in_order(sqlite_store: SqlStore) -> None:
    """More timers than fit into one commit fire one after the other, the oldest first."""
    doing = Doing()
    world = World(sqlite_store, doing)
    await world.begin()
    await do(world, doing, *(fx.StartTimer(key=f"{n}", at=START + timedelta(seconds=120 - n)) for n in range(120)))

    await _later(world, hours=1)

    assert _fired(doing) == [f"{n}" for n in reversed(range(120))]


async def test_a_timer_of_a_plugin_that_is_off_fires_late(store: SqlStore) -> None:
    """A timer that comes due while its plugin is off waits: it fires within the hour after the plugin is turned on again."""
    world, doing = await _world(store)
    await _turn(world, "off")

    await _later(world, hours=1)
    await _later(world, days=2)
    while_off = _fired(doing)
    await _turn(world, "on")
    await _later(world, hours=1)
    await _later(world, hours=1)

    assert while_off == []
    assert _fired(doing) == ["t"]


async def test_a_timer_of_a_plugin_that_is_not_installed_fires_late(sqlite_store: SqlStore) -> None:
    """A timer also waits while its plugin is not installed, for example during a change of versions."""
    world, doing = await _world(sqlite_store)
    world.dispatcher.plugins = SmallPlugins()

    await _later(world, hours=1)
    while_absent = _fired(doing)
    world.dispatcher.plugins = world.plugins
    await _later(world, hours=1)

    assert while_absent == []
    assert _fired(doing) == ["t"]


async def test_timers_that_wait_for_their_plugin_keep_nobody_back(sqlite_store: SqlStore) -> None:
    """However many timers of a plugin that is off are due, another plugin's timer fires at its time."""
    doing, other = Doing(), type("Other", (Doing,), {"name": "other"})()
    world = World(sqlite_store, doing, other)
    await world.begin()
    other.todo = [fx.StartTimer(key="mine", at=START + HOUR)]
    await do(world, doing, *(fx.StartTimer(key=f"{n}", at=START + timedelta(seconds=n + 1)) for n in range(120)))
    await _turn(world, "off")

    await _later(world, hours=1)

    assert [_fired(doing), _fired(other)] == [[], ["mine"]]


async def test_a_timer_of_a_plugin_that_failed_waits_in_order(sqlite_store: SqlStore) -> None:
    """A plugin that has stopped hears of its timer when somebody turns it on again, after what waited before."""
    world, doing = await _world(sqlite_store)
    await _turn(world, "failed")

    await _later(world, hours=1)
    while_failed = _fired(doing)
    await world.store.transact(lambda uow: uow.inbox.release_for(GROUP, "doing", world.clock.now()))
    await _later(world, seconds=1)

    assert while_failed == []
    assert _fired(doing) == ["t"]
