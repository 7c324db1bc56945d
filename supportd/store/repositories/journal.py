"""What was done and why; each line's hash covers the one before, so that nothing can be changed or taken out unseen."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

from sqlalchemy import text

from supportd.engine.unit import JournalLine
from supportd.store.instants import from_us, to_us
from supportd.store.repositories.base import Repository

if TYPE_CHECKING:
    from collections.abc import Mapping

    from supportd.sdk.ids import GroupId

_ADD = text(
    "INSERT INTO journal (group_id, plugin, at, kind, outcome, reason, about, chain)"
    " VALUES (:group, :plugin, :at, :kind, :outcome, :reason, :about, :chain)"
)
_NEWEST = text("SELECT chain FROM journal WHERE group_id = :group ORDER BY number DESC LIMIT 1")
_LAST = text("SELECT * FROM journal WHERE group_id = :group ORDER BY number DESC LIMIT :limit")
_WHOLE = text("SELECT * FROM journal WHERE group_id = :group ORDER BY number")


class JournalRows(Repository):
    """Implements the engine's port ``Journal``."""

    def add(self, line: JournalLine) -> None:
        """Append a line."""
        before = self.one(_NEWEST, {"group": line.group})
        values: dict[str, object] = {
            "group": line.group,
            "plugin": line.plugin,
            "at": to_us(line.at),
            "kind": line.kind,
            "outcome": line.outcome,
            "reason": line.reason,
            "about": line.about,
        }
        self.run(_ADD, values | {"chain": _chain(before["chain"] if before else "", values)})

    def last(self, group: GroupId, limit: int) -> tuple[JournalLine, ...]:
        """Return the last lines, newest first."""
        return tuple(
            JournalLine(
                group=group,
                plugin=row["plugin"],
                at=from_us(row["at"]),
                kind=row["kind"],
                outcome=row["outcome"],
                reason=row["reason"],
                about=row["about"],
            )
            for row in self.many(_LAST, {"group": group, "limit": limit})
        )

    def intact(self, group: GroupId) -> bool:
        """Tell whether no line was changed or taken out; the oldest kept line is the anchor, since lines end after 90 days."""
        before: str | None = None
        for row in self.many(_WHOLE, {"group": group}):
            values = {name: row["group_id" if name == "group" else name] for name in _COVERED}
            if before is not None and row["chain"] != _chain(before, values):
                return False
            before = row["chain"]
        return True


_COVERED = ("group", "plugin", "at", "kind", "outcome", "reason", "about")


def _chain(before: str, values: Mapping[str, object]) -> str:
    covered = json.dumps([before, *(values[name] for name in _COVERED)])
    return hashlib.sha256(covered.encode()).hexdigest()
