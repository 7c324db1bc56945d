"""What a room is now: kept for plugins in people's terms, and told to them when it changed."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from supportd.sdk.events import RoomChanged
from supportd.sdk.ids import EventId
from supportd.sdk.rooms import as_declared

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from datetime import datetime

    from supportd.engine.unit import UnitOfWork
    from supportd.engine.wire import HereMark, RoomMark
    from supportd.sdk.effects import MendRoom
    from supportd.sdk.facts import Group
    from supportd.sdk.rooms import Setting

#: In which fields of what a room is a setting stands.
_FIELDS: Final[Mapping[Setting, tuple[str, ...]]] = {
    "public list": ("listed",),
    "addresses": ("addresses",),
    "who may come in": ("join_rule",),
    "guests": ("guests",),
    "later joiners read": ("history",),
    "encryption": ("encrypted", "rotation_messages", "rotation_ms"),
    "new key after": ("rotation_messages", "rotation_ms"),
    "power": ("needs", "everybody", "levels", "strangers"),
    "name and topic": ("name", "topic"),
    "links to spaces": ("links",),
    "listening": ("topic", "accounts"),
}


def keep(uow: UnitOfWork, mark: RoomMark, now: datetime) -> RoomChanged | None:
    """Keep it; returns what plugins are told, ``None`` where nothing changed or the room is nobody's."""
    group = uow.rooms.group_of(mark.room)
    if group is None:
        return None
    levels, strangers = {}, mark.now.everybody
    for user, level in mark.levels:
        person = uow.people.by_user(group, user)
        if person is not None:
            levels[person] = level
        else:
            strangers = max(strangers, level)
    by = tuple((setting, uow.people.by_user(group, user)) for setting, user in mark.senders)
    seen = replace(mark.now, levels=tuple(sorted(levels.items())), strangers=strangers, changed_by=by)
    number = uow.rooms.see(mark.room, group, seen)
    return RoomChanged(id=EventId(f"seen:{mark.room}:{number}"), group=group, at=now, room=mark.room) if number else None


def mended(uow: UnitOfWork, effect: MendRoom, group: Group, settings: Collection[Setting]) -> None:
    """Take it that a room is in these settings as we made it: whoever changes one the same way again is then seen to have done so."""
    room = group.room_by_id(effect.room)
    if room is None or room.now is None:
        return
    made = as_declared(effect.spec, tuple(sorted(effect.levels)), room.now.links if effect.links is None else tuple(sorted(effect.links)))
    changes: dict[str, Any] = {name: getattr(made, name) for setting in settings for name in _FIELDS.get(setting, ())}
    by = tuple(each for each in room.now.changed_by if each[0] not in settings)
    uow.rooms.see(effect.room, group.id, replace(room.now, **changes, changed_by=by))


def not_here(uow: UnitOfWork, group: Group, mark: HereMark) -> list[RoomChanged]:
    """Keep which rooms of a group an account should be in and is not; returns what plugins are told of those where that is new."""
    told = []
    for room in group.rooms:
        if room.listening != mark.account or room.id in mark.rooms or room.now is None or room.direct_with is not None:
            continue
        number = uow.rooms.see(room.id, group.id, replace(room.now, accounts=()))
        if number:
            told.append(RoomChanged(id=EventId(f"seen:{room.id}:{number}"), group=group.id, at=group.now, room=room.id))
    return told
