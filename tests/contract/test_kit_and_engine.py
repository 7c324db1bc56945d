"""The kit and the real engine make the same of the same story."""

from __future__ import annotations

from contextlib import nullcontext
from typing import TYPE_CHECKING, ClassVar

import pytest
from supportd_confidential_rooms import ConfidentialRooms
from supportd_welcome import Welcome

from supportd.domain import asking
from supportd.engine import gate
from supportd.sdk import effects as fx
from supportd.sdk import events as ev
from supportd.sdk.ask import NO, YES, Answer, Ask, Step, reserved
from supportd.sdk.hooks import Plugin, hookimpl
from supportd.sdk.ids import EventId, PersonId, RoomId
from supportd.sdk.rooms import RoomSpec
from supportd.sdk.testing import _answers, _checks, a_group, says
from supportd.sdk.testing._world import START
from tests.contract.sides import CIRCLE, KitSide, Side, engine_side
from tests.support.world import GROUP

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from supportd.engine.unit import UnitOfWork


async def a_yes_each(side: Side) -> None:
    """Tell of a newcomer who is greeted, asked, introduced, leaves and returns."""
    await side.joins("Karim")
    await side.passes(0.05)
    # On the hour again, as the real side looks at its timers once an hour.
    await side.passes(0.95)
    await side.answers("Karim", "Yes.")
    await side.passes(5)
    await side.answers("Sam", "ja")
    await side.leaves("Karim")
    await side.passes(2)
    await side.joins("Karim")
    await side.passes(24)


async def silence(side: Side) -> None:
    """Tell of a newcomer whom nobody answers."""
    await side.joins("Karim")
    await side.passes(0.05)
    await side.passes(0.95)
    await side.passes(79)
    await side.leaves("Karim")


async def one_no_each(side: Side) -> None:
    """Tell of people who say no, and of one who is gone before the next is asked."""
    await side.joins("Karim")
    await side.passes(0.05)
    # On the hour again, as the real side looks at its timers once an hour.
    await side.passes(0.95)
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

    assert (ours and ours[0]) == (asking.by_word(ANSWERS, given) or asking.by_reaction(ANSWERS, given))
    assert (words_only and words_only[0]) == asking.by_word(ANSWERS, given)


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


class Careless(Plugin):
    """Yields what ``todo`` makes, at any word."""

    name = "careless"
    grants = frozenset({fx.PostMessage, fx.PostFile, fx.StartPoll, fx.StartTimer, fx.React, fx.SetPower, fx.CreateRoom, Ask})
    todo: ClassVar[Callable[[ev.MessagePosted], fx.Effect]] = staticmethod(lambda event: fx.PostMessage(room=event.room, text="Hello"))

    @hookimpl
    def message_posted(self, event: ev.MessagePosted) -> tuple[fx.Effect, ...]:
        """Do it."""
        return (type(self).todo(event),)


#: What a careless plugin yields, and whether it passes.
YIELDED: dict[str, tuple[Callable[[ev.MessagePosted], fx.Effect], bool]] = {
    "a poll": (lambda e: fx.StartPoll(room=e.room, question="?", answers=(ev.PollAnswer("a", "A"),)), True),
    "a list in a poll": (lambda e: fx.StartPoll(room=e.room, question="?", answers=[ev.PollAnswer("a", "A")]), False),  # type: ignore[arg-type]
    "a list of steps": (lambda e: Ask(key="k", question="?", steps=[Step(to=(e.author,), until=e.at)]), False),  # type: ignore[arg-type]
    "a list of people": (lambda e: Ask(key="k", question="?", steps=(Step(to=[e.author], until=e.at),)), False),  # type: ignore[arg-type]
    "no text": (lambda e: fx.PostMessage(room=e.room, text=None), False),  # type: ignore[arg-type]
    "half a sign": (lambda e: fx.PostMessage(room=e.room, text="a\ud800b"), False),
    "the sign NUL": (lambda e: fx.PostMessage(room=e.room, text="a\0b"), False),
    "a long name": (lambda e: fx.StartTimer(key="k" * 301, at=e.at), False),
    "a name as long as it may be": (lambda e: fx.StartTimer(key="k" * 300, at=e.at), True),
    "a long reaction": (lambda e: fx.React(room=e.room, target=e.id, key="k" * 301), False),
    "data that is no object": (lambda _: fx.Reply(text="x", data="[1]"), False),
    "data that is no JSON": (lambda _: fx.Reply(text="x", data="{"), False),
    "data": (lambda _: fx.Reply(text="x", data="{}"), True),
    "a text for a file": (lambda e: fx.PostFile(room=e.room, name="a", media_type="text/plain", data="x"), False),  # type: ignore[arg-type]
    "any bytes": (lambda e: fx.PostFile(room=e.room, name="a", media_type="text/plain", data=b"\xff\0"), True),
    "a fraction of power": (lambda e: fx.SetPower(room=e.room, person=e.author, level=50.0), False),  # type: ignore[arg-type]
    "a room": (lambda e: fx.CreateRoom(key="r", spec=RoomSpec(name="R"), members=(e.author,)), True),
}


@pytest.mark.asyncio
@pytest.mark.parametrize("name", YIELDED)
async def test_both_refuse_what_a_careless_plugin_yields(tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Values of a wrong type and texts that cannot be kept fail in the kit as they do in the daemon; bounds are the same to the sign."""
    effect, passes = YIELDED[name]
    monkeypatch.setattr(Careless, "todo", staticmethod(effect))
    side = await engine_side(tmp_path, Careless, START, circle=True)
    scene = a_group(Careless).with_people("Tom").with_room("circle", "Tom")

    await side.world.says("Tom", "go", CIRCLE)
    status, journal = await side.world.state("careless"), await side.world.journal()
    await side.world.store.close()  # type: ignore[attr-defined]  # the store of this test
    with nullcontext() if passes else pytest.raises(AssertionError):
        scene.when(says("Tom", "go"))

    assert (status.failures == 0 and not [outcome for _, outcome, _ in journal if outcome == "refused"]) == passes


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
