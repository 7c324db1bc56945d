"""A question is put to people, and the first answer that has its quorum ends it."""

from __future__ import annotations

from dataclasses import replace
from datetime import time, timedelta
from typing import TYPE_CHECKING

import pytest

from supportd.engine import wire
from supportd.sdk import events as ev
from supportd.sdk.ask import NO, Ask, CloseAsk, Step, reserved
from supportd.sdk.facts import QuietHours
from supportd.sdk.ids import EventId, RoomId
from tests.support.world import START, World
from tests.unit.engine.acting import Doing, do, question

if TYPE_CHECKING:
    from supportd.sdk.facts import Role
    from supportd.sdk.ids import PersonId
    from supportd.store.open import SqlStore

pytestmark = pytest.mark.asyncio
DAY = START + timedelta(days=1)


async def _world(store: SqlStore, *names: str) -> tuple[World, Doing, list[PersonId], list[RoomId]]:
    """Return a world in which everybody has a direct chat."""
    doing = Doing()
    world = World(store, doing)
    roles: set[Role] = {"key_member"}
    people = await world.begin(*((name, roles) for name in names))
    return world, doing, people, [await world.direct(person) for person in people]


def _answers(doing: Doing) -> list[tuple[str, tuple[PersonId, ...]]]:
    return [(event.answer, event.by) for event in doing.heard if isinstance(event, ev.AskAnswered)]


async def _asked_in(world: World) -> list[EventId]:
    """Return the events that carried questions, in the order they were sent."""
    return [EventId(f"${job.transaction}") for _, job in world.server.jobs if isinstance(job, wire.SendMessage)]


async def test_the_first_yes_wins_and_the_second_changes_nothing(store: SqlStore) -> None:
    """Whoever answers first decides; a later answer of somebody else is only words."""
    world, doing, (ann, bo), (with_ann, with_bo) = await _world(store, "Ann", "Bo")
    await do(world, doing, question(ann, bo))

    await world.says("bo", "Yes!", with_bo)
    await world.says("ann", "no", with_ann)

    assert _answers(doing) == [("yes", (bo,))]
    assert doing.messages == ["go", "no"]


async def test_a_quorum_counts_distinct_people_and_their_last_answer(store: SqlStore) -> None:
    """Two people must say yes: the same person twice is one, and who changes their mind counts with the last answer."""
    world, doing, (ann, bo, cy), (with_ann, with_bo, with_cy) = await _world(store, "Ann", "Bo", "Cy")
    await do(world, doing, question(ann, bo, cy, answers=(reserved("yes", quorum=2), reserved("no", quorum=2))))

    await world.says("ann", "yes", with_ann)
    await world.says("ann", "yes", with_ann)
    await world.says("bo", "yes?", with_bo, verified=False)
    await world.says("ann", "no", with_ann)
    await world.says("bo", "yes", with_bo)
    before = _answers(doing)
    await world.says("cy", "yes", with_cy)

    assert before == []
    assert _answers(doing) == [("yes", (bo, cy))]


async def test_who_lost_the_role_decides_nothing(store: SqlStore) -> None:
    """Of a question for key members only the answers of today's key members count, also those given before."""
    world, doing, (ann, bo, cy), (with_ann, with_bo, with_cy) = await _world(store, "Ann", "Bo", "Cy")
    asked = question(ann, bo, cy, answers=(reserved("yes", quorum=2), reserved("no", quorum=2)))
    await do(world, doing, replace(asked, role="key_member"))

    await world.says("ann", "yes", with_ann)
    await world.store.transact(lambda uow: uow.people.set_roles(ann, frozenset({"member"})))
    await world.says("bo", "yes", with_bo)
    before = _answers(doing)
    await world.says("cy", "yes", with_cy)

    assert before == []
    assert _answers(doing) == [("yes", (bo, cy))]


async def test_each_step_asks_more_people_after_silence(store: SqlStore) -> None:
    """The next people are asked only when the time of those before is over; those asked before may still answer."""
    world, doing, (ann, bo), (with_ann, _) = await _world(store, "Ann", "Bo")
    steps = (Step(to=(ann,), until=START + timedelta(hours=1)), Step(to=(ann, bo), until=START + timedelta(hours=2)))

    await do(world, doing, Ask(key="k", question="Can you?", steps=steps))
    first = len(world.server.said())
    world.clock.forward(minutes=59)
    await world.settle()
    still = len(world.server.said())
    world.clock.forward(minutes=1)
    await world.settle()
    await world.says("ann", "yes", with_ann)

    assert [first, still, len(world.server.said())] == [1, 1, 2]
    assert _answers(doing) == [("yes", (ann,))]


async def test_silence_ends_a_question_once(store: SqlStore) -> None:
    """After the last step's time the plugin is told once that nobody answered, and an answer comes too late."""
    world, doing, (ann,), (with_ann,) = await _world(store, "Ann")
    await do(world, doing, question(ann))

    world.clock.forward(days=2)
    await world.settle()
    await world.says("ann", "yes", with_ann)
    world.clock.forward(days=2)
    await world.settle()

    assert doing.names_heard() == ["AskExpired"]


