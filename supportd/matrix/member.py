"""A real encrypted client of an ordinary person, for tests and the demo, on the same encryption as the bot's."""

from __future__ import annotations

import asyncio
import os
import secrets
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from supportd.engine.wire import Edited, GapMark, Incoming, ParkMark, Reacted, Redacted, Said, TokenMark, UnparkMark
from supportd.matrix import ownkeys
from supportd.matrix.cipherstore import CryptoStore
from supportd.matrix.crosssign import own_device, own_keys, sign, stand_up, upload
from supportd.matrix.devices import Devices
from supportd.matrix.errors import ServerAway, SlowDown
from supportd.matrix.http import Api, path
from supportd.matrix.machine import Machine
from supportd.matrix.roomstate import Rooms
from supportd.matrix.seeds import load_or_make
from supportd.matrix.sending import Sender, event_of
from supportd.matrix.session import Session
from supportd.matrix.sharing import Sharing
from supportd.matrix.signing import public_of
from supportd.matrix.upkeep import Upkeep

if TYPE_CHECKING:
    from collections.abc import Callable, Collection
    from datetime import datetime
    from pathlib import Path

    from supportd.engine.wire import Account, SyncBatch
    from supportd.matrix.accounts import Login
    from supportd.matrix.seeds import Seeds
    from supportd.sdk.ids import RoomId


@dataclass(frozen=True, slots=True)
class Seen:
    """A message as this person saw it; ``proven``: written by a device its author vouches for."""

    room: str
    event: str
    sender: str
    text: str
    at: datetime
    proven: bool


@dataclass(slots=True)
class _Memory:
    """A person's own inbox: in memory, one commit is one assignment. Implements the port ``MatrixInbox``."""

    timeline: list[Seen] = field(default_factory=list)
    reactions: list[tuple[str, str, str, str]] = field(default_factory=list)
    redacted: set[str] = field(default_factory=set)
    waiting: dict[str, ParkMark] = field(default_factory=dict)
    open_gaps: dict[str, GapMark] = field(default_factory=dict)
    at: str | None = None

    async def token(self, account: Account) -> str | None:
        del account
        return self.at

    async def gaps(self) -> tuple[GapMark, ...]:
        return tuple(self.open_gaps.values())

    async def parked(self, sessions: Collection[tuple[RoomId, str]] | None = None) -> tuple[ParkMark, ...]:
        return tuple(mark for mark in self.waiting.values() if sessions is None or (mark.room, mark.session) in sessions)

    async def accept(self, batch: SyncBatch) -> None:
        for one in batch.incoming:
            self._see(one)
        for mark in batch.marks:
            match mark:
                case TokenMark(token=token):
                    self.at = token
                case ParkMark():
                    self.waiting[mark.event] = mark
                case UnparkMark():
                    self.waiting.pop(mark.event, None)
                case GapMark(closed=True):
                    self.open_gaps.pop(mark.id, None)
                case GapMark():
                    self.open_gaps[mark.id] = mark

    def _see(self, one: Incoming) -> None:
        match one.content:
            case Said(text=text):
                if all(seen.event != one.id for seen in self.timeline):
                    self.timeline.append(Seen(one.room, one.id, one.sender, text, one.at, one.verified))
            case Edited(target=target, text=text):
                self.timeline = [Seen(s.room, s.event, s.sender, text, s.at, s.proven) if s.event == target else s for s in self.timeline]
            case Reacted(target=target, key=key):
                self.reactions.append((one.room, target, one.sender, key))
            case Redacted(target=target):
                self.redacted.add(target)
                self.timeline = [seen for seen in self.timeline if seen.event != target]


