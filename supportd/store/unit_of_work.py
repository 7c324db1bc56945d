"""One transaction as the engine sees it, on one connection."""

from __future__ import annotations

import base64
import hmac
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import text

from supportd.sdk.store import Rows
from supportd.store.instants import to_us
from supportd.store.repositories.asks import AskRows
from supportd.store.repositories.groups import GroupRows
from supportd.store.repositories.handled import HandledRows
from supportd.store.repositories.inbox import InboxRows
from supportd.store.repositories.invitations import InvitationRows
from supportd.store.repositories.journal import JournalRows
from supportd.store.repositories.links import LinkRows
from supportd.store.repositories.marks import MarkRows
from supportd.store.repositories.outbox import OutboxRows
from supportd.store.repositories.people import PeopleRows
from supportd.store.repositories.rooms import RoomRows
from supportd.store.repositories.settings import SettingRows
from supportd.store.repositories.states import StateRows
from supportd.store.repositories.strangers import StrangerRows
from supportd.store.repositories.timers import TimerRows
from supportd.store.savepoints import savepoint

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from sqlalchemy.engine import Connection

    from supportd.engine import unit
    from supportd.sdk.ids import GroupId
    from supportd.store.keyring import Keyring

#: How long each kind of row is kept (trust.md section 3): table -> (statement, age).
KEPT: Final = (
    ("handled", text("DELETE FROM handled WHERE at < :before"), timedelta(days=30)),
    ("inbox", text("DELETE FROM inbox WHERE at < :before"), timedelta(days=7)),
    ("parked", text("DELETE FROM parked WHERE at < :before"), timedelta(hours=72)),
    ("aside", text("DELETE FROM aside WHERE at < :before"), timedelta(days=7)),
    ("journal", text("DELETE FROM journal WHERE at < :before"), timedelta(days=90)),
    ("links", text("DELETE FROM links WHERE expires < :before"), timedelta(days=1)),
    ("invitations", text("DELETE FROM invitations WHERE expires < :before"), timedelta(days=1)),
    ("asks", text("DELETE FROM asks WHERE ended IS NOT NULL AND ended < :before"), timedelta(days=30)),
    ("ask_answers", text("DELETE FROM ask_answers WHERE at < :before AND ask_id NOT IN (SELECT id FROM asks)"), timedelta(days=30)),
    ("cases", text("DELETE FROM cases WHERE closed IS NOT NULL AND closed < :before"), timedelta(days=90)),
    ("duties", text("DELETE FROM duties WHERE end_at < :before"), timedelta(days=365)),
    ("outbox", text("DELETE FROM outbox WHERE ended IS NOT NULL AND ended < :before"), timedelta(days=90)),
)
_NOBODY_ASKED: Final = text("DELETE FROM ask_people WHERE ask_id NOT IN (SELECT id FROM asks)")
#: Words that could not be delivered are wiped after this, delivered or not.
WORDS_KEPT: Final = timedelta(days=7)
#: A question of ours that nobody answered, and whose timer did not end it, ends here and is wiped.
_ASKS_KEPT: Final = timedelta(days=30)
_OPEN_TOO_LONG: Final = text("UPDATE asks SET outcome = 'silence', ask = NULL, ended = :now WHERE outcome = '' AND opened < :before")
_TOO_OLD: Final = text(
    "UPDATE outbox SET state = 'refused', effect = NULL, ended = :now"
    " WHERE state IN ('waiting', 'blocked', 'held', 'uncertain') AND added < :before"
)


class SqlUnitOfWork:
    """Implements :class:`supportd.engine.unit.UnitOfWork`; valid only inside its transaction."""

    def __init__(self, connection: Connection, keys: Keyring) -> None:
        """Work on ``connection``, with the installation's ``keys``."""
        self.connection = connection
        self.keys = keys
        # Each plugin sees the facts as they are; most events change none, so they are read once for all plugins and events.
        self._read: dict[tuple[object, ...], Any] = {}
        self.people: unit.People = PeopleRows(connection, keys, self._read)
        self.groups: unit.Groups = GroupRows(connection, keys, self._read)
        self.rooms: unit.Rooms = RoomRows(connection, keys, self._read)
        self.strangers: unit.Strangers = StrangerRows(connection, keys, self._read)
        self.handled: unit.Handled = HandledRows(connection, keys)
        self.inbox: unit.Inbox = InboxRows(connection, keys)
        self.outbox: unit.Outbox = OutboxRows(connection, keys)
        self.timers: unit.Timers = TimerRows(connection, keys)
        self.asks: unit.Asks = AskRows(connection, keys)
        self.settings: unit.SettingsRows = SettingRows(connection, keys, self._read)
        self.states: unit.PluginStates = StateRows(connection, keys, self._read)
        self.journal: unit.Journal = JournalRows(connection, keys)
        self.links: unit.Links = LinkRows(connection, keys)
        self.invitations: unit.Invitations = InvitationRows(connection, keys)
        self.marks: unit.Marks = MarkRows(connection, keys)

    @contextmanager
    def savepoint(self) -> Iterator[None]:
        """Undo what happened inside when it raises."""
        try:
            with savepoint(self.connection):
                yield
        except BaseException:
            # What was read inside may have been undone.
            self._read.clear()
            raise

    def rows(self, plugin: str, group: GroupId) -> Rows:
        """Return a plugin's own rows of one group."""
        return Rows(self.connection, plugin, group)

    def token(self, purpose: str, id_: str) -> str:
        """Return a secret token of 160 bits for an id; the same id gives the same token (HMAC-SHA256, cut)."""
        key = self.keys.host.blind(purpose, "token").encode()
        return base64.urlsafe_b64encode(hmac.digest(key, id_.encode(), "sha256")[:20]).decode().rstrip("=")

    def tidy(self, now: datetime) -> Sequence[str]:
        """Delete what is past its time; returns the names of the tables that were touched."""
        touched = []
        if self.connection.execute(_TOO_OLD, {"now": to_us(now), "before": to_us(now - WORDS_KEPT)}).rowcount:
            touched.append("outbox")
        if self.connection.execute(_OPEN_TOO_LONG, {"now": to_us(now), "before": to_us(now - _ASKS_KEPT)}).rowcount:
            touched.append("asks")
        self.connection.execute(_NOBODY_ASKED)
        for name, statement, age in KEPT:
            if self.connection.execute(statement, {"before": to_us(now - age)}).rowcount:
                touched.append(name)
        return touched
