"""Devices that sign in to the accounts of people we share keys with: each is news once, for its owner alone.

The first list of somebody's devices is where we begin: nobody is told of a phone they have had for years. What comes after it is gathered
for some seconds, since an app that is set up anew and a browser beside it are one piece of news. Only hashes of a device's id and key are
kept. Its name is never read: it is what the person who signed in wrote there, and that may be somebody else than the owner of the account.
"""

from __future__ import annotations

import asyncio
import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final, cast

from supportd.engine.wire import DevicesMark, NewDevice, SyncBatch
from supportd.matrix.clockrows import ClockRows
from supportd.matrix.errors import MatrixError
from supportd.matrix.shapes import obj

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from supportd.engine.ports import MatrixInbox
    from supportd.matrix.sharing import Sharing
    from supportd.sdk.ids import UserId

#: Seconds in which several new devices become one piece of news, and in which the same person is told nothing more afterwards.
GATHER: Final = 5.0
QUIET: Final = 600.0
#: Devices of one person after which those that are gone are no longer remembered: a program may sign in anew every minute.
MOST: Final = 2000

TABLES: Final = (
    # ``at``: when we saw it first; ``told``: when its owner was told, 0 for the devices of the first list, NULL for not yet.
    """CREATE TABLE IF NOT EXISTS supportd_devices (
        user TEXT, device TEXT, confirmed INTEGER NOT NULL, at REAL NOT NULL, told REAL, PRIMARY KEY (user, device)) WITHOUT ROWID""",
)


@dataclass(frozen=True, slots=True)
class Waiting:
    """New devices of one person of which nobody was told yet; ``last``: when the person was told of others, 0 for never."""

    devices: tuple[NewDevice, ...]
    since: float
    last: float

    @property
    def due(self) -> float:
        """When to tell."""
        return max(self.since + GATHER, self.last + QUIET if self.last else 0.0)


class DeviceRows(ClockRows):
    """The rows, in the crypto store's own database."""

    def note(self, user: str, devices: Mapping[str, bool]) -> None:
        """Keep the devices of ``user`` (whether they are confirmed); the first list is no news, and one without a confirmed device waits.

        Somebody whose owner confirmed none of their devices could not read what we write to them about it.
        """
        known = {row[0]: (bool(row[1]), row[2]) for row in self._of(user)}
        if not devices or (known and not any(devices.values())):
            return
        told = None if known else 0.0
        for device, confirmed in devices.items():
            if device not in known:
                self._execute("INSERT INTO supportd_devices VALUES (?, ?, ?, ?, ?)", (user, device, confirmed, self.now, told))
            elif known[device] == (not confirmed, None):
                self._execute("UPDATE supportd_devices SET confirmed = ? WHERE user = ? AND device = ?", (confirmed, user, device))
        if len(known) > MOST:
            for device in known.keys() - devices.keys():
                self._execute("DELETE FROM supportd_devices WHERE user = ? AND device = ? AND told IS NOT NULL", (user, device))

    def waiting(self) -> dict[str, Waiting]:
        """Return what people are to be told of."""
        found: dict[str, list[tuple[NewDevice, float]]] = {}
        sql = "SELECT user, device, confirmed, at FROM supportd_devices WHERE told IS NULL ORDER BY at, device"
        for user, device, confirmed, at in self._execute(sql, ()).fetchall():
            found.setdefault(user, []).append((NewDevice(device, bool(confirmed)), at))
        return {user: Waiting(tuple(one for one, _at in new), new[0][1], self._last(user)) for user, new in found.items()}

    def told(self, user: str, devices: Iterable[NewDevice]) -> None:
        """Keep that ``user`` was told of ``devices``."""
        for one in devices:
            self._execute("UPDATE supportd_devices SET told = ? WHERE user = ? AND device = ?", (self.now, user, one.id))

    def all(self) -> list[list[Any]]:
        """Return all rows as JSON types."""
        return [list(row) for row in self._execute("SELECT user, device, confirmed, at, told FROM supportd_devices", ()).fetchall()]

    def take(self, rows: Iterable[Iterable[Any]]) -> None:
        """Keep what :meth:`all` returned elsewhere; what is known here stays."""
        for row in rows:
            self._execute("INSERT OR IGNORE INTO supportd_devices VALUES (?, ?, ?, ?, ?)", tuple(row))

    def _of(self, user: str) -> Any:
        return self._execute("SELECT device, confirmed, told FROM supportd_devices WHERE user = ?", (user,)).fetchall()

    def _last(self, user: str) -> float:
        row = self._execute("SELECT max(told) FROM supportd_devices WHERE user = ?", (user,)).fetchone()
        return float(row[0] or 0.0)


