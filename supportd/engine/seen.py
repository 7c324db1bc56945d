"""What a room is now: kept for plugins in people's terms, and told to them when it changed."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from supportd.sdk.events import RoomChanged
from supportd.sdk.ids import EventId

if TYPE_CHECKING:
    from datetime import datetime

    from supportd.engine.unit import UnitOfWork
    from supportd.engine.wire import RoomMark


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
