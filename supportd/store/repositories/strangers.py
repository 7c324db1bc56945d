"""Who is in a room and not in the group's people, sealed under the group's key."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

from sqlalchemy import text

from supportd.engine.places import StrangerNow
from supportd.sdk.facts import Stranger
from supportd.sdk.ids import GroupId, PersonId, RoomId, UserId
from supportd.store.instants import from_us, to_us
from supportd.store.repositories.base import Repository

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime
    from typing import Literal

    from sqlalchemy import RowMapping

    from supportd.store.sealing import Box

#: Strangers of one room that are kept: in a raid more names would help nobody.
MOST: Final = 300
_CONTEXT: Final = "stranger"
_PUT = text(
    "INSERT INTO strangers (room_id, blind, group_id, state, body, at) VALUES (:room, :blind, :group, :state, :body, :at)"
    " ON CONFLICT (room_id, blind) DO UPDATE SET state = excluded.state, body = excluded.body"
)
_COUNT = text("SELECT COUNT(*) AS n FROM strangers WHERE room_id = :room")
_GET = text("SELECT * FROM strangers WHERE room_id = :room AND blind = :blind")
_DROP = text("DELETE FROM strangers WHERE room_id = :room AND blind = :blind")
_PLACES = text("SELECT room_id, state FROM strangers WHERE group_id = :group AND blind = :blind ORDER BY at, room_id")
_DROP_ALL = text("DELETE FROM strangers WHERE group_id = :group AND blind = :blind")
_KEEP_OUT = text("INSERT INTO kept_out (group_id, blind, at) VALUES (:group, :blind, :at) ON CONFLICT DO NOTHING")
_READMIT = text("DELETE FROM kept_out WHERE group_id = :group AND blind = :blind")
_KEPT_OUT = text("SELECT 1 FROM kept_out WHERE group_id = :group AND blind = :blind")
_KEPT_OUT_ALL = text("SELECT COUNT(*) AS n FROM kept_out WHERE group_id = :group")
OF_GROUP: Final = text("SELECT * FROM strangers WHERE group_id = :group ORDER BY at, blind")


class StrangerRows(Repository):
    """Implements the engine's port ``Strangers``."""

    def put(self, room: RoomId, group: GroupId, user: UserId, stranger: StrangerNow, at: datetime) -> None:
        """Keep what is so now of somebody."""
        blind = self.keys.blind(group, user)
        if self.one(_GET, {"room": room, "blind": blind}) is None:
            count = self.one(_COUNT, {"room": room})
            if count is not None and count["n"] >= MOST:
                return
        body = json.dumps({"user": user, "name": stranger.name, "by": stranger.by, "ours": stranger.ours})
        sealed = self.keys.group(self.connection, group).seal(body.encode(), _CONTEXT)
        values = {"room": room, "blind": blind, "group": group, "state": stranger.state, "body": sealed, "at": to_us(at)}
        self.alter(_PUT, values)

    def get(self, room: RoomId, group: GroupId, user: UserId) -> StrangerNow | None:
        """Return what was known of somebody."""
        row = self.one(_GET, {"room": room, "blind": self.keys.blind(group, user)})
        if row is None:
            return None
        body = json.loads(self.keys.group(self.connection, group).open(row["body"], _CONTEXT))
        return StrangerNow(row["state"], body["name"], PersonId(body["by"]) if body["by"] else None, body["ours"])

    def drop(self, room: RoomId, group: GroupId, user: UserId) -> None:
        """Forget somebody in one room."""
        self.alter(_DROP, {"room": room, "blind": self.keys.blind(group, user)})

    def entered(self, group: GroupId, user: UserId) -> tuple[tuple[RoomId, Literal["invite", "join"]], ...]:
        """Forget somebody who is of the group now; returns where they are."""
        values = {"group": group, "blind": self.keys.blind(group, user)}
        found = tuple((RoomId(row["room_id"]), row["state"]) for row in self.many(_PLACES, values))
        if found:
            self.alter(_DROP_ALL, values)
        return found

    def user_of(self, room: RoomId, stranger: str) -> UserId | None:
        """Return the Matrix id of somebody by the id that plugins know."""
        row = self.one(_GET, {"room": room, "blind": stranger})
        if row is None:
            return None
        body = json.loads(self.keys.group(self.connection, GroupId(row["group_id"])).open(row["body"], _CONTEXT))
        return UserId(body["user"])

    def id_of(self, group: GroupId, user: UserId) -> str:
        """Return the id by which plugins know somebody."""
        return self.keys.blind(group, user)

    def keep_out(self, group: GroupId, user: UserId, at: datetime) -> bool:
        """Remember, as a keyed hash only, that somebody is not to be admitted."""
        return self.alter(_KEEP_OUT, {"group": group, "blind": self.keys.blind(group, user), "at": to_us(at)}) > 0

    def readmit(self, group: GroupId, user: UserId) -> bool:
        """Forget that somebody is not to be admitted."""
        return self.alter(_READMIT, {"group": group, "blind": self.keys.blind(group, user)}) > 0

    def is_kept_out(self, group: GroupId, user: UserId) -> bool:
        """Tell whether somebody is not to be admitted."""
        return self.one(_KEPT_OUT, {"group": group, "blind": self.keys.blind(group, user)}) is not None

    def kept_out(self, group: GroupId) -> int:
        """Return how many are not to be admitted."""
        row = self.one(_KEPT_OUT_ALL, {"group": group})
        return 0 if row is None else int(row["n"])

    def places_of(self, group: GroupId, user: UserId) -> tuple[RoomId, ...]:
        """Return the rooms in which somebody is a stranger, or to which they are invited."""
        return tuple(RoomId(row["room_id"]) for row in self.many(_PLACES, {"group": group, "blind": self.keys.blind(group, user)}))


def facts(rows: Iterable[RowMapping], box: Box) -> dict[str, list[Stranger]]:
    """Return the strangers of a group by room, as plugins see them."""
    found: dict[str, list[Stranger]] = {}
    for row in rows:
        body = json.loads(box.open(row["body"], _CONTEXT))
        if row["state"] == "invite" and body["ours"]:
            # We invited them ourselves, so nobody has to be told of them.
            continue
        shown = f"{body['name']} ({body['user']})" if body["name"] else str(body["user"])
        by = PersonId(body["by"]) if body["by"] else None
        one = Stranger(row["blind"], shown, from_us(row["at"]), by, inside=row["state"] == "join")
        found.setdefault(row["room_id"], []).append(one)
    return found
