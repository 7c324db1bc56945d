"""Events that wait: for their room to be known, or for a plugin that failed on them; sealed, wiped when handled."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import text

from supportd.engine import codec
from supportd.engine.unit import Waiting
from supportd.sdk.ids import GroupId
from supportd.store.instants import from_us, to_us
from supportd.store.repositories.base import Repository

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import RowMapping

    from supportd.sdk.ids import RoomId
    from supportd.store.sealing import Box

_PUT = text(
    "INSERT INTO inbox (id, group_id, plugin, room_id, event, attempts, not_before, at)"
    " VALUES (:id, :group, :plugin, :room, :event, :attempts, :not_before, :at) ON CONFLICT (id) DO NOTHING"
)
_FOR_ROOM = text("SELECT * FROM inbox WHERE room_id = :room ORDER BY number")
_COUNT = text("SELECT COUNT(*) AS n FROM inbox WHERE group_id = :group AND plugin = :plugin")
# The head of each plugin's own queue: what comes later waits behind it, so that events keep their order.
_DUE = text(
    "SELECT i.* FROM inbox i WHERE i.plugin IS NOT NULL AND i.not_before <= :now"
    " AND NOT EXISTS (SELECT 1 FROM inbox b WHERE b.group_id = i.group_id AND b.plugin = i.plugin AND b.number < i.number)"
    " ORDER BY i.number LIMIT 1"
)
_NEXT = text(
    "SELECT MIN(i.not_before) AS due FROM inbox i WHERE i.plugin IS NOT NULL"
    " AND NOT EXISTS (SELECT 1 FROM inbox b WHERE b.group_id = i.group_id AND b.plugin = i.plugin AND b.number < i.number)"
)
_REMOVE = text("DELETE FROM inbox WHERE id = :id")
_AGAIN = text("UPDATE inbox SET attempts = :attempts, not_before = :at WHERE id = :id")
_DROP = text("DELETE FROM inbox WHERE group_id = :group AND plugin = :plugin")
_RELEASE = text("UPDATE inbox SET not_before = :at WHERE group_id = :group AND plugin = :plugin")


class InboxRows(Repository):
    """Implements the engine's port ``Inbox``."""

    def put(self, waiting: Waiting, room: RoomId | None, not_before: datetime, at: datetime) -> None:
        """Keep an event for later."""
        sealed = self._box(waiting.group).seal(codec.dump(waiting.event), f"inbox:{waiting.id}")
        values = {"id": waiting.id, "group": waiting.group, "plugin": waiting.plugin, "room": room, "event": sealed}
        self.run(_PUT, values | {"attempts": waiting.attempts, "not_before": to_us(not_before), "at": to_us(at)})

    def for_room(self, room: RoomId) -> tuple[Waiting, ...]:
        """Take out what waited for a room, oldest first."""
        found = tuple(self._waiting(row) for row in self.many(_FOR_ROOM, {"room": room}))
        for one in found:
            self.remove(one.id)
        return found

    def count_for(self, group: GroupId, plugin: str) -> int:
        """Return how many events wait for a plugin in a group."""
        row = self.one(_COUNT, {"group": group, "plugin": plugin})
        return 0 if row is None else int(row["n"])

    def due(self, now: datetime) -> Waiting | None:
        """Return the oldest event of a plugin that may be tried again now."""
        row = self.one(_DUE, {"now": to_us(now)})
        return None if row is None else self._waiting(row)

    def next_due(self) -> datetime | None:
        """Return when the next event may be tried again."""
        row = self.one(_NEXT)
        return None if row is None or row["due"] is None else from_us(row["due"])

    def remove(self, id_: str) -> None:
        """Forget a waiting event."""
        self.run(_REMOVE, {"id": id_})

    def again(self, id_: str, attempts: int, not_before: datetime) -> None:
        """Try an event later."""
        self.run(_AGAIN, {"id": id_, "attempts": attempts, "at": to_us(not_before)})

    def drop_for(self, group: GroupId, plugin: str) -> int:
        """Forget everything that waits for a plugin."""
        return self.run(_DROP, {"group": group, "plugin": plugin})

    def release_for(self, group: GroupId, plugin: str, now: datetime) -> None:
        """Let everything that waits for a plugin be tried from ``now`` on."""
        self.run(_RELEASE, {"group": group, "plugin": plugin, "at": to_us(now)})

    def _box(self, group: GroupId | None) -> Box:
        return self.keys.host if group is None else self.keys.group(self.connection, group)

    def _waiting(self, row: RowMapping) -> Waiting:
        group = GroupId(row["group_id"]) if row["group_id"] else None
        event = codec.load_event(self._box(group).open(row["event"], f"inbox:{row['id']}"))
        return Waiting(id=row["id"], group=group, plugin=row["plugin"], event=event, attempts=row["attempts"])