def marked(user: str, answer: dict[str, Any], confirmed: Collection[str]) -> dict[str, bool]:
    """Return what stands for each device of ``user`` in a ``keys/query`` answer, and whether its id is among ``confirmed``.

    A device with the id of an earlier one and another key is another device.
    """
    return {
        hashlib.sha256(f"{user}\0{name}\0{obj(device, 'keys').get(f'ed25519:{name}')}".encode()).hexdigest()[:32]: name in confirmed
        for name, device in obj(answer, "device_keys", user).items()
    }


class NewDevices:
    """Looks at device lists as soon as the homeserver says that they changed, and tells the engine what is new."""

    def __init__(self, sharing: Sharing, inbox: MatrixInbox, ours: Collection[str]) -> None:
        """``ours``: the Matrix ids of our own accounts, whose devices are nobody's news."""
        self.sharing = sharing
        self.inbox = inbox
        self.ours = frozenset(ours)
        self.rows = sharing.machine.store.devices
        #: Whose list to look at, ``None`` for everybody's: after a start any may have changed, and a killed look is made again.
        self._changed: set[str] | None = None

    def changed(self, users: Iterable[str]) -> None:
        """Look at the devices of these people soon."""
        if self._changed is not None:
            self._changed.update(users)

    async def look(self) -> None:
        """Look at what changed, gather for some seconds, and tell; raises what :class:`Api` and the inbox raise.

        What is to be told later than that comes with a later sync.
        """
        while True:
            problem = await self._ask()
            now = self.rows.now
            waiting = self.rows.waiting()
            # A clock that was set back must not make anybody wait.
            due = {user: one for user, one in waiting.items() if one.due <= now or one.since > now}
            if due:
                await self._tell(due)
                continue
            soon = [one.due - now for one in waiting.values() if one.due - now <= GATHER]
            if problem is not None:
                raise problem
            if not soon:
                return
            await asyncio.sleep(min(soon))

    async def _ask(self) -> MatrixError | None:
        people, asked = self._people(), self._changed
        self._changed = set()
        wanted = people if asked is None else people & asked
        if not wanted:
            return None
        try:
            await self.sharing.devices.refresh(wanted)
        except MatrixError as error:
            again = {user for user in wanted if self.sharing.devices.outdated(user)}
            self._changed |= again
            return error
        return None

    def _people(self) -> set[str]:
        me = self.sharing.machine.user_id
        rooms = (one for one in self.sharing.rooms.known.values() if one.encrypted or one.id in self.sharing.machine.encrypted_rooms)
        return {user for room in rooms if room.members.get(me) == "join" for user in room.joined} - self.ours - {me}

    async def _tell(self, due: Mapping[str, Waiting]) -> None:
        marks = [DevicesMark(cast("UserId", user), one.devices, datetime.fromtimestamp(one.since, UTC)) for user, one in due.items()]
        await self.inbox.accept(SyncBatch((), tuple(marks)))
        # Killed before this they come again, and the engine knows them.
        with self.sharing.machine.store.transaction():
            for user, one in due.items():
                self.rows.told(user, one.devices)
