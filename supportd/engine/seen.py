"""What a room is now: kept for plugins in people's terms, and told to them when it changed."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from supportd.sdk.events import RoomChanged
from supportd.sdk.ids import EventId

if TYPE_CHECKING:
    from datetime import datetime

    from supportd.engine.unit import UnitOfWork
    from supportd.engine.wire import HereMark, RoomMark
    from supportd.sdk.facts import Group


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
