"""Reading under guard: what raises once is tried again from a clean machine, what raises twice is set aside."""

from __future__ import annotations

import hashlib
import json
import sys
from collections import OrderedDict
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final, cast

from supportd.engine.wire import AsideMark, EchoMark, Edited, Incoming, Membership, ParkMark, Reacted, Redacted, Replaced
from supportd.logs import get_logger, short
from supportd.matrix.decode import decode
from supportd.matrix.machine import NoKey, Unreadable
from supportd.matrix.sending import TRANSACTION
from supportd.matrix.shapes import identifier, obj, text, whole
from supportd.matrix.waiting import Lot

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from supportd.engine.wire import Mark
    from supportd.matrix.machine import Machine
    from supportd.sdk.ids import EventId, RoomId

log = get_logger(__name__)

#: Authors remembered for edits, and the longest ciphertext parked, bytes.
AUTHORS: Final = 5_000
LONGEST_PARKED: Final = 70_000


@dataclass(frozen=True, slots=True)
class Raw:
    """One event of a room as it came; ``previous``: the membership of its subject before, where we know it."""

    room: str
    event: dict[str, Any] = field(repr=False)
    previous: str | None = None


@dataclass(slots=True)
class Taken:
    """What came of reading."""

    incoming: list[Incoming] = field(default_factory=list)
    marks: list[Mark] = field(default_factory=list)
    #: Events that need not be tried again.
    settled: list[EventId] = field(default_factory=list)


