"""Rooms, memberships and the power of our accounts."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from sqlalchemy import text

from supportd.sdk.ids import GroupId, PersonId, RoomId
from supportd.store import roomfacts
from supportd.store.instants import to_us
from supportd.store.repositories.base import Repository

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from supportd.engine.wire import Account, MembershipState
    from supportd.sdk.rooms import RoomNow, RoomSpec

_ADD = text(
    "INSERT INTO rooms (room_id, group_id, key, plugin, kind, listening, person_id, declared, made)"
    " VALUES (:room, :group, :key, :plugin, :kind, :listening, :person, :declared, :at) ON CONFLICT (room_id) DO NOTHING"
)
_DECLARE = text("UPDATE rooms SET declared = :declared, listening = :listening WHERE room_id = :room")
_ENDED = text("UPDATE rooms SET key = :key WHERE room_id = :room")
_SEEN = text("SELECT seen, changes FROM rooms WHERE room_id = :room")
_SEE = text("UPDATE rooms SET seen = :seen, changes = COALESCE(changes, 0) + 1 WHERE room_id = :room")
_GROUP = text("SELECT group_id FROM rooms WHERE room_id = :room")
#: The chat that somebody is in goes before a newer one to which they did not come.
_DIRECT = text(
    "SELECT r.room_id FROM rooms r LEFT JOIN memberships m ON m.room_id = r.room_id AND m.person_id = r.person_id"
    " WHERE r.group_id = :group AND r.person_id = :person"
    " ORDER BY CASE WHEN m.state = 'join' THEN 0 ELSE 1 END, r.made DESC LIMIT 1"
)
_PERSON = text("SELECT person_id FROM rooms WHERE room_id = :room")
_MEMBER = text("SELECT state, was_in FROM memberships WHERE room_id = :room AND person_id = :person")
_SET = text(
    "INSERT INTO memberships (room_id, person_id, state, was_in, at) VALUES (:room, :person, :state, :was_in, :at)"
    " ON CONFLICT (room_id, person_id) DO UPDATE SET state = excluded.state, was_in = excluded.was_in, at = excluded.at"
)
_POWER = text("SELECT power FROM rooms WHERE room_id = :room")


class RoomRows(Repository):
    """Implements the engine's port ``Rooms``."""

    def add(self, room: RoomId, group: GroupId, key: str, spec: RoomSpec, direct_with: PersonId | None, plugin: str, at: datetime) -> None:
        """Register a room."""
        values = {"room": room, "group": group, "key": key, "plugin": plugin, "kind": spec.kind, "listening": spec.listening}
        self.alter(_ADD, values | {"person": direct_with, "declared": self._seal(group, roomfacts.dump(spec)), "at": to_us(at)})

    def ended(self, room: RoomId, key: str) -> None:
        """Give a room that another one goes on from a key of its own."""
        self.alter(_ENDED, {"room": room, "key": key})

    def declare(self, room: RoomId, group: GroupId, spec: RoomSpec) -> None:
        """Keep what a room is declared to be from now on."""
        declared = self._seal(group, roomfacts.dump(spec))
        self.alter(_DECLARE, {"room": room, "declared": declared, "listening": spec.listening})

    def see(self, room: RoomId, group: GroupId, now: RoomNow) -> int:
        """Keep what a room is now; returns how often that changed, 0 when it is what it was."""
        row, body = self.one(_SEEN, {"room": room}), roomfacts.dump(now)
        if row is None or (
            row["seen"] is not None and self.keys.group(self.connection, group).open(row["seen"], roomfacts.CONTEXT) == body
        ):
            return 0
        self.alter(_SEE, {"room": room, "seen": self._seal(group, body)})
        return int(row["changes"] or 0) + 1

    def _seal(self, group: GroupId, body: bytes) -> bytes:
        return self.keys.group(self.connection, group).seal(body, roomfacts.CONTEXT)

    def group_of(self, room: RoomId) -> GroupId | None:
        """Return the group of a room of ours."""
        row = self.once(("group_of", room), lambda: self.one(_GROUP, {"room": room}))
        return None if row is None else GroupId(row["group_id"])

    def person_of(self, room: RoomId) -> PersonId | None:
        """Return whose direct chat with us this is."""
        row = self.one(_PERSON, {"room": room})
        return None if row is None or row["person_id"] is None else PersonId(row["person_id"])

    def direct_with(self, group: GroupId, person: PersonId) -> RoomId | None:
        """Return the direct chat with a person."""
        row = self.one(_DIRECT, {"group": group, "person": person})
        return None if row is None else RoomId(row["room_id"])

    def set_membership(self, room: RoomId, person: PersonId, state: MembershipState, at: datetime) -> tuple[MembershipState | None, bool]:
        """Keep a membership; returns the state before and whether they had ever joined before."""
        before = self.one(_MEMBER, {"room": room, "person": person})
        was_in = bool(before and before["was_in"])
        values = {"room": room, "person": person, "state": state, "was_in": int(was_in or state == "join"), "at": to_us(at)}
        self.alter(_SET, values)
        return (before["state"] if before else None), was_in

    def membership(self, room: RoomId, person: PersonId) -> MembershipState | None:
        """Return a person's membership of a room."""
        row = self.one(_MEMBER, {"room": room, "person": person})
        return row["state"] if row else None

    def power(self, room: RoomId) -> tuple[Mapping[Account, int], Mapping[str, int]] | None:
        """Return our accounts' levels and the levels needed."""
        row = self.one(_POWER, {"room": room})
        if row is None or row["power"] is None:
            return None
        kept = json.loads(row["power"])
        return kept["levels"], kept["needed"]
