"""Timers of plugins and of the core."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import text

from supportd.engine.unit import DueTimer
from supportd.sdk.ids import GroupId
from supportd.store.instants import from_us, to_us
from supportd.store.repositories.base import Repository

if TYPE_CHECKING:
    from datetime import datetime

_START = text(
    "INSERT INTO timers (group_id, plugin, key, due) VALUES (:group, :plugin, :key, :due)"
    " ON CONFLICT (group_id, plugin, key) DO UPDATE SET due = excluded.due"
)
_CANCEL = text("DELETE FROM timers WHERE group_id = :group AND plugin = :plugin AND key = :key")
_DUE = text("SELECT * FROM timers WHERE due <= :now ORDER BY due, group_id, plugin, key LIMIT :limit")
_NEXT = text("SELECT MIN(due) AS due FROM timers")


class TimerRows(Repository):
    """Implements the engine's port ``Timers``."""

    def start(self, group: GroupId, plugin: str, key: str, due: datetime) -> None:
        """Start or move a timer."""
        self.run(_START, {"group": group, "plugin": plugin, "key": key, "due": to_us(due)})

    def cancel(self, group: GroupId, plugin: str, key: str) -> None:
        """Forget a timer."""
        self.run(_CANCEL, {"group": group, "plugin": plugin, "key": key})

    def due(self, now: datetime, limit: int) -> tuple[DueTimer, ...]:
        """Return due timers, oldest first."""
        rows = self.many(_DUE, {"now": to_us(now), "limit": limit})
        return tuple(
            DueTimer(group=GroupId(row["group_id"]), plugin=row["plugin"], key=row["key"], due=from_us(row["due"])) for row in rows
        )

    def next_due(self) -> datetime | None:
        """Return when the next timer is due."""
        row = self.one(_NEXT)
        return None if row is None or row["due"] is None else from_us(row["due"])
