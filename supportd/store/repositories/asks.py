"""Open asks, the events that carry them, and the answers given."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import text

from supportd.engine import codec
from supportd.engine.unit import OpenAsk
from supportd.sdk.ids import GroupId, PersonId
from supportd.store.instants import to_us
from supportd.store.repositories.base import Repository

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import RowMapping

    from supportd.sdk.ids import EventId

_OPEN = text(
    "INSERT INTO asks (id, group_id, plugin, key, ask, step, outcome, opened) VALUES (:id, :group, :plugin, :key, :ask, :step, '', :at)"
    " ON CONFLICT (id) DO NOTHING"
)
_BY_KEY = text("SELECT * FROM asks WHERE group_id = :group AND plugin = :plugin AND key = :key AND outcome = ''")
_BY_EVENT = text(
    "SELECT a.* FROM asks a JOIN ask_people p ON p.ask_id = a.id WHERE p.event_id = :event AND p.person_id = :person AND a.outcome = ''"
)
_LATEST = text(
    "SELECT a.* FROM asks a JOIN ask_people p ON p.ask_id = a.id"
    " WHERE a.group_id = :group AND p.person_id = :person AND a.outcome = '' AND p.sent_at <= :until"
    " ORDER BY p.sent_at DESC, a.opened DESC, a.id DESC LIMIT 1"
)
_PUT_TO = text(
    "INSERT INTO ask_people (ask_id, person_id, row_id, turn) VALUES (:ask, :person, :row,"
    " (SELECT COUNT(*) FROM ask_people WHERE ask_id = :ask)) ON CONFLICT (ask_id, person_id) DO NOTHING"
)
_SENT = text("UPDATE ask_people SET event_id = :event, sent_at = (SELECT ended FROM outbox WHERE id = :row) WHERE row_id = :row")
_UNSENT = text("SELECT row_id FROM ask_people WHERE ask_id = :ask AND event_id IS NULL ORDER BY turn")
_BY_ID = text("SELECT * FROM asks WHERE id = :id AND outcome = ''")
_OWNER = text("SELECT plugin FROM asks WHERE id = :id")
_BEGINNING = text(
    "SELECT * FROM asks"
    " WHERE group_id = :group AND plugin = :plugin AND substr(key, 1, :length) = :beginning AND outcome = '' ORDER BY opened, id"
)
_OUTCOMES = text(
    "SELECT outcome FROM asks WHERE group_id = :group AND plugin = :plugin AND key = :key AND outcome <> '' ORDER BY ended, id"
)
_SPEND = text(
    "UPDATE asks SET outcome = 'spent'"
    " WHERE group_id = :group AND plugin = :plugin AND substr(key, 1, :length) = :beginning AND outcome = :outcome"
)
_ASKED = text("SELECT person_id FROM ask_people WHERE ask_id = :ask ORDER BY turn, person_id")
_ANSWER = text("INSERT INTO ask_answers (ask_id, person_id, answer, at) VALUES (:ask, :person, :answer, :at)")
_ANSWERS = text("SELECT person_id, answer FROM ask_answers WHERE ask_id = :ask ORDER BY number")
_STEP = text("UPDATE asks SET step = :step WHERE id = :id")
_CLOSE = text("UPDATE asks SET outcome = :outcome, ask = NULL, ended = :at WHERE id = :id AND outcome = ''")


class AskRows(Repository):
    """Implements the engine's port ``Asks``."""

    def open(self, ask: OpenAsk, at: datetime) -> bool:
        """Open an ask; False when one with its plugin and key is open."""
        if self.by_key(ask.group, ask.plugin, ask.ask.key) is not None:
            return False
        sealed = self.keys.group(self.connection, ask.group).seal(codec.dump(ask.ask), f"ask:{ask.id}")
        values = {"id": ask.id, "group": ask.group, "plugin": ask.plugin, "key": ask.ask.key, "ask": sealed, "step": ask.step}
        return self.run(_OPEN, values | {"at": to_us(at)}) > 0

    def by_key(self, group: GroupId, plugin: str, key: str) -> OpenAsk | None:
        """Return an open ask."""
        return self._ask(self.one(_BY_KEY, {"group": group, "plugin": plugin, "key": key}))

    def by_event(self, event: EventId, person: PersonId) -> OpenAsk | None:
        """Return the open ask that was put to a person in this event."""
        return self._ask(self.one(_BY_EVENT, {"event": event, "person": person}))

    def latest_for(self, group: GroupId, person: PersonId, until: datetime) -> OpenAsk | None:
        """Return the open ask that reached a person last of those that reached them by ``until``."""
        return self._ask(self.one(_LATEST, {"group": group, "person": person, "until": to_us(until)}))

    def put_to(self, ask: str, person: PersonId, row: str) -> None:
        """Remember which outbox row carries the ask to a person."""
        self.run(_PUT_TO, {"ask": ask, "person": person, "row": row})

    def sent(self, row: str, event: EventId) -> None:
        """Remember the event that carries an ask, and when outbox row ``row``, which is done by now, brought it to the person."""
        self.run(_SENT, {"row": row, "event": event})

    def unsent(self, ask: str) -> tuple[str, ...]:
        """Return the outbox rows that carry the ask and have not arrived yet."""
        return tuple(row["row_id"] for row in self.many(_UNSENT, {"ask": ask}))

    def by_id(self, id_: str) -> OpenAsk | None:
        """Return an open ask by its id."""
        return self._ask(self.one(_BY_ID, {"id": id_}))

    def owner(self, id_: str) -> str:
        """Return the plugin of an ask, open or closed."""
        row = self.one(_OWNER, {"id": id_})
        return "" if row is None else str(row["plugin"])

    def beginning(self, group: GroupId, plugin: str, beginning: str) -> tuple[OpenAsk, ...]:
        """Return the open asks whose key begins like this."""
        values = {"group": group, "plugin": plugin, "beginning": beginning, "length": len(beginning)}
        found = (self._ask(row) for row in self.many(_BEGINNING, values))
        return tuple(one for one in found if one is not None)

    def outcomes(self, group: GroupId, plugin: str, key: str) -> tuple[str, ...]:
        """Return what earlier asks with this key came to, oldest first."""
        return tuple(row["outcome"] for row in self.many(_OUTCOMES, {"group": group, "plugin": plugin, "key": key}))

    def spend(self, group: GroupId, plugin: str, beginning: str, outcome: str) -> None:
        """Let no ended ask whose key begins like this count as ``outcome`` any longer."""
        values = {"group": group, "plugin": plugin, "beginning": beginning, "length": len(beginning), "outcome": outcome}
        self.run(_SPEND, values)

    def asked(self, ask: str) -> tuple[PersonId, ...]:
        """Return whom the ask was put to."""
        return tuple(PersonId(row["person_id"]) for row in self.many(_ASKED, {"ask": ask}))

    def answer(self, ask: str, person: PersonId, answer: str, at: datetime) -> tuple[tuple[PersonId, str], ...]:
        """Keep a person's answer; returns all answers in order."""
        self.run(_ANSWER, {"ask": ask, "person": person, "answer": answer, "at": to_us(at)})
        return tuple((PersonId(row["person_id"]), row["answer"]) for row in self.many(_ANSWERS, {"ask": ask}))

    def step(self, ask: str, step: int) -> None:
        """Remember how many steps were asked."""
        self.run(_STEP, {"id": ask, "step": step})

    def close(self, ask: str, outcome: str, at: datetime) -> bool:
        """Close an ask by compare-and-set and wipe its words."""
        return self.run(_CLOSE, {"id": ask, "outcome": outcome, "at": to_us(at)}) > 0

    def _ask(self, row: RowMapping | None) -> OpenAsk | None:
        if row is None or row["ask"] is None:
            return None
        opened = self.keys.group(self.connection, row["group_id"]).open(row["ask"], f"ask:{row['id']}")
        return OpenAsk(id=row["id"], group=GroupId(row["group_id"]), plugin=row["plugin"], ask=codec.load_ask(opened), step=row["step"])
