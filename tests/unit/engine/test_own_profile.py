"""What somebody wishes about themself is kept at their own word, and all plugins hear of consents."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from supportd.engine import wire
from supportd.sdk import effects as fx
from supportd.sdk import events as ev
from supportd.sdk.ids import EventId
from tests.support.world import ROOM, World
from tests.unit.engine.acting import Doing, do, question, reasons

if TYPE_CHECKING:
    from collections.abc import Iterator

    from supportd.sdk.effects import Effect
    from supportd.sdk.ids import PersonId, RoomId
    from supportd.store.open import SqlStore

pytestmark = pytest.mark.asyncio
OWN = "This needs the person's own word in their direct chat."


class Keeping(Doing):
    """Yields ``then`` when a question is answered or somebody says “me”; notes consents."""

    then: tuple[Effect, ...] = ()

    def ask_answered(self, event: ev.AskAnswered) -> Iterator[Effect]:  # type: ignore[override]  # a hook may be a generator
        """Do it."""
        self.heard.append(event)
        yield from self.then

    def message_posted(self, event: ev.MessagePosted) -> Iterator[object]:
        """Do it."""
        yield from self.then if event.text.startswith("me") else super().message_posted(event)

    def consent_given(self, event: ev.ConsentGiven) -> tuple[Effect, ...]:
        """Note it."""
        return self._note(event)


class Other(Doing):
    """Another plugin that hears of consents."""

    name = "other"

    def consent_given(self, event: ev.ConsentGiven) -> tuple[Effect, ...]:
        """Note it."""
        return self._note(event)


async def _world(store: SqlStore, *more: Doing) -> tuple[World, Keeping, list[PersonId], list[RoomId]]:
    keeping = Keeping()
    world = World(store, keeping, *more)
    people = await world.begin(("Ann", {"key_member"}), ("Bo", set()))
    rooms = [await world.direct(person) for person in people]
    await world.joins("bo")
    return world, keeping, people, rooms


async def test_everything_is_kept_at_the_persons_own_words(store: SqlStore) -> None:
    """Name, reach, low energy, language and edition change when they say so, and stand in what they may read of themself."""
    world, keeping, (_ann, bo), (_, with_bo) = await _world(store)
    keeping.then = (fx.ChangePerson(person=bo, name="Bobby", reach="letter", low_energy=True, language="ur", edition="easy"),)

    await world.says("bo", "me", with_bo)
    await world.settle()

    found = (await world.group()).person(bo)
    assert found is not None
    assert (found.name, found.reach, found.low_energy, found.language, found.edition) == ("Bobby", "letter", True, "ur", "easy")
    kept = await world.store.read(lambda uow: uow.people.export(bo))
    assert (kept["name"], kept["reach"], kept["low_energy"], kept["edition"]) == ("Bobby", "letter", True, "easy")


async def test_what_is_not_said_stays(store: SqlStore) -> None:
    """A wish about one thing leaves the others as they are."""
    world, keeping, (_ann, bo), (_, with_bo) = await _world(store)
    keeping.then = (fx.ChangePerson(person=bo, reach="mail", edition="short"),)
    await world.says("bo", "me", with_bo)
    keeping.then = (fx.ChangePerson(person=bo, low_energy=True),)

    await world.says("bo", "me", with_bo)
    await world.settle()

    found = (await world.group()).person(bo)
    assert found is not None
    assert (found.name, found.reach, found.low_energy, found.edition) == ("Bo", "mail", True, "short")


async def test_an_answer_by_reaction_is_enough_for_all_but_the_name(store: SqlStore) -> None:
    """The homeserver can forge a reaction; nobody gets another name by that."""
    world, keeping, (_ann, bo), (_, with_bo) = await _world(store)
    keeping.then = (fx.ChangePerson(person=bo, reach="phone"), fx.ChangePerson(person=bo, name="Rob"))
    await do(world, keeping, question(bo))

    await world.says("bo", "yes", with_bo)
    await world.settle()

    found = (await world.group()).person(bo)
    assert found is not None
    assert (found.name, found.reach) == ("Bo", "phone")
    assert await reasons(world) == ["A name needs the person's own words in their direct chat; a reaction is not enough."]


async def test_nobody_changes_somebody_else(store: SqlStore) -> None:
    """Not by their own words, not by their answer, not without any, and not in a room."""
    world, keeping, (ann, bo), (_, with_bo) = await _world(store)
    await do(world, keeping, fx.ChangePerson(person=bo, reach="mail"))
    keeping.then = (fx.ChangePerson(person=ann, reach="mail"),)
    await world.says("bo", "me", with_bo)
    keeping.then = (fx.ChangePerson(person=bo, reach="mail"),)
    await world.says("bo", "me", ROOM)
    keeping.then = (fx.ChangePerson(person=ann, reach="mail"),)
    await do(world, keeping, replace(question(bo), proof=True))

    await world.says("bo", "yes", with_bo)
    await world.settle()

    assert await reasons(world) == [OWN] * 4
    assert {one.reach for one in (await world.group()).people} == {"chat"}


@pytest.mark.parametrize(
    ("wish", "reason"),
    [
        ({"name": "  Ann. "}, "A name has 1 to 40 visible characters in one line, with a letter or a digit."),
        ({"name": "ánn"}, "Somebody in the group already has this name."),
        ({"name": ""}, "A name has 1 to 40 visible characters in one line, with a letter or a digit."),
        ({"name": "x" * 41}, "A name has 1 to 40 visible characters in one line, with a letter or a digit."),
        ({"name": "Bo\u202eby"}, "A name has 1 to 40 visible characters in one line, with a letter or a digit."),
        ({"name": "🎉"}, "A name has 1 to 40 visible characters in one line, with a letter or a digit."),
        ({"language": "English, please"}, "A language is a tag such as en, ur or zh-Hans."),
    ],
)
async def test_what_cannot_be_is_refused_with_a_sentence(store: SqlStore, wish: dict[str, str], reason: str) -> None:
    """A name that is taken or cannot be seen, and a language that is none, change nothing."""
    world, keeping, (_ann, bo), (_, with_bo) = await _world(store)
    keeping.then = (fx.ChangePerson(person=bo, **wish),)  # type: ignore[arg-type]  # rows of the table

    await world.says("bo", "me", with_bo)
    await world.settle()

    found = (await world.group()).person(bo)
    assert found is not None
    assert (found.name, found.language) == ("Bo", None)
    assert await reasons(world) == [reason]


async def test_ones_own_name_written_otherwise_is_not_taken(store: SqlStore) -> None:
    """Whoever is called Bo may write it BO."""
    world, keeping, (_ann, bo), (_, with_bo) = await _world(store)
    keeping.then = (fx.ChangePerson(person=bo, name="BO"),)

    await world.says("bo", "me", with_bo)
    await world.settle()

    assert (await world.group()).name_of(bo) == "BO"


async def test_every_plugin_hears_of_a_consent(store: SqlStore) -> None:
    """What one plugin asked for, the others learn in the same commit, and see it in the group's facts."""
    other = Other()
    world, keeping, (_ann, bo), (_, with_bo) = await _world(store, other)
    keeping.then = (fx.RecordConsent(person=bo, kind="ground_rules", wording="v1", given=True, how="word"),)
    await do(world, keeping, question(bo))

    await world.says("bo", "yes", with_bo)
    await world.settle()

    wanted = [(bo, "ground_rules", True)]
    for plugin in (keeping, other):
        assert [(one.person, one.kind, one.given) for one in plugin.heard if isinstance(one, ev.ConsentGiven)] == wanted
    answered = [one for one in keeping.heard if isinstance(one, ev.AskAnswered)]
    assert [one.how for one in answered] == ["word"]
    consent = (await world.group()).consent(bo, "ground_rules")
    assert consent is not None
    assert (consent.wording, consent.given) == ("v1", True)


async def test_how_somebody_answered_is_told(store: SqlStore) -> None:
    """A sign is told apart from a word."""
    world, keeping, (_ann, bo), (_, with_bo) = await _world(store)
    await do(world, keeping, question(bo))
    (asked,) = [EventId(f"${job.transaction}") for _, job in world.server.jobs if isinstance(job, wire.SendMessage)]

    await world.happens(world.incoming(wire.Reacted(asked, "👍"), "bo", with_bo))
    await world.settle()

    assert [one.how for one in keeping.heard if isinstance(one, ev.AskAnswered)] == ["reaction"]
