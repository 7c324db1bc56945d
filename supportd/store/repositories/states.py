"""Which plugin is in which state in which group."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import text

from supportd.engine.unit import PluginStatus
from supportd.store.instants import to_us
from supportd.store.repositories.base import Repository

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import RowMapping

    from supportd.sdk.ids import GroupId

_GET = text("SELECT * FROM plugin_states WHERE group_id = :group AND plugin = :plugin")
_ALL = text("SELECT * FROM plugin_states WHERE group_id = :group ORDER BY plugin")
_SET = text(
    "INSERT INTO plugin_states (group_id, plugin, state, failures, reason, at) VALUES (:group, :plugin, :state, :failures, :reason, :at)"
    " ON CONFLICT (group_id, plugin) DO UPDATE"
    " SET state = excluded.state, failures = excluded.failures, reason = excluded.reason, at = excluded.at"
)


class StateRows(Repository):
    """Implements the engine's port ``PluginStates``."""

    def get(self, group: GroupId, plugin: str) -> PluginStatus:
        """Return the status; ``off`` when nothing was ever said."""
        row = self.once(("state", group, plugin), lambda: self.one(_GET, {"group": group, "plugin": plugin}))
        return PluginStatus(plugin=plugin, state="off") if row is None else _status(row)

    def all(self, group: GroupId) -> tuple[PluginStatus, ...]:
        """Return all that is known."""
        return tuple(_status(row) for row in self.many(_ALL, {"group": group}))

    def set(self, group: GroupId, status: PluginStatus, at: datetime) -> None:
        """Keep a status."""
        values = {"group": group, "plugin": status.plugin, "state": status.state, "failures": status.failures, "reason": status.reason}
        self.alter(_SET, values | {"at": to_us(at)})


def _status(row: RowMapping) -> PluginStatus:
    return PluginStatus(plugin=row["plugin"], state=row["state"], failures=row["failures"], reason=row["reason"])
