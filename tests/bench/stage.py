"""What a measurement stands on: a homeserver, an installation with one group, and Ann, its admin; all of it ends with the measurement."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import tempfile
import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from supportd.config import load
from supportd.daemon.compose import open_own_store
from supportd.daemon.control import Request, ask
from supportd.daemon.secrets import Secrets
from supportd.demo.child import supportd, synapse_python
from supportd.demo.synapse import Synapse
from supportd.host.installed import InstalledPlugins
from supportd.matrix.crosssign import own_device, own_keys, sign, upload
from supportd.matrix.generation import COUNT
from supportd.matrix.http import Api, path
from supportd.matrix.member import Member
from supportd.matrix.seeds import Seeds
from supportd.store.sealing import HostKey
from tests.bench.processes import Child, started

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping

    from supportd.matrix.accounts import Login
    from supportd.store.open import SqlStore

PASSWORD = "bench"
GROUP = "bench"


def reader_of(home: Path) -> dict[str, str]:
    """Return the reader's sign-in as the installation in ``home`` keeps it."""
    return Secrets(HostKey.load(home / "host-key")).read_logins(load(home).logins)["reader"]


class Front(Protocol):
    """Stands between the bots and the homeserver."""

    url: str

    async def open(self) -> None:
        """Listen."""

    async def close(self) -> None:
        """Stop listening."""


