"""Breaks: somebody is taken out of the rooms at their own word, their places wait for them, and one word brings them back."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from supportd.sdk.ask import NO, YES, Ask, Step
from supportd.sdk.effects import LetGo, PostDirect, Reply, StartTimer
from supportd_confidential_rooms import declared, making
from supportd_confidential_rooms.texts import say

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator
    from datetime import datetime

    from supportd.sdk.effects import Effect
    from supportd.sdk.events import AskAnswered
    from supportd.sdk.facts import Group, Person
    from supportd_confidential_rooms.given import Given
    from supportd_confidential_rooms.settings import RoomSettings
    from supportd_confidential_rooms.tables import RoomStore

ASK: Final = "break:"
#: When the next places stop waiting for somebody.
TIMER: Final = "breaks"
#: So long somebody has to say yes.
OPEN_FOR: Final = timedelta(hours=72)
#: Weeks of the longest break.
LONGEST: Final = 52


def wanted(given: Given) -> Iterator[Effect]:
    """Ask somebody who wants a break whether they are to be taken out of the rooms now."""
    person, weeks = given.speaker(), given.arg("weeks")
    if person is None:
        yield Reply(text="Only somebody of the group can take a break, in their direct chat.", status=1)
        return
    if given.store.away(person.id) is not None:
        yield Reply(text=say(given.group, person, "break_already"))
        return
    kept = given.settings.places_kept_weeks
    if weeks and not (weeks.isascii() and weeks.isdecimal() and 1 <= int(weeks[:4]) <= LONGEST):
        yield Reply(text=say(given.group, person, "break_weeks"), status=1)
        return
    number = min(int(weeks), kept) if weeks else kept
    yield Reply(text=say(given.group, person, "break_asked"))
    question = say(given.group, person, "break_question", weeks=str(number))
    step = Step(to=(person.id,), until=given.group.now + OPEN_FOR)
    yield Ask(key=f"{ASK}{number}:{person.id}", question=question, answers=(YES, NO), steps=(step,), proof=True)


def answered(group: Group, store: RoomStore, settings: RoomSettings, event: AskAnswered) -> Iterator[Effect]:
    """Begin the break of somebody who said yes."""
    person = group.person(event.by[0])
    if event.answer != YES.name or person is None or store.away(person.id) is not None:
        return
    kept = group.now + timedelta(weeks=int(event.key.removeprefix(ASK).partition(":")[0]))
    left_alone = yield from take_out(group, store, settings, person, kind="break", kept=kept)
    for key, state in store.places_of(person.id).items():
        if state == "in" and key not in left_alone:
            store.place(key, person.id, "away", group.now)
    yield next_timer(group, store)
    yield PostDirect(to=person.id, text=say(group, person, "break_begun"))


def take_out(
    group: Group, store: RoomStore, settings: RoomSettings, person: Person, *, kind: str, kept: datetime
) -> Generator[Effect, None, frozenset[str]]:
    """Take somebody out of their rooms; return the keys of the rooms that they are still in.

    On a break they stay in private rooms, which are only between them and somebody else. Where the bot is not, they leave by themselves.
    """
    before = {one.room.key: one.levels for one in declared.all_of(group, store, settings)}
    store.go(person.id, kind, group.now, kept)
    still: set[str] = set()
    for one in declared.all_of(group, store, settings):
        if person.id not in one.room.joined | one.room.invited:
            continue
        if one.room.listening == "absent" or (kind == "break" and one.template.private):
            still.add(one.room.key)
            continue
        if one.levels != before[one.room.key]:
            # Who holds a room stands above the bot: somebody else holds it before they are let go.
            yield one.mend()
        yield LetGo(room=one.room.id, person=person.id)
    if any(one.listening == "absent" and person.id in one.joined for one in group.rooms):
        yield PostDirect(to=person.id, text=say(group, person, "leave_yourself"))
    return frozenset(still)


def next_timer(group: Group, store: RoomStore) -> StartTimer:
    """Return the timer for when the next places stop waiting."""
    due = [row["kept"] for row in store.everybody_away() if row["kind"] == "break"]
    return StartTimer(key=TIMER, at=min(due, default=group.now + timedelta(weeks=LONGEST)))


def too_long(group: Group, store: RoomStore) -> Iterator[Effect]:
    """Give the places of those whose break is longer than places wait to others, and tell them; they can come back all the same."""
    for row in store.everybody_away():
        person = group.person(row["person_id"])
        if row["kind"] != "break" or row["kept"] > group.now or person is None:
            continue
        store.go(person.id, "long break", row["since"], row["kept"])
        kept = [key for key, state in store.places_of(person.id).items() if state == "away"]
        for key in kept:
            store.place(key, person.id, "gone", group.now)
        yield PostDirect(to=person.id, text=say(group, person, "break_long"))
        yield from making.all_moved_up(group, store)
    if any(row["kind"] == "break" for row in store.everybody_away()):
        yield next_timer(group, store)


def back(given: Given) -> Iterator[Effect]:
    """Invite somebody again to every room where they had a place, and to those that came meanwhile."""
    group, store, person = given.group, given.store, given.speaker()
    if person is None:
        yield Reply(text="Only somebody of the group can come back, in their direct chat.", status=1)
    elif (pause := store.away(person.id)) is None:
        yield Reply(text=say(group, person, "back_no_break"))
    elif pause["kind"] == "leaving":
        yield Reply(text=say(group, person, "leave_done"))
    elif group.shut is not None:
        yield Reply(text=say(group, person, "back_shut"))
    else:
        yield Reply(text=say(group, person, "back"))
        yield from _into_rooms(given, person)


def _into_rooms(given: Given, person: Person) -> Iterator[Effect]:
    group, store = given.group, given.store
    store.come(person.id)
    places = store.places_of(person.id)
    for one in declared.all_of(group, store, given.settings):
        state = places.get(one.room.key)
        if state == "gone" and one.shut:
            # In a room that is locked they wait for their turn, and a place that was kept waits for them.
            store.place(one.room.key, person.id, "waiting", group.now)
        if state not in {"away", "gone"} or one.shut:
            continue
        if state == "gone":
            store.leave(one.room.key, person.id)
        yield from making.let_in(group, store, one.room, person.id)
        now = declared.of(group, store, given.settings, one.room)
        if now is not None and person.id in dict(now.levels):
            yield now.mend()
    yield from making.fill(group, store, person=person, but=frozenset(places))
    yield from making.all_moved_up(group, store)
