"""What the Matrix side keeps in our commit: tokens, gaps, parked ciphertext, powers, and what was set aside."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from sqlalchemy import text

from supportd.engine import wire
from supportd.sdk.ids import EventId, RoomId
from supportd.store.instants import from_us, to_us
from supportd.store.repositories.base import Repository

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping
    from datetime import datetime

    from sqlalchemy import RowMapping

_TOKEN = text("INSERT INTO tokens (account, token) VALUES (:account, :token) ON CONFLICT (account) DO UPDATE SET token = excluded.token")
_TOKEN_OF = text("SELECT token FROM tokens WHERE account = :account")
_GAP = text(
    "INSERT INTO gaps (id, room_id, start_token, end_token, at) VALUES (:id, :room, :start, :end, :at)"
    " ON CONFLICT (id) DO UPDATE SET start_token = excluded.start_token"
)
_GAP_CLOSED = text("DELETE FROM gaps WHERE id = :id")
_GAPS = text("SELECT * FROM gaps ORDER BY at, id")
_PARK = text(
    "INSERT INTO parked (event_id, room_id, session_id, ciphertext, at) VALUES (:event, :room, :session, :ciphertext, :at)"
    " ON CONFLICT (event_id) DO NOTHING"
)
_UNPARK = text("DELETE FROM parked WHERE event_id = :event")
_PARKED = text("SELECT * FROM parked ORDER BY at, event_id")
_PARKED_FOR = text("SELECT * FROM parked WHERE room_id = :room AND session_id = :session ORDER BY at, event_id")
_ASIDE = text("INSERT INTO aside (id, reason, body, at) VALUES (:id, :reason, :body, :at) ON CONFLICT (id) DO NOTHING")
_POWER = text("UPDATE rooms SET power = :power WHERE room_id = :room")
_COUNTS = text("SELECT (SELECT COUNT(*) FROM gaps) AS gaps, (SELECT COUNT(*) FROM parked) AS parked, (SELECT COUNT(*) FROM aside) AS aside")


class MarkRows(Repository):
    """Implements the engine's port ``Marks``."""

    def apply(self, marks: Iterable[wire.Mark], at: datetime) -> None:
        """Keep what the Matrix side wants kept; echoes are the engine's."""
        for mark in marks:
            self._apply(mark, at)

    def _apply(self, mark: wire.Mark, at: datetime) -> None:
        match mark:
            case wire.TokenMark(account=account, token=token):
                self.run(_TOKEN, {"account": account, "token": token})
            case wire.GapMark(id=id_, closed=True):
                self.run(_GAP_CLOSED, {"id": id_})
            case wire.GapMark():
                values = {"id": mark.id, "room": mark.room, "start": mark.start, "end": mark.end, "at": to_us(at)}
                self.run(_GAP, values)
            case wire.ParkMark():
                sealed = self.keys.host.seal(mark.ciphertext, f"parked:{mark.event}")
                values = {"event": mark.event, "room": mark.room, "session": mark.session, "ciphertext": sealed}
                self.run(_PARK, values | {"at": to_us(mark.at)})
            case wire.UnparkMark(event=event):
                self.run(_UNPARK, {"event": event})
            case wire.AsideMark():
                body = self.keys.host.seal(mark.body, f"aside:{mark.id}")
                self.run(_ASIDE, {"id": mark.id, "reason": mark.reason, "body": body, "at": to_us(at)})
            case wire.PowerMark():
                power = {"levels": dict(mark.levels), "needed": dict(mark.needed), "version": mark.version, "encrypted": mark.encrypted}
                self.run(_POWER, {"room": mark.room, "power": json.dumps(power, sort_keys=True)})
            case (
                wire.EchoMark()
                | wire.SlowMark()
                | wire.KeysMark()
                | wire.DevicesMark()
                | wire.ReadingMark()
                | wire.RoomMark()
                | wire.ChatMark()
                | wire.HereMark()
            ):
                pass

    def token(self, account: wire.Account) -> str | None:
        """Return a sync token."""
        row = self.one(_TOKEN_OF, {"account": account})
        return None if row is None else str(row["token"])

    def gaps(self) -> tuple[wire.GapMark, ...]:
        """Return open gaps, oldest first."""
        return tuple(wire.GapMark(row["id"], RoomId(row["room_id"]), row["start_token"], row["end_token"]) for row in self.many(_GAPS))

    def parked(self, sessions: Collection[tuple[RoomId, str]] | None) -> tuple[wire.ParkMark, ...]:
        """Return parked events, of these sessions or all, oldest first."""
        if sessions is None:
            return tuple(self._park(row) for row in self.many(_PARKED))
        return tuple(
            self._park(row) for room, session in sorted(sessions) for row in self.many(_PARKED_FOR, {"room": room, "session": session})
        )

    def counts(self) -> Mapping[str, int]:
        """Return the number of open gaps, parked and set-aside events."""
        row = self.one(_COUNTS)
        return {} if row is None else {name: int(row[name]) for name in ("gaps", "parked", "aside")}

    def _park(self, row: RowMapping) -> wire.ParkMark:
        ciphertext = self.keys.host.open(row["ciphertext"], f"parked:{row['event_id']}")
        return wire.ParkMark(EventId(row["event_id"]), RoomId(row["room_id"]), row["session_id"], ciphertext, from_us(row["at"]))
