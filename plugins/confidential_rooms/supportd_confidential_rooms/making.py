"""Making rooms from templates, and inviting who belongs in them, up to the cap and in the order of asking."""

from __future__ import annotations

import re
import unicodedata
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from supportd.sdk.effects import CreateRoom, InviteMember, LinkRoom, RemoveMember, SetPower, StartTimer
from supportd.sdk.rooms import KEY_MEMBER_LEVEL, OWNER_LEVEL
from supportd_confidential_rooms import declared, keeping, kinds, refused, replacing
from supportd_confidential_rooms.declared import CIRCLE, SPACE
from supportd_confidential_rooms.texts import say

if TYPE_CHECKING:
    from collections.abc import Iterator

    from supportd.sdk.effects import Effect
    from supportd.sdk.facts import Group, Person, Room
    from supportd.sdk.ids import PersonId
    from supportd_confidential_rooms.settings import RoomSettings
    from supportd_confidential_rooms.tables import RoomStore
    from supportd_confidential_rooms.templates import Template

_SIGN: Final = re.compile(r"[^\w]+")
LONGEST_KEY: Final = 40
#: In front of the word of a room that is full.
FULL: Final = "full:"
#: In front of the word of a room that ends by itself.
END: Final = "end:"
#: Days after which a review ends when its template says nothing.
REVIEW_DAYS: Final = 7


def key_of(name: str) -> str:
    """Return the word by which people name a room in commands, made of its name; letters of every script stay."""
    plain = unicodedata.normalize("NFKC", name).casefold()
    return _SIGN.sub("-", plain).strip("-_")[:LONGEST_KEY].rstrip("-") or "room"


def begin(group: Group, store: RoomStore, settings: RoomSettings) -> Iterator[Effect]:
    """Make the space; the circle follows when it is there. What is there is kept, and people who are missing are invited."""
    adopt(group, store)
    if group.room(SPACE) is None:
        yield from _first(group, store, settings, SPACE)
    elif group.room(CIRCLE) is None:
        yield from _first(group, store, settings, CIRCLE)
    else:
        yield from fill(group, store)


def adopt(group: Group, store: RoomStore) -> None:
    """Know the two rooms of a group that an earlier version of this plugin made."""
    for key in (SPACE, CIRCLE):
        room = group.room(key)
        if room is None or store.room(key) is not None:
            continue
        template = kinds.of(store)[key]
        store.begin(key, key, cap=template.cap, keep_days=template.keep_days, at=group.now)
        store.settle(key, state="open")
        for person in sorted(room.joined | room.invited):
            store.place(key, person, "in", group.now)


def _first(group: Group, store: RoomStore, settings: RoomSettings, key: str) -> Iterator[Effect]:
    template = kinds.of(store)[key]
    yield from make(group, store, template, declared.name_of(group, settings, key), key=key)


def make(
    group: Group,
    store: RoomStore,
    template: Template,
    name: str,
    *,
    key: str,
    people: tuple[PersonId, ...] = (),
    about: PersonId | None = None,
    asked_by: PersonId | None = None,
) -> Iterator[Effect]:
    """Make a room once for its key, with the people it is for; who is over the cap waits for a place."""
    row, old = store.room(key), None
    if row is not None and row["state"] == declared.GONE:
        store.end(key)
        old = group.room(key)
    store.begin(key, template.key, cap=template.cap, keep_days=template.keep_days, at=group.now, about=about, asked_by=asked_by)
    wanted = declared.people_of(group, template, people, store.gone())
    inside, waiting = wanted[: template.cap], wanted[template.cap :]
    for state, them in (("in", inside), ("waiting", waiting)):
        for one in them:
            store.place(key, one, state, group.now)
    levels = dict(declared.levels_of(group, template, people, store.gone()))
    yield CreateRoom(
        key=key,
        spec=declared.spec_for(group, template, name),
        members=inside,
        owners=tuple(one for one in inside if levels.get(one) == OWNER_LEVEL),
        key_members=tuple(one for one in inside if levels.get(one) == KEY_MEMBER_LEVEL),
        replaces=old.id if old is not None else None,
    )


def ready(group: Group, store: RoomStore, settings: RoomSettings, key: str, room: Room) -> Iterator[Effect]:
    """Go on when a room is there: make the circle after the space, show rooms of everybody in the space."""
    row = store.room(key)
    if row is None:
        return
    if row["state"] == "making":
        store.settle(key, state="open")
    yield from keeping.begin(group, key, row["keep_days"])
    space = group.room(SPACE)
    if key == SPACE and group.room(CIRCLE) is None:
        yield from _first(group, store, settings, CIRCLE)
    elif key != SPACE and space is not None and kinds.of(store)[row["template"]].people == "everybody":
        yield LinkRoom(space=space.id, room=room.id)
    if key == SPACE:
        yield from replacing.shown_again(group, store, settings)
    # People who were entered while the room was being made, or said yes to it.
    yield from fill(group, store, only=key)
    template = kinds.of(store)[row["template"]]
    yield from _missing(group, store, room)
    if store.places(key, "waiting"):
        yield full(group, key)
    if days := ends_after(template):
        yield StartTimer(key=END + key, at=group.now + timedelta(days=days))