async def test_what_was_not_sent_is_withdrawn_when_somebody_answers(store: SqlStore) -> None:
    """A question that still waits for the morning is not put to anybody any more once it is answered."""
    doing = Doing()
    world = World(store, doing)
    (ann,) = await world.begin(("Ann", set()))
    (bo,) = await world.begin(("Bo", set()), quiet=QuietHours(time(17), time(7)))
    with_ann = await world.direct(ann)
    await world.direct(bo)
    await do(world, doing, question(ann, bo))

    await world.says("ann", "ok", with_ann)
    world.clock.forward(days=1)
    await world.settle()

    assert world.server.said() == ["Can you?"]
    assert await world.counts() == {"done": 1, "refused": 1}


async def test_the_others_are_told(sqlite_store: SqlStore) -> None:
    """Everybody who was asked and did not decide gets the line that it is settled; who decided does not."""
    world, doing, (ann, bo, cy), (_, with_bo, _) = await _world(sqlite_store, "Ann", "Bo", "Cy")
    await do(world, doing, question(ann, bo, cy, told="Bo does it."))
    world.server.jobs.clear()

    await world.says("bo", "I will", with_bo)
    await world.settle()

    rooms = [(job.room, job.text) for _, job in world.server.jobs if isinstance(job, wire.SendMessage)]
    assert sorted(rooms) == sorted((f"!direct-{one}:test", "Bo does it.") for one in (ann, cy))


async def test_a_reaction_to_the_question_answers_it(sqlite_store: SqlStore) -> None:
    """A thumb in any skin tone on one's own question is an answer; a sign that means nothing is left to plugins."""
    world, doing, (ann,), (with_ann,) = await _world(sqlite_store, "Ann")
    await do(world, doing, question(ann))
    (asked,) = await _asked_in(world)

    await world.happens(world.incoming(wire.Reacted(asked, "🎉"), "ann", with_ann))
    await world.happens(world.incoming(wire.Reacted(asked, "👍🏽"), "ann", with_ann))

    assert doing.names_heard() == ["ReactionAdded", "AskAnswered"]


async def test_proof_wants_words_of_a_proven_author(sqlite_store: SqlStore) -> None:
    """Where proof is asked, a reaction and unproven words decide nothing; proven words do."""
    world, doing, (ann,), (with_ann,) = await _world(sqlite_store, "Ann")
    await do(world, doing, Ask(key="k", question="Sure?", steps=(Step(to=(ann,), until=DAY),), proof=True))
    (asked,) = await _asked_in(world)

    await world.happens(world.incoming(wire.Reacted(asked, "👍"), "ann", with_ann))
    await world.says("ann", "yes", with_ann, verified=False)
    before = _answers(doing)
    await world.says("ann", "yes", with_ann)

    assert before == []
    assert _answers(doing) == [("yes", (ann,))]


async def test_who_was_not_asked_does_not_answer(store: SqlStore) -> None:
    """A reaction of somebody else to the question, and words in another's chat or in the room, change nothing."""
    world, doing, (ann, _), (with_ann, with_bo) = await _world(store, "Ann", "Bo")
    await do(world, doing, question(ann))
    (asked,) = await _asked_in(world)

    await world.happens(world.incoming(wire.Reacted(asked, "👍"), "bo", with_ann))
    await world.says("bo", "yes", with_bo)
    await world.says("bo", "yes", with_ann)
    await world.says("ann", "yes", with_bo)
    await world.says("ann", "yes")
    await world.happens(world.incoming(wire.Said("yes", in_reply_to=asked), "bo", with_bo))

    assert _answers(doing) == []
    assert doing.names_heard() == ["ReactionAdded"]


async def test_words_answer_the_last_question_and_a_reply_its_own(store: SqlStore) -> None:
    """Of two open questions a plain yes answers the later one; a reply answers the one it replies to; more words answer none."""
    world, doing, (ann,), (with_ann,) = await _world(store, "Ann")
    await do(world, doing, question(ann, key="first"))
    world.clock.forward(minutes=1)
    await do(world, doing, question(ann, key="second"))
    first, _ = await _asked_in(world)

    await world.says("ann", "yes, but only if Bo comes", with_ann)
    await world.happens(world.incoming(wire.Said("no", in_reply_to=first), "ann", with_ann))
    await world.says("ann", "yes", with_ann)

    found = [(event.key, event.answer) for event in doing.heard if isinstance(event, ev.AskAnswered)]
    assert found == [("first", "no"), ("second", "yes")]