class Intake:
    """Turns raw events into the engine's; knows no network."""

    def __init__(self, machine: Machine, ours: Iterable[str] = ()) -> None:
        """Decrypt with ``machine``; ``ours``: the Matrix ids of our own accounts."""
        self.machine = machine
        self.ours = frozenset(ours)
        self.undecryptable = 0
        self.set_aside = 0
        self.lot = Lot()
        self._last = datetime.min.replace(tzinfo=UTC)
        #: Who wrote an event, the newest last.
        self.authors: OrderedDict[tuple[str, str], str] = OrderedDict()

    # ---- to-device ---------------------------------------------------------------------------------------------------

    def to_device(self, events: Sequence[dict[str, Any]]) -> tuple[set[tuple[str, str]], list[Mark]]:
        """Take to-device events in one transaction of the store; returns the room keys that came and what was set aside."""
        if not events:
            return set(), []
        try:
            with self.machine.store.transaction():
                return {key for event in events if (key := self.machine.take(event))}, []
        except Exception as error:  # noqa: BLE001 - a member may have written anything, and nio may raise anything
            log.warning("sync.raised", error=error)
            self.machine.reload()
        return self._one_by_one(events)

    def _one_by_one(self, events: Sequence[dict[str, Any]]) -> tuple[set[tuple[str, str]], list[Mark]]:
        keys: set[tuple[str, str]] = set()
        marks: list[Mark] = []
        for event in events:
            try:
                with self.machine.store.transaction():
                    key = self.machine.take(event)
            except Exception as error:  # noqa: BLE001 - as above
                self.machine.reload()
                marks.append(self._aside(event, error))
            else:
                keys |= {key} if key else set()
        return keys, marks

    # ---- rooms -------------------------------------------------------------------------------------------------------

    def read(self, raws: Iterable[Raw], *, park: bool = True) -> Taken:
        """Decrypt and decode, in one transaction; what has no key yet is parked if ``park``."""
        taken = Taken()
        with self.machine.store.transaction():
            for raw in raws:
                try:
                    self._read(raw, taken, park=park)
                except Exception as error:  # noqa: BLE001 - reading keeps nothing in memory, so the others go on
                    taken.marks.append(self._aside(raw.event, error))
        return taken

    def _read(self, raw: Raw, taken: Taken, *, park: bool) -> None:
        event = raw.event
        self._note(raw.room, event, taken)
        if event.get("type") != "m.room.encrypted" or "state_key" in event:
            found = decode(raw.room, event, previous=raw.previous)
            if found is not None and self._is_pretended(found):
                return
            if event.get("sender") == self.machine.user_id:
                self._echo(event, obj(event.get("content")), taken)
        else:
            sender = str(event.get("sender"))
            try:
                clear = self.machine.decrypt(raw.room, event, self.machine.curves(sender))
            except NoKey:
                self._park(raw, taken, park=park)
                return
            except Unreadable:
                self.undecryptable += 1
                taken.settled.append(cast("EventId", str(event.get("event_id"))))
                return
            taken.settled.append(cast("EventId", str(event.get("event_id"))))
            proven = self.machine.proves(sender, clear)
            if proven and sender == self.machine.user_id:
                self._echo(event, clear.content, taken)
            if sender in self.ours and not proven:
                # Only the homeserver says that this is ours.
                return
            found = decode(raw.room, event, (clear.type, clear.content), proven=proven)
        if found is not None:
            taken.incoming.append(found)

    def _park(self, raw: Raw, taken: Taken, *, park: bool) -> None:
        """Let an event wait for its key, where there is room for one more of its sender."""
        mark = _parked(raw, self._moment()) if park else None
        if mark is None:
            return
        self.undecryptable += 1
        if self.lot.take(mark.event, str(raw.event.get("sender")), len(mark.ciphertext)):
            taken.marks.append(mark)
        else:
            log.warning("event.not_parked", room=short(raw.room))

    def _is_pretended(self, found: Incoming) -> bool:
        """Tell whether words in clear are said to be ours where we never speak in clear: in a room that is or was encrypted."""
        spoken = not isinstance(found.content, Reacted | Redacted | Membership | Replaced)
        return spoken and found.sender in self.ours and found.room in self.machine.encrypted_rooms

    def _moment(self) -> datetime:
        """Return now, later than ever before: what waits is read in this order."""
        self._last = max(datetime.now(UTC), self._last + timedelta(microseconds=1))
        return self._last

    @staticmethod
    def _echo(event: dict[str, Any], content: dict[str, Any], taken: Taken) -> None:
        """Note which of our own sends an event is, whichever of our devices sent it."""
        event_id, transaction = identifier(event.get("event_id")), identifier(content.get(TRANSACTION))
        if event_id is not None and transaction is not None:
            taken.marks.append(EchoMark(transaction, cast("EventId", event_id)))

    def _note(self, room: str, event: dict[str, Any], taken: Taken) -> None:
        event_id, sender = identifier(event.get("event_id")), identifier(event.get("sender"))
        if event_id is None or sender is None:
            return
        # One string for each person, not one for each of their messages.
        self.authors[sys.intern(room), event_id] = sys.intern(sender)
        if len(self.authors) > AUTHORS:
            self.authors.popitem(last=False)
        transaction = identifier(obj(event, "unsigned").get("transaction_id"))
        if transaction is not None and sender == self.machine.user_id:
            taken.marks.append(EchoMark(transaction, cast("EventId", event_id)))

    def _aside(self, event: dict[str, Any], error: Exception) -> AsideMark:
        self.set_aside += 1
        log.warning("event.set_aside", error=error)
        body = json.dumps(event, ensure_ascii=True, default=str).encode()[:LONGEST_PARKED]
        # To-device events have no id; the same one, seen again after a crash, is to have the same.
        event_id = identifier(event.get("event_id")) or f"device:{hashlib.sha256(body).hexdigest()[:32]}"
        return AsideMark(id=event_id, reason=type(error).__name__, body=body)


def in_order(batches: Iterable[Sequence[Incoming]]) -> tuple[Incoming, ...]:
    """Return the events of several rooms oldest first, without changing the order within a room, whatever the clocks say."""
    keyed: list[tuple[datetime, Incoming]] = []
    for batch in batches:
        latest = datetime.min.replace(tzinfo=UTC)
        for one in batch:
            latest = max(latest, one.at)
            keyed.append((latest, one))
    keyed.sort(key=lambda pair: pair[0])
    return tuple(one for _at, one in keyed)


def own_edits(incoming: Iterable[Incoming], authors: Mapping[tuple[str, str], str]) -> tuple[Incoming, ...]:
    """Leave out edits of other people's words, and of another room's; ``authors``: room and event id -> who wrote it."""
    return tuple(
        one for one in incoming if not isinstance(one.content, Edited) or authors.get((one.room, one.content.target)) == one.sender
    )


def _parked(raw: Raw, now: datetime) -> ParkMark | None:
    event_id, moment = identifier(raw.event.get("event_id")), whole(raw.event.get("origin_server_ts"))
    session = text(obj(raw.event, "content").get("session_id"))
    if event_id is None or moment is None or not 0 <= moment < 2**45 or session is None:
        return None
    body = json.dumps(raw.event).encode()
    if len(body) > LONGEST_PARKED:
        return None
    return ParkMark(cast("EventId", event_id), cast("RoomId", raw.room), session, body, now)
