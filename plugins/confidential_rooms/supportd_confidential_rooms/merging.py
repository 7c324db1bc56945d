"""Two small rooms become one: two key members agree, then everybody there is asked, and nobody is moved without a yes."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from supportd.sdk.ask import NO, YES, Ask, Step, reserved
from supportd.sdk.effects import PostDirect, PostMessage, Reply, StartTimer
from supportd.sdk.rooms import LONGEST_NAME
from supportd_confidential_rooms import closing, declared, growing, making
from supportd_confidential_rooms.texts import TEXTS, say

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any

    from supportd.sdk.effects import Effect
    from supportd.sdk.events import AskAnswered
    from supportd.sdk.facts import Group
    from supportd_confidential_rooms.declared import Declared
    from supportd_confidential_rooms.given import Given
    from supportd_confidential_rooms.settings import RoomSettings
    from supportd_confidential_rooms.tables import RoomStore

MERGE: Final = "merge"
ASK: Final = "merge:"
JOIN: Final = "join:"
#: When it is decided at the latest.
TIMER: Final = "merge:"
#: In front of the word of the new room: the state of a plan while it is being made.
MAKING: Final = "making "
OPEN_FOR: Final = timedelta(days=7)
ANSWER_FOR: Final = timedelta(days=14)
#: Distinct key members, and people who want the new room.
QUORUM: Final = 2


def wanted(given: Given) -> Iterator[Effect]:
    """Ask the key members whether two rooms are to become one."""
    group, store, one, other = given.group, given.store, given.room("room"), given.room("other")
    able = [each for each in group.key_members if each.has_account and store.away(each.id) is None]
    if one is None or other is None:
        yield given.no_room("room" if one is None else "other")
        return
    problem = _problem(group, store, one, other)
    if not problem and len(able) < QUORUM:
        problem = "Two key members have to agree, and there are not two who could: give somebody the role first."
    if problem:
        yield Reply(text=problem, status=1)
        return
    yield Reply(text=f"Two key members have to agree first; {len(able)} are asked now. Then everybody in the two rooms is asked.")
    plan = store.begin_plan(MERGE, group.now, rooms=f"{one.room.key},{other.room.key}")
    question = say(group, able[0], "merge_question", room=one.room.key, other=other.room.key)
    step = Step(to=tuple(each.id for each in able), until=group.now + OPEN_FOR)
    answers = (reserved("yes", quorum=QUORUM), reserved("no", quorum=QUORUM))
    yield Ask(key=ASK + plan, question=question, answers=answers, steps=(step,), proof=True, role="key_member")


def _problem(group: Group, store: RoomStore, one: Declared, other: Declared) -> str:
    if one.room.key == other.room.key:
        return "Name two different rooms: rooms merge ROOM ROOM."
    if any(each.template.private or each.template.people != "asked" for each in (one, other)):
        return "Only rooms for a few people can be merged: not private ones, and not those for everybody."
    if any(each.row["state"] != "open" or each.room.listening == "absent" for each in (one, other)):
        return "Both rooms have to be open, and supportd has to be in them."
    if group.shut is not None:
        return "The group is shut at the moment: two key members can open it again, and then a room can be made."
    if len(together := one.room.joined | other.room.joined) > one.template.cap:
        return f"Together they are {len(together)} people, and a room of the kind {one.template.key} has at most {one.template.cap}."
    busy = {key for row in store.plans(MERGE) for key in row["rooms"].split(",")}
    if busy & {one.room.key, other.room.key}:
        return "People are being asked about one of these rooms already."
    return ""


def agreed(group: Group, store: RoomStore, settings: RoomSettings, event: AskAnswered) -> Iterator[Effect]:
    """Ask everybody in the two rooms."""
    name = event.key.removeprefix(ASK)
    plan, rooms = store.plan(name), _rooms(group, store, settings, store.plan(name))
    if plan is None or rooms is None or event.answer != YES.name:
        store.end_plan(name)
        return
    store.settle_plan(name, state="everybody")
    one, other = rooms
    for person in [each for each in group.people if each.id in one.room.joined | other.room.joined and each.has_account]:
        store.voice(name, person.id, "asked", group.now)
        question = say(group, person, "merge_member", room=one.spec.name, other=other.spec.name)
        step = Step(to=(person.id,), until=group.now + ANSWER_FOR)
        yield Ask(key=f"{JOIN}{name}:{person.id}", question=question, answers=(YES, NO), steps=(step,), proof=True)
    yield StartTimer(key=TIMER + name, at=group.now + ANSWER_FOR + timedelta(minutes=1))


def answered(group: Group, store: RoomStore, settings: RoomSettings, key: str, answer: str) -> Iterator[Effect]:
    """Keep what somebody said; silence is a no. When everybody has answered it is done."""
    name, _, person = key.removeprefix(JOIN).partition(":")
    who = next((one.id for one in group.people if one.id == person), None)
    if store.plan(name) is None or who is None:
        return
    store.voice(name, who, answer, group.now)
    if "asked" not in store.voices(name).values():
        yield from done(group, store, settings, name)


def done(group: Group, store: RoomStore, settings: RoomSettings, name: str) -> Iterator[Effect]:
    """Make the new room for who said yes; the old ones close when it is there, and without two yes everything stays as it is."""
    plan, rooms = store.plan(name), _rooms(group, store, settings, store.plan(name))
    yes = tuple(one for one, said in store.voices(name).items() if said == YES.name)
    if plan is None or plan["state"].startswith(MAKING):
        return
    if rooms is None or len(yes) < QUORUM or group.shut is not None:
        store.end_plan(name)
        for helper in [each for each in group.key_members if each.has_account]:
            yield PostDirect(to=helper.id, text=say(group, helper, "merge_stays", room=plan["rooms"].replace(",", " + ")))
        return
    one, other = rooms
    called, key = _name(group, store, one, other)
    store.settle_plan(name, state=MAKING + key)
    yield from making.make(group, store, declared.no_louder(one.template, one, other), called, key=key, people=yes)


def made(group: Group, store: RoomStore, settings: RoomSettings, key: str) -> Iterator[Effect]:
    """Close the old rooms after a word in them, now that the new one is there."""
    plan = next((row for row in store.plans(MERGE) if row["state"] == MAKING + key), None)
    rooms, room = _rooms(group, store, settings, plan), group.room(key)
    if plan is None:
        return
    store.end_plan(plan["key"])
    called = room.spec.name if room is not None and room.spec is not None else key
    for each in rooms or ():
        if each.spec.listening == "reader":
            yield PostMessage(room=each.room.id, text=TEXTS.get("merge_closing", group.style.language, group.style.edition, called=called))
        yield StartTimer(key=closing.TIMER + each.room.key, at=group.now + closing.NOTICE)


def not_made(store: RoomStore, key: str) -> None:
    """Leave the old rooms as they are when the new one could not be made."""
    for row in store.plans(MERGE):
        if row["state"] == MAKING + key:
            store.end_plan(row["key"])


def _name(group: Group, store: RoomStore, one: Declared, other: Declared) -> tuple[str, str]:
    called = f"{one.spec.name} + {other.spec.name}"
    key = making.key_of(called)
    if len(called) > LONGEST_NAME or store.room(key) is not None or group.room(key) is not None:
        return growing.free_name(group, store, one.spec.name)
    return called, key


def _rooms(group: Group, store: RoomStore, settings: RoomSettings, plan: Mapping[str, Any] | None) -> tuple[Declared, Declared] | None:
    """Return the two rooms, as long as both are open."""
    found = [group.room(key) for key in plan["rooms"].split(",")] if plan is not None else []
    both = [one for room in found if room is not None and (one := declared.of(group, store, settings, room)) is not None]
    return (both[0], both[1]) if len(both) == QUORUM and all(_is_open(one) for one in both) else None


def _is_open(one: Declared) -> bool:
    return one.row["state"] == "open" and one.spec.listening != "absent"
