"""How long everything else waits while a room key is shared with fifty devices."""

from __future__ import annotations

import asyncio
import contextlib
import os
import secrets
import shutil
import tempfile
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any, cast

from nio import AsyncClient, AsyncClientConfig, RoomSendResponse

from supportd.daemon.memory import give_back
from supportd.demo.child import synapse_python
from supportd.demo.synapse import Synapse
from supportd.engine.wire import Done, SendMessage
from supportd.matrix.cipherstore import CryptoStore
from supportd.matrix.crosssign import stand_up
from supportd.matrix.http import Api, path
from supportd.matrix.machine import Machine
from supportd.matrix.member import _Memory
from supportd.matrix.seeds import Seeds
from supportd.matrix.service import MatrixSettings, MatrixSide
from tests.bench.figures import line

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from supportd.matrix.accounts import Login
    from supportd.sdk.ids import RoomId
    from tests.bench.options import Options

DEVICES = 50
#: Times a bot with a fresh device comes for the first time; a device has one first time only.
FRESH = 4
WAKE = 0.001


class Stalls:
    """The longest delay of a task that wakes every millisecond, and how long the work took, for each piece of work."""

    def __init__(self) -> None:
        """Begin at nothing."""
        self.longest: list[float] = []
        self.took: list[float] = []

    async def during(self, work: Callable[[], Awaitable[object]]) -> None:
        """Do ``work`` and note both, milliseconds."""
        worst = 0.0

        async def wake() -> None:
            nonlocal worst
            while True:
                before = perf_counter()
                await asyncio.sleep(WAKE)
                worst = max(worst, perf_counter() - before - WAKE)

        task = asyncio.create_task(wake())
        await asyncio.sleep(0.05)
        worst, started = 0.0, perf_counter()
        await work()
        self.took.append((perf_counter() - started) * 1000)
        await asyncio.sleep(0.01)
        task.cancel()
        self.longest.append(worst * 1000)


class Side:
    """What was measured of one side."""

    def __init__(self) -> None:
        """Begin at nothing."""
        self.first, self.later = Stalls(), Stalls()


class Room:
    """An encrypted room with fifty cross-signed devices whose owners are away."""

    def __init__(self, synapse: Synapse, folder: Path) -> None:
        """Nobody is in it yet."""
        self.synapse, self.folder = synapse, folder
        self.id = ""
        self._numbers = iter(range(1000))

    async def open(self) -> None:
        """Make fifty people with one device each, and the room with them in it."""
        self.owner = await self._signed_up("ann")
        state = [{"type": "m.room.encryption", "state_key": "", "content": {"algorithm": "m.megolm.v1.aes-sha2"}}]
        self.api = Api(self.synapse.base_url, self.owner.access_token)
        made = await self.api.post(path("createRoom"), {"preset": "public_chat", "initial_state": state})
        self.id = str(made["room_id"])
        for number in range(DEVICES - 1):
            await self.join(await self._signed_up(f"member{number}"))

    async def close(self) -> None:
        """Close the connection."""
        await self.api.close()

    async def join(self, login: Login) -> None:
        """Let somebody in."""
        await self._as(login, path("join", self.id))

    async def leave(self, login: Login) -> None:
        """Let somebody go, so that the next bot again finds fifty devices."""
        await self._as(login, path("rooms", self.id, "leave"))

    async def bot(self, name: str) -> Login:
        """Make an account for a bot, without keys, in the room."""
        login = await self.synapse.register(f"{name}{next(self._numbers)}", "bench", device_id="BOT")
        await self.join(login)
        return login

    async def _as(self, login: Login, where: str) -> None:
        api = Api(self.synapse.base_url, login.access_token)
        await api.post(where, {})
        await api.close()

    async def _signed_up(self, name: str) -> Login:
        login = await self.synapse.register(name, "bench", device_id=name.upper())
        api = Api(self.synapse.base_url, login.access_token)
        store = CryptoStore(login.user_id, login.device_id, self.folder / name, file_key=None, pickle_key=os.urandom(32))
        await stand_up(api, login, Machine(login.user_id, login.device_id, store), Seeds.fresh(), fresh=True)
        store.close()
        await api.close()
        return login


