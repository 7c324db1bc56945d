"""A second circle when a room is full: key members agree, who waits is invited, and who likes to move says so."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from supportd.sdk.ask import NO, YES, Ask, Step, reserved
from supportd.sdk.effects import LetGo, PostDirect
from supportd_confidential_rooms import declared, kinds, making
from supportd_confidential_rooms.texts import say

if TYPE_CHECKING:
    from collections.abc import Iterator

    from supportd.sdk.effects import Effect
    from supportd.sdk.events import AskAnswered
    from supportd.sdk.facts import Group, Person
    from supportd.sdk.ids import PersonId
    from supportd_confidential_rooms.declared import Declared
    from supportd_confidential_rooms.settings import RoomSettings
    from supportd_confidential_rooms.tables import RoomStore

SECOND: Final = "second"
ASK: Final = "second:"
MOVE: Final = "move:"
OPEN_FOR: Final = timedelta(days=7)
MOVE_FOR: Final = timedelta(days=14)
#: After so long the same may be asked anew.
REST: Final = timedelta(days=30)
QUORUM: Final = 2
#: Characters that a number behind a name leaves for the name.
ROOM_FOR_NUMBER: Final = 94


def propose(group: Group, store: RoomStore, settings: RoomSettings, key: str) -> Iterator[Effect]:
    """Ask the key members when a room is full and somebody waits, and once more when many wait."""
    for row in store.plans(SECOND):
        if row["state"] in {"moving", "no", "not yet"} and group.now - row["at"] >= REST:
            store.end_plan(row["key"])
    room = group.room(key)
    one = declared.of(group, store, settings, room) if room is not None else None
    waiting = _waiting(store, key)
    if one is None or not waiting or one.template.private or one.template.people == "key members" or one.template.kind == "space":
        return
    many = len(waiting) >= settings.second_circle_at
    plan = next((row for row in store.plans(SECOND) if row["rooms"] == key), None)
    if plan is not None and plan["state"] != ("not yet" if many else ""):
        return
    able = [each for each in group.key_members if each.has_account and store.away(each.id) is None]
    if len(able) < QUORUM:
        for each in able:
            yield PostDirect(to=each.id, text=say(group, each, "room_full", room=key, count=str(len(waiting))))
        return
    name = plan["key"] if plan is not None else store.begin_plan(SECOND, group.now, rooms=key)
    store.settle_plan(name, state="asked for many" if many else "asked")
    question = say(group, able[0], "second_question", room=key, count=str(len(waiting)))
    step = Step(to=tuple(each.id for each in able), until=group.now + OPEN_FOR)
    answers = (reserved("yes", quorum=QUORUM), reserved("no", quorum=QUORUM))
    yield Ask(key=ASK + name, question=question, answers=answers, steps=(step,), proof=True, role="key_member")


def not_now(group: Group, store: RoomStore, name: str) -> None:
    """Remember that key members did not want it, or said nothing: when many wait they are asked once more."""
    plan = store.plan(name)
    if plan is not None:
        store.settle_plan(name, state="not yet" if plan["state"] == "asked" else "no", at=group.now)


def agreed(group: Group, store: RoomStore, settings: RoomSettings, event: AskAnswered) -> Iterator[Effect]:
    """Make the second circle for those who wait, and ask who is in the first whether they like to move."""
    name = event.key.removeprefix(ASK)
    if event.answer != YES.name:
        not_now(group, store, name)
        return
    plan = store.plan(name)
    room = group.room(plan["rooms"]) if plan is not None else None
    one = declared.of(group, store, settings, room) if room is not None else None
    if plan is None or one is None or group.shut is not None:
        store.end_plan(name)
        return
    template = declared.no_louder(kinds.for_few(store, one.template), one)
    called, key = free_name(group, store, one.spec.name)
    waiting = _waiting(store, one.room.key)[: template.cap - declared.OWNERS]
    for each in waiting:
        store.restate(one.room.key, each, "moved")
    yield from making.make(group, store, template, called, key=key, people=waiting)
    store.settle_plan(name, rooms=f"{one.room.key},{key}", state="moving", at=group.now)
    inside = set(store.places(key, "in"))
    for person in _may_move(group, store, one):
        if person.id not in inside:
            yield _ask_to_move(group, name, person, one.room.key, called)


def not_made(store: RoomStore, key: str) -> None:
    """Give those who waited their turn again when the second circle could not be made."""
    for row in store.plans(SECOND):
        old, _, new = row["rooms"].partition(",")
        if row["state"] == "moving" and new == key:
            for one in store.places(key, "in"):
                if store.state_of(old, one) == "moved":
                    store.restate(old, one, "waiting")
            store.end_plan(row["key"])


def _may_move(group: Group, store: RoomStore, one: Declared) -> Iterator[Person]:
    """Yield who is asked: members who are there; key members are wherever they like, and hold the first room."""
    gone = store.gone()
    return (
        each
        for each in group.people
        if each.id in one.room.joined and each.id not in gone and "key_member" not in each.roles and each.has_account
    )


def _ask_to_move(group: Group, plan: str, person: Person, old: str, called: str) -> Ask:
    question = say(group, person, "move_question", room=old, called=called)
    step = Step(to=(person.id,), until=group.now + MOVE_FOR)
    return Ask(key=f"{MOVE}{plan}:{person.id}", question=question, answers=(YES, NO), steps=(step,), proof=True)


def move(group: Group, store: RoomStore, settings: RoomSettings, event: AskAnswered) -> Iterator[Effect]:
    """Bring somebody who said yes to the second circle, as long as there is a place."""
    del settings
    plan, person = store.plan(event.key.removeprefix(MOVE).partition(":")[0]), group.person(event.by[0])
    if plan is None or person is None or event.answer != YES.name:
        return
    old, _, new = plan["rooms"].partition(",")
    row, first = store.room(new), group.room(old)
    if row is None or first is None or group.shut is not None or len(store.taken(new)) >= row["cap"]:
        yield PostDirect(to=person.id, text=say(group, person, "move_full"))
        return
    second = group.room(new)
    if second is not None:
        yield from making.let_in(group, store, second, person.id)
    else:
        # They are invited when it is there.
        store.place(new, person.id, "in", group.now)
    yield LetGo(room=first.id, person=person.id)


def free_name(group: Group, store: RoomStore, name: str) -> tuple[str, str]:
    """Return a name with a number behind it, and its key, that no room has."""
    number = 2
    while store.room(key := making.key_of(f"{name[:ROOM_FOR_NUMBER].strip()} {number}")) is not None or group.room(key) is not None:
        number += 1
    return f"{name[:ROOM_FOR_NUMBER].strip()} {number}", key


def _waiting(store: RoomStore, key: str) -> tuple[PersonId, ...]:
    gone = store.gone()
    return tuple(one for one in store.places(key, "waiting") if one not in gone)
