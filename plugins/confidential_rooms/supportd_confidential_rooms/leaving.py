"""Leaving for good: one word in a direct chat, one yes, and somebody is out of all rooms and forgotten."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from supportd.sdk.ask import NO, YES, Answer, Ask, Step
from supportd.sdk.effects import ForgetPerson, PostDirect, Reply, StartTimer, SweepRoom
from supportd_confidential_rooms import pausing
from supportd_confidential_rooms.texts import say

if TYPE_CHECKING:
    from collections.abc import Iterator

    from supportd.sdk.effects import Effect
    from supportd.sdk.events import AskAnswered
    from supportd.sdk.facts import Group
    from supportd_confidential_rooms.given import Given
    from supportd_confidential_rooms.settings import RoomSettings
    from supportd_confidential_rooms.tables import RoomStore

ASK: Final = "leave:"
#: When the places of somebody who left go to those who wait.
TIMER: Final = "places"
OPEN_FOR: Final = timedelta(hours=72)
SOON: Final = timedelta(minutes=2)
HIDE: Final = Answer(name="hide", words=("hide", "yes and hide", "verbergen", "ja und verbergen"))


def wanted(given: Given) -> Iterator[Effect]:
    """Ask somebody who wants to leave once more, with honest words about what stays."""
    person = given.speaker()
    if person is None:
        yield Reply(text="Only somebody of the group can leave it, in their direct chat.", status=1)
        return
    yield Reply(text=say(given.group, person, "leave_asked"))
    step = Step(to=(person.id,), until=given.group.now + OPEN_FOR)
    question = say(given.group, person, "leave_question")
    yield Ask(key=ASK + person.id, question=question, answers=(YES, NO, HIDE), steps=(step,), proof=True)


def answered(group: Group, store: RoomStore, settings: RoomSettings, event: AskAnswered) -> Iterator[Effect]:
    """Take somebody out of every room, then forget them."""
    person = group.person(event.by[0])
    if person is None:
        return
    if event.answer == NO.name:
        yield PostDirect(to=person.id, text=say(group, person, "leave_stays"))
        return
    yield PostDirect(to=person.id, text=say(group, person, "leave_done"), urgent=True)
    if event.answer == HIDE.name:
        for room in group.rooms:
            if room.listening != "absent" and room.kind == "room":
                yield SweepRoom(key=f"{ASK}{room.key}", room=room.id, before=group.now, by=person.id)
    yield from pausing.take_out(group, store, settings, person, kind="leaving", kept=group.now)
    yield ForgetPerson(person=person.id)
    yield StartTimer(key=TIMER, at=group.now + SOON)
