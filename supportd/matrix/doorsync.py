"""The doorkeeper's own sync: who comes, goes and speaks in rooms where the reader is not, and never what is said.

The account has no device keys. Nothing here decrypts, keeps ciphertext, or looks at words that are in clear.
"""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any, Final

from supportd.engine.wire import AsideMark, SyncBatch, TokenMark
from supportd.logs import get_logger, short
from supportd.matrix.decode import OVERHEARD, overheard
from supportd.matrix.errors import Refused
from supportd.matrix.gaps import Gaps, gap_of
from supportd.matrix.http import path
from supportd.matrix.intake import Raw, in_order
from supportd.matrix.looping import Beside, Loop, ask_for_news
from supportd.matrix.roomstate import WATCHED, Rooms, RoomState
from supportd.matrix.shapes import identifier, obj, objects
from supportd.matrix.standing import Standing, here

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from supportd.engine.ports import MatrixInbox
    from supportd.engine.wire import Account, GapMark, Incoming, Mark
    from supportd.matrix.body import Body, RoomPart
    from supportd.matrix.handover import Handover
    from supportd.matrix.http import Api

log = get_logger(__name__)

_NONE: Final[dict[str, list[str]]] = {"types": []}
_STATE: Final = ["m.room.member", *sorted(WATCHED)]
#: State that changes within the timeline has to stand there, else it would stand nowhere.
FILTER: Final = json.dumps(
    {
        "room": {
            "timeline": {"limit": 100, "types": sorted({*_STATE, *OVERHEARD})},
            "state": {"types": _STATE, "lazy_load_members": False},
            "ephemeral": _NONE,
            "account_data": _NONE,
        },
        "presence": _NONE,
        "account_data": _NONE,
    },
    separators=(",", ":"),
)


