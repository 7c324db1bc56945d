"""What we keep beside each room key: when it came, which messages it opened, and who said that they withhold theirs."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from supportd.matrix.clockrows import ClockRows

if TYPE_CHECKING:
    from collections.abc import Iterable

#: Notes of withheld keys kept at once; anybody on the homeserver may send them.
MOST_WITHHELD: Final = 2000

#: Stands for a room key that opens nothing any more, and how many seconds that is remembered.
ENDED: Final = 2**31
REMEMBERED: Final = 90 * 24 * 3600.0
#: Seconds that clocks may be apart, and that words may be late of a device whose owner removed it.
CLOCKS: Final = 300.0
LATE: Final = 72 * 3600.0

TABLES: Final = (
    # Which event used a message index: the same ciphertext under another event id is a replay. ``at``: seconds since 1970, like below.
    """CREATE TABLE IF NOT EXISTS supportd_used (
        session TEXT, number INTEGER, event TEXT NOT NULL, at REAL NOT NULL DEFAULT 0, PRIMARY KEY (session, number))""",
    # Devices that are no longer vouched for, by their curve25519 key.
    "CREATE TABLE IF NOT EXISTS supportd_gone (device TEXT PRIMARY KEY, at REAL NOT NULL) WITHOUT ROWID",
    "CREATE TABLE IF NOT EXISTS supportd_arrived (session TEXT PRIMARY KEY, at REAL NOT NULL) WITHOUT ROWID",
    # The first message that a key may open which was wound forward, or has ended; it may be sent again at any time.
    # ``room_key``: a hash, so that nothing of an ended key stays here.
    "CREATE TABLE IF NOT EXISTS supportd_floor (room_key TEXT PRIMARY KEY, number INTEGER NOT NULL, at REAL NOT NULL) WITHOUT ROWID",
    """CREATE TABLE IF NOT EXISTS supportd_withheld (
        room TEXT, session TEXT, sender TEXT, code TEXT NOT NULL, at REAL NOT NULL, PRIMARY KEY (room, session, sender)) WITHOUT ROWID""",
)


@dataclass(frozen=True, slots=True)
class Use:
    """How far a room key was used: the moment of its last use, and the highest message read before a moment asked for, -1 for none."""

    last: float
    read_before: int


class KeyRows(ClockRows):
    """The rows, in the crypto store's own database."""

    def first_use(self, session: str, number: int, event: str) -> bool:
        """Tell whether message ``number`` of ``session`` is not yet taken by another event, and take it."""
        row = self._execute("SELECT event FROM supportd_used WHERE session = ? AND number = ?", (session, number)).fetchone()
        if row is None:
            self._execute("INSERT INTO supportd_used VALUES (?, ?, ?, ?)", (session, number, event, self.now))
            return True
        return bool(row[0] == event)

    # ---- age ---------------------------------------------------------------------------------------------------------

    def arrive(self, session: str, at: float | None = None) -> None:
        """Note that a room key came at ``at``, by default now, unless it is noted already."""
        self._execute("INSERT OR IGNORE INTO supportd_arrived VALUES (?, ?)", (session, self.now if at is None else at))

    def used(self) -> list[list[Any]]:
        """Return which event used which message of which key, and when, as JSON types."""
        return [list(row) for row in self._execute("SELECT session, number, event, at FROM supportd_used", ()).fetchall()]

    def take_used(self, rows: Iterable[Iterable[Any]]) -> None:
        """Keep what :meth:`used` returned elsewhere; what is known here stays."""
        for row in rows:
            self._execute("INSERT OR IGNORE INTO supportd_used VALUES (?, ?, ?, ?)", tuple(row))

    def arrived(self) -> dict[str, float]:
        """Return when each room key came."""
        return dict(self._execute("SELECT session, at FROM supportd_arrived", ()).fetchall())

    def go(self, device: str) -> None:
        """Note that nobody vouches for a device (its curve25519 key) any more from now on."""
        self._execute("INSERT OR IGNORE INTO supportd_gone VALUES (?, ?)", (device, self.now))

    def come(self, device: str) -> None:
        """Note that a device is vouched for."""
        self._execute("DELETE FROM supportd_gone WHERE device = ?", (device,))

    def said_in_time(self, session: str, device: str, number: int, at: float) -> bool:
        """Tell whether message ``number`` of a room key was sent while its device was vouched for, and the key had come by then.

        It was if we had read it by then. Else its time is the homeserver's word (``at``), which counts for a while only: whoever took the
        device still has its room key.
        """
        row = self._execute(
            "SELECT g.at, u.at FROM supportd_gone g JOIN supportd_arrived a ON a.session = ?"
            " LEFT JOIN supportd_used u ON u.session = a.session AND u.number = ? WHERE g.device = ? AND a.at < g.at",
            (session, number, device),
        ).fetchone()
        if row is None:
            return False
        gone, read = row
        return bool((read is not None and read < gone) or (at <= gone + CLOCKS and self.now <= gone + LATE))

    def uses(self, before: float) -> dict[str, Use]:
        """Return for each room key its last use, and what was read with it before ``before``."""
        rows = self._execute(
            "SELECT session, max(at), max(CASE WHEN at < ? THEN number ELSE -1 END) FROM supportd_used GROUP BY session", (before,)
        ).fetchall()
        return {session: Use(last, number) for session, last, number in rows}

    def drop_uses(self, session: str, below: int) -> None:
        """Forget the uses of messages that the key cannot open any more."""
        self._execute("DELETE FROM supportd_used WHERE session = ? AND number < ?", (session, below))

    def floor(self, session: str, sender_key: str) -> int:
        """Return the first message that a key may open, 0 for any, :data:`ENDED` for none."""
        row = self._execute("SELECT number FROM supportd_floor WHERE room_key = ?", (_hash(session, sender_key),)).fetchone()
        return 0 if row is None else int(row[0])

    def set_floor(self, session: str, sender_key: str, number: int) -> None:
        """Let a key open message ``number`` and later ones only, from now on."""
        self._execute(
            "INSERT INTO supportd_floor VALUES (?, ?, ?) ON CONFLICT (room_key)"
            " DO UPDATE SET number = max(number, excluded.number), at = excluded.at",
            (_hash(session, sender_key), number, self.now),
        )

    def drop_floors(self, before: float) -> None:
        """Forget the floors of keys that ended long ago."""
        self._execute("DELETE FROM supportd_floor WHERE number >= ? AND at < ?", (ENDED, before))

    def drop(self, sessions: Iterable[str]) -> None:
        """Forget everything about room keys that are gone."""
        for session in sessions:
            for table in ("supportd_used", "supportd_arrived", "supportd_withheld"):
                self._execute(f"DELETE FROM {table} WHERE session = ?", (session,))  # noqa: S608 - names of our own

    def drop_without_key(self, before: float) -> None:
        """Forget what is noted of keys that are not here any more."""
        here = "SELECT session_id FROM megolminboundsessions UNION SELECT session FROM supportd_twins"
        for table in ("supportd_used", "supportd_arrived"):
            self._execute(f"DELETE FROM {table} WHERE at < ? AND session NOT IN ({here})", (before,))  # noqa: S608 - as above

    # ---- withheld ----------------------------------------------------------------------------------------------------

    def withhold(self, room: str, session: str, sender: str, code: str) -> None:
        """Note that ``sender`` says they withhold a room key; the newest notes stay."""
        self._execute(
            "INSERT INTO supportd_withheld VALUES (?, ?, ?, ?, ?)"
            " ON CONFLICT (room, session, sender) DO UPDATE SET code = excluded.code, at = excluded.at",
            (room, session, sender, code, self.now),
        )
        self._execute(
            "DELETE FROM supportd_withheld WHERE at < (SELECT at FROM supportd_withheld ORDER BY at DESC LIMIT 1 OFFSET ?)",
            (MOST_WITHHELD,),
        )

    def withheld(self, room: str, session: str, sender: str) -> str | None:
        """Return the code with which ``sender`` withholds a room key."""
        row = self._execute(
            "SELECT code FROM supportd_withheld WHERE room = ? AND session = ? AND sender = ?", (room, session, sender)
        ).fetchone()
        return None if row is None else str(row[0])

    def drop_withheld(self, before: float) -> None:
        """Forget old notes."""
        self._execute("DELETE FROM supportd_withheld WHERE at < ?", (before,))


def _hash(session: str, sender_key: str) -> str:
    return hashlib.sha256(f"{session}\0{sender_key}".encode()).hexdigest()
