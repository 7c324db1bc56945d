"""What a person has to agree to first, and what nobody can tell whether it arrived."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from supportd.engine import wire
from supportd.sdk import effects as fx
from supportd.sdk import events as ev
from supportd.sdk.ids import EventId
from tests.support.world import ROOM, World
from tests.unit.engine.acting import Doing, do

if TYPE_CHECKING:
    from supportd.sdk.ids import PersonId, RoomId
    from supportd.store.open import SqlStore

pytestmark = pytest.mark.asyncio


async def _world(store: SqlStore) -> tuple[World, Doing, list[PersonId], list[RoomId]]:
    """Return a world with two key members and a member, all with direct chats."""
    doing = Doing()
    world = World(store, doing)
    people = await world.begin(("Ann", {"key_member"}), ("Bo", {"key_member"}), ("Cy", set()))
    return world, doing, people, [await world.direct(person) for person in people]


def _removed(world: World) -> int:
    return sum(isinstance(job, wire.RemovePerson) for _, job in world.server.jobs)


async def _uncertain(world: World, doing: Doing) -> wire.SendMessage:
    """Let one message be on its way when the process ends, and start again a day later; returns what was sent."""
    world.server.answers.append(wire.Later(1.0, "the server is away"))
    await do(world, doing, fx.PostMessage(room=ROOM, text="Hello"))
    world.clock.forward(hours=23, seconds=1)
    await world.settle()
    found = world.server.jobs[0][1]
    assert isinstance(found, wire.SendMessage)
    return found


async def test_removal_waits_for_a_yes_in_words(store: SqlStore) -> None:
    """Nobody is removed before a key member says yes in words; a reaction is not enough, and the person concerned is never asked."""
    world, doing, (ann, bo, cy), (with_ann, _, _) = await _world(store)
    await do(world, doing, fx.RemoveMember(room=ROOM, person=cy, reason="spam"))
    asked = [job for _, job in world.server.jobs if isinstance(job, wire.SendMessage)]

    await world.happens(world.incoming(wire.Reacted(EventId(f"${asked[0].transaction}"), "👍"), "ann", asked[0].room))
    await world.settle()
    before = _removed(world)
    await world.says("ann", "yes", with_ann)
    await world.settle()

    assert {job.room for job in asked} == {f"!direct-{one}:test" for one in (ann, bo)}
    assert [before, _removed(world)] == [0, 1]
    assert [line[:2] for line in await world.journal()] == [("RemoveMember", "held"), ("RemoveMember", "accepted")]


async def test_a_key_member_does_not_decide_about_themselves(sqlite_store: SqlStore) -> None:
    """When a key member is to be removed, only the others are asked, and their own yes counts for nothing."""
    world, doing, (ann, bo, _), (with_ann, with_bo, _) = await _world(sqlite_store)

    await do(world, doing, fx.RemoveMember(room=ROOM, person=bo, reason="spam"))
    await world.says("bo", "no", with_bo)
    await world.says("ann", "yes", with_ann)
    await world.settle()

    rooms = {job.room for _, job in world.server.jobs if isinstance(job, wire.SendMessage)}
    assert rooms == {f"!direct-{ann}:test"}
    assert _removed(world) == 1


async def test_a_no_refuses_the_removal(store: SqlStore) -> None:
    """The first no in words ends it and the plugin is told; a later yes removes nobody."""
    world, doing, (_, _, cy), (with_ann, with_bo, _) = await _world(store)
    await do(world, doing, fx.RemoveMember(room=ROOM, person=cy, reason="spam"))

    await world.says("bo", "no", with_bo)
    await world.says("ann", "yes", with_ann)
    await world.settle()

    assert _removed(world) == 0
    assert (await world.counts())["refused"] == 1
    assert (await world.journal())[-1] == ("RemoveMember", "refused", "No key member agreed.")
    assert [(event.kind, event.person) for event in doing.heard if isinstance(event, ev.EffectFailed)] == [("RemoveMember", cy)]


async def test_a_week_of_silence_refuses_the_removal(sqlite_store: SqlStore) -> None:
    """Silence is no consent: after seven days nothing happens any more."""
    world, doing, (_, _, cy), (with_ann, _, _) = await _world(sqlite_store)
    await do(world, doing, fx.RemoveMember(room=ROOM, person=cy, reason="spam"))

    world.clock.forward(days=7)
    await world.settle()
    await world.says("ann", "yes", with_ann)
    await world.settle()

    assert _removed(world) == 0
    assert (await world.journal())[-1][1] == "refused"
    assert doing.names_heard() == ["EffectFailed"]


async def test_without_anybody_to_agree_the_removal_is_refused(sqlite_store: SqlStore) -> None:
    """When no key member can be asked, the removal does not wait for ever: it is refused, and journal and plugin hear why."""
    doing = Doing()
    world = World(sqlite_store, doing)
    cy, _ = await world.begin(("Cy", {"key_member"}), ("Di", set()))

    await do(world, doing, fx.RemoveMember(room=ROOM, person=cy, reason="spam"))

    assert await world.counts() == {}
    assert doing.names_heard() == ["EffectFailed"]
    assert (await world.journal())[-1] == ("RemoveMember", "refused", "There is no other key member who could agree.")


@pytest.mark.parametrize(("answer", "sent"), [("yes", 2), ("no", 1)])
async def test_after_a_day_a_key_member_decides(store: SqlStore, answer: str, sent: int) -> None:
    """A message whose fate is unknown for 23 hours is not sent again unless a key member says so, and then as the same one."""
    world, doing, _, (with_ann, _, _) = await _world(store)
    message = await _uncertain(world, doing)
    before = world.server.jobs.count(("reader", message))
    counted = await world.counts()

    await world.says("ann", answer, with_ann)
    await world.settle()

    assert before == 1
    assert counted["uncertain"] == 1
    assert world.server.jobs.count(("reader", message)) == sent
    assert "uncertain" not in await world.counts()


async def test_the_same_message_may_become_uncertain_again(store: SqlStore) -> None:
    """When the server is away for another day after the yes, a key member is asked once more."""
    world, doing, _, (with_ann, _, _) = await _world(store)
    message = await _uncertain(world, doing)
    asked = len(world.server.said())
    world.server.answers.append(wire.Later(1.0, "the server is away"))
    await world.says("ann", "yes", with_ann)
    await world.settle()

    world.clock.forward(hours=23, seconds=1)
    await world.settle()
    again = len(world.server.said())
    await world.says("ann", "yes", with_ann)
    await world.settle()

    assert [asked, again] == [3, 6]
    assert world.server.jobs.count(("reader", message)) == 3
    assert "uncertain" not in await world.counts()


async def test_an_echo_settles_it_before_anybody_decides(store: SqlStore) -> None:
    """When the message is seen in the room after all, a later yes does not send it again."""
    world, doing, _, (with_ann, _, _) = await _world(store)
    message = await _uncertain(world, doing)

    await world.happens(marks=(wire.EchoMark(message.transaction, EventId("$seen")),))
    await world.says("ann", "yes", with_ann)
    await world.settle()

    assert world.server.jobs.count(("reader", message)) == 1
    assert "uncertain" not in await world.counts()


async def test_what_looks_first_is_repeated_at_any_age(sqlite_store: SqlStore) -> None:
    """Inviting looks whether it was done; it is repeated after a day without asking anybody."""
    world, doing, (_, _, cy), _ = await _world(sqlite_store)
    world.server.answers.append(wire.Later(1.0, "the server is away"))
    await do(world, doing, fx.InviteMember(room=ROOM, person=cy))

    world.clock.forward(hours=30)
    await world.settle()

    assert [type(job) for _, job in world.server.jobs] == [wire.InvitePerson] * 2
    assert await world.counts() == {"done": 1}
