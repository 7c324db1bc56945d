"""Carrying out a plugin's effects in memory: facts, asks and timers; what would leave is only noted."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from supportd.sdk import effects as fx
from supportd.sdk.ask import Ask, CloseAsk
from supportd.sdk.events import AskAnswered, AskExpired, ConsentGiven, TimerFired
from supportd.sdk.facts import Case, Consent, Duty
from supportd.sdk.ids import EventId
from supportd.sdk.testing import _answers
from supportd.sdk.testing._seen import Asked, Told

if TYPE_CHECKING:
    from datetime import datetime

    from supportd.sdk.ids import PersonId
    from supportd.sdk.testing._world import OpenAsk, World


def carry_out(world: World, effect: fx.Effect) -> None:
    """Do what an effect asks for."""
    if isinstance(effect, Ask) and not world.shadow:
        _open(world, effect)
        return
    world.fresh.append(effect)
    if world.shadow:
        return
    match effect:
        case CloseAsk(key=key):
            world.asks.pop(key, None)
        case fx.CreateRoom() | fx.SweepRoom() | fx.MendRoom() | fx.RemoveStranger():
            _change_rooms(world, effect)
        case fx.OfferLink(key=key):
            world.links[key] = effect
        case fx.StartPoll() | fx.EndPoll():
            world.wanted_polls.append(effect)
        case fx.RecordConsent() | fx.ChangePerson():
            _change_person(world, effect)
        case _:
            _change_facts(world, effect)


def _change_rooms(world: World, effect: fx.CreateRoom | fx.SweepRoom | fx.MendRoom | fx.RemoveStranger) -> None:
    match effect:
        case fx.CreateRoom(key=key):
            if effect.replaces is not None or key not in world.wanted:
                world.wanted[key] = effect
        case fx.SweepRoom(key=key):
            world.sweeps[key] = effect
        case fx.MendRoom():
            world.mends.append(effect)
        case fx.RemoveStranger():
            for key, place in world.rooms.items():
                left = tuple(one for one in place.strangers if place.id != effect.room or one.id != effect.stranger)
                world.rooms[key] = replace(place, strangers=left)


def _change_person(world: World, effect: fx.RecordConsent | fx.ChangePerson) -> None:
    if isinstance(effect, fx.RecordConsent):
        world.consents.append(Consent(effect.person, effect.kind, effect.wording, effect.given, effect.how, world.now))
        id_ = world.next_id("consent:")
        world.follow.append(
            ConsentGiven(id=id_, group=world.group, at=world.now, person=effect.person, kind=effect.kind, given=effect.given)
        )
        return
    for key, one in world.people.items():
        if one.id == effect.person:
            wishes = ("name", "reach", "low_energy", "language", "edition")
            changed = {wish: getattr(effect, wish) for wish in wishes if getattr(effect, wish) is not None}
            world.people[key] = replace(one, **changed)


def _change_facts(world: World, effect: fx.Effect) -> None:
    match effect:
        case fx.StartTimer(key=key, at=at):
            # As the engine does: a timer for now comes a second later, else one could start itself without an end.
            world.timers[key] = max(at, world.now + timedelta(seconds=1))
        case fx.CancelTimer(key=key):
            world.timers.pop(key, None)
        case fx.SetDuty(kind=kind, person=person, start=start, end=end):
            world.duties.append(Duty(kind, person, start, end))
        case fx.EndDuty(kind=kind, person=person, start=start):
            world.duties[:] = [one for one in world.duties if (one.kind, one.person, one.start) != (kind, person, start)]
        case fx.OpenCase(key=key, kind=kind, refs=refs):
            world.cases.setdefault(key, Case(key, world.plugin.name, kind, refs, world.now))
        case fx.CloseCase(key=key):
            world.cases.pop(key, None)
        case fx.ShutGroup():
            world.shut = world.shut or world.now
            world.links.clear()
        case fx.OpenGroup():
            world.shut = None
        case _:
            pass


def _open(world: World, ask: Ask) -> None:
    if ask.key in world.asks:
        return
    from supportd.sdk.testing._world import OpenAsk  # noqa: PLC0415 - the two modules know each other

    opened = world.asks[ask.key] = OpenAsk(ask, id=world.next_id("ask:"))
    _step(world, opened)


def _step(world: World, opened: OpenAsk) -> None:
    """Put the next step to its people, or end the ask in silence after the last."""
    if opened.step >= len(opened.ask.steps):
        del world.asks[opened.ask.key]
        world.tell(AskExpired(id=EventId(f"{opened.id}:silence"), group=world.group, at=world.now, key=opened.ask.key))
        return
    step = opened.ask.steps[opened.step]
    opened.step += 1
    opened.until = step.until
    facts = world.facts()
    for person in step.to:
        known = facts.person(person)
        if known is not None and known.has_account and person not in opened.asked:
            world.questions += 1
            opened.asked[person] = world.questions
            world.fresh.append(Asked(person=person, key=opened.ask.key, question=opened.ask.question))


def answer(world: World, person: PersonId, words: str) -> None:
    """Let somebody answer the open ask that reached them last, as a word that is no reply does."""
    name = world.facts().name_of(person)
    opened = next(iter(world.asks_of(person)), None)
    if opened is None:
        raise AssertionError(f"Nothing is asked of {name} at this moment.")
    found = _answers.meant(opened.ask.answers, words, proof=opened.ask.proof)
    if found is None:
        raise AssertionError(f"“{words}” is no answer to what {name} was asked.")
    meaning, how = found
    # A changed mind counts from now on.
    opened.given.pop(person, None)
    opened.given[person] = meaning.name
    able = {one.id for one in world.facts().people if opened.ask.role is None or opened.ask.role in one.roles}
    won = _answers.winner(opened.ask.answers, {one: said for one, said in opened.given.items() if one in able})
    if won is None:
        return
    chosen, people = won
    del world.asks[opened.ask.key]
    if opened.ask.told:
        world.fresh += [Told(person=one, key=opened.ask.key, text=opened.ask.told) for one in opened.asked if one not in people]
    id_ = EventId(f"{opened.id}:{chosen.name}")
    ask = opened.ask
    world.tell(AskAnswered(id=id_, group=world.group, at=world.now, key=ask.key, answer=chosen.name, by=people, proven=ask.proof, how=how))


def pass_time(world: World, until: datetime) -> None:
    """Let timers and the steps of asks come due, in order, until ``until``."""
    while True:
        due = [(at, "timer", key) for key, at in world.timers.items()] + [(one.until, "ask", key) for key, one in world.asks.items()]
        first = min((one for one in due if one[0] <= until), default=None)
        if first is None:
            break
        at, kind, key = first
        world.now = max(world.now, at)
        if kind == "ask":
            _step(world, world.asks[key])
        else:
            del world.timers[key]
            world.tell(TimerFired(id=EventId(f"timer:{key}:{at.isoformat()}"), group=world.group, at=at, key=key))
    world.now = until