class Stage:
    """Use :func:`stage`."""

    def __init__(self, folder: Path) -> None:
        """Keep everything in ``folder``."""
        self.folder = folder
        self.home = folder / "supportd"
        self.synapse = Synapse(folder / "synapse", synapse_python())
        #: What bots are told is the homeserver.
        self.url = self.synapse.base_url
        self.children: list[Child] = []
        self.members: list[Member] = []

    # ---- the installation --------------------------------------------------------------------------------------------

    async def install(self) -> None:
        """Register Ann and set the installation up."""
        secret = self.folder / "secret"
        secret.write_text(self.synapse.registration_secret)
        self.login = await self.synapse.register("ann", PASSWORD, device_id="ANN")
        status, output = await supportd(
            *("init", "--homeserver", self.url, "--server-name", self.synapse.server_name, "--group", GROUP),
            *("--group-name", "Bench", "--admin", self.login.user_id, "--admin-name", "Ann", "--registration-secret-file", str(secret)),
            *("--port", "0", "--language", "en", "--zone", "UTC", "--folder", str(self.home), "--json"),
        )
        if status != 0:
            raise RuntimeError(output)
        self.ann = await self.member(self.login)

    @contextlib.asynccontextmanager
    async def daemon(self, *, measured: bool = True, home: Path | None = None, goal: int = 0) -> AsyncIterator[Child]:
        """Run the daemon; ``measured``: with the plugins of the measurements, which count to ``goal``, else as it is installed."""
        folder = home or self.home
        words = ["tests.bench.host", str(folder), str(goal)] if measured else ["supportd", "run", "--folder", str(folder)]
        child = await started(words, self.folder / "daemon.log", self.folder / "notify")
        self.children.append(child)
        try:
            yield child
        finally:
            await child.end()

    async def say(self, *words: str, group: str = GROUP) -> Mapping[str, Any]:
        """Give the running daemon a command; returns what it answers as data."""
        request = Request(id=uuid.uuid4().hex, group=group, words=words)
        answer = await asyncio.to_thread(ask, load(self.home).socket, request)
        if answer.status != 0:
            raise RuntimeError(answer.text)
        return answer.data

    async def count_anew(self, home: Path) -> None:
        """Let the homeserver forget how often the keys in ``home`` were opened: it is a copy, which would rightly be refused."""
        login = reader_of(home)
        api = Api(self.synapse.base_url, login["access_token"])
        try:
            await api.put(path("user", login["user_id"], "account_data", f"{COUNT}.{login['device_id']}"), {"count": 0})
        finally:
            await api.close()

    @contextlib.asynccontextmanager
    async def store(self, home: Path | None = None) -> AsyncIterator[SqlStore]:
        """Open the daemon's store while the daemon does not run."""
        folder = home or self.home
        store = await open_own_store(load(folder), Secrets(HostKey.load(folder / "host-key")), InstalledPlugins.discover())
        try:
            yield store
        finally:
            await store.close()

    async def rooms(self, plugin: str, count: int) -> list[str]:
        """Turn a plugin on that makes ``count`` rooms, and let Ann in."""
        known = set(self.ann.invites)
        await self.say("plugins", "on", plugin)
        await self.ann.wait_for(lambda ann: len(set(ann.invites) - known) >= count, 30)
        found = sorted(set(self.ann.invites) - known)
        for room in found:
            await self.ann.join(room)
        await self.ann.wait_for(lambda ann: all(ann.user_id in ann.rooms.of(room).joined for room in found), 30)
        return found

    async def circle(self) -> str:
        """Turn the rooms of a group on and return the encrypted one, with Ann in it."""
        found = await self.rooms("confidential_rooms", 2)
        return next(room for room in found if self.ann.rooms.of(room).encrypted)

    # ---- people ------------------------------------------------------------------------------------------------------

    async def member(self, login: Login, base_url: str = "") -> Member:
        """Sign somebody up, cross-signed; ``base_url``: what their client talks to."""
        member = await Member.sign_up(base_url or self.synapse.base_url, login, self.folder / f"member-{login.device_id}")
        self.members.append(member)
        return member

    async def bare(self, mode: str, *, limit: int = 0, login: Login | None = None, store: Path | None = None) -> tuple[Login, Child]:
        """Start the bare client, with an account of its own unless ``login`` and ``store`` are those of an earlier one."""
        made = login or await self.synapse.register("bare", PASSWORD, device_id="BARE")
        folder = store or self.folder / "bare"
        folder.mkdir(exist_ok=True)
        words = ["tests.bench.bare", self.url, made.user_id, made.device_id, made.access_token, str(folder), mode, str(limit)]
        child = Child(words, self.folder / "bare.log")
        self.children.append(child)
        await child.line()
        if login is None:
            await self._vouch(made)
        return made, child

    async def helper(self, room: str, user: str) -> None:
        """Enter ``user`` as a key member and wait until they are in and may hide: power that nobody declared would be taken back."""
        await self.say("people", "add", "Bare", user, "key_member")
        await self._until_in(room, user)
        where = path("rooms", room, "state", "m.room.power_levels", "")
        for _ in range(300):
            if user in (await self.ann.api.get(where))["users"]:
                return
            await asyncio.sleep(0.1)
        raise RuntimeError("The bare client got no power in the room.")

    async def invite(self, room: str, user: str) -> None:
        """Let Ann invite ``user`` and wait until they are in."""
        await self.ann.api.post(path("rooms", room, "invite"), {"user_id": user})
        await self._until_in(room, user)

    async def _until_in(self, room: str, user: str) -> None:
        for _ in range(300):
            if user in (await self.ann.api.get(path("rooms", room, "joined_members")))["joined"]:
                break
            await asyncio.sleep(0.1)
        await self.ann.wait_for(lambda ann: user in ann.rooms.of(room).joined, 30)

    async def _vouch(self, login: Login) -> None:
        """Sign the bare client's device, which nio cannot do; without it nobody would give it keys."""
        api, seeds = Api(self.synapse.base_url, login.access_token), Seeds.fresh()
        await upload(api, login, seeds, PASSWORD)
        device = own_device(await own_keys(api, login), login)
        assert device is not None
        await sign(api, login, seeds, device)
        await api.close()

    async def close(self) -> None:
        """End everything."""
        for child in self.children:
            await child.end()
        for member in self.members:
            await member.close()


@contextlib.asynccontextmanager
async def stage(front: Callable[[str], Front] | None = None, *, prepare: Callable[[Synapse], None] | None = None) -> AsyncIterator[Stage]:
    """Yield a stage of the measurement's own.

    ``front``: what stands between the bots and the homeserver, made from its address; ``prepare``: changes the homeserver's settings.
    """
    folder = Path(tempfile.mkdtemp(prefix="supportd-bench-"))
    place = Stage(folder)
    if prepare is not None:
        prepare(place.synapse)
    before: Front | None = None
    try:
        await place.synapse.start()
        if front is not None:
            before = front(place.synapse.base_url)
            await before.open()
            place.url = before.url
        await place.install()
        yield place
    finally:
        await place.close()
        if before is not None:
            await before.close()
        await place.synapse.stop()
        await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)