class DoorSession:
    """The sync of the doorkeeper; of rooms in which it finds the reader it keeps nothing but their ids."""

    def __init__(self, api: Api, inbox: MatrixInbox, accounts: Mapping[Account, str], handover: Handover) -> None:
        """Hand what comes to ``inbox``; ``accounts``: the Matrix ids of our own accounts."""
        self.api = api
        self.inbox = inbox
        self.accounts = accounts
        self.handover = handover
        self.rooms = Rooms()
        self.standing = Standing(self.rooms, accounts)
        self.gaps = Gaps(api, inbox, self._read_page, account="doorkeeper")
        self.loop = Loop("doorkeeper")
        self.beside = Beside()
        self.synced = asyncio.Event()
        #: Events that could not be taken apart.
        self.set_aside = 0
        #: Rooms that are the reader's, since it is in them.
        self.readers: set[str] = set()
        self._first = True

    async def run(self) -> None:
        """Sync until cancelled. Raises :class:`~supportd.matrix.errors.LoggedOut`, and whatever the inbox raises."""
        self.handover.doorkeeper_runs = True
        try:
            await self.loop.run(self.step)
        finally:
            await self.rest()

    async def step(self, hold_ms: int = 0) -> None:
        """Take one sync to its commit; raises what :class:`Api` and the inbox raise."""
        token = await self.inbox.token("doorkeeper")
        body = await ask_for_news(self.api, FILTER, token, hold_ms, all_state=self._first)
        try:
            await self._handle(body, token)
        except BaseException:
            # Whose a room was before this sync is not known any more, so the next one begins with the whole state.
            self._first = True
            self.standing.forget_all()
            self.readers.clear()
            raise
        self._first = False
        self.synced.set()
        self.handover.doorkeeper_committed(self.readers)
        if await self.gaps.open():
            self.beside.start("gaps", self.gaps.go_on)

    async def rest(self) -> None:
        """End what runs beside the loop."""
        self.handover.doorkeeper_runs = False
        await self.beside.rest()

    async def settle(self) -> None:
        """Wait for what runs beside the loop; for tests."""
        await self.beside.settle()

    # ---- one sync ----------------------------------------------------------------------------------------------------

    async def _handle(self, body: Body, token: str | None) -> None:
        parts = body.joined | body.gone
        # Which gaps are ours is seen by what was known before them.
        gaps = await self._missed(parts, token) if token is not None else []
        batches: list[Sequence[Raw]] = []
        lowered: list[str] = []
        for room, part in parts.items():
            was_readers = room in self.readers
            batches.append(self._take(room, part, token))
            if was_readers and room not in self.readers:
                lowered.append(room)
                await self._learn(room, still_in=room in body.joined)
        await self.handover.reader_has_left(lowered)
        marks: list[Mark] = []
        for gap in gaps:
            marks += await self.gaps.fill(gap)
        incoming, aside = self._decoded(batches)
        marks += aside
        for room in parts:
            marks += self._marks(room)
        if self._first:
            marks.append(here("doorkeeper", body.joined))
        await self.inbox.accept(SyncBatch(incoming, (*marks, TokenMark("doorkeeper", body.next_batch))))
        for room in body.gone:
            self.standing.forget(room)
            self.readers.discard(room)

    def _take(self, room: str, part: RoomPart, token: str | None) -> list[Raw]:
        """Bring the room's state up to date; returns the events that happened while the reader was not in it, with what was before each."""
        shared = room in self.readers
        new = not shared and room not in self.rooms.known
        # Of a room that was the reader's we know this much; the rest is asked for when the reader has left it.
        state = RoomState(room, members={self.accounts["reader"]: "join"}) if shared else self.rooms.of(room)
        arrived = token is None or (new and not self._first) or any(_joins(event, self.accounts["doorkeeper"]) for event in part.timeline)
        found = [Raw(room, event, _apply(state, event)) for event in part.state]
        if self._with_reader(state) or not arrived:
            # Who was there before us is news only where we have just come.
            found = []
        found = [raw for raw in found if raw.event.get("type") == "m.room.member"]
        for event in part.timeline:
            with_reader = self._with_reader(state)
            raw = Raw(room, event, _apply(state, event))
            if not with_reader:
                found.append(raw)
        if self._with_reader(state):
            self.readers.add(room)
            self.standing.forget(room)
        else:
            self.readers.discard(room)
        return found

    def _with_reader(self, state: RoomState) -> bool:
        return state.members.get(self.accounts["reader"]) == "join"

    async def _learn(self, room: str, *, still_in: bool) -> None:
        """Ask for the whole state of a room that was the reader's until now."""
        try:
            answer = await self.api.ask("GET", path("rooms", room, "state"))
        except Refused as error:
            if still_in:
                raise
            log.warning("room.unknown", room=short(room), error=error)
        else:
            # It may be newer than this sync: whether the reader came back meanwhile, the next one tells.
            self.rooms.fill(room, objects(answer)).members[self.accounts["reader"]] = "leave"

    def _marks(self, room: str) -> list[Mark]:
        state = self.rooms.known.get(room)
        return self.standing.marks(room) if state is not None and state.marker is not None else []

    # ---- what happened -----------------------------------------------------------------------------------------------

    def _decoded(self, batches: Iterable[Sequence[Raw]]) -> tuple[tuple[Incoming, ...], list[Mark]]:
        marks: list[Mark] = []
        decoded: list[list[Incoming]] = []
        for raws in batches:
            taken: list[Incoming] = []
            for raw in raws:
                try:
                    found = overheard(raw.room, raw.event, previous=raw.previous)
                except Exception as error:  # noqa: BLE001 - a member may have written anything
                    marks.append(self._aside(raw.event, error))
                else:
                    taken += [found] if found is not None else []
            decoded.append(taken)
        return in_order(decoded), marks

    def _aside(self, event: Mapping[str, Any], error: Exception) -> AsideMark:
        self.set_aside += 1
        log.warning("event.set_aside", error=error)
        # Without its content: what is said here is kept nowhere, not even sealed.
        body = json.dumps({"type": event.get("type")}, default=str).encode()[:1000]
        return AsideMark(identifier(event.get("event_id")) or "doorkeeper", type(error).__name__, body)

    # ---- what was missed ---------------------------------------------------------------------------------------------

    async def _missed(self, parts: Mapping[str, RoomPart], token: str) -> list[GapMark]:
        """Return the gaps in which the reader was out of the room for a while."""
        return [
            gap_of(room, part.prev_batch, token, "doorkeeper")
            for room, part in parts.items()
            if part.limited and part.prev_batch and not await self._all_readers(room, part, token)
        ]

    async def _all_readers(self, room: str, part: RoomPart, token: str) -> bool:
        """Tell whether the reader was in a room throughout a gap, so that all of it is the reader's."""
        changed = [
            event for event in part.state if event.get("type") == "m.room.member" and event.get("state_key") == self.accounts["reader"]
        ]
        if not changed:
            return room in self.readers
        if not _joins(changed[-1], self.accounts["reader"]):
            return False
        try:
            return changed[-1].get("event_id") == await self._readers_join(room, token)
        except Refused:
            # We were not in the room at that moment.
            return False

    async def _readers_join(self, room: str, at: str) -> str | None:
        """Return the event by which the reader had joined a room at a token, ``None`` where it was not in it."""
        members = await self.api.get(path("rooms", room, "members"), {"at": at, "membership": "join"})
        for event in objects(members.get("chunk")):
            if event.get("state_key") == self.accounts["reader"]:
                return identifier(event.get("event_id"))
        return None

    async def _read_page(self, gap: GapMark, events: Sequence[dict[str, Any]]) -> tuple[Sequence[Incoming], Sequence[Mark]]:
        """Read what was missed; what happened while the reader was in the room is left to it."""
        try:
            with_reader = await self._readers_join(gap.room, gap.start) is not None
        except Refused:
            # We were not in the room at that moment.
            with_reader = gap.room in self.readers
        if gap.room in self.rooms.known:
            self.rooms.known[gap.room].redact(events)
        found: list[Raw] = []
        for event in events:
            if not with_reader:
                found.append(Raw(gap.room, event))
            if event.get("type") == "m.room.member" and event.get("state_key") == self.accounts["reader"]:
                with_reader = _joins(event, self.accounts["reader"])
        return self._decoded([found])


def _apply(state: RoomState, event: Mapping[str, Any]) -> str | None:
    """Take an event into a room's state; returns the membership of its subject before."""
    previous = state.members.get(str(event.get("state_key"))) if event.get("type") == "m.room.member" else None
    state.apply(event)
    return previous


def _joins(event: Mapping[str, Any], user: str) -> bool:
    ours = event.get("type") == "m.room.member" and event.get("state_key") == user
    return ours and obj(event.get("content")).get("membership") == "join"
