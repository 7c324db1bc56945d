"""Our own sync loop: nothing is acknowledged before it is committed (``matrix.md`` 1.3)."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any, Final

from supportd.engine.wire import Edited, SyncBatch, TokenMark
from supportd.logs import get_logger
from supportd.matrix import chats
from supportd.matrix.body import Body, RoomPart, parse
from supportd.matrix.errors import ForeignKeys, Refused, ServerAway, SlowDown
from supportd.matrix.gaps import Gaps, gap_of
from supportd.matrix.http import MOST_SYNC_BYTES, path
from supportd.matrix.intake import Intake, Raw, in_order, own_edits
from supportd.matrix.looping import Beside, Loop, ask_for_news
from supportd.matrix.parked import retry
from supportd.matrix.shapes import identifier
from supportd.matrix.standing import Standing, here

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from supportd.engine.ports import MatrixInbox
    from supportd.engine.wire import Account, GapMark, Incoming, Mark
    from supportd.matrix.handover import Handover
    from supportd.matrix.http import Api
    from supportd.matrix.sharing import Sharing
    from supportd.matrix.upkeep import Upkeep

log = get_logger(__name__)

_NONE: Final[dict[str, list[str]]] = {"types": []}
_FILTER: Final = json.dumps(
    {
        "room": {"timeline": {"limit": 100}, "ephemeral": _NONE, "account_data": _NONE, "state": {"lazy_load_members": False}},
        "presence": {"types": []},
        "account_data": {"types": []},
    },
    separators=(",", ":"),
)  # fmt: skip
#: Room keys and the like that a server gives in one sync (Synapse); as many of them mean that there are more.
TO_DEVICE_AT_ONCE: Final = 100
_ONLY_TO_DEVICE: Final = json.dumps({"room": {"rooms": []}, "presence": _NONE, "account_data": _NONE}, separators=(",", ":"))
MOST_ROUNDS: Final = 500
_QUERY_ATTEMPTS: Final = 3
#: Syncs that are asked for again while nobody says whose devices are whose: one question must not stop all reading for ever.
_PATIENT: Final = 6
#: Failures in a row, minutes apart at the end, after which an edit is dropped whose author nobody tells us.
_STUMBLES: Final = 10


class Session:
    """The sync of one account."""

    def __init__(
        self, api: Api, sharing: Sharing, upkeep: Upkeep, inbox: MatrixInbox, accounts: Mapping[Account, str], account: Account = "reader"
    ) -> None:
        """Hand what comes to ``inbox``; ``accounts``: the Matrix ids of our own accounts, whose power is told to the engine."""
        self.api = api
        self.sharing = sharing
        self.machine = sharing.machine
        self.devices = sharing.devices
        self.rooms = sharing.rooms
        self.upkeep = upkeep
        self.inbox = inbox
        self.accounts = accounts
        self.account: Account = account
        self.intake = Intake(self.machine, accounts.values())
        self.upkeep.lot = self.intake.lot
        self.gaps = Gaps(api, inbox, self._read_page)
        self.standing = Standing(self.rooms, accounts)
        #: Where the doorkeeper has a sync of its own.
        self.handover: Handover | None = None
        self.loop = Loop(account)
        self.synced = asyncio.Event()
        self._first = True
        #: Whether everything that waits for a key is to be tried, not only what the next keys are for.
        self._look = True
        self._stumbled = 0
        self._unknown = 0
        self.beside = Beside()

    async def run(self) -> None:
        """Sync until cancelled. Raises :class:`LoggedOut`, and whatever the inbox raises: then build everything anew."""
        if self.handover is not None:
            self.handover.reader_runs = True
        try:
            await self.loop.run(self.step)
        finally:
            await self.rest()

    async def step(self, hold_ms: int = 0) -> None:
        """Take one sync to its commit; raises what :class:`Api` and the inbox raise."""
        token = await self.inbox.token(self.account)
        body = await ask_for_news(self.api, _FILTER, token, hold_ms, all_state=self._first)
        try:
            await self._handle(body, token)
        except BaseException:
            # It comes again, and the keys that it brought are no news then.
            self._look = True
            raise
        self._first = False
        self.synced.set()
        self.beside.start("upkeep", lambda: self.upkeep.after(body))
        if self.upkeep.hosts:
            self.upkeep.new_devices.changed(body.changed)
            self.beside.start("devices", self.upkeep.new_devices.look)
        if await self.inbox.gaps():
            self.beside.start("gaps", self._gaps)

    async def rest(self) -> None:
        """End what runs beside the loop."""
        if self.handover is not None:
            self.handover.reader_runs = False
        await self.beside.rest()

    async def _gaps(self) -> None:
        """Walk the gaps that had to wait; a key may have come while a page of them was being read."""
        try:
            await self.gaps.go_on()
        finally:
            self._look = True

    async def settle(self) -> None:
        """Wait for what runs beside the loop; for tests."""
        await self.beside.settle()

    # ---- one sync ----------------------------------------------------------------------------------------------------

    async def _handle(self, body: Body, token: str | None) -> None:
        keys, marks = await self._room_keys(body)
        raws = {room: self._apply(room, part, token) for room, part in (body.joined | body.gone).items()}
        self.devices.changed(body.changed | body.left)
        await self._know_authors(raws.values(), body.changed & {self.machine.user_id})
        # After a start everything that waits is tried: its key may have been kept just before we were killed.
        everything, self._look = self._look, False
        released, unparked = await retry(self.inbox, self.intake, None if everything else keys)
        await self._begin_after_the_doorkeeper(body)
        # A room we have left is read up to our leaving: nobody else does.
        limited = {room: part.prev_batch for room, part in (body.joined | body.gone).items() if part.limited and part.prev_batch}
        gaps = [gap_of(room, end, token) for room, end in limited.items()] if token is not None else []
        if gaps:
            # What was missed is older than all that this sync brings.
            await self.inbox.accept(SyncBatch(await self.authored(in_order([released])), tuple(unparked)))
            released, unparked = (), ()
            for gap in gaps:
                marks += await self.gaps.fill(gap)
        batches: list[Sequence[Incoming]] = [released]
        for found in raws.values():
            taken = self.intake.read(found)
            batches.append(taken.incoming)
            marks += taken.marks
            # A large backlog must not stall everything else.
            await asyncio.sleep(0)
        self.sharing.discard(body.gone)
        incoming = await self.authored(in_order(batches))
        if self.devices.news:
            self.devices.news = False
            marks += self.devices.undecided()
        if self.upkeep.hosts:
            marks += [here(self.account, body.joined)] if self._first else []
            marks += chats.asked(body.invited, self.machine.user_id, self.upkeep.hosts)
        marks += [*unparked, *self._powers((*body.joined, *body.gone)), TokenMark(self.account, body.next_batch)]
        await self.inbox.accept(SyncBatch(incoming, tuple(marks)))
        self._committed(body.gone)
        self.upkeep.invited(body.invited)

    async def _room_keys(self, body: Body) -> tuple[set[tuple[str, str]], list[Mark]]:
        """Keep the room keys of this sync, and after an absence or before a gap is read also those that did not fit into it.

        The server forgets them when it sees the next token, so each batch is on the disk before the next is asked for; only an empty answer
        ends it, else the last of them would come a second time.
        """
        keys, marks = self.intake.to_device(body.to_device)
        last = body
        missed = self._first or any(part.limited for part in body.joined.values())
        for _round in range(MOST_ROUNDS if missed and len(body.to_device) >= TO_DEVICE_AT_ONCE else 0):
            query = {"timeout": "0", "filter": _ONLY_TO_DEVICE, "since": last.next_batch}
            raw = await self.api.ask("GET", path("sync"), query=query, most=MOST_SYNC_BYTES)
            last = parse(raw if isinstance(raw, dict) else {})
            if not last.to_device:
                break
            more, aside = self.intake.to_device(last.to_device)
            keys |= more
            marks += aside
        return keys, marks

    def _apply(self, room: str, part: RoomPart, token: str | None) -> list[Raw]:
        """Bring the room's state up to date; returns its events with what was before each."""
        new = room not in self.rooms.known
        state = self.rooms.of(room)
        # Who was there before us is news only where the room itself is: at the very first sync, or when we have just come.
        arrived = token is None or (new and not self._first) or any(_is_join_of(event, self.machine.user_id) for event in part.timeline)
        # The state block is the state before the timeline on one branch of the room's history: when two people act at once it may take back
        # what an earlier sync told (MSC4222). Who is in the room is then asked before the next key is shared.
        state.doubtful = state.doubtful or (not new and any(event.get("type") == "m.room.member" for event in part.state))
        found: list[Raw] = []
        for at, event in enumerate((*part.state, *part.timeline)):
            previous = state.members.get(str(event.get("state_key"))) if event.get("type") == "m.room.member" else None
            if at >= len(part.state) or (arrived and event.get("type") == "m.room.member"):
                found.append(Raw(room, event, previous))
            state.apply(event)
            if event.get("type") == "m.room.member" and previous == "join" and state.members.get(str(event.get("state_key"))) != "join":
                self.sharing.discard([room])
        if state.encrypted:
            self.machine.remember_encrypted(room)
        return found

    async def _read_page(self, gap: GapMark, events: Sequence[dict[str, Any]]) -> tuple[Sequence[Incoming], Sequence[Mark]]:
        """Read what was missed; raises :class:`ForeignKeys`."""
        raws = [Raw(gap.room, event) for event in events]
        if gap.room in self.rooms.known:
            self.rooms.known[gap.room].redact(events)
        await self._know_authors([raws])
        taken = self.intake.read(raws)
        return await self.authored(tuple(taken.incoming)), taken.marks

    async def _know_authors(self, batches: Collection[Sequence[Raw]], more: Collection[str] = ()) -> None:
        """Know the devices of everybody who wrote something encrypted, and of ``more``, before it is read.

        Raises :class:`ForeignKeys` where somebody published other keys for our own account, and what :class:`Api` raises: the sync comes
        again, since words that are read without it stay unproven for good. After some minutes they come all the same, as not proven.
        """
        senders = {
            sender
            for raws in batches
            for raw in raws
            if raw.event.get("type") == "m.room.encrypted" and (sender := identifier(raw.event.get("sender")))
        }
        for attempt in range(1, _QUERY_ATTEMPTS + 1):
            try:
                await self.devices.refresh(senders | set(more))
            except (ServerAway, SlowDown, Refused) as error:
                log.warning("devices.unknown", error=error, attempts=attempt)
                await asyncio.sleep(0.2 * attempt)
                if attempt == _QUERY_ATTEMPTS:
                    self._unknown += 1
                    if self._unknown <= _PATIENT:
                        raise
            else:
                self._unknown = 0
                break
        self.sharing.settle()
        if self.devices.foreign:
            raise ForeignKeys

    async def authored(self, incoming: tuple[Incoming, ...]) -> tuple[Incoming, ...]:
        """Leave out edits of other people's words; asks the server for the author of what we no longer remember.

        Raises what :class:`Api` raises, so that no edit is lost, but not for ever: one event must not stop all reading.
        """
        authors = self.intake.authors
        for one in incoming:
            if isinstance(one.content, Edited) and (one.room, one.content.target) not in authors:
                try:
                    event = await self.api.get(path("rooms", one.room, "event", one.content.target))
                except Refused:
                    continue
                except (ServerAway, SlowDown) as error:
                    self._stumbled += 1
                    if self._stumbled < _STUMBLES:
                        raise
                    log.warning("edit.dropped", error=error, attempts=self._stumbled)
                    continue
                self._stumbled = 0
                if sender := identifier(event.get("sender")):
                    authors[one.room, one.content.target] = sender
        return own_edits(incoming, authors)

    def _powers(self, rooms: Sequence[str]) -> list[Mark]:
        known = self.rooms.known
        told = [room for room in rooms if room in known and self._tells(room)]
        return [mark for room in told for mark in self.standing.marks(room, encrypted=room in self.machine.encrypted_rooms)]

    # ---- beside the doorkeeper ---------------------------------------------------------------------------------------

    def _tells(self, room: str) -> bool:
        """Tell whether it is ours to say what a room is: while we are in it, and at the end where the doorkeeper is not."""
        members = self.rooms.known[room].members
        return self.handover is None or members.get(self.machine.user_id) == "join" or members.get(self.accounts["doorkeeper"]) != "join"

    async def _begin_after_the_doorkeeper(self, body: Body) -> None:
        """Wait for what the doorkeeper read of a room before we came."""
        if self.handover is None:
            return
        doorkeeper, me = self.accounts["doorkeeper"], self.machine.user_id
        come = [room for room, part in body.joined.items() if any(_is_join_of(event, me) for event in part.timeline)]
        await self.handover.reader_has_come([room for room in come if self.rooms.known[room].members.get(doorkeeper) == "join"])

    def _committed(self, gone: Collection[str]) -> None:
        if self.handover is None:
            return
        me = self.machine.user_id
        for room in gone:
            self.standing.forget(room)
        self.handover.reader_committed([room for room, state in self.rooms.known.items() if state.members.get(me) == "join"])


def _is_join_of(event: Mapping[str, Any], user: str) -> bool:
    if event.get("type") != "m.room.member" or event.get("state_key") != user:
        return False
    content = event.get("content")
    return isinstance(content, dict) and content.get("membership") == "join"
