"""Rooms, memberships and the power of our accounts."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING

from sqlalchemy import text

from supportd.sdk.ids import GroupId, RoomId
from supportd.store.instants import to_us
from supportd.store.repositories.base import Repository

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from supportd.engine.wire import Account, MembershipState
    from supportd.sdk.ids import PersonId
    from supportd.sdk.rooms import RoomSpec

_ADD = text(
    "INSERT INTO rooms (room_id, group_id, key, plugin, kind, listening, person_id, spec, made)"
    " VALUES (:room, :group, :key, :plugin, :kind, :listening, :person, :spec, :at) ON CONFLICT (room_id) DO NOTHING"
)
_GROUP = text("SELECT group_id FROM rooms WHERE room_id = :room")
_DIRECT = text("SELECT room_id FROM rooms WHERE group_id = :group AND person_id = :person ORDER BY made DESC LIMIT 1")
_MEMBER = text("SELECT state, was_in FROM memberships WHERE room_id = :room AND person_id = :person")
_SET = text(
    "INSERT INTO memberships (room_id, person_id, state, was_in, at) VALUES (:room, :person, :state, :was_in, :at)"
    " ON CONFLICT (room_id, person_id) DO UPDATE SET state = excluded.state, was_in = excluded.was_in, at = excluded.at"
)
_POWER = text("SELECT power FROM rooms WHERE room_id = :room")


class RoomRows(Repository):
    """Implements the engine's port ``Rooms``."""

    def add(self, room: RoomId, group: GroupId, key: str, spec: RoomSpec, direct_with: PersonId | None, plugin: str, at: datetime) -> None:
        """Register a room; its name and topic are the homeserver's to keep, not ours."""
        declared = {name: value for name, value in asdict(spec).items() if name not in {"name", "topic"}}
        values = {"room": room, "group": group, "key": key, "plugin": plugin, "kind": spec.kind, "listening": spec.listening}
        self.alter(_ADD, values | {"person": direct_with, "spec": json.dumps(declared, sort_keys=True), "at": to_us(at)})

    def group_of(self, room: RoomId) -> GroupId | None:
        """Return the group of a room of ours."""
        row = self.once(("group_of", room), lambda: self.one(_GROUP, {"room": room}))
        return None if row is None else GroupId(row["group_id"])

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
