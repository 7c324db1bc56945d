"""Our own sync loop: nothing is acknowledged before it is committed (``matrix.md`` 1.3)."""

from __future__ import annotations

import asyncio
import json
import random
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from supportd.engine.wire import Edited, SyncBatch, TokenMark
from supportd.logs import get_logger
from supportd.matrix.body import Body, RoomPart, parse
from supportd.matrix.errors import ForeignKeys, LoggedOut, MatrixError, NeedsPassword, Refused, ServerAway, SlowDown
from supportd.matrix.gaps import Gaps, gap_of
from supportd.matrix.http import MOST_SYNC_BYTES, PATIENCE, path
from supportd.matrix.intake import Intake, Raw, in_order, own_edits
from supportd.matrix.parked import retry
from supportd.matrix.shapes import identifier

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence

    from supportd.engine.ports import MatrixInbox
    from supportd.engine.wire import Account, Incoming, Mark, PowerMark
    from supportd.matrix.http import Api
    from supportd.matrix.sharing import Sharing
    from supportd.matrix.upkeep import Upkeep

log = get_logger(__name__)

#: Milliseconds the server may hold a sync open; events of a room in one sync (Synapse's cap).
HOLD_MS: Final = 30_000
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
#: Seconds between attempts while the server is away: doubled from the first to the last, with jitter.
FIRST_WAIT: Final = 1.0
LAST_WAIT: Final = 60.0
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
        self.failures = 0
        self.synced = asyncio.Event()
        self._first = True
        #: Whether everything that waits for a key is to be tried, not only what the next keys are for.
        self._look = True
        self._stumbled = 0
        self._unknown = 0
        self._power: dict[str, PowerMark] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}

    async def run(self) -> None:
        """Sync until cancelled. Raises :class:`LoggedOut`, and whatever the inbox raises: then build everything anew."""
        try:
            while True:
                try:
                    await self.step(HOLD_MS)
                except LoggedOut:
                    log.error("sync.stopped", account=self.account, reason="logged_out")  # noqa: TRY400 - nothing to trace
                    raise
                except SlowDown as asked:
                    await asyncio.sleep(asked.seconds)
                except (ServerAway, Refused, NeedsPassword) as error:
                    await self._back_off(error)
        finally:
            await self.rest()

    async def step(self, hold_ms: int = 0) -> None:
        """Take one sync to its commit; raises what :class:`Api` and the inbox raise."""
        token = await self.inbox.token(self.account)
        query = {"timeout": str(0 if self._first else hold_ms), "filter": _FILTER}
        if token is not None:
            query["since"] = token
        if self._first:
            query["full_state"] = "true"
        raw = await self.api.ask("GET", path("sync"), query=query, seconds=PATIENCE + hold_ms / 1000, most=MOST_SYNC_BYTES)
        body = parse(raw if isinstance(raw, dict) else {})
        try:
            await self._handle(body, token)
        except BaseException:
            # It comes again, and the keys that it brought are no news then.
            self._look = True
            raise
        self._first = False
        self.failures = 0
        self.synced.set()
        self._beside("upkeep", lambda: self.upkeep.after(body))
        if await self.inbox.gaps():
            self._beside("gaps", self._gaps)

    async def rest(self) -> None:
        """End what runs beside the loop."""
        tasks = tuple(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._tasks.clear()

    async def _gaps(self) -> None:
        """Walk the gaps that had to wait; a key may have come while a page of them was being read."""
        try:
            await self.gaps.go_on()
        finally:
            self._look = True

    async def settle(self) -> None:
        """Wait for what runs beside the loop; for tests."""
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)

    # ---- one sync ----------------------------------------------------------------------------------------------------

    async def _handle(self, body: Body, token: str | None) -> None:
        keys, marks = await self._room_keys(body)
        raws = {room: self._apply(room, part, token) for room, part in (body.joined | body.gone).items()}
        self.devices.changed(body.changed | body.left)
        await self._know_authors(raws.values(), body.changed & {self.machine.user_id})
        # After a start everything that waits is tried: its key may have been kept just before we were killed.
        everything, self._look = self._look, False
        released, unparked = await retry(self.inbox, self.intake, None if everything else keys)
        limited = {room: part.prev_batch for room, part in body.joined.items() if part.limited and part.prev_batch}
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
        marks += [*unparked, *self._powers((*body.joined, *body.gone)), TokenMark(self.account, body.next_batch)]
        await self.inbox.accept(SyncBatch(incoming, tuple(marks)))
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
            if "state_key" in event:
                state.apply(event)
                if event.get("type") == "m.room.member" and previous == "join" and state.members.get(str(event["state_key"])) != "join":
                    self.sharing.discard([room])
        if state.encrypted:
            self.machine.remember_encrypted(room)
        return found

    async def _read_page(self, room: str, events: Sequence[dict[str, Any]]) -> tuple[Sequence[Incoming], Sequence[Mark]]:
        """Read what was missed; raises :class:`ForeignKeys`."""
        raws = [Raw(room, event) for event in events]
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
        marks: list[Mark] = []
        for room in rooms:
            if room not in self.rooms.known:
                continue
            mark = self.rooms.known[room].mark(self.accounts)
            mark = replace(mark, encrypted=mark.encrypted or room in self.machine.encrypted_rooms)
            if self._power.get(room) != mark:
                self._power[room] = mark
                marks.append(mark)
        return marks

    # ---- beside the loop ---------------------------------------------------------------------------------------------

    def _beside(self, name: str, work: Callable[[], Awaitable[None]]) -> None:
        running = self._tasks.get(name)
        if running is None or running.done():
            self._tasks[name] = asyncio.create_task(_guarded(name, work))

    async def _back_off(self, error: MatrixError) -> None:
        self.failures += 1
        wait = min(FIRST_WAIT * 2 ** (self.failures - 1), LAST_WAIT)
        log.warning("sync.failed", account=self.account, error=error, attempts=self.failures)
        # Jitter, so that not everybody comes back in the same moment.
        await asyncio.sleep(wait * random.uniform(0.75, 1.25))  # noqa: S311 - no secret


async def _guarded(name: str, work: Callable[[], Awaitable[None]]) -> None:
    try:
        await work()
    except MatrixError as error:
        # It comes again with the next sync.
        log.warning("beside.failed", kind=name, error=error)


def _is_join_of(event: Mapping[str, Any], user: str) -> bool:
    if event.get("type") != "m.room.member" or event.get("state_key") != user:
        return False
    content = event.get("content")
    return isinstance(content, dict) and content.get("membership") == "join"
