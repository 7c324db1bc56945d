"""Who can read us and whom we can read, for each encrypted room: figures for a health view, and what people should be told."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final, cast

from supportd.engine.wire import ReadingMark
from supportd.logs import get_logger
from supportd.matrix.errors import MatrixError
from supportd.matrix.shapes import identifier

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from supportd.engine.ports import MatrixInbox
    from supportd.engine.wire import Mark, ParkMark
    from supportd.matrix.sharing import Sharing
    from supportd.sdk.ids import RoomId, UserId

log = get_logger(__name__)

#: Most keys that come late come within seconds; a message that waits longer is worth a word.
PATIENCE: Final = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class RoomReading:
    """One encrypted room.

    ``can_read_us``: how many of its ``people`` (our own accounts left out) have a confirmed device. ``waiting``: messages without a
    key yet; ``withheld``: for how many of them which code was given (specification, "Reporting that decryption keys are withheld").
    """

    people: int
    can_read_us: int
    waiting: int = 0
    withheld: Mapping[str, int] = field(default_factory=dict)


class Reading:
    """Looks at all rooms of the reader now and then."""

    def __init__(self, sharing: Sharing, inbox: MatrixInbox, ours: Collection[str]) -> None:
        """``ours``: the Matrix ids of our own accounts."""
        self.sharing = sharing
        self.inbox = inbox
        self.ours = frozenset(ours)
        #: What the last look found, by room.
        self.rooms: dict[str, RoomReading] = {}
        self._deaf: set[tuple[str, str]] = set()

    async def look(self, now: datetime | None = None) -> tuple[Mark, ...]:
        """Look at every encrypted room and return what people should be told; raises what :class:`Api` raises."""
        now = now or datetime.now(UTC)
        me = self.sharing.machine.user_id
        rooms = {
            room: [user for user in state.joined if user not in self.ours and user != me]
            for room, state in self.sharing.rooms.known.items()
            if state.members.get(me) == "join" and (state.encrypted or room in self.sharing.machine.encrypted_rooms)
        }
        try:
            await self.sharing.devices.refresh({user for users in rooms.values() for user in users})
        except MatrixError as error:
            log.warning("reading.unknown", error=error)
            return ()
        parked: dict[str, list[ParkMark]] = {}
        for one in await self.inbox.parked():
            parked.setdefault(one.room, []).append(one)
        before, self._deaf = self._deaf, set()
        marks: list[Mark] = []
        self.rooms = {}
        for room, users in rooms.items():
            deaf = [user for user in users if not self.sharing.machine.devices(user)]
            self._deaf |= {(room, user) for user in deaf}
            waiting = parked.get(room, [])
            self.rooms[room] = RoomReading(len(users), len(users) - len(deaf), len(waiting), self._withheld(room, waiting))
            # Who came a moment ago may still be confirming their device.
            told = tuple(cast("UserId", user) for user in deaf if (room, user) in before)
            unread = {sender for one in waiting if now - one.at > PATIENCE and (sender := _sender(one)) in users}
            if told or unread:
                marks.append(ReadingMark(cast("RoomId", room), told, tuple(cast("UserId", user) for user in sorted(unread))))
        return tuple(marks)

    def _withheld(self, room: str, waiting: Collection[ParkMark]) -> dict[str, int]:
        rows = self.sharing.machine.store.keys
        codes = (rows.withheld(room, one.session, _sender(one)) for one in waiting)
        return dict(Counter(code for code in codes if code is not None))


def _sender(mark: ParkMark) -> str:
    try:
        event: Any = json.loads(mark.ciphertext)
    except ValueError:
        return ""
    return (identifier(event.get("sender")) if isinstance(event, dict) else None) or ""
