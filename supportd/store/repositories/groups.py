"""Groups and their facts."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import text

from supportd.sdk import facts as f
from supportd.sdk.ids import GroupId, PersonId, RoomId
from supportd.store import roomfacts
from supportd.store.instants import from_us, to_us
from supportd.store.repositories import strangers
from supportd.store.repositories.base import Repository
from supportd.store.repositories.people import PeopleRows

if TYPE_CHECKING:
    from sqlalchemy import RowMapping

    from supportd.store.sealing import Box

_ADD = text("INSERT INTO groups (id, key, style, added) VALUES (:id, :key, :style, :added) ON CONFLICT (id) DO NOTHING")
_IDS = text("SELECT id FROM groups ORDER BY id")
_ONE = text("SELECT key, style, shut FROM groups WHERE id = :group")
_SHUT = text("UPDATE groups SET shut = :shut WHERE id = :group AND shut IS NULL")
_OPEN = text("UPDATE groups SET shut = NULL WHERE id = :group")
_SIGNPOST = text(
    "INSERT INTO signposts (group_id, key, body) VALUES (:group, :key, :body)"
    " ON CONFLICT (group_id, key) DO UPDATE SET body = excluded.body"
)
_SIGNPOSTS = text("SELECT key, body FROM signposts WHERE group_id = :group ORDER BY key")
_CONSENT = text(
    "INSERT INTO consents (group_id, person_id, kind, wording, given, how, at) VALUES (:group, :person, :kind, :wording, :given, :how, :at)"
)
_CONSENTS = text("SELECT * FROM consents WHERE group_id = :group ORDER BY number")
_DUTY = text(
    "INSERT INTO duties (group_id, kind, person_id, start_at, end_at) VALUES (:group, :kind, :person, :start, :end)"
    " ON CONFLICT (group_id, kind, person_id, start_at) DO UPDATE SET end_at = excluded.end_at"
)
_END_DUTY = text("DELETE FROM duties WHERE group_id = :group AND kind = :kind AND person_id = :person AND start_at = :start")
_DUTIES = text("SELECT * FROM duties WHERE group_id = :group AND end_at > :now ORDER BY start_at, kind, person_id")
_CASE = text(
    "INSERT INTO cases (group_id, plugin, key, kind, refs, opened) VALUES (:group, :plugin, :key, :kind, :refs, :at)"
    " ON CONFLICT (group_id, plugin, key) DO NOTHING"
)
_CLOSE_CASE = text(
    "UPDATE cases SET closed = :at, outcome = :outcome WHERE group_id = :group AND plugin = :plugin AND key = :key AND closed IS NULL"
)
_CASES = text("SELECT * FROM cases WHERE group_id = :group AND closed IS NULL ORDER BY opened, plugin, key")
_ROOMS = text("SELECT * FROM rooms WHERE group_id = :group ORDER BY made, room_id")
_MEMBERS = text(
    "SELECT m.room_id, m.person_id, m.state FROM memberships m JOIN rooms r ON r.room_id = m.room_id"
    " WHERE r.group_id = :group AND m.state IN ('join', 'leave', 'ban', 'invite')"
)
_RELATIONS = text(
    "SELECT r.* FROM relations r JOIN persons p ON p.id = r.person_id WHERE p.group_id = :group ORDER BY r.person_id, r.other_id, r.kind"
)


class GroupRows(Repository):
    """Implements the engine's port ``Groups``."""

    def add(self, group: GroupId, style: f.GroupStyle, at: datetime) -> None:
        """Begin a group; nothing happens when it is there."""
        key = self.keys.new_group_key(group)
        sealed = self.keys.opened_group(group, key).seal(json.dumps(asdict(style)).encode(), "style")
        self.alter(_ADD, {"id": group, "key": key, "style": sealed, "added": to_us(at)})

    def ids(self) -> tuple[GroupId, ...]:
        """Return all groups."""
        return tuple(GroupId(row["id"]) for row in self.many(_IDS))

    def facts(self, group: GroupId, now: datetime) -> f.Group:
        """Return the group as plugins see it at ``now``."""
        return self.once(("facts", group, now), lambda: self._facts(group, now))

    def _facts(self, group: GroupId, now: datetime) -> f.Group:
        row = self.one(_ONE, {"group": group})
        if row is None:
            raise LookupError(group)
        box = self.keys.opened_group(group, row["key"])
        values = {"group": group}
        return f.Group(
            id=group,
            style=f.GroupStyle(**json.loads(box.open(row["style"], "style"))),
            now=now,
            people=PeopleRows(self.connection, self.keys).of_group(group),
            rooms=self._rooms(group, box),
            duties=tuple(_duty(one) for one in self.many(_DUTIES, {**values, "now": to_us(now)})),
            consents=tuple(_consent(one) for one in self.many(_CONSENTS, values)),
            relations=tuple(
                f.Relation(PersonId(one["person_id"]), PersonId(one["other_id"]), one["kind"]) for one in self.many(_RELATIONS, values)
            ),
            signposts=tuple(_signpost(one["key"], box.open(one["body"], "signpost")) for one in self.many(_SIGNPOSTS, values)),
            cases=tuple(_case(one) for one in self.many(_CASES, values)),
            shut=None if row["shut"] is None else from_us(row["shut"]),
        )

    def _rooms(self, group: GroupId, box: Box) -> tuple[f.Room, ...]:
        joined: dict[str, set[PersonId]] = {}
        left: dict[str, set[PersonId]] = {}
        invited: dict[str, set[PersonId]] = {}
        unknown = strangers.facts(self.many(strangers.OF_GROUP, {"group": group}), box)
        kinds = {"join": joined, "invite": invited}
        for row in self.many(_MEMBERS, {"group": group}):
            kinds.get(row["state"], left).setdefault(row["room_id"], set()).add(PersonId(row["person_id"]))
        return tuple(
            f.Room(
                id=RoomId(row["room_id"]),
                key=row["key"],
                kind=row["kind"],
                listening=row["listening"],
                direct_with=PersonId(row["person_id"]) if row["person_id"] else None,
                joined=frozenset(joined.get(row["room_id"], ())),
                left=frozenset(left.get(row["room_id"], ())),
                invited=frozenset(invited.get(row["room_id"], ())),
                strangers=tuple(unknown.get(row["room_id"], ())),
                spec=None if row["declared"] is None else roomfacts.spec(box.open(row["declared"], roomfacts.CONTEXT)),
                now=None if row["seen"] is None else roomfacts.now(box.open(row["seen"], roomfacts.CONTEXT)),
            )
            for row in self.many(_ROOMS, {"group": group})
        )

    def add_signpost(self, group: GroupId, signpost: f.Signpost) -> None:
        """Keep or replace a signpost."""
        body = asdict(signpost) | {"checked": signpost.checked.isoformat() if signpost.checked else None}
        sealed = self.keys.group(self.connection, group).seal(json.dumps(body).encode(), "signpost")
        self.alter(_SIGNPOST, {"group": group, "key": signpost.key, "body": sealed})

    def record_consent(self, group: GroupId, consent: f.Consent) -> None:
        """Keep what somebody said."""
        values = {"group": group, "person": consent.person, "kind": consent.kind, "wording": consent.wording}
        self.alter(_CONSENT, values | {"given": int(consent.given), "how": consent.how, "at": to_us(consent.at)})

    def set_duty(self, group: GroupId, kind: str, person: PersonId, start: datetime, end: datetime) -> None:
        """Put somebody on a duty."""
        self.alter(_DUTY, {"group": group, "kind": kind, "person": person, "start": to_us(start), "end": to_us(end)})

    def end_duty(self, group: GroupId, kind: str, person: PersonId, start: datetime) -> None:
        """Take somebody off a duty."""
        self.alter(_END_DUTY, {"group": group, "kind": kind, "person": person, "start": to_us(start)})

    def open_case(self, group: GroupId, plugin: str, key: str, kind: str, refs: tuple[str, ...], at: datetime) -> None:
        """Open a case."""
        values = {"group": group, "plugin": plugin, "key": key, "kind": kind, "refs": json.dumps(refs), "at": to_us(at)}
        self.alter(_CASE, values)

    def set_shut(self, group: GroupId, since: datetime | None) -> None:
        """Shut a group, or open it again."""
        # Two statements, because PostgreSQL cannot tell the type of a parameter that is compared with nothing.
        if since is None:
            self.alter(_OPEN, {"group": group})
        else:
            self.alter(_SHUT, {"group": group, "shut": to_us(since)})

    def close_case(self, group: GroupId, plugin: str, key: str, outcome: str, at: datetime) -> None:
        """Close a case."""
        self.alter(_CLOSE_CASE, {"group": group, "plugin": plugin, "key": key, "outcome": outcome, "at": to_us(at)})


def _duty(row: RowMapping) -> f.Duty:
    return f.Duty(row["kind"], PersonId(row["person_id"]), from_us(row["start_at"]), from_us(row["end_at"]))


def _consent(row: RowMapping) -> f.Consent:
    person = PersonId(row["person_id"])
    return f.Consent(person, row["kind"], row["wording"], bool(row["given"]), row["how"], from_us(row["at"]))


def _case(row: RowMapping) -> f.Case:
    return f.Case(row["key"], row["plugin"], row["kind"], tuple(json.loads(row["refs"])), from_us(row["opened"]))


def _signpost(key: str, body: bytes) -> f.Signpost:
    values = json.loads(body)
    checked = values.pop("checked")
    return f.Signpost(**(values | {"key": key}), checked=datetime.fromisoformat(checked) if checked else None)
