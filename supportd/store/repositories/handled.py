"""Which events are done with."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import text

from supportd.store.instants import to_us
from supportd.store.repositories.base import Repository

if TYPE_CHECKING:
    from datetime import datetime

    from supportd.sdk.ids import EventId

_SEEN = text("SELECT 1 FROM handled WHERE id = :id")
_ADD = text("INSERT INTO handled (id, at) VALUES (:id, :at) ON CONFLICT (id) DO NOTHING")


class HandledRows(Repository):
    """Implements the engine's port ``Handled``."""

    def seen(self, id_: EventId) -> bool:
        """Tell whether the event was handled."""
        return self.one(_SEEN, {"id": id_}) is not None

    def add(self, id_: EventId, at: datetime) -> None:
        """Remember that it is handled now."""
        self.run(_ADD, {"id": id_, "at": to_us(at)})
