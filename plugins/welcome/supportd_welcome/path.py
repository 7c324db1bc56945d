"""The first weeks, one question at a time: when each is due, how it is put off, skipped, stopped and taken up again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from supportd.sdk.ask import Ask, CloseAsk, Step
from supportd.sdk.effects import CancelTimer, PostDirect, StartTimer
from supportd_welcome import questions
from supportd_welcome.texts import say

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from supportd.sdk.effects import Effect
    from supportd.sdk.facts import Group, Person
    from supportd.sdk.ids import PersonId
    from supportd_welcome.settings import WelcomeSettings
    from supportd_welcome.tables import WelcomeStore

PATH: Final = "path:"
#: The steps after the greeting, in order; each has a day in the settings.
ORDER: Final = ("rules", "name", "reach", "mail", "buddy", "checkin")
#: Questions that somebody brings themself, with a word.
ASKED_FOR: Final = ("language", "easy")
#: “later” brings a question again after so long, once.
LATER: Final = timedelta(days=3)
#: How long a question stays open for an answer; that nobody answers is an answer too.
OPEN_FOR: Final = timedelta(days=27)


@dataclass(frozen=True, slots=True)
class Walk:
    """Somebody on their path: who, their row, and the group at this moment."""

    group: Group
    store: WelcomeStore
    settings: WelcomeSettings
    person: Person
    way: Mapping[str, Any]

    def next(self) -> str | None:
        """Return the step that comes next, ``None`` at the end."""
        done = set(self.way["done"].split())
        return next((step for step in ORDER if step not in done and self.settings.day_of(step) >= 0), None)

    def due(self, step: str) -> datetime:
        """Return when a step comes: on its day, at the hour of the settings by their own clock, one a day at most."""
        begin = self.group.local(self.way["started"], self.person)
        day = begin.date() + timedelta(days=self.settings.day_of(step))
        if self.way["last"] is not None:
            day = max(day, self.group.local(self.way["last"], self.person).date() + timedelta(days=1))
        moment = datetime(day.year, day.month, day.day, self.settings.hour, tzinfo=begin.tzinfo).astimezone(self.group.now.tzinfo)
        return self.group.awake_at(self.person, max(moment, self.way["wait_until"] or moment))


def walk_of(group: Group, store: WelcomeStore, settings: WelcomeSettings, who: PersonId) -> Walk | None:
    """Return somebody who is on the path, in whatever state, or ``None``."""
    way, person = store.way(who), group.person(who)
    return None if way is None or person is None else Walk(group, store, settings, person, way)


def goes_on(group: Group, store: WelcomeStore, settings: WelcomeSettings, who: PersonId) -> Iterator[Effect]:
    """Set the timer for the next step; at the end of the path say so in the row."""
    walk = walk_of(group, store, settings, who)
    if walk is None or walk.way["state"] != "on":
        return
    step = walk.next()
    if step is None:
        store.walk(who, state="done")
    else:
        yield StartTimer(key=f"{PATH}{who}", at=walk.due(step))


def due(group: Group, store: WelcomeStore, settings: WelcomeSettings, who: PersonId) -> Iterator[Effect]:
    """Take the next step when its time has come."""
    walk = walk_of(group, store, settings, who)
    if walk is None or walk.way["state"] != "on":
        return
    step = walk.next()
    if step is not None and walk.due(step) <= group.now:
        store.walk(who, done=f"{walk.way['done']} {step}".strip(), last=group.now, wait_until=None)
        yield from ask(group, settings, walk.person, step)
    yield from goes_on(group, store, settings, who)


def ask(group: Group, settings: WelcomeSettings, person: Person, step: str) -> Iterator[Effect]:
    """Put the question of one step, unless it needs no asking."""
    question = questions.of(step, group, settings, person)
    if question is None:
        return
    text, answers, proof = question
    steps = (Step(to=(person.id,), until=group.now + OPEN_FOR),)
    # The same question may be open from an earlier time; its old wording must not be what somebody answers.
    yield CloseAsk(key=f"{step}:{person.id}")
    yield Ask(key=f"{step}:{person.id}", question=text, answers=answers, steps=steps, proof=proof)


def later(group: Group, store: WelcomeStore, settings: WelcomeSettings, person: Person, step: str) -> Iterator[Effect]:
    """Put a question off, once; the second time it is over."""
    way = store.way(person.id)
    if way is None or way["state"] not in {"on", "done"}:
        return
    done = way["done"].split()
    if step not in done or f"{step}?" in done:
        yield PostDirect(to=person.id, text=say("fine", group, person))
        return
    left = [one for one in done if one != step]
    store.walk(person.id, state="on", done=" ".join([*left, f"{step}?"]), wait_until=group.now + LATER)
    yield PostDirect(to=person.id, text=say("later", group, person))
    yield from goes_on(group, store, settings, person.id)


def stop(group: Group, store: WelcomeStore, person: Person) -> Iterator[Effect]:
    """End the path for good, as somebody said."""
    store.walk(person.id, state="stopped")
    yield from taken_back(person.id)
    yield CloseAsk(key=f"introduce:{person.id}")
    yield PostDirect(to=person.id, text=say("stopped", group, person))


def start_again(group: Group, store: WelcomeStore, settings: WelcomeSettings, person: Person) -> Iterator[Effect]:
    """Go on where somebody had stopped."""
    store.walk(person.id, state="on", last=group.now)
    yield from goes_on(group, store, settings, person.id)


def taken_back(who: PersonId) -> Iterator[Effect]:
    """Take back every question and the timer of somebody's path."""
    yield CancelTimer(key=f"{PATH}{who}")
    for step in (*ORDER, *ASKED_FOR):
        yield CloseAsk(key=f"{step}:{who}")
