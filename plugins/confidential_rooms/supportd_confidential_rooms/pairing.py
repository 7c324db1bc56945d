"""Buddies: two members look after each other, when both say yes; a no is told kindly, without a reason, and to nobody else."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from supportd.sdk.ask import NO, YES, Ask, CloseAsk, Step
from supportd.sdk.effects import PostDirect, Reply
from supportd.sdk.settings import render
from supportd_confidential_rooms import kinds, making
from supportd_confidential_rooms.texts import say

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any

    from supportd.sdk.effects import Effect
    from supportd.sdk.facts import Group, Person
    from supportd.sdk.ids import PersonId
    from supportd_confidential_rooms.given import Given
    from supportd_confidential_rooms.settings import RoomSettings
    from supportd_confidential_rooms.tables import RoomStore

ASK: Final = "buddies:"
BUDDIES: Final = "buddies"
OPEN_FOR: Final = timedelta(days=14)
#: So long nobody asks the same person again after a no, or after silence.
REST: Final = timedelta(days=90)


def wanted(given: Given) -> Iterator[Effect]:
    """Ask somebody whether they would like to be a member's buddy; that the member asks is their own yes."""
    group, store, person = given.group, given.store, given.speaker()
    _forget_old(given)
    if person is None:
        yield Reply(
            text="Only somebody of the group can ask for a buddy, in their direct chat; a key member writes: buddies NAME NAME.", status=1
        )
        return
    other = given.person(given.arg("who"))
    if other is None or other.id == person.id:
        yield Reply(text=say(group, person, "buddy_nobody" if other is None else "buddy_self"), status=1)
        return
    pair, plan = (person.id, other.id), _between(store, person.id, other.id)
    refusal = _cannot(given, person, other, plan)
    if refusal:
        yield Reply(text=say(group, person, refusal))
        return
    if plan is not None and plan["state"] == "asked" and person.id not in store.voices(plan["key"]):
        # They were asked about each other already: this is the yes.
        yield Reply(text=say(group, person, "buddy_thanks"))
        yield CloseAsk(key=_key(plan["key"], person.id))
        yield from _yes(group, store, given.settings, plan, person.id)
        return
    yield Reply(text=say(group, person, "buddy_asked"))
    if plan is None or plan["state"] != "asked":
        key = _begin(given, plan, pair)
        store.voice(key, person.id, YES.name, group.now)
        yield _question(group, key, other, person)


def proposed(given: Given) -> Iterator[Effect]:
    """Ask two people whether they would like to be buddies; the key member who thought of it learns nothing of what they say."""
    people, missing = given.people(f"{given.arg('one')},{given.arg('other')}")
    if len(people) != 2:  # noqa: PLR2004 - two buddies
        told = f"There is nobody called “{missing[:40]}” with a chat account" if missing else "Name two people"
        yield Reply(text=f"{told}: buddies NAME NAME.", status=1)
        return
    one, other = people
    _forget_old(given)
    yield Reply(text="When both would like it they get a room of their own. What they say stays with them.")
    plan = _between(given.store, one.id, other.id)
    if (plan is not None and plan["state"] == "asked") or _cannot(given, one, other, plan) or _cannot(given, other, one, plan):
        return
    key = _begin(given, plan, (one.id, other.id))
    yield _question(given.group, key, one, other)
    yield _question(given.group, key, other, one)


def _cannot(given: Given, person: Person, other: Person, plan: Mapping[str, Any] | None) -> str:
    """Return the text that says why somebody cannot be asked now."""
    group, store = given.group, given.store
    if group.shut is not None:
        return "buddy_shut"
    if _has_room(group, store, {person.id, other.id}):
        return "talk_there"
    if store.away(other.id) is not None:
        return "buddy_later"
    if plan is not None and plan["state"] == "no" and plan["asked_by"] == person.id:
        return "buddy_rest"
    return ""


def answered(group: Group, store: RoomStore, settings: RoomSettings, key: str, answer: str) -> Iterator[Effect]:
    """Go on with the answer of one of the two; silence is a no."""
    name, _, person = key.removeprefix(ASK).partition(":")
    plan = store.plan(name)
    who = next((one.id for one in group.people if one.id == person), None)
    if plan is None or plan["state"] != "asked" or who is None:
        return
    if answer == YES.name:
        yield from _yes(group, store, settings, plan, who)
    else:
        yield from _no(group, store, plan, who)


def _yes(group: Group, store: RoomStore, settings: RoomSettings, plan: Mapping[str, Any], who: PersonId) -> Iterator[Effect]:
    key, pair = plan["key"], {plan["about"], plan["asked_by"]}
    store.voice(key, who, YES.name, group.now)
    if {one for one, said in store.voices(key).items() if said == YES.name} != pair:
        return
    store.end_plan(key)
    if group.shut is not None:
        for person in [each for each in group.people if each.id in pair]:
            yield PostDirect(to=person.id, text=say(group, person, "buddy_shut"))
        return
    name = render(settings.buddies_name, group=group.name)
    one, other = plan["asked_by"], plan["about"]
    yield from making.make(group, store, kinds.of(store)[BUDDIES], name, key=key, people=(one, other), about=other, asked_by=one)


def _no(group: Group, store: RoomStore, plan: Mapping[str, Any], who: PersonId) -> Iterator[Effect]:
    key = plan["key"]
    store.settle_plan(key, state="no", at=group.now)
    other = next((group.person(one) for one in (plan["about"], plan["asked_by"]) if one not in {who, None}), None)
    if other is None:
        return
    if store.voices(key).get(other.id) == YES.name:
        yield PostDirect(to=other.id, text=say(group, other, "buddy_no"))
    else:
        yield CloseAsk(key=_key(key, other.id))
        yield PostDirect(to=other.id, text=say(group, other, "buddy_off"))


def _forget_old(given: Given) -> None:
    """Delete what was refused so long ago that it may be asked anew."""
    for row in given.store.plans(BUDDIES):
        if row["state"] == "no" and given.group.now - row["at"] >= REST:
            given.store.end_plan(row["key"])


def _begin(given: Given, before: Mapping[str, Any] | None, pair: tuple[PersonId, PersonId]) -> str:
    if before is not None:
        given.store.end_plan(before["key"])
    return given.store.begin_plan(BUDDIES, given.group.now, asked_by=pair[0], about=pair[1])


def _question(group: Group, plan: str, to: Person, other: Person) -> Ask:
    question = say(group, to, "buddy_question", member=other.name)
    return Ask(
        key=_key(plan, to.id), question=question, answers=(YES, NO), steps=(Step(to=(to.id,), until=group.now + OPEN_FOR),), proof=True
    )


def _key(plan: str, who: PersonId) -> str:
    return f"{ASK}{plan}:{who}"


def _between(store: RoomStore, one: PersonId, other: PersonId) -> Mapping[str, Any] | None:
    return next((row for row in store.plans(BUDDIES) if {row["about"], row["asked_by"]} == {one, other}), None)


def _has_room(group: Group, store: RoomStore, pair: set[PersonId]) -> bool:
    for row in store.all_rooms():
        if row["template"] != BUDDIES or {row["about"], row["asked_by"]} != pair:
            continue
        room = group.room(row["key"])
        if row["state"] == "making" or (row["state"] == "open" and room is not None and pair <= room.joined | room.invited):
            return True
    return False
