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
    for row in store.all_rooms():
        room = group.room(row["key"])
        if (
            row["template"] == TALK
            and row["about"] == who
            and row["state"] == "open"
            and room is not None
            and who in room.joined | room.invited
        ):
            yield Reply(text=say(group, person, "talk_there"))
            return
    able = [one for one in group.in_turn(TALK) if one.id != who]
    if not able:
        yield Reply(text=say(group, person, "talk_nobody"))
        return
    yield Reply(text=say(group, person, "talk_asked"))
    wait = timedelta(minutes=settings.talk_wait_minutes)
    steps = tuple(Step(to=(one.id,), until=group.now + wait * number) for number, one in enumerate(able[:MOST_ASKED], 1))
    question = say(group, able[0], "talk_question", member=person.name)
    yield Ask(key=ASK + who, question=question, answers=(YES, NO), steps=steps, told=say(group, able[0], "talk_taken"))


def answered(group: Group, store: RoomStore, settings: RoomSettings, event: AskAnswered) -> Iterator[Effect]:
    """Make the room for the two, or say honestly that nobody can now."""
    who = _who(group, event.key)
    if who is None:
        return
    if event.answer != YES.name:
        yield PostDirect(to=who.id, text=say(group, who, "talk_silence"))
        return
    taken = {row["key"] for row in store.all_rooms()}
    key = next(key for number in range(1, len(taken) + 2) if (key := f"{TALK}-{number}") not in taken)
    name = render(settings.talk_name, group=group.name)
    yield from making.make(
        group, store, kinds.of(store)[TALK], name, key=key, people=(who.id, event.by[0]), about=who.id, asked_by=event.by[0]
    )


def expired(group: Group, event: AskExpired) -> Iterator[Effect]:
    """Say honestly that nobody answered."""
    who = _who(group, event.key)
    if who is not None:
        yield PostDirect(to=who.id, text=say(group, who, "talk_silence"))


def _who(group: Group, key: str) -> Person | None:
    return next((one for one in group.people if key == ASK + one.id), None)
