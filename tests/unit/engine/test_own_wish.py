"""Somebody is taken out of rooms and forgotten at their own proven wish, and at nobody else's."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from supportd.engine import wire
from supportd.sdk import effects as fx
from supportd.sdk.ask import NO, YES, Answer
from tests.support.world import ROOM, World, user_of
from tests.unit.engine.acting import Doing, do, question, reasons

if TYPE_CHECKING:
    from collections.abc import Iterator

    from supportd.sdk import events as ev
    from supportd.sdk.effects import Effect
    from supportd.sdk.ids import PersonId, RoomId
    from supportd.store.open import SqlStore

pytestmark = pytest.mark.asyncio
OWN = "This needs the person's own yes, in words in their direct chat."


class Wishing(Doing):
    """Yields ``then`` when a question is answered."""

    then: tuple[Effect, ...] = ()

    def ask_answered(self, event: ev.AskAnswered) -> Iterator[Effect]:  # type: ignore[override]  # a hook may be a generator
        """Do it."""
        self.heard.append(event)
        yield from self.then


async def _world(store: SqlStore) -> tuple[World, Wishing, list[PersonId], list[RoomId]]:
    """Return a world with a key member and a member, who is in the room."""
    wishing = Wishing()
    world = World(store, wishing)
    people = await world.begin(("Ann", {"key_member"}), ("Bo", set()))
    rooms = [await world.direct(person) for person in people]
    await world.joins("bo")
    return world, wishing, people, rooms


def _removed(world: World) -> list[wire.RemovePerson]:
    return [job for _, job in world.server.jobs if isinstance(job, wire.RemovePerson)]


async def test_a_proven_yes_lets_somebody_go_at_once(store: SqlStore) -> None:
    """Their own yes in words is enough: no key member is asked, and no reason stands in the room."""
    world, wishing, (_ann, bo), (_, with_bo) = await _world(store)
    wishing.then = (fx.LetGo(room=ROOM, person=bo),)
    await do(world, wishing, replace(question(bo), proof=True))

    await world.says("bo", "yes", with_bo)
    await world.settle()

    assert [(one.room, one.person, one.reason) for one in _removed(world)] == [(ROOM, user_of("bo"), "")]
    assert world.server.said() == ["Can you?"]


@pytest.mark.parametrize(
    ("asked", "word", "proof"),
    [("bo", "no", True), ("bo", "later", True), ("ann", "yes", True), ("bo", "yes", False)],
    ids=["a no", "later", "somebody else's yes", "without proof"],
)
async def test_nothing_less_lets_anybody_go(store: SqlStore, asked: str, word: str, proof: bool) -> None:  # noqa: FBT001 - a row of the table
    """A no, another person's yes or a yes that a server can forge removes and forgets nobody."""
    world, wishing, (ann, bo), (with_ann, with_bo) = await _world(store)
    wishing.then = (fx.LetGo(room=ROOM, person=bo), fx.ForgetPerson(person=bo))
    later = Answer(name="later", words=("later",))
    await do(world, wishing, replace(question(ann if asked == "ann" else bo, answers=(YES, NO, later)), proof=proof))

    await world.says(asked, word, with_ann if asked == "ann" else with_bo)
    await world.settle()

    assert _removed(world) == []
    assert await reasons(world) == [OWN, OWN]
    assert (await world.group()).person(bo) is not None


async def test_without_any_question_nobody_is_let_go(store: SqlStore) -> None:
    """A plugin cannot remove or forget somebody by saying that they wished it."""
    world, wishing, (_ann, bo), _ = await _world(store)

    await do(world, wishing, fx.LetGo(room=ROOM, person=bo), fx.ForgetPerson(person=bo))

    assert (_removed(world), await reasons(world)) == ([], [OWN, OWN])


async def test_somebody_is_forgotten_when_they_are_out(store: SqlStore) -> None:
    """As long as the homeserver has not taken them out they are known; then they are forgotten, and the files are cleared."""
    world, wishing, (_ann, bo), (_, with_bo) = await _world(store)
    wishing.then = (fx.LetGo(room=ROOM, person=bo), fx.ForgetPerson(person=bo))
    await do(world, wishing, replace(question(bo), proof=True))
    world.server.answers.append(wire.Later(30.0, "the server is away"))

    await world.says("bo", "yes", with_bo)
    await world.settle()
    world.clock.forward(seconds=11)
    await world.settle()
    before = (await world.group()).person(bo)
    world.clock.forward(seconds=31)
    await world.settle()
    world.clock.forward(seconds=11)
    await world.settle()

    assert before is not None
    assert (await world.group()).person(bo) is None
    assert [one.person for one in _removed(world)] == [user_of("bo")] * 2
    assert (await world.journal())[-1] == ("people", "changed", "Somebody was forgotten at their wish.")


async def test_a_removal_that_never_leaves_stops_no_forgetting(store: SqlStore) -> None:
    """After a day they are forgotten all the same."""
    world, wishing, (_ann, bo), (_, with_bo) = await _world(store)
    wishing.then = (fx.LetGo(room=ROOM, person=bo), fx.ForgetPerson(person=bo))
    await do(world, wishing, replace(question(bo), proof=True))
    world.server.answers.append(wire.Later(7 * 24 * 3600.0, "the server is away"))

    await world.says("bo", "yes", with_bo)
    await world.settle()
    for hours in (12, 13):
        world.clock.forward(hours=hours)
        await world.settle()

    assert (await world.group()).person(bo) is None
