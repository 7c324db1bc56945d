"""A running installation with key members and a member, each with a device of their own."""

from __future__ import annotations

import asyncio
import json
import secrets
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING, Any

import pytest
import pytest_asyncio

from supportd.matrix.errors import Refused, ServerAway, SlowDown
from supportd.matrix.http import path
from supportd.matrix.member import Member
from tests.acceptance.test_operator import Installation

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Generator
    from pathlib import Path

    from supportd.demo.synapse import Synapse

#: Seconds within which a drift has to be set back: the promise of the product.
PROMISED = 10.0
#: Seconds in which a group settles in, also where other things keep the machine busy.
PATIENCE = 60.0
#: How much of the end of the daemon's log stands beside a failure.
TAIL = 16_000
#: The log of the daemon that was started last: one runs at a time.
_logs: list[Path] = []


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Show the end of the daemon's log beside a failure: what the people in the test saw says little of why."""
    report = yield
    if report.failed and _logs and _logs[-1].exists():
        report.sections.append((f"the end of the daemon's log ({report.when})", tail(_logs[-1])))
    return report


def tail(log: Path, length: int = TAIL) -> str:
    """Return the last whole lines of a log, at most so many bytes of it."""
    with log.open("rb") as read:
        size = read.seek(0, 2)
        read.seek(max(0, size - length))
        found = read.read().decode(errors="replace")
    return found if size <= length else found.partition("\n")[2]


class Circle:
    """A group whose rooms are made: Jo (admin, key member, owner), Sam (key member, owner), Mei (key member) and Tom."""

    def __init__(self, place: Installation, folder: Path, synapse: Synapse) -> None:
        """Take the installation, and the homeserver as people reach it."""
        self.place, self.folder, self.synapse = place, folder, synapse
        self.people: dict[str, Member] = {}
        self._listening: list[asyncio.Task[None]] = []
        self._everybody: list[Member] = []

    async def enter(self, name: str, *roles: str) -> Member:
        """Give somebody an account and a device, and enter them in the people."""
        member = await self.stranger(name)
        await self.place.data("people", "add", name, member.user_id, *roles)
        self.people[name] = member
        return member

    async def stranger(self, name: str) -> Member:
        """Return somebody with an account on the server, who accepts every invitation."""
        login = await self.synapse.register(f"{name.lower()}-{self.place.number}-{secrets.token_hex(3)}", "pw")
        return await self.listening(await Member.sign_up(self.synapse.base_url, login, self.folder / f"{name}-{secrets.token_hex(3)}"))

    async def listening(self, member: Member) -> Member:
        """Let somebody sync, and accept invitations, until the end."""
        self._listening.append(asyncio.create_task(_live(member)))
        self._everybody.append(member)
        return member

    async def rooms(self) -> dict[str, dict[str, Any]]:
        """Return what ``rooms list`` says."""
        found = await self.place.data("rooms", "list")
        return {row["room"]: row for row in found["rooms"]}  # type: ignore[attr-defined]  # JSON

    async def ids(self) -> dict[str, str]:
        """Return the Matrix ids of the rooms by their declared names, as Jo's account sees them."""
        jo, found = self.people["Jo"], {}
        for room in (await jo.api.get(path("joined_rooms")))["joined_rooms"]:
            with suppress(Refused):
                found[(await jo.api.get(path("rooms", room, "state", "m.room.name", "")))["name"]] = room
        return found

    async def circle_id(self) -> str:
        """Return the Matrix id of the circle."""
        return (await self.ids())["Thursday evenings: circle"]

    async def audit(self) -> list[dict[str, Any]]:
        """Return the settings that differ now, by ``rooms audit``."""
        _status, output = await self.place.say("rooms", "audit", "--json")
        return [row for row in json.loads(output)["settings"] if row["as declared"] is not True]

    async def close(self) -> None:
        """Let everybody go."""
        for task in self._listening:
            task.cancel()
        for ended in await asyncio.gather(*self._listening, return_exceptions=True):
            if isinstance(ended, Exception):
                # Whatever failed before may have failed because somebody did not listen any more.
                print(f"somebody had stopped listening: {ended!r}")
        for member in self._everybody:
            await member.close()


async def _live(member: Member) -> None:
    while True:
        try:
            await member.sync_once(2.0)
            for room in tuple(member.invites):
                with suppress(Refused):
                    await member.join(room)
        except (ServerAway, SlowDown) as error:
            # A person's own app goes on too; without this they would be deaf, and the daemon be blamed for it.
            print(f"{member.user_id} tries again: {type(error).__name__}")
            await asyncio.sleep(getattr(error, "seconds", 0.5))


async def until(holds: Callable[[], Any], seconds: float = PROMISED, *, every: float = 0.1) -> float:
    """Wait until ``holds`` (plain or a coroutine) is true; returns after how many seconds."""
    loop = asyncio.get_running_loop()
    started = loop.time()
    while True:
        found = holds()
        if asyncio.iscoroutine(found):
            found = await found
        if found:
            return loop.time() - started
        if loop.time() - started > seconds:
            raise AssertionError(f"it did not come within {seconds} s")
        await asyncio.sleep(every)


_numbers = iter(range(5000, 6000))


@pytest_asyncio.fixture
async def circle(synapse: Synapse, tmp_path: Path) -> AsyncIterator[Circle]:
    """Yield a group whose space and circle everybody has joined."""
    async with settled_in(synapse, tmp_path) as one:
        yield one


@asynccontextmanager
async def settled_in(synapse: Synapse, folder: Path, *options: str, reached: Synapse | None = None) -> AsyncIterator[Circle]:
    """Give a group whose rooms everybody has joined; ``options``: more words for init, ``reached``: the server as the daemon reaches it."""
    place = Installation(reached or synapse, folder, next(_numbers))
    one = Circle(place, folder, synapse)
    jo = one.people["Jo"] = await one.stranger("Jo")
    _logs[:] = [place.log]
    status, output = await place.init("--accounts-file", str(await place.accounts(folder)), "--admin", jo.user_id, *options)
    assert status == 0, output
    await place.daemon.start()
    try:
        await one.enter("Sam", "key_member")
        await one.enter("Mei", "key_member")
        await one.enter("Tom")
        await place.data("plugins", "on", "confidential_rooms")
        wanted = {member.user_id for member in one.people.values()}
        await until(lambda: _all_in(one, wanted), PATIENCE)
        # The space shows the circle a moment later.
        await until(lambda: _settled(one), PATIENCE, every=0.5)
        yield one
    finally:
        await one.close()
        await place.daemon.stop()


async def _settled(one: Circle) -> bool:
    return not await one.audit()


async def _all_in(one: Circle, wanted: set[str]) -> bool:
    for room in (await one.people["Jo"].api.get(path("joined_rooms")))["joined_rooms"]:
        joined = await one.people["Jo"].api.get(path("rooms", room, "joined_members"))
        if not wanted <= set(joined["joined"]):
            return False
    return len(await one.ids()) >= 2
