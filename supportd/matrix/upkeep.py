"""What runs beside the sync: one-time keys, mending sessions, joining where our own accounts invite us."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from supportd.engine.wire import SyncBatch
from supportd.logs import get_logger, short
from supportd.matrix import ownkeys
from supportd.matrix.accounts import skew_of
from supportd.matrix.errors import MatrixError, Refused
from supportd.matrix.http import path
from supportd.matrix.newdevices import NewDevices
from supportd.matrix.oldkeys import forget
from supportd.matrix.parked import expired
from supportd.matrix.reading import Reading
from supportd.matrix.shapes import obj

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from supportd.engine.ports import MatrixInbox
    from supportd.matrix.body import Body
    from supportd.matrix.generation import Generation
    from supportd.matrix.http import Api
    from supportd.matrix.keyfile import KeyFile
    from supportd.matrix.sharing import Sharing
    from supportd.matrix.waiting import Lot

log = get_logger(__name__)

#: Seconds between two looks at what waits for keys.
TIDY_EVERY: Final = 600.0
#: Seconds that our clock may differ from the homeserver's before nothing is forgotten any more.
MOST_SKEW: Final = 3600.0
#: Invitations remembered; strangers may send any number.
MOST_INVITES: Final = 1000
#: How long words may be read again, unless the operator decides otherwise (trust.md section 3).
WINDOW: Final = timedelta(hours=72)


class Upkeep:
    """Keeps one account in order."""

    def __init__(self, api: Api, sharing: Sharing, inbox: MatrixInbox, hosts: Collection[str], *, window: timedelta = WINDOW) -> None:
        """Join only where one of ``hosts`` (Matrix ids) invites us; ``window``: how long words may be read again."""
        self.api = api
        self.sharing = sharing
        self.machine = sharing.machine
        self.inbox = inbox
        self.hosts = frozenset(hosts)
        #: Rooms we are invited to -> who invites.
        self.invites: dict[str, str] = {}
        self.window = window
        #: Where the room keys lie for a restore.
        self.key_file: KeyFile | None = None
        self.lot: Lot | None = None
        #: What tells an old copy of the store from the store itself.
        self.generation: Generation | None = None
        self.reading = Reading(sharing, inbox, hosts)
        self.new_devices = NewDevices(sharing, inbox, hosts)
        self._tidied = time.monotonic() - TIDY_EVERY

    def invited(self, rooms: Mapping[str, Collection[Mapping[str, Any]]]) -> None:
        """Note invitations, by their stripped state."""
        for room, events in rooms.items():
            for event in events:
                ours = event.get("type") == "m.room.member" and event.get("state_key") == self.machine.user_id
                if not ours or obj(event.get("content")).get("membership") != "invite" or len(self.invites) >= MOST_INVITES:
                    continue
                # Strangers may send any number; a person's own client, which has no hosts, shows them all.
                if not self.hosts or event.get("sender") in self.hosts:
                    self.invites[room] = str(event.get("sender"))

    async def after(self, body: Body) -> None:
        """Do what this sync calls for; raises what :class:`Api` raises, the next sync tries again."""
        for room in body.joined:
            self.invites.pop(room, None)
        await self._join()
        half = self.machine.olm.account.max_one_time_keys // 2
        # nio takes a count of 0 for unknown and uploads none (matrix.md 1.4, F10).
        if (body.one_time_keys is not None and body.one_time_keys < half) or body.fallback_used:
            await ownkeys.upload(self.machine, self.api, count=max(body.one_time_keys or 0, 0), fallback=body.fallback_used)
        await self.sharing.mend()
        if time.monotonic() - self._tidied >= TIDY_EVERY:
            self._tidied = time.monotonic()
            await self.tidy()

    async def tidy(self) -> None:
        """Give up what waited too long for its key, say who cannot read whom, and forget the keys of what is past its time."""
        marks = (*await expired(self.inbox, lot=self.lot), *await self.reading.look(), *self.sharing.devices.undecided())
        if marks:
            await self.inbox.accept(SyncBatch((), marks))
        if await self._clock_is_sound():
            known = self.sharing.rooms.known
            ours = {room for room, state in known.items() if state.members.get(self.machine.user_id) in {"join", "invite"}}
            waiting = {gap.room for gap in await self.inbox.gaps()} | {one.room for one in await self.inbox.parked()}
            await forget(self.machine, self.window, waiting, ours | set(self.invites))
        if self.key_file is not None:
            self.key_file.write(self.machine)
        if self.generation is not None:
            await self.generation.advance()

    async def _clock_is_sound(self) -> bool:
        """Tell whether our clock and the homeserver's are near each other: what is forgotten by a wrong clock never comes back."""
        try:
            skew = skew_of(await self.api.date())
        except MatrixError:
            return False
        if skew is None or abs(skew) <= MOST_SKEW:
            return True
        log.warning("clock.differs", seconds=round(skew))
        return False

    async def _join(self) -> None:
        for room, host in tuple(self.invites.items()):
            if host not in self.hosts:
                continue
            try:
                await self.api.post(path("join", room), {})
            except Refused as error:
                log.warning("join.refused", room=short(room), error=error)
            del self.invites[room]
