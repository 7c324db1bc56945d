"""Settings of three levels with their history."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import text

from supportd.engine.unit import SettingChange
from supportd.store.instants import from_us, to_us
from supportd.store.repositories.base import Repository

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

_LEVEL = text("SELECT key, value FROM settings WHERE group_id = :group AND plugin = :plugin AND room_id = :room ORDER BY key")
_ONE = text("SELECT value FROM settings WHERE group_id = :group AND plugin = :plugin AND room_id = :room AND key = :key")
_SET = text(
    "INSERT INTO settings (group_id, plugin, room_id, key, value) VALUES (:group, :plugin, :room, :key, :value)"
    " ON CONFLICT (group_id, plugin, room_id, key) DO UPDATE SET value = excluded.value"
)
_UNSET = text("DELETE FROM settings WHERE group_id = :group AND plugin = :plugin AND room_id = :room AND key = :key")
_CHANGED = text(
    "INSERT INTO setting_changes (group_id, plugin, room_id, key, old, new, at, by)"
    " VALUES (:group, :plugin, :room, :key, :old, :new, :at, :by) RETURNING number"
)
_HISTORY = text("SELECT * FROM setting_changes WHERE group_id = :group AND plugin = :plugin ORDER BY number DESC LIMIT :limit")


class SettingRows(Repository):
    """Implements the engine's port ``SettingsRows``."""

    def level(self, group: str, plugin: str, room: str) -> Mapping[str, str]:
        """Return the values set at one level, as JSON text."""
        return self.once(("level", group, plugin, room), lambda: self._level(group, plugin, room))

    def _level(self, group: str, plugin: str, room: str) -> Mapping[str, str]:
        rows = self.many(_LEVEL, {"group": group, "plugin": plugin, "room": room})
        return {row["key"]: self._open(row["value"], group, plugin, row["key"]) or "" for row in rows}

    def change(self, group: str, plugin: str, room: str, key: str, value: str | None, at: datetime, by: str) -> int:
        """Set or unset one key and keep the change in the history."""
        place = {"group": group, "plugin": plugin, "room": room, "key": key}
        before = self.one(_ONE, place)
        sealed = None if value is None else self._seal(value, group, plugin, key)
        if sealed is None:
            self.alter(_UNSET, place)
        else:
            self.alter(_SET, place | {"value": sealed})
        values = place | {"old": before["value"] if before else None, "new": sealed, "at": to_us(at), "by": by}
        row = self.one(_CHANGED, values)
        return 0 if row is None else int(row["number"])

    def history(self, group: str, plugin: str, limit: int) -> tuple[SettingChange, ...]:
        """Return the last changes, newest first."""
        return tuple(
            SettingChange(
                number=row["number"],
                plugin=plugin,
                room=row["room_id"],
                key=row["key"],
                old=self._open(row["old"], group, plugin, row["key"]),
                new=self._open(row["new"], group, plugin, row["key"]),
                at=from_us(row["at"]),
                by=row["by"],
            )
            for row in self.many(_HISTORY, {"group": group, "plugin": plugin, "limit": limit})
        )

    def _seal(self, value: str, group: str, plugin: str, key: str) -> bytes:
        return self.keys.host.seal(value.encode(), f"setting:{group}:{plugin}:{key}")

    def _open(self, sealed: bytes | None, group: str, plugin: str, key: str) -> str | None:
        return None if sealed is None else self.keys.host.open(sealed, f"setting:{group}:{plugin}:{key}").decode()
