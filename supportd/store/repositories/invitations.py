"""Links by which one person each comes into a group; only a hash of each token is kept."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Final

from sqlalchemy import text

from supportd.engine.records import Invitation
from supportd.sdk.ids import GroupId
from supportd.store.instants import from_us, to_us
from supportd.store.repositories.base import Repository

if TYPE_CHECKING:
    from datetime import datetime

_CONTEXT: Final = "invitation"
_ADD = text("INSERT INTO invitations (hash, group_id, name, expires) VALUES (:hash, :group, :name, :expires) ON CONFLICT (hash) DO NOTHING")
_FIND = text("SELECT * FROM invitations WHERE hash = :hash AND used IS NULL AND expires > :now")
_USE = text("UPDATE invitations SET used = :now, name = NULL WHERE hash = :hash AND used IS NULL AND expires > :now")
_REVOKE = text("DELETE FROM invitations WHERE group_id = :group AND used IS NULL")
_COUNT = text("SELECT COUNT(*) AS n FROM invitations WHERE group_id = :group AND used IS NULL AND expires > :now")


class InvitationRows(Repository):
    """Implements the engine's port ``Invitations``."""

    def add(self, token: str, invitation: Invitation) -> None:
        """Keep the hash of a token with whom it is for."""
        body = json.dumps([invitation.name, invitation.occasion])
        sealed = self.keys.group(self.connection, invitation.group).seal(body.encode(), _CONTEXT)
        self.run(_ADD, {"hash": _hash(token), "group": invitation.group, "name": sealed, "expires": to_us(invitation.expires)})

    def find(self, token: str, now: datetime) -> Invitation | None:
        """Return what an invitation is, while it can be used."""
        row = self.one(_FIND, {"hash": _hash(token), "now": to_us(now)})
        if row is None:
            return None
        group = GroupId(row["group_id"])
        name, occasion = json.loads(self.keys.group(self.connection, group).open(row["name"], _CONTEXT))
        return Invitation(group, name, from_us(row["expires"]), occasion)

    def use(self, token: str, now: datetime) -> bool:
        """Use an invitation by compare-and-set and wipe whom it was for."""
        return self.run(_USE, {"hash": _hash(token), "now": to_us(now)}) > 0

    def revoke(self, group: GroupId) -> int:
        """Let no open invitation of a group work any more."""
        return self.run(_REVOKE, {"group": group})

    def count(self, group: GroupId, now: datetime) -> int:
        """Return how many are open."""
        row = self.one(_COUNT, {"group": group, "now": to_us(now)})
        return 0 if row is None else int(row["n"])


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