class Member:
    """One person with one cross-signed device."""

    def __init__(self, api: Api, login: Login, store: CryptoStore, machine: Machine) -> None:
        """Use :meth:`sign_up`."""
        self.api = api
        self.login = login
        self.user_id = login.user_id
        self.store = store
        self.machine = machine
        self.memory = _Memory()
        self.rooms = Rooms()
        self.devices = Devices(api, machine)
        self.sharing = Sharing(api, machine, self.devices, self.rooms)
        self.upkeep = Upkeep(api, self.sharing, self.memory, ())
        self.session = Session(api, self.sharing, self.upkeep, self.memory, {})
        self.sender = Sender(api, machine, self.sharing, self.rooms)
        self._running = False

    @classmethod
    async def sign_up(cls, base_url: str, login: Login, folder: Path, *, cross_sign: bool = True) -> Member:
        """Make the device's keys in ``folder``, or find them there, cross-sign it and sync once.

        ``cross_sign=False`` is what a client does that knows nothing of it, so that tests can see how it fares.
        """
        api = Api(base_url, login.access_token, account="member")
        key = _key(folder)
        store = CryptoStore(login.user_id, login.device_id, folder, file_key=None, pickle_key=key)
        machine = Machine(login.user_id, login.device_id, store)
        if cross_sign:
            seeds, fresh = load_or_make(folder / "seeds", key)
            await stand_up(api, login, machine, seeds, fresh=fresh)
            store.set_pin(login.user_id, public_of(seeds.master), None)
        elif not machine.uploaded:
            await ownkeys.upload(machine, api)
        member = cls(api, login, store, machine)
        await member.sync_once()
        return member

    @property
    def timeline(self) -> list[Seen]:
        """Messages as this person sees them now: edits applied, redacted ones gone."""
        return self.memory.timeline

    @property
    def reactions(self) -> list[tuple[str, str, str, str]]:
        """Reactions: room, event, who, key."""
        return self.memory.reactions

    @property
    def redacted(self) -> set[str]:
        """Events that were taken away."""
        return self.memory.redacted

    @property
    def invites(self) -> dict[str, str]:
        """Rooms this person is invited to, and by whom."""
        return self.upkeep.invites

    @property
    def undecryptable(self) -> int:
        """How many messages wait for a key."""
        return len(self.memory.waiting)

    async def sync_once(self, seconds: float = 0.0) -> None:
        """Take what is there, waiting up to ``seconds`` for something new."""
        await self.session.step(int(seconds * 1000))
        await self.session.settle()

    async def run(self) -> None:
        """Sync until cancelled."""
        self._running = True
        try:
            await self.session.run()
        finally:
            self._running = False

    async def join(self, room: str) -> None:
        """Join a room this person is invited to."""
        await self.api.post(path("join", room), {})
        self.upkeep.invites.pop(room, None)

    async def leave(self, room: str) -> None:
        """Leave a room."""
        await self.api.post(path("rooms", room, "leave"), {})

    async def say(self, room: str, text: str, *, reply_to: str | None = None) -> str:
        """Post words, encrypted where the room is; returns the event's id."""
        content: dict[str, Any] = {"msgtype": "m.text", "body": text}
        if reply_to is not None:
            content["m.relates_to"] = {"m.in_reply_to": {"event_id": reply_to}}
        return await self._send(room, content)

    async def edit(self, room: str, event: str, text: str) -> str:
        """Put other words in the place of ``event``'s."""
        new = {"msgtype": "m.text", "body": text}
        content = {**new, "body": f"* {text}", "m.new_content": new, "m.relates_to": {"rel_type": "m.replace", "event_id": event}}
        return await self._send(room, content)

    async def react(self, room: str, event: str, key: str) -> str:
        """React to an event."""
        content = {"m.relates_to": {"rel_type": "m.annotation", "event_id": event, "key": key}}
        return event_of(await self.api.put(path("rooms", room, "send", "m.reaction", secrets.token_hex(8)), content))

    async def redact(self, room: str, event: str) -> str:
        """Take an event away."""
        return event_of(await self.api.put(path("rooms", room, "redact", event, secrets.token_hex(8)), {}))

    async def wait_for(self, predicate: Callable[[Member], object], seconds: float = 10.0) -> None:
        """Sync until ``predicate`` holds, or wait for it where :meth:`run` syncs; raises :class:`TimeoutError`."""
        async with asyncio.timeout(seconds):
            while not predicate(self):
                if self._running:
                    await asyncio.sleep(0.02)
                    continue
                try:
                    await self.sync_once(1.0)
                except (ServerAway, SlowDown):
                    await asyncio.sleep(0.2)

    async def replace_identity(self, seeds: Seeds, password: str) -> None:
        """Publish other cross-signing keys, as a person does who lost theirs."""
        self.store.set_pin(self.user_id, public_of(seeds.master), None)
        await upload(self.api, self.login, seeds, password)
        device = own_device(await own_keys(self.api, self.login), self.login)
        await sign(self.api, self.login, seeds, device or {})

    async def close(self) -> None:
        """Close the store and the connection."""
        await self.session.rest()
        self.store.close()
        await self.api.close()

    async def _send(self, room: str, content: dict[str, Any]) -> str:
        return await self.sender.words(room, secrets.token_hex(8), "m.room.message", content)


def _key(folder: Path) -> bytes:
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    file = folder / "key"
    if not file.exists():
        file.write_bytes(os.urandom(32))
        file.chmod(0o600)
    return file.read_bytes()
