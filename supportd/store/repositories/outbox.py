"""The outbox: accepted effects in lanes, sealed while they wait, wiped when they are final."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from sqlalchemy import text

from supportd.engine import codec
from supportd.engine.unit import OutboxRow
from supportd.errors import SupportdError
from supportd.logs import get_logger
from supportd.sdk.effects import CreateRoom
from supportd.sdk.ids import EventId, GroupId, PersonId
from supportd.store.instants import from_us, to_us
from supportd.store.repositories.base import Repository

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from datetime import datetime

    from sqlalchemy import RowMapping, TextClause

    from supportd.engine.unit import NewRow
    from supportd.engine.wire import Account
    from supportd.sdk.ids import RoomId

log = get_logger(__name__)

# States stand in the text of each statement: a bound one hides the partial index (trust.md section 1).
_ADD = text(
    "INSERT INTO outbox (id, group_id, plugin, account, lane, priority, person_id, kind, effect, state, attempts, not_before, added)"
    " VALUES (:id, :group, :plugin, :account, :lane, :priority, :person, :kind, :effect, :state, 0, :not_before, :at)"
    # A room or a chat that was refused once may be asked for again; everything else is decided once.
    " ON CONFLICT (id) DO UPDATE SET effect = excluded.effect, state = excluded.state, attempts = 0, not_before = excluded.not_before,"
    " added = excluded.added, first_sent = NULL, ended = NULL"
    " WHERE outbox.state = 'refused' AND outbox.kind IN ('CreateDirect', 'CreateRoom')"
)
_HEADS = (
    "SELECT o.* FROM outbox o WHERE o.state = 'waiting' AND o.not_before <= :now{but}"
    " AND NOT EXISTS (SELECT 1 FROM outbox b WHERE b.lane = o.lane AND b.state IN ('waiting', 'sending') AND b.number < o.number)"
    " ORDER BY o.priority, o.number LIMIT :limit"
)
_SENDING = text("UPDATE outbox SET state = 'sending', attempts = attempts + 1, first_sent = COALESCE(first_sent, :now) WHERE id = :id")
_SENT_NOW = text("SELECT id FROM outbox WHERE state = 'sending' ORDER BY number")
_RECOVER = text("UPDATE outbox SET state = 'waiting', not_before = :now WHERE id = :id AND state = 'sending'")
_DONE = text(
    "UPDATE outbox SET state = 'done', effect = NULL, ended = :at, event_id = :event WHERE id = :id AND state NOT IN ('done', 'refused')"
)
_UNSURE = text("UPDATE outbox SET first_sent = 0 WHERE first_sent IS NOT NULL AND state IN ('waiting', 'sending')")
_LATER = text("UPDATE outbox SET state = 'waiting', not_before = :at WHERE id = :id AND state = 'sending'")
_UNSENT = text("UPDATE outbox SET state = 'waiting', not_before = :at, first_sent = NULL WHERE id = :id AND state = 'sending'")
_REFUSED = text("UPDATE outbox SET state = 'refused', effect = NULL, ended = :at WHERE id = :id AND state NOT IN ('done', 'refused')")
_UNCERTAIN = text("UPDATE outbox SET state = 'uncertain' WHERE id = :id AND state NOT IN ('done', 'refused')")
_ONE = text("SELECT * FROM outbox WHERE id = :id")
_RELEASE = text(
    "UPDATE outbox SET state = 'waiting', first_sent = NULL, not_before = :at WHERE id = :id AND state IN ('held', 'uncertain')"
)
_UNBLOCK = text("UPDATE outbox SET state = 'waiting' WHERE lane = :lane AND state = 'blocked'")
_LANE = text("SELECT * FROM outbox WHERE lane = :lane AND state IN ('waiting', 'blocked') ORDER BY number")
_PENDING = text("SELECT COUNT(*) AS n FROM outbox WHERE person_id = :person AND state NOT IN ('done', 'refused')")
_MAKING = text("SELECT * FROM outbox WHERE group_id = :group AND kind = 'CreateRoom' AND state NOT IN ('done', 'refused')")
_RECENT = text("SELECT COUNT(*) AS n FROM outbox WHERE group_id = :group AND plugin = :plugin AND added > :since")
_NEXT = text("SELECT MIN(not_before) AS due FROM outbox WHERE state = 'waiting'")
_COUNTS = text("SELECT state, COUNT(*) AS n FROM outbox GROUP BY state")


@cache
def _heads(paused: frozenset[Account]) -> TextClause:
    # Written out like the states; accounts are words of our own.
    but = "".join(f" AND o.account <> '{account}'" for account in sorted(paused))
    return text(_HEADS.format(but=but))


class OutboxRows(Repository):
    """Implements the engine's port ``Outbox``."""

    def add(self, row: NewRow, at: datetime) -> bool:
        """Add a row; False when a row with this id is there already."""
        sealed = self.keys.group(self.connection, row.group).seal(codec.dump(row.effect), f"outbox:{row.id}")
        values = {
            "id": row.id,
            "group": row.group,
            "plugin": row.plugin,
            "account": row.account,
            "lane": row.lane,
            "priority": row.priority,
            "person": row.person,
            "kind": type(row.effect).__name__,
            "effect": sealed,
            "state": row.state,
            "not_before": to_us(row.not_before),
            "at": to_us(at),
        }
        return self.run(_ADD, values) > 0

    def claim(self, now: datetime, limit: int, paused: Collection[Account]) -> tuple[OutboxRow, ...]:
        """Take the heads of lanes and mark them ``sending``, the most urgent first."""
        if limit <= 0:
            return ()
        found = []
        for row in self.many(_heads(frozenset(paused)), {"now": to_us(now), "limit": limit}):
            try:
                found.append(self._row(row, now, attempts=row["attempts"] + 1))
            except (SupportdError, ValueError) as error:
                # Of another version, or damaged: it waits for a person, and what stands behind it goes on.
                log.error("effect.unreadable", kind=row["kind"], group=row["group_id"], error=error)  # noqa: TRY400 - nothing to trace
                self.run(_UNCERTAIN, {"id": row["id"]})
            else:
                self.run(_SENDING, {"id": row["id"], "now": to_us(now)})
        return tuple(found)

    def unsure(self) -> int:
        """Let nothing that may have arrived go again by itself; returns how many rows that are."""
        return self.run(_UNSURE, {})

    def recover(self, now: datetime, keep: Collection[str] = ()) -> int:
        """Let what was ``sending``, all but ``keep``, go again with the same transaction id."""
        lost = [row["id"] for row in self.many(_SENT_NOW) if row["id"] not in keep]
        return sum(self.run(_RECOVER, {"id": id_, "now": to_us(now)}) for id_ in lost)

    def done(self, id_: str, at: datetime, event: EventId | None) -> bool:
        """Mark a row done and wipe its payload; False when it was final before."""
        return self.run(_DONE, {"id": id_, "at": to_us(at), "event": event}) > 0

    def later(self, id_: str, not_before: datetime, *, unsent: bool = False) -> None:
        """Let a row wait; ``unsent``: it surely never left."""
        self.run(_UNSENT if unsent else _LATER, {"id": id_, "at": to_us(not_before)})

    def refused(self, id_: str, at: datetime) -> bool:
        """Mark a row refused and wipe its payload; False when it was final before."""
        return self.run(_REFUSED, {"id": id_, "at": to_us(at)}) > 0

    def uncertain(self, id_: str, at: datetime) -> None:
        """Set a row aside."""
        del at
        self.run(_UNCERTAIN, {"id": id_})

    def decide(self, id_: str, *, send: bool, at: datetime) -> OutboxRow | None:
        """Let a held or uncertain row go, or refuse it."""
        found = self.one(_ONE, {"id": id_})
        if found is None or found["state"] not in {"held", "uncertain"} or found["effect"] is None:
            return None
        row = self._row(found, at)
        self.run(_RELEASE if send else _REFUSED, {"id": id_, "at": to_us(at)})
        return row

    def echo(self, transaction: str, event: EventId, at: datetime) -> OutboxRow | None:
        """Mark a row done that was seen in the sync; returns it unless it was final before."""
        found = self.one(_ONE, {"id": transaction})
        if found is None or found["effect"] is None:
            return None
        row = self._row(found, at)
        return row if self.done(transaction, at, event) else None

    def unblock(self, lane: str) -> int:
        """Let what waited for the person of a direct chat go."""
        return self.run(_UNBLOCK, {"lane": lane})

    def refuse_lane(self, lane: str, at: datetime) -> tuple[OutboxRow, ...]:
        """Refuse everything that waits in a lane and return it."""
        rows = tuple(self._row(row, at) for row in self.many(_LANE, {"lane": lane}) if row["effect"] is not None)
        for row in rows:
            self.refused(row.id, at)
        return rows

    def pending_for(self, person: PersonId) -> int:
        """Return how many rows about a person are not final."""
        return self._number(_PENDING, {"person": person})

    def replaces(self, group: GroupId, room: RoomId) -> bool:
        """Tell whether a room is being made in the place of this one."""
        rows = (self._row(row, from_us(0)) for row in self.many(_MAKING, {"group": group}) if row["effect"] is not None)
        return any(isinstance(row.effect, CreateRoom) and row.effect.replaces == room for row in rows)

    def recent(self, group: GroupId, plugin: str, since: datetime) -> int:
        """Return how many rows a plugin has added since then."""
        return self._number(_RECENT, {"group": group, "plugin": plugin, "since": to_us(since)})

    def next_due(self) -> datetime | None:
        """Return when the next waiting row may go."""
        row = self.one(_NEXT)
        return None if row is None or row["due"] is None else from_us(row["due"])

    def counts(self) -> Mapping[str, int]:
        """Return how many rows are in each state."""
        return {row["state"]: int(row["n"]) for row in self.many(_COUNTS)}

    def _number(self, statement: object, values: dict[str, object]) -> int:
        row = self.one(statement, values)  # type: ignore[arg-type]  # both statements above are texts
        return 0 if row is None else int(row["n"])

    def _row(self, row: RowMapping, now: datetime, attempts: int | None = None) -> OutboxRow:
        box = self.keys.group(self.connection, row["group_id"])
        return OutboxRow(
            id=row["id"],
            group=GroupId(row["group_id"]),
            plugin=row["plugin"],
            account=row["account"],
            lane=row["lane"],
            effect=codec.load_effect(box.open(row["effect"], f"outbox:{row['id']}")),
            person=PersonId(row["person_id"]) if row["person_id"] else None,
            attempts=row["attempts"] if attempts is None else attempts,
            first_sent=from_us(row["first_sent"]) if row["first_sent"] is not None else now,
            fresh=row["first_sent"] is None,
        )