def ends_after(template: Template) -> int:
    """Return after how many days a room of this kind closes by itself, 0: never; a review always does."""
    return template.ends_days or (REVIEW_DAYS if template.base == "review" else 0)


def fill(
    group: Group, store: RoomStore, *, only: str | None = None, person: Person | None = None, but: frozenset[str] = frozenset()
) -> Iterator[Effect]:
    """Invite who belongs in a room and is not there; ``person``: this one only, also where they have left before; ``but``: not to these."""
    if group.shut is not None:
        return
    for room in group.rooms:
        row = store.room(room.key)
        if row is None or only not in {None, room.key} or room.key in but or row["state"] != "open" or room.listening == "absent":
            continue
        template = kinds.of(store).get(row["template"])
        if template is None or template.people == "asked":
            continue
        wanted = declared.people_of(group, template, (), store.gone())
        for one in wanted if person is None else [one for one in wanted if one == person.id]:
            # Who is invited needs no second invitation, and who has left has said something by it; being entered anew is another thing.
            stands = [*store.places(room.key, "in"), *store.places(room.key, "moved"), *store.places(room.key, refused.BLOCKED)]
            asked = room.left | room.invited | set(stands)
            if one in room.joined or (person is None and one in asked):
                continue
            yield from let_in(group, store, room, one)


def of_role(group: Group, store: RoomStore, settings: RoomSettings, person: Person) -> Iterator[Effect]:
    """Bring the rooms to what somebody's roles are now: their power, and whether they belong in the key members' rooms."""
    for one in declared.all_of(group, store, settings):
        if one.spec.listening == "absent":
            continue
        now = dict(one.room.now.levels) if one.room.now is not None else {}
        if dict(one.levels).get(person.id) != now.get(person.id):
            yield one.mend()
        if one.template.people == "key members" and "key_member" not in person.roles and person.id in one.room.joined | one.room.invited:
            # A person decides: the gate puts it to the key members.
            yield RemoveMember(room=one.room.id, person=person.id, reason=say(group, person, "not_key_member"))
    yield from fill(group, store, person=person)


def let_in(group: Group, store: RoomStore, room: Room, person: PersonId) -> Iterator[Effect]:
    """Invite somebody to a room, or put them on its waiting list when it is full."""
    row = store.room(room.key)
    inside = store.taken(room.key) | room.joined
    if row is None or person in room.joined:
        return
    if person not in inside and len(inside) >= row["cap"]:
        if store.place(room.key, person, "waiting", group.now):
            yield full(group, room.key)
        return
    store.place(room.key, person, "in", group.now)
    yield InviteMember(room=room.id, person=person)
    template = kinds.of(store)[row["template"]]
    level = dict(declared.levels_of(group, template, store.places(room.key, "in"), store.gone())).get(person)
    now = dict(room.now.levels).get(person) if room.now is not None else None
    if level == KEY_MEMBER_LEVEL and now != level:
        yield SetPower(room=room.id, person=person, level=level)


def full(group: Group, key: str) -> StartTimer:
    """Let it be looked in a moment, once for all who came at the same time, whether a second room is a good idea."""
    return StartTimer(key=FULL + key, at=group.now)


def moved_up(group: Group, store: RoomStore, room: Room) -> Iterator[Effect]:
    """Give free places to those who wait, in the order of asking."""
    row = store.room(room.key)
    if row is None or group.shut is not None or row["state"] != "open":
        return
    free = row["cap"] - len(store.taken(room.key) | room.joined)
    gone = store.gone()
    waiting = [one for one in store.places(room.key, "waiting") if one not in gone]
    for person in waiting[: max(free, 0)]:
        yield from let_in(group, store, room, person)


def _missing(group: Group, store: RoomStore, room: Room) -> Iterator[Effect]:
    """Invite to a room of those who were asked for who has a place in it and was never called."""
    row = store.room(room.key)
    template = kinds.of(store).get(row["template"]) if row is not None and row["state"] == "open" else None
    if template is None or template.people != "asked" or group.shut is not None or room.listening == "absent":
        return
    there = room.joined | room.invited | room.left | store.gone()
    # Who came and left before this is sent is not called back.
    yield from (InviteMember(room=room.id, person=one, again=False) for one in store.places(room.key, "in") if one not in there)


def mended(group: Group, store: RoomStore, room: Room) -> Iterator[Effect]:
    """Let in who could not come while a room was locked: who came back from a break, and who waits for a place that became free."""
    row, gone = store.room(room.key), store.gone()
    if row is None or group.shut is not None or row["state"] != "open" or room.listening == "absent":
        return
    for person in [one for one in store.places(room.key, "away") if one not in gone]:
        yield from let_in(group, store, room, person)
    yield from moved_up(group, store, room)


def opened(group: Group, store: RoomStore) -> Iterator[Effect]:
    """Let in who could not come while the group was shut: first who waits, in the order of asking, then who was entered meanwhile."""
    yield from all_moved_up(group, store)
    for room in group.rooms:
        yield from _missing(group, store, room)
    yield from fill(group, store)


def all_moved_up(group: Group, store: RoomStore) -> Iterator[Effect]:
    """Give free places in every room to those who wait."""
    for room in group.rooms:
        yield from moved_up(group, store, room)