async def test_words_answer_the_question_that_arrived_last(store: SqlStore) -> None:
    """A plain yes answers what reached the person last, also when it was opened first: a later step, or a morning, brought it."""
    doing = Doing()
    world = World(store, doing)
    (ann,) = await world.begin(("Ann", set()), quiet=QuietHours(time(17), time(7)))
    (bo,) = await world.begin(("Bo", set()))
    with_ann, with_bo = await world.direct(ann), await world.direct(bo)
    steps = (Step(to=(ann,), until=START + timedelta(hours=20)), Step(to=(bo,), until=START + timedelta(hours=40)))
    await do(world, doing, Ask(key="early", question="Early?", steps=steps))
    world.clock.forward(minutes=10)
    later = Step(to=(ann, bo), until=START + timedelta(hours=40))
    await do(world, doing, Ask(key="late", question="Late?", answers=(reserved("yes", quorum=2),), urgent=True, steps=(later,)))

    await world.says("ann", "yes", with_ann)
    for _ in range(21):
        world.clock.forward(hours=1)
        await world.settle()
    await world.says("bo", "yes", with_bo)

    assert world.server.said() == ["Late?", "Late?", "Early?", "Early?"]
    assert [(event.key, event.by) for event in doing.heard if isinstance(event, ev.AskAnswered)] == [("early", (bo,))]


async def test_words_from_before_a_question_do_not_answer_it(store: SqlStore) -> None:
    """Words that arrive late answer what was open when they were written, or nothing; a reply answers its question at any time."""
    world, doing, (ann,), (with_ann,) = await _world(store, "Ann")
    too_old = world.incoming(wire.Said("yes"), "ann", with_ann)
    world.clock.forward(hours=1)
    await do(world, doing, question(ann, key="first"))
    world.clock.forward(hours=1)
    between = world.incoming(wire.Said("no"), "ann", with_ann)
    world.clock.forward(hours=1)
    await do(world, doing, question(ann, key="second"))
    _, second = await _asked_in(world)
    clock_behind = world.incoming(wire.Said("yes", in_reply_to=second), "ann", with_ann)

    await world.happens(too_old)
    nothing = [*doing.messages], _answers(doing)
    await world.happens(between)
    await world.happens(replace(clock_behind, at=START))

    assert nothing == (["go", "go", "yes"], [])
    assert [(event.key, event.answer) for event in doing.heard if isinstance(event, ev.AskAnswered)] == [("first", "no"), ("second", "yes")]


@pytest.mark.parametrize(("seconds", "counts"), [(60, True), (61, False)])
async def test_a_homeserver_whose_clock_is_behind(store: SqlStore, seconds: int, *, counts: bool) -> None:
    """An answer may bear a time up to a minute before its question arrived by our own clock."""
    world, doing, (ann,), (with_ann,) = await _world(store, "Ann")
    await do(world, doing, question(ann))

    answer = world.incoming(wire.Said("yes"), "ann", with_ann)
    await world.happens(replace(answer, at=answer.at - timedelta(seconds=seconds)))

    assert _answers(doing) == ([("yes", (ann,))] if counts else [])


async def test_a_question_that_only_its_echo_shows_can_be_answered(store: SqlStore) -> None:
    """Where the homeserver's answer was lost and the sync brings the question back, plain words answer it from then on."""
    world, doing, (ann,), (with_ann,) = await _world(store, "Ann")
    world.server.answers.append(wire.Later(300, "no answer", maybe_done=True))
    await do(world, doing, question(ann))
    (_, sent), *_ = [job for job in world.server.jobs if isinstance(job[1], wire.SendMessage)]
    assert isinstance(sent, wire.SendMessage)

    await world.says("ann", "yes", with_ann)
    before = _answers(doing)
    await world.happens(marks=(wire.EchoMark(sent.transaction, EventId("$question")),))
    await world.says("ann", "yes", with_ann)

    assert before == []
    assert _answers(doing) == [("yes", (ann,))]


async def test_a_plugin_closes_its_question(sqlite_store: SqlStore) -> None:
    """After CloseAsk no answer and no silence is told; closing what is not open does nothing."""
    world, doing, (ann,), (with_ann,) = await _world(sqlite_store, "Ann")
    await do(world, doing, question(ann))

    await do(world, doing, CloseAsk(key="k"), CloseAsk(key="k"), CloseAsk(key="other"))
    await world.says("ann", "yes", with_ann)
    world.clock.forward(days=3)
    await world.settle()

    assert doing.names_heard() == []


async def test_an_open_key_is_asked_once_and_a_closed_one_again(store: SqlStore) -> None:
    """Asking with a key that is open does nothing; after the answer the same key may be asked anew."""
    world, doing, (ann,), (with_ann,) = await _world(store, "Ann")
    await do(world, doing, question(ann))

    await do(world, doing, question(ann))
    once = len(world.server.said())
    await world.says("ann", "yes", with_ann)
    await do(world, doing, question(ann))

    assert [once, len(world.server.said())] == [1, 2]
    assert len(_answers(doing)) == 1


async def test_somebody_outside_the_chat_is_skipped(sqlite_store: SqlStore) -> None:
    """A person whose chat is not made yet is asked once they are in it, and then may answer."""
    doing = Doing()
    world = World(sqlite_store, doing)
    (ann,) = await world.begin(("Ann", set()))
    await do(world, doing, question(ann, answers=(NO,)))
    room = next(RoomId(f"!{job.marker}:test") for _, job in world.server.jobs if isinstance(job, wire.MakeRoom))
    before = world.server.said()

    await world.joins("ann", room)
    await world.settle()
    await world.says("ann", "no", room)

    assert before == []
    assert _answers(doing) == [("no", (ann,))]
