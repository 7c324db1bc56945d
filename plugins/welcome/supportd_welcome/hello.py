"""People say hello, not the program: key members are asked in turn, and the newcomer is introduced by their own wish."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from supportd.sdk.ask import YES, Ask, CloseAsk, Step, reserved
from supportd.sdk.effects import PostMessage
from supportd_welcome.texts import name_of, say

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from supportd.sdk.effects import Effect
    from supportd.sdk.facts import Group, Person
    from supportd.sdk.ids import PersonId
    from supportd_welcome.settings import WelcomeSettings

#: Keys of the two asks, with the newcomer's opaque id behind.
HELLO: Final = "hello:"
INTRODUCE: Final = "introduce:"


def in_turn(group: Group, *without: PersonId) -> list[Person]:
    """Return the key members in the order in which they are asked: whoever's turn it is first, those who sleep now last."""
    able = [one for one in group.in_turn("welcome") if one.id not in without]
    return sorted(able, key=lambda one: group.awake_at(one, group.now) > group.now)


def helper(group: Group, *without: PersonId) -> Person | None:
    """Return the key member whom something is brought to, whether awake or not: it waits for their morning."""
    return next((one for one in group.in_turn("welcome") if one.id not in without), None)


def steps(group: Group, helpers: Sequence[Person], wait: timedelta) -> tuple[Step, ...]:
    """Return one step for each of them; somebody's time begins when their quiet hours are over."""
    found, begin = [], group.now
    for one in helpers:
        begin = group.awake_at(one, begin) + wait
        found.append(Step(to=(one.id,), until=begin))
    return tuple(found)


def together(group: Group, helpers: Sequence[Person], wait: timedelta) -> tuple[Step, ...]:
    """Return one step for all of them, whose time begins when the last one's quiet hours are over."""
    begin = max(group.awake_at(one, group.now) for one in helpers)
    return (Step(to=tuple(one.id for one in helpers), until=begin + wait),)


def ask_key_members(group: Group, settings: WelcomeSettings, newcomer: Person) -> Iterator[Effect]:
    """Ask who is on duty to say hello, then the next."""
    helpers = in_turn(group, newcomer.id)
    if not helpers:
        return
    name = name_of(group, newcomer)
    yield Ask(
        key=f"{HELLO}{newcomer.id}",
        question=say("ask_hello", group, helpers[0], member=name),
        # One no ends nothing: the next one is asked in their turn. Only when nobody can is the question over.
        answers=(YES, reserved("no", quorum=len(helpers))),
        steps=steps(group, helpers, timedelta(hours=settings.hours_until_next)),
        told=say("told_hello", group, member=name),
    )


def offer_introduction(group: Group, settings: WelcomeSettings, newcomer: Person) -> Iterator[Effect]:
    """Ask the newcomer whether the room may know that they are here."""
    until = group.now + timedelta(days=settings.days_for_introduction)
    question = say("ask_introduce", group, newcomer)
    yield Ask(key=f"{INTRODUCE}{newcomer.id}", question=question, steps=(Step(to=(newcomer.id,), until=until),), proof=True)


def introduce(group: Group, settings: WelcomeSettings, who: PersonId) -> Iterator[Effect]:
    """Tell the room that somebody is here who said yes to that."""
    person = group.person(who)
    rooms = [room for key in sorted(settings.rooms()) if (room := group.room(key)) is not None and who in room.joined]
    for room in rooms[:1]:
        if room.listening == "reader":
            yield PostMessage(room=room.id, text=say("introduction", group, None, member=name_of(group, person)))


def taken_back(who: PersonId) -> Iterator[Effect]:
    """Take the questions back about somebody who has gone."""
    yield CloseAsk(key=f"{HELLO}{who}")
    yield CloseAsk(key=f"{INTRODUCE}{who}")
