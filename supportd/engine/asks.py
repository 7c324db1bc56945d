"""Putting asks to people and hearing their answers; the only place that knows how an ask lives."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from supportd.domain import asking
from supportd.engine import deed, gate, names
from supportd.engine.inner import CORE
from supportd.engine.unit import OpenAsk
from supportd.sdk import effects as fx
from supportd.sdk.ask import NO, YES, Ask, Step
from supportd.sdk.events import AskAnswered, AskExpired
from supportd.sdk.ids import EventId

if TYPE_CHECKING:
    from supportd.engine.unit import UnitOfWork
    from supportd.sdk.effects import Effect
    from supportd.sdk.events import AnsweredHow, MessagePosted
    from supportd.sdk.facts import Group
    from supportd.sdk.ids import PersonId

#: The core's own timers and asks carry these in front of the id they are about.
STEP_TIMER = "ask:"
HELD_ASK = "held:"
HELD_FOR = timedelta(days=7)
#: The homeserver says when words were written and our own clock when a question arrived: the two may differ by this much. Whoever owns the
#: homeserver can also lie about it; this is for words that arrive late by themselves.
CLOCKS_DIFFER = timedelta(seconds=60)


def open_ask(uow: UnitOfWork, group: Group, plugin: str, id_: str, ask: Ask) -> None:
    """Open ``ask`` and put its first step to people; nothing happens when its key is open already."""
    opened = OpenAsk(id=id_, group=group.id, plugin=plugin, ask=ask, step=0)
    if uow.asks.open(opened, group.now):
        next_step(uow, group, opened)


def next_step(uow: UnitOfWork, group: Group, opened: OpenAsk) -> AskExpired | None:
    """Put the next step's question to its people, or end the ask in silence after the last step."""
    if opened.step >= len(opened.ask.steps):
        return _expire(uow, group, opened)
    step = opened.ask.steps[opened.step]
    uow.asks.step(opened.id, opened.step + 1)
    asked = set(uow.asks.asked(opened.id))
    for person in step.to:
        if person not in asked:
            _put(uow, group, opened, person)
    uow.timers.start(group.id, CORE, f"{STEP_TIMER}{opened.id}", step.until)
    return None


def _put(uow: UnitOfWork, group: Group, opened: OpenAsk, person: PersonId) -> None:
    known = group.person(person)
    if known is None or not known.has_account:
        return
    row = names.derived("ask", opened.id, person)
    question = fx.PostDirect(to=person, text=opened.ask.question, urgent=opened.ask.urgent)
    passed = gate.admit(uow, group, CORE, frozenset(), question)
    if isinstance(passed, gate.Passed):
        uow.asks.put_to(opened.id, person, row)
        deed.write_to(uow, group, opened.plugin, row, question, passed)


def _expire(uow: UnitOfWork, group: Group, opened: OpenAsk) -> AskExpired | None:
    if not _close(uow, group, opened, "silence"):
        return None
    return AskExpired(id=EventId(f"ask:{opened.id}:silence"), group=group.id, at=group.now, key=opened.ask.key)


def _close(uow: UnitOfWork, group: Group, opened: OpenAsk, outcome: str) -> bool:
    for row in uow.asks.unsent(opened.id):
        uow.outbox.refused(row, group.now)
    uow.timers.cancel(group.id, CORE, f"{STEP_TIMER}{opened.id}")
    return uow.asks.close(opened.id, outcome, group.now)


def close_by_key(uow: UnitOfWork, group: Group, plugin: str, key: str) -> None:
    """End an open ask without an answer."""
    opened = uow.asks.by_key(group.id, plugin, key)
    if opened is not None:
        _close(uow, group, opened, "closed")


def close_beginning(uow: UnitOfWork, group: Group, plugin: str, beginning: str) -> None:
    """End all open asks whose key begins like this without an answer."""
    for opened in uow.asks.beginning(group.id, plugin, beginning):
        _close(uow, group, opened, "closed")


def reaction(uow: UnitOfWork, group: Group, person: PersonId, target: EventId, key: str) -> tuple[bool, AskAnswered | None]:
    """Hear a reaction: whether it answered an ask, and the event when that decided it."""
    opened = uow.asks.by_event(target, person)
    if opened is None or opened.ask.proof:
        return False, None
    answer = asking.by_reaction(opened.ask.answers, key)
    return _given(uow, group, opened, person, answer.name if answer else None, "reaction")


