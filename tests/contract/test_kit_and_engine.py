"""The kit and the real engine make the same of the same story."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from supportd_confidential_rooms import ConfidentialRooms
from supportd_welcome import Welcome

from supportd.domain import asking
from supportd.engine import gate
from supportd.sdk import effects as fx
from supportd.sdk.ask import NO, YES, Answer, Ask, Step, reserved
from supportd.sdk.ids import EventId, PersonId, RoomId
from supportd.sdk.testing import _answers, _checks
from supportd.sdk.testing._world import START
from tests.contract.sides import CIRCLE, KitSide, Side, engine_side
from tests.support.world import GROUP

if TYPE_CHECKING:
    from pathlib import Path

    from supportd.engine.unit import UnitOfWork
    from supportd.sdk.hooks import Plugin


async def a_yes_each(side: Side) -> None:
    """Tell of a newcomer who is greeted, asked, introduced, leaves and returns."""
    await side.joins("Karim")
    await side.answers("Karim", "Yes.")
    await side.passes(5)
    await side.answers("Sam", "ja")
    await side.leaves("Karim")
    await side.joins("Karim")


async def silence(side: Side) -> None:
    """Tell of a newcomer whom nobody answers."""
    await side.joins("Karim")
    await side.passes(80)
    await side.leaves("Karim")


async def one_no_each(side: Side) -> None:
    """Tell of people who say no, and of one who is gone before the next is asked."""
    await side.joins("Karim")
    await side.answers("Karim", "no")
    await side.answers("Sam", "nein")
    await side.passes(2)
    await side.leaves("Karim")
    await side.passes(10)


async def rooms(side: Side) -> None:
    """Tell of rooms that are made, and of turning on again."""
    await side.turn_on()


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("plugin", "story", "circle"),
    [(Welcome, a_yes_each, True), (Welcome, silence, True), (Welcome, one_no_each, True), (ConfidentialRooms, rooms, False)],
)
async def test_both_make_the_same_of_a_story(tmp_path: Path, plugin: type[Plugin], story, circle: bool) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001, FBT001 - a parameter of the test
    """The same hooks yield the same effects, and the same people read the same words."""
    kit = KitSide(plugin, circle=circle)
    real = await engine_side(tmp_path, plugin, START, circle=circle)

    await story(kit)
    await story(real)
    await real.look()
    await real.world.store.close()  # type: ignore[attr-defined]  # the store of this test

    assert kit.yielded() == real.yielded()
    assert kit.yielded() != []
    assert kit.read() == real.read()


ANSWERS = (YES, reserved("no", quorum=2), Answer(name="tea", reactions=("🍵",), words=("a cup of tea",)))


@pytest.mark.parametrize(
    "given",
    ["yes", "YES!", " Ja. ", "👍", "👍🏽", "👍\ufe0f", "no", "Nein", "not today", "🍵", "A cup  of tea", "yes but later", "", "…", "❌"],
)
def test_both_understand_the_same_answers(given: str) -> None:
    """Words, reactions, skin tones and signs around a word mean the same to both."""
    ours = _answers.meant(ANSWERS, given, proof=False)
    words_only = _answers.meant(ANSWERS, given, proof=True)

    assert ours == (asking.by_word(ANSWERS, given) or asking.by_reaction(ANSWERS, given))
    assert words_only == asking.by_word(ANSWERS, given)


@pytest.mark.parametrize(
    "given", [(), (("a", "no"),), (("a", "no"), ("b", "no")), (("a", "no"), ("a", "yes")), (("a", "tea"), ("b", "no"))]
)
def test_both_count_the_same(given: tuple[tuple[str, str], ...]) -> None:
    """Quorum and changed minds are counted alike."""
    said = [(PersonId(person), name) for person, name in given]
    last: dict[PersonId, str] = {}
    for person, name in said:
        last.pop(person, None)
        last[person] = name

    assert _answers.winner(ANSWERS, last) == asking.winner(ANSWERS, said)


def test_both_find_the_same_overlaps() -> None:
    """A word with two meanings is found by both."""
    doubled = (*ANSWERS, Answer(name="fine", words=("Okay.",)))

    assert len(_answers.overlaps(doubled)) == len(asking.overlaps(doubled)) == 1


@pytest.mark.asyncio
async def test_both_refuse_the_same_effects(tmp_path: Path) -> None:
    """Strangers, foreign rooms, missing accounts, naive times and huge texts are refused by both; the rest passes both."""
    side = await engine_side(tmp_path, Welcome, START, circle=True)
    group = await side.world.group()
    someone, nobody = group.people[0].id, PersonId("nobody")
    naive = START.replace(tzinfo=None)
    effects = [
        fx.PostDirect(to=someone, text="Hello"),
        fx.PostDirect(to=nobody, text="Hello"),
        fx.PostDirect(to=someone, text="x" * 20_000),
        fx.PostMessage(room=CIRCLE, text="Hello", mention=nobody),
        fx.PostMessage(room=CIRCLE, text="Hello"),
        fx.PostMessage(room=RoomId("!elsewhere"), text="Hello"),
        fx.React(room=CIRCLE, target=EventId("$1"), key="👍"),
        fx.SetPower(room=CIRCLE, person=someone, level=150),
        fx.StartTimer(key="t", at=START),
        fx.StartTimer(key="t", at=naive),
        fx.SetDuty(kind="tea", person=nobody, start=START, end=START),
        Ask(key="a", question="Tea?", answers=(YES, NO), steps=()),
        Ask(key="a", question="Tea?", steps=(Step(to=(nobody,), until=START),)),
        Ask(key="a", question="Tea?", steps=(Step(to=(someone,), until=START),)),
        Ask(key="a", question="Tea?", steps=(Step(to=(someone,), until=naive),)),
    ]
    plugin = Welcome()
    plugin.grants = frozenset(type(one) for one in effects)  # type: ignore[misc]  # this one object may do everything

    def refused(uow: UnitOfWork) -> list[bool]:
        return [isinstance(gate.admit(uow, group, "welcome", plugin.grants, one), gate.Refused) for one in effects]

    real = await side.world.store.transact(refused)
    await side.world.store.close()  # type: ignore[attr-defined]  # the store of this test

    assert group.id == GROUP
    assert [_checks.problem(plugin, group, one) is not None for one in effects] == real
    assert real.count(False) == 5
