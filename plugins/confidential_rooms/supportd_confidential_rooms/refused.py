"""What the homeserver refused for good: one sentence to who wanted it, and nothing is left half done."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from supportd.sdk.effects import PostDirect, StartTimer
from supportd.sdk.rooms import SETTINGS
from supportd_confidential_rooms import declared, kinds, panic
from supportd_confidential_rooms.texts import say

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from supportd.sdk.effects import Effect
    from supportd.sdk.events import EffectFailed
    from supportd.sdk.facts import Group
    from supportd.sdk.ids import PersonId, RoomId
    from supportd_confidential_rooms.settings import RoomSettings
    from supportd_confidential_rooms.tables import RoomStore

#: Who asked for somebody's invitation, until it has reached them or was refused.
INVITE: Final = "invite"
#: The state of a place whose owner could not be invited: nobody invites them unasked.
BLOCKED: Final = "blocked"
#: The homeserver's code -> the text for who asked; any other is "invite_refused".
_NOT_INVITED: Final = {"M_INVITE_BLOCKED": "invite_blocked", "ORG_SUPPORTD_OTHER_SERVER": "invite_other_server"}
#: Our own code for what was queued before the group was shut.
SHUT: Final = "ORG_SUPPORTD_SHUT"
#: Codes by which a homeserver may mean that we are not in a room any more.
OUTSIDE: Final = frozenset({"M_FORBIDDEN", "M_NOT_FOUND", "M_UNKNOWN"})


def heard(group: Group, store: RoomStore, settings: RoomSettings, event: EffectFailed) -> Iterator[Effect]:
    """Go on after a refusal."""
    if event.kind == "LetGo" and event.person is not None and (person := group.person(event.person)) is not None:
        yield PostDirect(to=person.id, text=say(group, person, "leave_yourself"))
    elif event.kind == "InviteMember" and event.person is not None and event.code == SHUT:
        yield from _stopped(group, store, event, event.person)
    elif event.kind == "InviteMember" and event.person is not None and group.shut is None:
        yield from _not_invited(group, store, settings, event, event.person)
    elif event.kind == "CreateRoom":
        yield from _not_made(group, store, event)
    elif event.kind == "MendRoom" and event.room is not None:
        yield from _lost(group, store, settings, event.room)


# ---- invitations -----------------------------------------------------------------------------------------------------


def wanted_by(group: Group, store: RoomStore, key: str, person: PersonId, by: PersonId | None) -> None:
    """Remember who asked for an invitation, so that they hear when it cannot be."""
    reached(store, key, person)
    if by is not None:
        store.begin_plan(INVITE, group.now, rooms=key, about=person, asked_by=by)


def reached(store: RoomStore, key: str, person: PersonId) -> PersonId | None:
    """Forget who asked for an invitation, and return them."""
    for row in store.plans(INVITE):
        if row["rooms"] == key and row["about"] == person:
            store.end_plan(row["key"])
            by: PersonId | None = row["asked_by"]
            return by
    return None


def _not_invited(group: Group, store: RoomStore, settings: RoomSettings, event: EffectFailed, person: PersonId) -> Iterator[Effect]:
    """Give up the place of somebody who could not be invited, and tell who asked for it; of a private room only who else is in it."""
    code = _NOT_INVITED.get(event.code, "invite_refused")
    for key in _meant(group, store, event, person):
        by, row = reached(store, key, person), store.room(key) or {}
        store.place(key, person, BLOCKED, group.now)
        template = kinds.of(store).get(row.get("template", ""))
        if template is not None and template.private:
            yield from _write(group, [one for one in store.places(key, "in") if one != person], code, member=group.name_of(person))
        elif template is None or template.kind != "space":
            # Of the space nobody needs to hear: it only shows the rooms.
            # While a room is made, who had it made is who wanted everybody in it.
            by = by or (row.get("asked_by") if event.room is None else None)
            yield from _write(group, _who_asked(group, by, person), f"{code}_to", member=group.name_of(person), room=key)
        room = group.room(key)
        one = declared.of(group, store, settings, room) if room is not None else None
        if one is not None and event.code in OUTSIDE and one.spec.listening != "absent":
            # Perhaps the room is not there any more, or somebody took our power: looking at it tells.
            yield one.mend()


def _stopped(group: Group, store: RoomStore, event: EffectFailed, person: PersonId) -> Iterator[Effect]:
    """Let somebody whose invitation a panic stopped wait in their turn; they are invited when the group opens."""
    for key in _meant(group, store, event, person):
        store.restate(key, person, "waiting")
    if group.shut is None:
        # It has opened before this was heard.
        yield StartTimer(key=panic.TIMER, at=group.now)


def _meant(group: Group, store: RoomStore, event: EffectFailed, person: PersonId) -> list[str]:
    """Return the rooms that a refusal is about and in which somebody still has the place."""
    there = {room.key: room for room in group.rooms}
    room = group.room_by_id(event.room) if event.room is not None else None
    named = room.key if room is not None else event.key
    keys = [named] if named else list(there)
    inside = {key for key, room in there.items() if person in room.joined | room.invited}
    return [key for key in keys if key not in inside and store.state_of(key, person) == "in"]


# ---- making ----------------------------------------------------------------------------------------------------------


def _not_made(group: Group, store: RoomStore, event: EffectFailed) -> Iterator[Effect]:
    """Leave nothing of a room that could not be made, so that it can be tried again, and say so."""
    row = store.room(event.key)
    if row is None or row["state"] != "making":
        return
    template = kinds.of(store).get(row["template"])
    store.end(event.key)
    if template is not None and template.private:
        them = [row["asked_by"]] if template.base == "review" else [row["about"], row["asked_by"]]
        yield from _write(group, them, "private_not_made")
    else:
        yield from _write(group, _who_asked(group, row["asked_by"]), "room_not_made", room=event.key)


# ---- a room that is gone ---------------------------------------------------------------------------------------------


def _lost(group: Group, store: RoomStore, settings: RoomSettings, id_: RoomId) -> Iterator[Effect]:
    """Say that a room is out of our reach, once; nobody can tell whether it was deleted or we were shut out of it."""
    room = group.room_by_id(id_)
    one = declared.of(group, store, settings, room) if room is not None else None
    if one is None:
        return
    key, closed = one.room.key, one.row["state"] == "closed"
    store.settle(key, state=declared.GONE)
    store.told(key, SETTINGS)
    if closed:
        return
    if one.template.private:
        yield from _write(group, _theirs(store, one), "private_gone")
    else:
        hears = [each.id for each in declared.who_hears(group, one)] or _who_asked(group, one.row["asked_by"])
        command = f"rooms create {one.template.key} {key}" + (" NAME,NAME" if one.template.people == "asked" else "")
        yield from _write(group, hears, "room_gone", room=key, command=command)


def _theirs(store: RoomStore, one: declared.Declared) -> list[PersonId]:
    """Return who may hear of a private room; of a review never the person it is about."""
    them = {*one.room.joined, *store.places(one.room.key, "in"), one.row["asked_by"], one.row["about"]}
    if one.template.base == "review":
        them.discard(one.row["about"])
    return sorted(them - {None})


def _who_asked(group: Group, by: PersonId | None, about: PersonId | None = None) -> list[PersonId]:
    """Return who wanted something, or the key member on duty where a terminal did or they are not there any more."""
    person = group.person(by) if by is not None and by != about else None
    person = person or group.on_duty("welcome")
    return [person.id] if person is not None and person.id != about else []


def _write(group: Group, them: Iterable[PersonId | None], key: str, **values: str) -> Iterator[Effect]:
    for one in dict.fromkeys(them):
        person = group.person(one) if one is not None else None
        if person is not None and person.has_account:
            yield PostDirect(to=person.id, text=say(group, person, key, **values))
