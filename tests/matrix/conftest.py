"""A group's accounts on the shared Synapse, an inbox in memory, and people."""

from __future__ import annotations

import asyncio
import itertools
import os
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest_asyncio

from supportd.engine import wire
from supportd.matrix.accounts import Login, log_in
from supportd.matrix.member import Member
from supportd.matrix.service import MatrixSettings, MatrixSide
from supportd.sdk.ids import RoomId, UserId
from supportd.sdk.rooms import RoomSpec

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Collection, Iterable
    from pathlib import Path

    from supportd.demo.synapse import Synapse

_numbers = itertools.count(1)


class Killed(BaseException):
    """Stands for SIGKILL at a boundary of the network."""


class MemoryInbox:
    """A fake: everything committed lies in memory, ``fail`` makes the next commits raise. Implements ``MatrixInbox``."""

    def __init__(self) -> None:
        """Start empty."""
        self.tokens: dict[str, str] = {}
        self.incoming: dict[str, wire.Incoming] = {}
        self.waiting: dict[str, wire.ParkMark] = {}
        self.open_gaps: dict[str, wire.GapMark] = {}
        self.power: dict[str, wire.PowerMark] = {}
        self.seen: dict[str, wire.RoomMark] = {}
        self.echoes: dict[str, str] = {}
        self.asides: list[wire.AsideMark] = []
        self.batches: list[wire.SyncBatch] = []
        self.fail = 0

    async def token(self, account: wire.Account) -> str | None:
        """Return the committed token."""
        return self.tokens.get(account)

    async def gaps(self) -> tuple[wire.GapMark, ...]:
        """Return the open gaps."""
        return tuple(self.open_gaps.values())

    async def parked(self, sessions: Collection[tuple[RoomId, str]] | None = None) -> tuple[wire.ParkMark, ...]:
        """Return what waits."""
        return tuple(mark for mark in self.waiting.values() if sessions is None or (mark.room, mark.session) in sessions)

    async def accept(self, batch: wire.SyncBatch) -> None:
        """Commit."""
        if self.fail > 0:
            self.fail -= 1
            raise RuntimeError("the database went away")
        self.batches.append(batch)
        for one in batch.incoming:
            self.incoming.setdefault(one.id, one)
        for mark in batch.marks:
            self._keep(mark)

    def _keep(self, mark: wire.Mark) -> None:
        match mark:
            case wire.TokenMark():
                self.tokens[mark.account] = mark.token
            case wire.ParkMark():
                self.waiting[mark.event] = mark
            case wire.UnparkMark():
                self.waiting.pop(mark.event, None)
            case wire.GapMark(closed=True):
                self.open_gaps.pop(mark.id, None)
            case wire.GapMark():
                self.open_gaps[mark.id] = mark
            case wire.PowerMark():
                self.power[mark.room] = mark
            case wire.RoomMark():
                self.seen[mark.room] = mark
            case wire.EchoMark():
                self.echoes[mark.transaction] = mark.event
            case wire.AsideMark():
                self.asides.append(mark)

    def texts(self, room: str) -> list[str]:
        """Return what was said in ``room``, in the order of commit."""
        return [one.content.text for one in self.incoming.values() if one.room == room and isinstance(one.content, wire.Said)]


@dataclass
class Group:
    """Our three accounts, and what tests do with them."""

    synapse: Synapse
    folder: Path
    logins: dict[str, Login]
    inbox: MemoryInbox = field(default_factory=MemoryInbox)
    keys: tuple[bytes, bytes, bytes] = field(default_factory=lambda: (os.urandom(32), os.urandom(32), os.urandom(32)))
    sides: list[MatrixSide] = field(default_factory=list)
    people: list[Member] = field(default_factory=list)
    running: list[asyncio.Task[None]] = field(default_factory=list)

    def side(self, **changes: Any) -> MatrixSide:
        """Return a new Matrix side on the same folder and accounts, not yet opened."""
        given: dict[str, Any] = {
            "base_url": self.synapse.base_url,
            "server_name": self.synapse.server_name,
            **self.logins,
            "folder": self.folder / "crypto",
            "file_key": self.keys[0],
            "pickle_key": self.keys[1],
            "seeds_key": self.keys[2],
        }
        side = MatrixSide(MatrixSettings(**(given | changes)), self.inbox)
        self.sides.append(side)
        return side

    async def opened(self, **changes: Any) -> MatrixSide:
        """Return an opened Matrix side that has synced once."""
        side = self.side(**changes)
        await side.open()
        await side.session.step()
        await side.session.settle()
        return side

    async def person(self, name: str = "ann", **options: Any) -> Member:
        """Return a new person with a device of their own."""
        name = f"{name}{next(_numbers)}"
        member = await Member.sign_up(self.synapse.base_url, await self.synapse.register(name, "pw"), self.folder / name, **options)
        self.people.append(member)
        return member

    async def ghost(self, name: str) -> Member:
        """Return a second, unsigned device in the account ``name``, as a server's admin could make one."""
        login = await log_in(self.synapse.base_url, name, "pw", "GHOST")
        member = await Member.sign_up(self.synapse.base_url, login, self.folder / f"ghost-{name}", cross_sign=False)
        self.people.append(member)
        return member

    async def room(self, side: MatrixSide, *people: Member, spec: RoomSpec | None = None) -> RoomId:
        """Return a new room that ``people`` have joined, known to everybody."""
        invite = tuple(UserId(one.user_id) for one in people)
        made = await side.homeserver.perform("creator", wire.MakeRoom(f"marker{next(_numbers)}", spec or RoomSpec("Tuesday"), invite))
        assert isinstance(made, wire.Done), made
        assert made.room is not None
        for one in people:
            await one.join(made.room)
        for one in people:
            await one.sync_once()
        await side.session.step()
        return made.room


async def until(side: MatrixSide, predicate: Callable[[], object], seconds: float = 15.0) -> None:
    """Sync ``side`` until ``predicate`` holds."""
    async with asyncio.timeout(seconds):
        while not predicate():
            await side.session.step(1000)
            await side.session.settle()


async def devices_change(side: MatrixSide, member: Member) -> None:
    """Sync ``side`` until it has heard that the devices of ``member`` are others now, and has looked at them or will."""
    devices = side.opened.devices
    known, changed = not devices.outdated(member.user_id), devices.changed

    def note(users: Iterable[str]) -> None:
        nonlocal known
        told = set(users)
        known = known and member.user_id not in told
        changed(told)

    devices.changed = note  # type: ignore[method-assign]
    try:
        await until(side, lambda: not known)
    finally:
        devices.changed = changed  # type: ignore[method-assign]


@pytest_asyncio.fixture
async def group(synapse: Synapse, tmp_path: Path) -> AsyncIterator[Group]:
    """Yield three fresh accounts."""
    number = next(_numbers)
    logins = {name: await synapse.register(f"{name}{number}", "pw") for name in ("creator", "doorkeeper", "reader")}
    one = Group(synapse, tmp_path, logins)
    yield one
    for task in one.running:
        task.cancel()
        with suppress(asyncio.CancelledError, Exception):
            await task
    for side in one.sides:
        await side.close()
    for person in one.people:
        await person.close()
