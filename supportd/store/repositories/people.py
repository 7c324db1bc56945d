"""Persons, each sealed under a key of their own."""

from __future__ import annotations

import json
import secrets
from datetime import time
from typing import TYPE_CHECKING

from sqlalchemy import text

from supportd.sdk.facts import Address, Person, QuietHours
from supportd.sdk.ids import GroupId, PersonId, UserId
from supportd.store.instants import from_us, to_us
from supportd.store.repositories.base import Repository
from supportd.store.repositories.erasure import erase, erase_keys

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from sqlalchemy import RowMapping

    from supportd.engine.unit import NewPerson
    from supportd.sdk.effects import ChangePerson
    from supportd.sdk.facts import Relation, Role
    from supportd.store.sealing import Box

_ADD = text(
    "INSERT INTO persons (id, group_id, key, blind, matrix_id, name, roles, profile, added)"
    " VALUES (:id, :group, :key, :blind, :matrix_id, :name, :roles, :profile, :added)"
)
_BY_BLIND = text("SELECT id FROM persons WHERE group_id = :group AND blind = :blind")
_USER = text("SELECT matrix_id FROM persons WHERE id = :id")
_ROLES = text("UPDATE persons SET roles = :roles WHERE id = :id")
_PROFILE = text("UPDATE persons SET name = :name, profile = :profile WHERE id = :id")
_ONE = text("SELECT * FROM persons WHERE id = :id")
_OF_GROUP = text("SELECT * FROM persons WHERE group_id = :group ORDER BY added, id")
_ADDRESS = text(
    "INSERT INTO addresses (person_id, kind, value, level) VALUES (:person, :kind, :value, :level)"
    " ON CONFLICT (person_id, kind) DO UPDATE SET value = excluded.value, level = excluded.level"
)
_ADDRESSES = text("SELECT * FROM addresses WHERE person_id = :person ORDER BY kind")
_RELATION = text("INSERT INTO relations (person_id, other_id, kind) VALUES (:person, :other, :kind) ON CONFLICT DO NOTHING")
_TOMBSTONE = text("INSERT INTO tombstones (group_id, blind, at) VALUES (:group, :blind, :at) ON CONFLICT DO NOTHING")
_FORGOTTEN = text("SELECT 1 FROM tombstones WHERE group_id = :group AND blind = :blind")
_COME_BACK = text("DELETE FROM tombstones WHERE group_id = :group AND blind = :blind")
#: Everything that names a person outside the plugins' own tables; what was to be sent to them is wiped, not only deleted.
_FORGET = (
    text("DELETE FROM outbox WHERE person_id = :id"),
    text("DELETE FROM ask_people WHERE person_id = :id"),
    text("DELETE FROM ask_answers WHERE person_id = :id"),
    text("DELETE FROM links WHERE person_id = :id"),
    text("DELETE FROM addresses WHERE person_id = :id"),
    text("DELETE FROM relations WHERE person_id = :id OR other_id = :id"),
    text("DELETE FROM consents WHERE person_id = :id"),
    text("DELETE FROM duties WHERE person_id = :id"),
    text("DELETE FROM memberships WHERE person_id = :id"),
    text("UPDATE rooms SET person_id = NULL WHERE person_id = :id"),
    text("DELETE FROM persons WHERE id = :id"),
)
_EXPORTED = (
    ("consents", text("SELECT kind, wording, given, how, at FROM consents WHERE person_id = :id ORDER BY number")),
    ("duties", text("SELECT kind, start_at, end_at FROM duties WHERE person_id = :id ORDER BY start_at")),
    ("rooms", text("SELECT room_id, state, at FROM memberships WHERE person_id = :id ORDER BY room_id")),
    ("relations", text("SELECT person_id, other_id, kind FROM relations WHERE person_id = :id OR other_id = :id ORDER BY other_id, kind")),
    ("answers", text("SELECT answer, at FROM ask_answers WHERE person_id = :id ORDER BY number")),
    ("waiting", text("SELECT kind, state, added FROM outbox WHERE person_id = :id AND effect IS NOT NULL ORDER BY number")),
)