async def measure(options: Options) -> None:
    """Let a fresh bot of each side come in turn, share for the first time, and again with new keys."""
    again = max(1, options.count // 10 // FRESH)
    folder = Path(tempfile.mkdtemp(prefix="supportd-bench-"))
    synapse = Synapse(folder / "synapse", synapse_python())
    ours, floor = Side(), Side()
    try:
        await synapse.start()
        room = Room(synapse, folder)
        await room.open()
        give_back()
        for _ in range(FRESH):
            await _ours(room, ours, again)
            await _floor(room, floor, again)
        await room.close()
    finally:
        await synapse.stop()
        await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)
    for name, mine, theirs in (("first time", ours.first, floor.first), ("after rotation", ours.later, floor.later)):
        text = f"longest stall of the loop, room key shared with {DEVICES} devices, {name} (floor: nio's room_send)"
        print(line(text, mine.longest, theirs.longest, aim="at most 100 ms"))
        print(line("  until the message was sent", mine.took, theirs.took))
    worst = max([*ours.first.longest, *ours.later.longest])
    print(f"  worst of all: supportd {worst:.0f} ms, floor {max([*floor.first.longest, *floor.later.longest]):.0f} ms")


async def _ours(room: Room, side: Side, again: int) -> None:
    login = await room.bot("ours")
    async with _matrix(room, login) as matrix:
        sharing = matrix.session.sharing

        async def send() -> None:
            job = SendMessage(room=cast("RoomId", room.id), transaction=secrets.token_hex(8), text="good evening")
            outcome = await matrix.homeserver.perform("reader", job)
            if not isinstance(outcome, Done):
                raise TypeError(outcome)

        await side.first.during(send)
        _all_have_it(len(sharing.machine.olm.outbound_group_sessions[room.id].users_shared_with))
        for _ in range(again):
            sharing.discard([room.id])
            await side.later.during(send)
            _all_have_it(len(sharing.machine.olm.outbound_group_sessions[room.id].users_shared_with))
    await room.leave(login)


@contextlib.asynccontextmanager
async def _matrix(room: Room, login: Login) -> AsyncIterator[MatrixSide]:
    """Yield the whole Matrix side, syncing, with its encrypted key store; its inbox is in memory."""
    keys = os.urandom(32)
    settings = MatrixSettings(
        base_url=room.synapse.base_url,
        server_name=room.synapse.server_name,
        creator=login,
        doorkeeper=login,
        reader=login,
        folder=room.folder / login.user_id.strip("@").partition(":")[0],
        file_key=keys,
        pickle_key=keys,
        seeds_key=keys,
    )
    side = MatrixSide(settings, _Memory())
    await side.open()
    task = asyncio.create_task(side.run())
    try:
        await side.session.synced.wait()
        await asyncio.sleep(0.5)
        yield side
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
        await side.close()


async def _floor(room: Room, side: Side, again: int) -> None:
    login = await room.bot("bare")
    folder = room.folder / login.user_id.strip("@").partition(":")[0]
    folder.mkdir()
    config = AsyncClientConfig(store_sync_tokens=False, pickle_key="k" * 32)
    client: Any = AsyncClient(room.synapse.base_url, login.user_id, device_id=login.device_id, store_path=str(folder), config=config)
    client.restore_login(login.user_id, login.device_id, login.access_token)
    await client.sync(full_state=True)
    await client.keys_upload()

    async def send() -> None:
        # Whose devices these are is asked within the first message on both sides.
        if client.should_query_keys:
            await client.keys_query()
        content = {"msgtype": "m.notice", "body": "good evening"}
        sent = await client.room_send(room.id, "m.room.message", content, ignore_unverified_devices=True)
        if not isinstance(sent, RoomSendResponse):
            raise TypeError(sent)

    try:
        await side.first.during(send)
        _all_have_it(len(client.olm.outbound_group_sessions[room.id].users_shared_with))
        for _ in range(again):
            client.invalidate_outbound_session(room.id)
            await side.later.during(send)
            _all_have_it(len(client.olm.outbound_group_sessions[room.id].users_shared_with))
    finally:
        await client.close()
    await room.leave(login)


def _all_have_it(count: int) -> None:
    """Check that the key went to all: a figure of less work would be worth nothing."""
    if count < DEVICES:
        raise RuntimeError(f"the key went to {count} devices instead of {DEVICES}")
