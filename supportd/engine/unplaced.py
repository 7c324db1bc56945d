"""Marks of rooms that are not registered yet: a sync may tell of a room before its making is on record."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from supportd.engine.unit import UnitOfWork
    from supportd.engine.wire import PowerMark, RoomMark
    from supportd.sdk.ids import RoomId

#: Rooms remembered; after a start everything is told anew.
MOST: Final = 1000


class Unplaced:
    """The last marks of rooms that are nobody's so far; in memory, since each start brings them again."""

    def __init__(self) -> None:
        """Start empty."""
        self._marks: dict[RoomId, dict[type, PowerMark | RoomMark]] = {}

    def note(self, uow: UnitOfWork, mark: PowerMark | RoomMark) -> None:
        """Remember a mark of a room that is not registered."""
        if uow.rooms.group_of(mark.room) is not None:
            return
        if mark.room not in self._marks and len(self._marks) >= MOST:
            self._marks.pop(next(iter(self._marks)))
        self._marks.setdefault(mark.room, {})[type(mark)] = mark

    def of(self, room: RoomId) -> tuple[PowerMark | RoomMark, ...]:
        """Return what was told of a room that is registered now; kept until the next start, since a commit may come to nothing."""
        return tuple(self._marks.get(room, {}).values())
