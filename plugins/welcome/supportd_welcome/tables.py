"""Who was greeted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from supportd.sdk.store import PluginStore, instant, person, table, tables_of

if TYPE_CHECKING:
    from datetime import datetime

    from supportd.sdk.ids import PersonId

greeted: Final = table("welcome", "greeted", person("person_id", key=True), instant("at"))

TABLES: Final = tables_of("welcome")


class WelcomeStore(PluginStore):
    """Remembers who was greeted, so that nobody is greeted twice."""

    def greet(self, who: PersonId, at: datetime) -> bool:
        """Remember that somebody is greeted now; False when they were greeted before."""
        return self.rows.add(greeted, person_id=who, at=at)

    def greeted_at(self, who: PersonId) -> datetime | None:
        """Return when somebody was greeted."""
        row = self.rows.get(greeted, person_id=who)
        return None if row is None else row["at"]

    def forget(self, who: PersonId) -> None:
        """Delete what is known about somebody."""
        self.rows.delete(greeted, person_id=who)
