"""``make bench``: speed as ratios beside a bare floor in the same run. Nothing here is asserted."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import platform
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING

from supportd import logs
from supportd.config import load
from supportd.daemon.compose import open_own_store
from supportd.daemon.secrets import Secrets
from supportd.demo.child import supportd, synapse_python
from supportd.demo.synapse import Synapse
from supportd.host.installed import InstalledPlugins
from supportd.matrix.crosssign import own_device, own_keys, sign, upload
from supportd.matrix.http import Api, path
from supportd.matrix.member import Member
from supportd.matrix.seeds import Seeds
from supportd.sdk.facts import GroupStyle
from supportd.sdk.ids import GroupId
from supportd.store.sealing import HostKey
from tests.bench.figures import line
from tests.bench.proxy import Proxy

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from supportd.engine.unit import UnitOfWork
    from supportd.matrix.accounts import Login

ROOT = Path(__file__).resolve().parents[2]
PASSWORD = "bench"
STARTS = 5
GROUPS = 5


class Bench:
    """One homeserver, one installation, one member, one bare bot."""

    def __init__(self, folder: Path, count: int) -> None:
        """Measure ``count`` answers of each."""
        self.folder, self.count = folder, count
        self.home = folder / "supportd"
        self.synapse = Synapse(folder / "synapse", synapse_python())
        self.proxy = Proxy(self.synapse.base_url)
        self.children: list[subprocess.Popen[bytes]] = []

    async def run(self) -> None:
        """Measure everything, and take everything down."""
        print(f"bench: {datetime.now(UTC):%Y-%m-%d %H:%M} UTC, {os.cpu_count()} cores, {platform.machine()}, load {os.getloadavg()[0]:.1f}")
        await self.synapse.start()
        await self.proxy.open()
        try:
            await self._set_up()
            await self._starts()
            await self._answers()
            await self._memory()
        finally:
            for child in self.children:
                self._end(child)
            await self.proxy.close()
            await self.synapse.stop()

    async def _set_up(self) -> None:
        secret = self.folder / "secret"
        secret.write_text(self.synapse.registration_secret)
        self.login = await self.synapse.register("ann", PASSWORD, device_id="ANN")
        await self._say(
            *("init", "--homeserver", self.proxy.url, "--server-name", self.synapse.server_name, "--group", "bench"),
            *("--group-name", "Bench", "--admin", self.login.user_id, "--admin-name", "Ann", "--registration-secret-file", str(secret)),
            *("--port", "0", "--language", "en", "--zone", "UTC"),
        )
        self.ann = await Member.sign_up(self.synapse.base_url, self.login, self.folder / "ann")

    async def _starts(self) -> None:
        ours, floor = [], []
        for _ in range(STARTS):
            async with self._daemon() as seconds:
                ours.append(seconds * 1000)
            floor.append(await asyncio.to_thread(_imports))
        print(line("start to ready (floor: Python importing nio, aiohttp, sqlalchemy, pydantic)", ours, floor))

    async def _answers(self) -> None:
        async with self._daemon():
            await self._say("plugins", "on", "confidential_rooms")
            await self._say("plugins", "on", "echo")
            room = await self._circle()
            bare_room, bare = await self._bare_bot()
            ours: list[float] = []
            floor: list[float] = []
            for where, into in [(room, []), (bare_room, [])] + [(room, ours), (bare_room, floor)] * 4:
                self.proxy.clear()
                for number in range(10 if into is not ours and into is not floor else self.count // 4):
                    await self._ping(where, f"ping {perf_counter()} {number}")
                into += [gap * 1000 for gap in self.proxy.gaps]
            print(line("message in /sync to answer leaving (floor: bare nio client)", ours, floor))
            print(f"memory after {self.count} answers: supportd {_rss(self.daemon)} MiB, bare nio client {_rss(bare)} MiB")
            self._end(bare)

    async def _memory(self) -> None:
        config, secrets = load(self.home), Secrets(HostKey.load(self.home / "host-key"))
        now = datetime.now(UTC)

        def add(uow: UnitOfWork) -> None:
            for number in range(1, GROUPS):
                uow.groups.add(GroupId(f"bench{number}"), GroupStyle(name=f"Bench {number}"), now)

        store = await open_own_store(config, secrets, InstalledPlugins.discover())
        await store.transact(add)
        await store.close()
        async with self._daemon(echo=False):
            for name in ["bench", *(f"bench{number}" for number in range(1, GROUPS))]:
                await self._say("people", "add", "Ann", self.login.user_id, "key_member", "--group", name)
                await self._say("plugins", "on", "confidential_rooms", "--group", name)
                await self._say("plugins", "on", "welcome", "--group", name)
            await asyncio.sleep(5)
            print(f"memory idle with {GROUPS} groups and two plugins: supportd {_rss(self.daemon)} MiB (aim 90)")

    async def _ping(self, room: str, text: str) -> None:
        await self.ann.say(room, text)
        await self.ann.wait_for(lambda ann: any(seen.text == f"echo {text}" for seen in ann.timeline[-5:]), 30)

    async def _circle(self) -> str:
        await self.ann.wait_for(lambda ann: len(ann.invites) >= 2, 30)
        rooms = list(self.ann.invites)
        for room in rooms:
            await self.ann.join(room)
        await self.ann.sync_once(1.0)
        api = Api(self.synapse.base_url, self.login.access_token)
        found = [
            room for room in rooms if any(e["type"] == "m.room.encryption" for e in await api.ask("GET", path("rooms", room, "state")))
        ]
        await api.close()
        return found[0]

    async def _bare_bot(self) -> tuple[str, subprocess.Popen[bytes]]:
        login = await self.synapse.register("bare", PASSWORD, device_id="BARE")
        folder = self.folder / "bare"
        folder.mkdir()
        child = _spawn(
            ["tests.bench.bare", self.proxy.url, login.user_id, login.device_id, login.access_token, str(folder)], stdout=subprocess.PIPE
        )
        self.children.append(child)
        assert child.stdout is not None
        await asyncio.to_thread(child.stdout.readline)
        await self._vouch(login)
        return await self._room_with(login.user_id), child

    async def _vouch(self, login: Login) -> None:
        """Sign the bare bot's device, which nio cannot do; without it nobody would give it keys."""
        api, seeds = Api(self.synapse.base_url, login.access_token), Seeds.fresh()
        await upload(api, login, seeds, PASSWORD)
        device = own_device(await own_keys(api, login), login)
        assert device is not None
        await sign(api, login, seeds, device)
        await api.close()

    async def _room_with(self, user: str) -> str:
        api = Api(self.synapse.base_url, self.login.access_token)
        state = [{"type": "m.room.encryption", "state_key": "", "content": {"algorithm": "m.megolm.v1.aes-sha2"}}]
        room = str((await api.post(path("createRoom"), {"preset": "private_chat", "invite": [user], "initial_state": state}))["room_id"])
        for _ in range(100):
            if user in (await api.get(path("rooms", room, "joined_members")))["joined"]:
                break
            await asyncio.sleep(0.1)
        await api.close()
        await self.ann.sync_once(1.0)
        return room

    async def _say(self, *words: str) -> None:
        status, output = await supportd(*words, "--folder", str(self.home), "--json")
        if status != 0:
            raise RuntimeError(output)

    @contextlib.asynccontextmanager
    async def _daemon(self, *, echo: bool = True) -> AsyncIterator[float]:
        address = str(self.folder / "notify")
        Path(address).unlink(missing_ok=True)
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as heard:
            heard.bind(address)
            heard.settimeout(0)
            words = ["tests.bench.echo", str(self.home)] if echo else ["supportd", "run", "--folder", str(self.home)]
            started = perf_counter()
            self.daemon = _spawn(words, notify=address)
            self.children.append(self.daemon)
            await asyncio.wait_for(asyncio.get_running_loop().sock_recv(heard, 4096), 60)
        try:
            yield perf_counter() - started
        finally:
            self._end(self.daemon)

    @staticmethod
    def _end(child: subprocess.Popen[bytes]) -> None:
        if child.poll() is None:
            child.send_signal(signal.SIGTERM)
            try:
                child.wait(10)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()


def _imports() -> float:
    """Return how many milliseconds Python needs to load the large libraries."""
    started = perf_counter()
    subprocess.run([sys.executable, "-c", "import nio, aiohttp, sqlalchemy, pydantic"], check=True)
    return (perf_counter() - started) * 1000


def _spawn(words: list[str], *, stdout: int | None = None, notify: str = "") -> subprocess.Popen[bytes]:
    environment = {**os.environ, "NOTIFY_SOCKET": notify}
    return subprocess.Popen([sys.executable, "-m", *words], cwd=ROOT, stdout=stdout, stderr=subprocess.DEVNULL, env=environment)


def _rss(child: subprocess.Popen[bytes]) -> int:
    status = Path(f"/proc/{child.pid}/status").read_text()
    kib = next(int(one.split()[1]) for one in status.splitlines() if one.startswith("VmRSS"))
    return round(kib / 1024)


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--count", type=int, default=200, help="answers of each side, in four blocks in turn")
    chosen = parser.parse_args()
    logs.silence()
    folder = Path(tempfile.mkdtemp(prefix="supportd-bench-"))
    try:
        asyncio.run(Bench(folder, chosen.count).run())
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
