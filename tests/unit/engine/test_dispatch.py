"""An event reaches the group's plugins, each alone, once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from supportd.engine import wire
from supportd.sdk import effects as fx
from supportd.sdk.hooks import Plugin
from tests.support.world import GROUP, ROOM, World, user_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from supportd.sdk import events as ev
    from supportd.sdk.effects import Effect
    from supportd.sdk.facts import Group
    from supportd.sdk.ids import GroupId
    from supportd.store.open import SqlStore

pytestmark = pytest.mark.asyncio


class Greeter(Plugin):
    """Greets who joins, in the room."""

    name = "greeter"
    grants = frozenset({fx.PostMessage})

    def member_joined(self, event: ev.MemberJoined, group: Group) -> Iterator[Effect]:
        """Greet."""
        yield fx.PostMessage(room=event.room, text=f"Hello {group.name_of(event.member)}")


class Echo(Plugin):
    """Repeats what is said; stops at the word stop, yields nonsense at the word odd."""

    name = "echo"
    grants = frozenset({fx.PostMessage})
    failing = True

    def message_posted(self, event: ev.MessagePosted) -> Iterator[object]:
        """Repeat."""
        if event.text == "stop" and self.failing:
            raise RuntimeError(event.text)
        if event.text == "odd":
            yield "a text is no effect"
        if event.text == "wrong":
            yield fx.PostMessage(room=event.room, text=7)  # type: ignore[arg-type]  # what a careless plugin does
        if event.text == "ungranted":
            yield fx.React(room=event.room, target=event.id, key="x")
        yield fx.PostMessage(room=event.room, text=event.text)

    def effect_failed(self, event: ev.EffectFailed) -> Iterator[Effect]:
        """Say which effect was refused."""
        yield fx.PostMessage(room=ROOM, text=f"refused {event.kind}")
        yield fx.React(room=ROOM, target=event.id, key="x")


async def test_newcomer_is_entered_and_greeted(store: SqlStore) -> None:
    """Somebody who joins is in the group's people and is greeted once, however often the event comes."""
    world = World(store, Greeter())
    await world.begin()
    event = world.incoming(wire.Membership(user_of("bo"), "join", "leave", "Bo"), "bo")

    await world.happens(event)
    await world.happens(event, event)
    await world.settle()

    assert world.server.said() == ["Hello Bo"]
    assert [one.name for one in (await world.group()).people] == ["Bo"]


async def test_token_stands_in_the_same_commit(store: SqlStore) -> None:
    """The sync token is there after the batch, and is not there when the batch was not handled."""
    world = World(store, Greeter())
    await world.begin()

    await world.happens(marks=(wire.TokenMark("reader", "s1"),))

    assert await world.engine.token("reader") == "s1"
    assert await world.engine.token("doorkeeper") is None


async def test_one_plugin_fails_alone_and_catches_up_in_order(store: SqlStore) -> None:
    """A plugin that raises is tried again; its later events wait behind, in order, and others are untouched."""
    echo = Echo()
    world = World(store, Greeter(), echo)
    await world.begin(("Ann", {"key_member"}))

    for text in ("one", "stop", "two", "three"):
        await world.says("ann", text)
    await world.joins("bo")
    await world.settle()
    while_broken = world.server.said()
    echo.failing = False
    world.clock.forward(seconds=31)
    await world.settle()

    assert while_broken == ["one", "Hello bo"]
    assert world.server.said()[2:] == ["stop", "two", "three"]
    assert (await world.state("echo")).state == "on"
    assert (await world.state("echo")).failures == 0


async def test_after_four_failures_the_plugin_stops_and_admins_are_told(store: SqlStore) -> None:
    """A plugin that goes on failing is stopped for the group; its events wait and the admins get one message."""
    world = World(store, Echo())
    ann, _ = await world.begin(("Ann", {"admin"}), ("Bo", set()))
    await world.direct(ann)

    await world.says("bo", "stop")
    await world.says("bo", "two")
    for seconds in (31, 301, 1801):
        world.clock.forward(seconds=seconds)
        await world.settle()
    await world.says("bo", "three")
    world.clock.forward(hours=1)
    await world.settle()

    status = await world.state("echo")
    assert status.state == "failed"
    assert "2 events wait" in status.reason
    assert len(world.server.said()) == 1
    assert "has stopped in this group" in world.server.said()[0]
    assert await store.read(lambda uow: uow.inbox.count_for(GROUP, "echo")) == 3


async def test_ungranted_effect_is_refused_with_a_reason_and_told_once(store: SqlStore) -> None:
    """An effect without a grant goes to the journal with a sentence; the plugin hears of it, but not of the next refusal."""
    world = World(store, Echo())
    await world.begin(("Ann", set()))

    await world.says("ann", "ungranted")
    await world.settle()

    assert world.server.said() == ["ungranted", "refused React"]
    refused = [line for line in await world.journal() if line[1] == "refused"]
    assert refused == [("React", "refused", "The plugin echo has no grant for React.")] * 2


@pytest.mark.parametrize("text", ["odd", "wrong"])
async def test_yielding_something_else_is_a_failure_of_the_plugin(store: SqlStore, text: str) -> None:
    """A yield that is no effect, or an effect with a value of a wrong kind, undoes the plugin's part and counts as a failure."""
    world = World(store, Echo())
    await world.begin(("Ann", set()))

    await world.says("ann", text)
    await world.settle()

    assert world.server.said() == []
    assert (await world.state("echo")).state == "retrying"
    assert any(outcome == "failed" for _, outcome, _ in await world.journal())


async def test_shadow_writes_to_the_journal_only(store: SqlStore) -> None:
    """A plugin in shadow mode sends nothing; the journal says what it would have done."""
    world = World(store, Greeter())
    await world.begin(state="shadow")

    await world.joins("bo")
    await world.settle()

    assert world.server.jobs == []
    assert [line[:2] for line in await world.journal()] == [("PostMessage", "shadow")]


async def test_plugin_that_is_off_hears_nothing(store: SqlStore) -> None:
    """A plugin that is off is not called."""
    world = World(store, Echo())
    await world.begin(("Ann", set()), state="off")

    await world.says("ann", "stop")

    assert (await world.state("echo")).failures == 0
    assert await world.counts() == {}


async def test_facts_are_read_once_for_all_plugins(store: SqlStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ten plugins that change nothing cost one reading of the group's facts; a change makes the next plugin read anew."""
    from supportd.store.repositories.groups import GroupRows  # noqa: PLC0415 - what is counted here

    plugins = [type(f"P{n}", (Greeter,), {"name": f"greeter{n}"})() for n in range(10)]
    world = World(store, *plugins)
    await world.begin()
    reads: list[int] = []
    whole = GroupRows._facts

    def counted(self: GroupRows, group: GroupId, now: datetime) -> Group:
        reads.append(1)
        return whole(self, group, now)

    monkeypatch.setattr(GroupRows, "_facts", counted)

    await world.joins("bo")

    assert len(reads) == 1
