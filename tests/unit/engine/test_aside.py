"""What raises whenever it is handled is set aside, and everything else goes on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from supportd.engine import wire
from supportd.engine.dispatch import Dispatcher
from supportd.sdk import effects as fx
from supportd.sdk.hooks import Plugin
from tests.support.world import GROUP, World

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from supportd.engine.deed import Deeds
    from supportd.engine.task import Task
    from supportd.engine.unit import UnitOfWork
    from supportd.sdk import events as ev
    from supportd.sdk.effects import Effect
    from supportd.sdk.facts import Group
    from supportd.store.open import SqlStore

pytestmark = pytest.mark.asyncio


class Careless(Plugin):
    """Yields what passes a first look and cannot be carried out."""

    name = "careless"
    grants = frozenset({fx.PostMessage, fx.OfferLink, fx.StartTimer})

    def message_posted(self, event: ev.MessagePosted, group: Group) -> Iterator[Effect]:
        """Yield a broken template, a hundred ungranted effects, or a timer for the past."""
        if event.text == "link":
            yield fx.OfferLink(key="k", to=event.author, text="a lone { brace", button="Yes", expires=group.now.replace(year=2030))
        if event.text == "many":
            yield from (fx.React(room=event.room, target=event.id, key=str(number)) for number in range(150))
        if event.text == "timer":
            yield fx.StartTimer(key="again", at=group.now.replace(year=2020))
        yield fx.PostMessage(room=event.room, text=event.text)

    def timer_fired(self, event: ev.TimerFired, group: Group) -> Iterator[Effect]:
        """Start the same timer again, for the past."""
        yield fx.StartTimer(key=event.key, at=group.now.replace(year=2020))


async def test_an_event_that_breaks_the_core_is_set_aside(store: SqlStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """One event that raises in the core is kept for a person; those before and after it, and the token, are committed."""
    world = World(store, Careless())
    await world.begin(("Ann", set()))
    handle = Dispatcher.handle

    def breaks(self: Dispatcher, uow: UnitOfWork, task: Task, now: datetime) -> Deeds:
        if getattr(task.event, "text", "") == "poison":
            raise KeyError("Rose was here")
        return handle(self, uow, task, now)

    monkeypatch.setattr(Dispatcher, "handle", breaks)
    events = [world.incoming(wire.Said(text), "Ann") for text in ("before", "poison", "after")]

    await world.happens(*events, marks=(wire.TokenMark("reader", "t2"),))
    await world.happens(*events)
    await world.settle()

    assert world.server.said() == ["before", "after"]
    assert await store.read(lambda uow: uow.marks.token("reader")) == "t2"
    assert (await store.read(lambda uow: uow.marks.counts()))["aside"] == 1


@pytest.mark.parametrize("text", ["link", "many"])
async def test_effects_that_cannot_be_carried_out_fail_the_plugin_only(store: SqlStore, text: str) -> None:
    """A broken template, or a hundred ungranted effects at once, end nothing: the next event is handled."""
    world = World(store, Careless())
    await world.begin(("Ann", set()))

    await world.says("Ann", text)
    await world.says("Ann", "next")
    await world.settle()

    status = await world.state("careless")
    assert status.state in {"on", "retrying"}
    assert (await store.read(lambda uow: uow.marks.counts()))["aside"] == 0
    assert status.state == "retrying" or "next" in world.server.said()


async def test_a_timer_for_the_past_does_not_run_in_circles(sqlite_store: SqlStore) -> None:
    """A timer that starts itself again for a time that is past fires once a second at most."""
    world = World(sqlite_store, Careless())
    await world.begin(("Ann", set()))
    await world.says("Ann", "timer")
    world.clock.forward(seconds=2)

    fired = await world.engine.due()

    assert fired == 1


async def test_who_was_forgotten_stays_a_stranger(sqlite_store: SqlStore) -> None:
    """Somebody who was forgotten and is still in the room is not entered again by a word or a new display name."""
    world = World(sqlite_store, Careless())
    (ann,) = await world.begin(("Ann", set()))
    await sqlite_store.forget(ann)

    await world.says("Ann", "hello")
    await world.joins("Ann")
    await world.settle()

    assert (await world.group()).people == ()
    assert world.server.said() == []
    assert (await world.group()).id == GROUP


async def test_who_left_everything_is_not_written_to(sqlite_store: SqlStore) -> None:
    """Words that wait for somebody who never came into their direct chat are taken back when they have left the group's rooms."""
    world = World(sqlite_store, Careless())
    (ann,) = await world.begin(("Ann", set()))
    await world.joins("Ann")
    await world.direct(ann, joined=False)
    effect = fx.PostDirect(to=ann, text="Hello Ann")

    def queue(uow: UnitOfWork) -> None:
        from supportd.engine import deed, gate  # noqa: PLC0415 - only here

        deed.write_to(uow, uow.groups.facts(GROUP, world.clock.now()), "careless", "row", effect, gate.Passed(world.clock.now()))

    await sqlite_store.transact(queue)

    await world.leaves("Ann")

    assert await world.counts() == {"refused": 1}


async def test_an_outage_of_a_day_asks_nobody_about_what_never_left(sqlite_store: SqlStore) -> None:
    """What surely never left the machine is sent when the homeserver is back, without a question to anybody."""
    world = World(sqlite_store, Careless())
    await world.begin(("Ann", set()), ("Jo", {"key_member"}))
    world.server.answers = [wire.Later(5, "away", maybe_done=False)] * 2
    await world.says("Ann", "hello")
    await world.pump.once()

    world.clock.forward(hours=30)
    await world.pump.once()
    world.clock.forward(hours=1)
    await world.settle()

    assert world.server.said()[-1] == "hello"
    assert (await world.counts()).get("uncertain", 0) == 0