def word(uow: UnitOfWork, group: Group, said: MessagePosted) -> tuple[bool, AskAnswered | None]:
    """Hear words in a direct chat, whose author is proven: whether they answered an ask, and the event when that decided it.

    A reply answers the question it replies to. Other words answer the question that had reached the person last when they were written:
    words come late too (their key did, or the connection was gone), and nobody agrees to what they have not been asked.
    """
    person = said.author
    if said.in_reply_to:
        opened = uow.asks.by_event(said.in_reply_to, person)
    else:
        opened = uow.asks.latest_for(group.id, person, said.at + CLOCKS_DIFFER)
    if opened is None:
        return False, None
    answer = asking.by_word(opened.ask.answers, said.text)
    return _given(uow, group, opened, person, answer.name if answer else None, "word")


def _given(
    uow: UnitOfWork, group: Group, opened: OpenAsk, person: PersonId, name: str | None, how: AnsweredHow
) -> tuple[bool, AskAnswered | None]:
    if name is None:
        return False, None
    given = uow.asks.answer(opened.id, person, name, group.now)
    able = {one.id for one in group.people if opened.ask.role is None or opened.ask.role in one.roles}
    won = asking.winner(opened.ask.answers, [(one, said) for one, said in given if one in able])
    if won is None:
        return True, None
    answer, people = won
    others = [one for one in uow.asks.asked(opened.id) if one not in people]
    if not _close(uow, group, opened, answer.name):
        return True, None
    if opened.ask.told:
        _tell(uow, group, opened, others)
    id_, ask = EventId(f"ask:{opened.id}:{answer.name}"), opened.ask
    won_by = AskAnswered(id=id_, group=group.id, at=group.now, key=ask.key, answer=answer.name, by=people, proven=ask.proof, how=how)
    return True, won_by


def _tell(uow: UnitOfWork, group: Group, opened: OpenAsk, others: list[PersonId]) -> None:
    for person in others:
        line = fx.PostDirect(to=person, text=opened.ask.told)
        passed = gate.admit(uow, group, CORE, frozenset(), line)
        if isinstance(passed, gate.Passed):
            deed.write_to(uow, group, opened.plugin, names.derived("told", opened.id, person), line, passed)


def ask_before(uow: UnitOfWork, group: Group, row: str, effect: Effect) -> None:
    """Ask the key members whether a held effect may go; the person it is about is never asked."""
    about = gate.people_of(effect)
    able = gate.who_may_agree(group, effect)
    question = HELD_QUESTIONS.get(type(effect), "May the bot do this: {what}? Answer yes or no.")
    text = question.format(what=type(effect).__name__, name=", ".join(group.name_of(one) for one in about))
    steps = (Step(to=able, until=group.now + HELD_FOR),)
    ask = Ask(key=f"{HELD_ASK}{row}", question=text, answers=(YES, NO), steps=steps, proof=True, role="key_member")
    open_ask(uow, group, CORE, names.derived("before", row), ask)


HELD_QUESTIONS: dict[type[Effect], str] = {
    fx.RemoveMember: "May I remove {name} from the room? Nothing happens until one of you answers yes or no here, in words."
}


def ask_uncertain(uow: UnitOfWork, group: Group, row: str) -> None:
    """Ask the key members whether a text that may have arrived should be sent again."""
    able = tuple(one.id for one in group.in_turn("moderate"))
    if not able:
        return
    steps = (Step(to=able, until=group.now + HELD_FOR),)
    ask = Ask(key=f"{HELD_ASK}{row}", question=UNCERTAIN, answers=(YES, NO), steps=steps, proof=True, role="key_member")
    # The same row may become uncertain again after a yes; each time is a question of its own.
    open_ask(uow, group, CORE, names.derived("uncertain", row, group.now), ask)


UNCERTAIN = (
    "Automatic message: the server was away for a day. One message of mine may not have arrived. "
    "Shall I send it again? Somebody may then see it twice. Answer yes or no, in words."
)
