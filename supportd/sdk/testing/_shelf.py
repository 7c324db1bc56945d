"""A plugin's tables in memory."""

from __future__ import annotations

import weakref
from typing import TYPE_CHECKING, Any

from supportd.sdk.store import Rows, Tables, in_memory

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import Table
    from sqlalchemy.engine import Connection

    from supportd.sdk.ids import GroupId


class Shelf:
    """The rows of one plugin, for any number of groups; gone with the last story that uses it."""

    def __init__(self, plugin: str, tables: Tables | None) -> None:
        """Make the tables, when there are any."""
        self._plugin = plugin
        self.tables: tuple[Table, ...] = tuple(tables) if tables is not None else ()
        self._connection: Connection | None = None
        if tables is not None and self.tables:
            self._connection = in_memory(tables)
            weakref.finalize(self, self._connection.engine.dispose)
            weakref.finalize(self, self._connection.close)

    def rows(self, group: GroupId) -> Rows:
        """Return the rows of one group."""
        # Without tables there is nothing that could be read: every call raises ForeignTable before it meets the connection.
        return Rows(self._connection or _Nothing(), self._plugin, group)  # type: ignore[arg-type]  # see _Nothing

    def everything(self, group: GroupId) -> Mapping[str, tuple[Mapping[str, Any], ...]]:
        """Return every row of a group by table."""
        rows = self.rows(group)
        return {table.name: rows.all(table) for table in self.tables}


class _Nothing:
    """Stands for the connection of a plugin that has no tables."""

    dialect = None
