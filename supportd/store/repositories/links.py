"""Single-purpose links; only a hash of each token is kept."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from sqlalchemy import text

from supportd.engine.unit import Link
from supportd.sdk.ids import GroupId, PersonId
from supportd.store.instants import from_us, to_us
from supportd.store.repositories.base import Repository

if TYPE_CHECKING:
    from datetime import datetime

_ADD = text(
    "INSERT INTO links (hash, group_id, plugin, key, person_id, button, expires)"
    " VALUES (:hash, :group, :plugin, :key, :person, :button, :expires) ON CONFLICT (hash) DO NOTHING"
)
_FIND = text("SELECT * FROM links WHERE hash = :hash")
_REVOKE = text("DELETE FROM links WHERE group_id = :group AND used IS NULL")
_USE = text("UPDATE links SET used = :now WHERE hash = :hash AND used IS NULL AND expires > :now")


class LinkRows(Repository):
    """Implements the engine's port ``Links``."""

    def add(self, token: str, link: Link, at: datetime) -> None:
        """Keep the hash of a token with what it is for."""
        del at
        values = {"hash": _hash(token), "group": link.group, "plugin": link.plugin, "key": link.key, "person": link.person}
        self.run(_ADD, values | {"button": link.button, "expires": to_us(link.expires)})

    def find(self, token: str) -> Link | None:
        """Return what a token is for."""
        row = self.one(_FIND, {"hash": _hash(token)})
        if row is None:
            return None
        return Link(
            group=GroupId(row["group_id"]),
            plugin=row["plugin"],
            key=row["key"],
            person=PersonId(row["person_id"]),
            button=row["button"],
            expires=from_us(row["expires"]),
            used=row["used"] is not None,
        )

    def revoke(self, group: GroupId) -> int:
        """Let no link of a group work any more."""
        return self.run(_REVOKE, {"group": group})

    def use(self, token: str, now: datetime) -> bool:
        """Use a link by compare-and-set."""
        return self.run(_USE, {"hash": _hash(token), "now": to_us(now)}) > 0


def _hash(token: str) -> str:
    # The token has 160 random bits, so a plain hash cannot be searched.
    return hashlib.sha256(token.encode()).hexdigest()
