"""Rooms that were closed and replaced: those who run the group are told, since nothing of ours comes along by itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from supportd.engine import names, telling
from supportd.engine.inner import CORE
from supportd.engine.unit import JournalLine

if TYPE_CHECKING:
    from supportd.engine.unit import UnitOfWork
    from supportd.sdk.events import RoomUpgraded
    from supportd.sdk.facts import Group

REPLACED: Final = (
    "Automatic message. {room} was closed, and a new one was opened in its place. I am not in the new one,"
    " and its settings and people did not come along by themselves. Please look at them before you invite anybody."
    " If none of you did this, tell the person who runs the server."
)
_REASON: Final = "A room was closed and replaced; the admins were told."


def tell(uow: UnitOfWork, group: Group, event: RoomUpgraded) -> None:
    """Tell the admins, once for each replacement of a room, however often the homeserver says it."""
    key = names.derived("upgraded", event.room, event.replacement)
    telling.those_who_run(uow, group, key, REPLACED.format(room=_called(group, event)))
    uow.journal.add(JournalLine(group=group.id, plugin=CORE, at=group.now, kind="room", outcome="told", reason=_REASON))


def _called(group: Group, event: RoomUpgraded) -> str:
    room = group.room_by_id(event.room)
    if room is None:
        return "A room of the group"
    if room.direct_with is not None:
        return f"The direct chat of {group.name_of(room.direct_with) or 'somebody'} with me"
    return f"The room {room.key}"