class PeopleRows(Repository):
    """Implements the engine's port ``People``."""

    def _blind(self, group: str, user: str) -> str:
        return self.keys.blind(group, user)

    def add(self, group: GroupId, person: NewPerson, at: datetime) -> PersonId:
        """Enter somebody; the same Matrix id again returns the person that is there."""
        blind = None
        if person.user is not None:
            blind = self._blind(group, person.user)
            there = self.by_user(group, person.user)
            if there is not None:
                return there
            self.alter(_COME_BACK, {"group": group, "blind": blind})
        new = PersonId(f"p{secrets.token_hex(10)}")
        outer = self.keys.group(self.connection, group)
        key = self.keys.new_person_key(outer, new)
        box = self.keys.opened_person(outer, new, key)
        values = {
            "id": new,
            "group": group,
            "key": key,
            "blind": blind,
            "matrix_id": _seal(box, person.user, "matrix_id"),
            "name": box.seal(person.name.encode(), "name"),
            "roles": ",".join(sorted(person.roles)),
            "profile": box.seal(_profile(person).encode(), "profile"),
            "added": to_us(at),
        }
        self.alter(_ADD, values)
        return new

    def by_user(self, group: GroupId, user: UserId) -> PersonId | None:
        """Return who has this Matrix id in the group."""
        return self.once(("by_user", group, user), lambda: self._by_user(group, user))

    def _by_user(self, group: GroupId, user: UserId) -> PersonId | None:
        row = self.one(_BY_BLIND, {"group": group, "blind": self._blind(group, user)})
        return None if row is None else PersonId(row["id"])

    def group_of(self, person: PersonId) -> GroupId | None:
        """Return the group somebody belongs to."""
        row = self.one(_ONE, {"id": person})
        return None if row is None else GroupId(row["group_id"])

    def forgotten(self, group: GroupId, user: UserId) -> bool:
        """Tell whether somebody with this Matrix id was forgotten and has not come back."""
        return self.once(("forgotten", group, user), lambda: self._is_forgotten(group, user))

    def _is_forgotten(self, group: GroupId, user: UserId) -> bool:
        return self.one(_FORGOTTEN, {"group": group, "blind": self._blind(group, user)}) is not None

    def user_of(self, person: PersonId) -> UserId | None:
        """Return a person's Matrix id."""
        row = self.one(_USER, {"id": person})
        box = self.keys.person(self.connection, person)
        if row is None or box is None or row["matrix_id"] is None:
            return None
        return UserId(box.open(row["matrix_id"], "matrix_id").decode())

    def set_roles(self, person: PersonId, roles: frozenset[Role]) -> None:
        """Replace a person's roles."""
        self.alter(_ROLES, {"id": person, "roles": ",".join(sorted(roles))})

    def change(self, wish: ChangePerson) -> None:
        """Change what somebody wishes about themself; ``None`` leaves a thing as it is."""
        row = self.one(_ONE, {"id": wish.person})
        box = self.keys.person(self.connection, wish.person)
        if row is None or box is None:
            return
        profile = json.loads(box.open(row["profile"], "profile"))
        wishes = {"reach": wish.reach, "low_energy": wish.low_energy, "language": wish.language, "edition": wish.edition}
        profile |= {key: value for key, value in wishes.items() if value is not None}
        name = row["name"] if wish.name is None else box.seal(wish.name.encode(), "name")
        self.alter(_PROFILE, {"id": wish.person, "name": name, "profile": box.seal(json.dumps(profile).encode(), "profile")})

    def add_address(self, address: Address) -> None:
        """Keep an address, sealed."""
        box = self.keys.person(self.connection, address.person)
        if box is not None:
            sealed = box.seal(address.value.encode(), f"address:{address.kind}")
            self.alter(_ADDRESS, {"person": address.person, "kind": address.kind, "value": sealed, "level": address.level})

    def addresses(self, person: PersonId) -> tuple[Address, ...]:
        """Return a person's addresses."""
        box = self.keys.person(self.connection, person)
        if box is None:
            return ()
        return tuple(
            Address(person, row["kind"], box.open(row["value"], f"address:{row['kind']}").decode(), row["level"])
            for row in self.many(_ADDRESSES, {"person": person})
        )

    def add_relation(self, relation: Relation) -> None:
        """Keep a relation."""
        self.alter(_RELATION, {"person": relation.person, "other": relation.other, "kind": relation.kind})

    def of_group(self, group: GroupId) -> tuple[Person, ...]:
        """Return a group's people in the order they were added."""
        outer = self.keys.group(self.connection, group)
        return tuple(self._person(outer, row) for row in self.many(_OF_GROUP, {"group": group}))

    def _person(self, outer: Box, row: RowMapping) -> Person:
        box = self.keys.opened_person(outer, row["id"], row["key"])
        profile = json.loads(box.open(row["profile"], "profile"))
        quiet = profile.get("quiet")
        return Person(
            id=PersonId(row["id"]),
            name=box.open(row["name"], "name").decode(),
            roles=frozenset(row["roles"].split(",")),
            language=profile.get("language"),
            edition=profile.get("edition"),
            zone=profile.get("zone"),
            quiet=QuietHours(time.fromisoformat(quiet[0]), time.fromisoformat(quiet[1])) if quiet else None,
            has_account=row["matrix_id"] is not None,
            added=from_us(row["added"]),
            reach=profile.get("reach", "chat"),
            low_energy=profile.get("low_energy", False),
            occasion=profile.get("occasion", ""),
        )

    def export(self, person: PersonId) -> Mapping[str, object]:
        """Return everything the core keeps about a person."""
        row = self.one(_ONE, {"id": person})
        if row is None:
            return {}
        known = self._person(self.keys.group(self.connection, row["group_id"]), row)
        kept: dict[str, object] = {
            "name": known.name,
            "matrix_id": self.user_of(person),
            "roles": sorted(known.roles),
            "language": known.language,
            "zone": known.zone,
            "edition": known.edition,
            "quiet_hours": [known.quiet.start.isoformat(), known.quiet.end.isoformat()] if known.quiet else None,
            "reach": known.reach,
            "low_energy": known.low_energy,
            "invited_for": known.occasion or None,
            "added": from_us(row["added"]).isoformat(),
            "addresses": [{"kind": one.kind, "value": one.value, "level": one.level} for one in self.addresses(person)],
        }
        for name, statement in _EXPORTED:
            kept[name] = [_readable(found) for found in self.many(statement, {"id": person})]
        return kept

    def forget(self, person: PersonId) -> None:
        """Destroy the person's key and every row about them."""
        row = self.one(_ONE, {"id": person})
        if row is None:
            return
        if row["blind"] is not None:
            self.alter(_TOMBSTONE, {"group": row["group_id"], "blind": row["blind"], "at": 0})
        outer = self.keys.group(self.connection, row["group_id"])
        ids = (person, self.user_of(person))
        erase(self.connection, self.keys.host, outer, row["group_id"], ids, self._person(outer, row).name)
        erase_keys(self.connection, row["group_id"], person)
        for statement in _FORGET:
            self.alter(statement, {"id": person})
        self.keys.forget()


def _seal(box: Box, value: str | None, context: str) -> bytes | None:
    return None if value is None else box.seal(value.encode(), context)


def _profile(person: NewPerson) -> str:
    quiet = [person.quiet.start.isoformat(), person.quiet.end.isoformat()] if person.quiet else None
    return json.dumps({"language": person.language, "edition": None, "zone": person.zone, "quiet": quiet, "occasion": person.occasion})


def _readable(row: RowMapping) -> dict[str, object]:
    moments = {"at", "start_at", "end_at", "added"}
    return {key: from_us(value).isoformat() if key in moments else value for key, value in row.items()}
