"""What is played on the stage: which plugins take part, in which room, and what they must have kept at the end."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from supportd_rota.plugin import Rota
from supportd_welcome import Welcome

from tests.crash.plugins import Hello, Places

if TYPE_CHECKING:
    from collections.abc import Mapping

    from supportd.engine.unit import UnitOfWork
    from supportd.sdk.hooks import Plugin
    from supportd.sdk.ids import GroupId


@dataclass(frozen=True, slots=True)
class Play:
    """The plugins (the first is on from the beginning) and the key of the room in which it happens."""

    plugins: tuple[type[Plugin], ...]
    room: str

    def kept(self, uow: UnitOfWork, group: GroupId, names: Mapping[str, str]) -> list[str]:
        """Return every row of the plugins, with names for the ids of people."""
        return sorted(
            f"{table.name} {sorted((key, names.get(value, str(value))) for key, value in row.items())}"
            for plugin in self.plugins
            for table in plugin.tables or ()
            for row in uow.rows(plugin.name, group).all(table)
        )


PLAYS: Final = {"evening": Play((Hello, Places), "main"), "weeks": Play((Welcome,), "circle"), "duties": Play((Rota,), "main")}
