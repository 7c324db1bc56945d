"""Which events are done with."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import bindparam, text

from supportd.sdk.ids import EventId
from supportd.store.instants import to_us
from supportd.store.repositories.base import Repository

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime

_SEEN = text("SELECT 1 FROM handled WHERE id = :id")
_SEEN_OF = text("SELECT id FROM handled WHERE id IN :ids").bindparams(bindparam("ids", expanding=True))
_ADD = text("INSERT INTO handled (id, at) VALUES (:id, :at) ON CONFLICT (id) DO NOTHING")


class HandledRows(Repository):
    """Implements the engine's port ``Handled``."""

    def seen(self, id_: EventId) -> bool:
        """Tell whether the event was handled."""
        return self.one(_SEEN, {"id": id_}) is not None

    def seen_of(self, ids: Collection[EventId]) -> set[EventId]:
        """Return which of these events were handled."""
        return {EventId(row["id"]) for row in self.many(_SEEN_OF, {"ids": list(ids)})} if ids else set()

    def add(self, id_: EventId, at: datetime) -> None:
        """Remember that it is handled now."""
        self.add_all((id_,), at)

    def add_all(self, ids: Collection[EventId], at: datetime) -> None:
        """Remember that all of these are handled now."""
        if ids:
            self.connection.execute(_ADD, [{"id": id_, "at": to_us(at)} for id_ in ids])
