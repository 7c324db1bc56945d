"""“I need to talk”: the key member on duty is asked; when they can, the two get a room of which nobody else learns."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from supportd.sdk.ask import NO, YES, Ask, Step
from supportd.sdk.effects import PostDirect, Reply
from supportd.sdk.settings import render
from supportd_confidential_rooms import kinds, making
from supportd_confidential_rooms.texts import say

if TYPE_CHECKING:
    from collections.abc import Iterator

    from supportd.sdk.effects import Effect
    from supportd.sdk.events import AskAnswered, AskExpired
    from supportd.sdk.facts import Group, Person
    from supportd.sdk.ids import PersonId
    from supportd_confidential_rooms.settings import RoomSettings
    from supportd_confidential_rooms.tables import RoomStore

ASK: Final = "talk:"
TALK: Final = "talk"
#: Key members asked one after the other.
MOST_ASKED: Final = 4


def asked(group: Group, store: RoomStore, settings: RoomSettings, who: PersonId) -> Iterator[Effect]:
    """Answer somebody who wants to talk, and ask the key member on duty; a second time changes nothing."""
    person = group.person(who)
    if person is None:
        return
    state = _has_room(group, store, who)
    if state is not None:
        yield Reply(text=say(group, person, "talk_making" if state == "making" else "talk_there"))
        return
    able = _able(group, store, who)
    if not able:
        yield Reply(text=say(group, person, "talk_nobody"))
        return
    yield Reply(text=say(group, person, "talk_asked"))
    plan = _plan(store, who)
    if plan is None:
        store.begin_plan(TALK, group.now, about=who)
    # When the question is open already this changes nothing.
    yield _question(group, settings, person, able)


def _able(group: Group, store: RoomStore, who: PersonId) -> list[PersonId]:
    """Return who may be asked: whoever is on duty first; nobody asks themself, nobody who said no, nobody on a break."""
    plan = _plan(store, who)
    said = store.voices(plan) if plan is not None else {}
    away = store.gone() | {who, *said}
    return [one.id for one in group.in_turn(TALK) if one.id not in away][: max(MOST_ASKED - len(said), 0)]


def _question(group: Group, settings: RoomSettings, person: Person, able: list[PersonId]) -> Ask:
    first = group.person(able[0]) or person
    wait = timedelta(minutes=settings.talk_wait_minutes)
    steps = tuple(Step(to=(one,), until=group.now + wait * number) for number, one in enumerate(able, 1))
    question = say(group, first, "talk_question", member=person.name)
    told = say(group, first, "talk_taken")
    return Ask(key=ASK + person.id, question=question, answers=(YES, NO), steps=steps, told=told, role="key_member")


def _has_room(group: Group, store: RoomStore, who: PersonId) -> str | None:
    """Return the state of a talk that somebody has: one that is being made, or one that neither of the two has left."""
    for row in store.all_rooms():
        if row["template"] != TALK or who not in {row["about"], row["asked_by"]}:
            continue
        room = group.room(row["key"])
        if row["state"] == "making" or (
            row["state"] == "open" and room is not None and {row["about"], row["asked_by"]} <= room.joined | room.invited
        ):
            return str(row["state"])
    return None


def answered(group: Group, store: RoomStore, settings: RoomSettings, event: AskAnswered) -> Iterator[Effect]:
    """Make the room for the two; after a no ask the next, or say honestly that nobody can now."""
    who = _who(group, event.key)
    if who is None:
        return
    plan = _plan(store, who.id) or store.begin_plan(TALK, group.now, about=who.id)
    if event.answer != YES.name:
        store.voice(plan, event.by[0], NO.name, group.now)
        able = _able(group, store, who.id)
        if able:
            yield _question(group, settings, who, able)
        else:
            yield from _nobody(group, store, who)
        return
    store.end_plan(plan)
    name = render(settings.talk_name, group=group.name)
    people = (who.id, event.by[0])
    yield from making.make(group, store, kinds.of(store)[TALK], name, key=plan, people=people, about=who.id, asked_by=event.by[0])


def expired(group: Group, store: RoomStore, event: AskExpired) -> Iterator[Effect]:
    """Say honestly that nobody answered."""
    who = _who(group, event.key)
    if who is not None:
        yield from _nobody(group, store, who)


def _nobody(group: Group, store: RoomStore, who: Person) -> Iterator[Effect]:
    plan = _plan(store, who.id)
    if plan is not None:
        store.end_plan(plan)
    yield PostDirect(to=who.id, text=say(group, who, "talk_silence"))


def _plan(store: RoomStore, who: PersonId) -> str | None:
    return next((row["key"] for row in store.plans(TALK) if row["about"] == who), None)


def _who(group: Group, key: str) -> Person | None:
    return next((one for one in group.people if key == ASK + one.id), None)
