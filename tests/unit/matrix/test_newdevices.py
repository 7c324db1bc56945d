"""Devices that are new in somebody's account: each is told to the engine once, whatever happens in between."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
import pytest_asyncio

from supportd.engine.wire import DevicesMark, Mark, SyncBatch
from supportd.matrix import keyfile, newdevices
from supportd.matrix.cipherstore import CryptoStore
from supportd.matrix.devices import Devices
from supportd.matrix.errors import MatrixError, ServerAway
from supportd.matrix.http import Api
from supportd.matrix.machine import Machine
from supportd.matrix.member import _Memory
from supportd.matrix.newdevices import GATHER, QUIET, NewDevices
from supportd.matrix.roomstate import Rooms
from supportd.matrix.seeds import Seeds
from supportd.matrix.sharing import Sharing
from supportd.matrix.signing import base64_of, public_of, signature

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

ANN, BOT, DOOR = "@ann:x", "@bot:x", "@door:x"
SEEDS, OTHERS = Seeds(b"m" * 32, b"s" * 32, b"u" * 32), Seeds(b"n" * 32, b"t" * 32, b"v" * 32)
START = 1_800_000_000.0
CANARY = "Free money, call 12345"


def device(name: str, *, seeds: Seeds | None = SEEDS, seed: bytes = b"") -> dict[str, Any]:
    """Return a device's object, with a name that somebody chose, signed by itself and by ``seeds``."""
    own = (seed or name.encode()).ljust(32, b"d")
    keys = {f"ed25519:{name}": public_of(own), f"curve25519:{name}": base64_of(own[::-1])}
    bare = {"user_id": ANN, "device_id": name, "algorithms": ["m.megolm.v1.aes-sha2"], "keys": keys}
    signatures = {f"ed25519:{name}": signature(own, bare)}
    if seeds is not None:
        signatures[f"ed25519:{public_of(seeds.self_signing)}"] = signature(seeds.self_signing, bare)
    return {**bare, "signatures": {ANN: signatures}, "unsigned": {"device_display_name": CANARY}}


class Server(Api):
    """A fake: says which devices Ann has, by ``devices`` and ``seeds``; ``away`` makes the next questions go without an answer."""

    def __init__(self) -> None:
        """Begin with one phone."""
        super().__init__("http://127.0.0.1:1")
        self.devices: dict[str, dict[str, Any]] = {"PHONE": device("PHONE")}
        self.seeds = SEEDS
        self.away = 0
        self.asked = 0

    async def ask(self, method: str, where: str, body: object = None, **_more: Any) -> Any:
        """Answer ``keys/query``."""
        assert (method, where.rsplit("/", 1)[-1]) == ("POST", "query")
        self.asked += 1
        if self.away:
            self.away -= 1
            raise ServerAway
        keys = self.seeds.upload(ANN)
        assert isinstance(body, dict)
        assert list(body["device_keys"]) == [ANN]
        return {
            "device_keys": {ANN: self.devices},
            "master_keys": {ANN: keys["master_key"]},
            "self_signing_keys": {ANN: keys["self_signing_key"]},
        }


class Inbox(_Memory):
    """Notes marks; ``fail`` makes the next commits raise."""

    def __init__(self) -> None:
        """Start empty."""
        super().__init__()
        self.marks: list[Mark] = []
        self.fail = False

    async def accept(self, batch: SyncBatch) -> None:
        """Commit."""
        self.marks += batch.marks
        if self.fail:
            raise RuntimeError


@dataclass
class Bot:
    """A reader in one encrypted room with Ann; its clock goes on while it waits."""

    folder: Path
    server: Server = field(default_factory=Server)
    inbox: Inbox = field(default_factory=Inbox)
    now: float = START
    opened: list[CryptoStore] = field(default_factory=list)

    def start(self) -> None:
        """Start, or start again after a kill."""
        for store in self.opened:
            store.close()
        self.store = CryptoStore(BOT, "BOT", self.folder, file_key=None, pickle_key=b"p" * 32, clock=lambda: self.now)
        self.opened = [self.store]
        machine = Machine(BOT, "BOT", self.store)
        self.devices, rooms = Devices(self.server, machine), Rooms()
        rooms.of("!room:x").encrypted = True
        rooms.of("!room:x").members.update({BOT: "join", ANN: "join", DOOR: "join"})
        self.machine, self.sharing = machine, Sharing(self.server, machine, self.devices, rooms)
        self.new = NewDevices(self.sharing, self.inbox, {DOOR})

    async def change(self, *devices: dict[str, Any]) -> None:
        """Let Ann's devices be these and the homeserver say that something changed."""
        self.server.devices = {one["device_id"]: one for one in devices}
        self.devices.changed([ANN])
        self.new.changed([ANN])
        await self.new.look()

    def told(self) -> list[list[bool]]:
        """Return of how many devices the engine was told each time, and whether they are confirmed."""
        return [[one.confirmed for one in mark.devices] for mark in self.inbox.marks if isinstance(mark, DevicesMark)]


@pytest_asyncio.fixture
async def bot(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Bot]:
    """Yield a bot that has looked once."""
    one = Bot(tmp_path)

    async def sleep(seconds: float) -> None:
        one.now += seconds

    monkeypatch.setattr("supportd.matrix.newdevices.asyncio.sleep", sleep)
    one.start()
    await one.new.look()
    yield one
    await one.server.close()
    for store in one.opened:
        store.close()


@pytest.mark.asyncio
async def test_the_first_list_is_no_news(bot: Bot) -> None:
    """What somebody had when we first saw them is where we begin, also after a restart."""
    await bot.change(device("PHONE"))
    bot.start()
    await bot.new.look()

    assert bot.told() == []


@pytest.mark.asyncio
async def test_a_new_device_is_told_once(bot: Bot) -> None:
    """After some seconds, with the moment in which it was seen; not again at the next look, at a restart, or when it goes and returns."""
    await bot.change(device("PHONE"), device("LAPTOP"))
    (mark,) = bot.inbox.marks
    waited = bot.now - START
    bot.now += QUIET
    await bot.change(device("PHONE"))
    await bot.change(device("PHONE"), device("LAPTOP"))
    bot.start()
    await bot.new.look()

    assert isinstance(mark, DevicesMark)
    assert (mark.user, mark.at) == (ANN, datetime.fromtimestamp(START, UTC))
    assert waited == GATHER
    assert bot.told() == [[True]]


@pytest.mark.asyncio
async def test_several_are_one_piece_of_news(bot: Bot) -> None:
    """Two at once are told together; a third minutes later waits for a while, so that nobody is called again and again."""
    await bot.change(device("PHONE"), device("LAPTOP"), device("TABLET", seeds=None))
    bot.now += 60
    await bot.change(device("PHONE"), device("LAPTOP"), device("TABLET", seeds=None), device("THIRD"))
    early = bot.told()
    bot.now += QUIET
    await bot.new.look()

    assert early == [[True, False]]
    assert bot.told() == [[True, False], [True]]


@pytest.mark.asyncio
async def test_a_kill_at_any_point_repeats_and_loses_nothing(bot: Bot) -> None:
    """Killed before the look or before our own note, it comes again with the same ids; afterwards it does not."""
    bot.server.devices["LAPTOP"] = device("LAPTOP")
    bot.start()
    bot.inbox.fail = True
    with pytest.raises(RuntimeError):
        await bot.new.look()
    bot.inbox.fail = False
    bot.start()
    await bot.new.look()
    await bot.new.look()

    first, second = bot.inbox.marks
    assert first == second


@pytest.mark.asyncio
async def test_another_key_under_the_same_id_is_another_device(bot: Bot) -> None:
    """Whoever signs in with the id of a device that is there takes its place, and that is news."""
    await bot.change(device("PHONE", seed=b"other"))

    assert bot.told() == [[True]]


@pytest.mark.asyncio
async def test_confirmed_while_it_is_gathered(bot: Bot) -> None:
    """What is told is how it stands at the end of the gathering."""
    await bot.change(device("PHONE"))
    self_signed = device("LAPTOP", seeds=None)
    bot.server.devices["LAPTOP"] = self_signed
    bot.devices.changed([ANN])
    await bot.devices.refresh([ANN])
    await bot.change(device("PHONE"), device("LAPTOP"))

    assert bot.told() == [[True]]


@pytest.mark.asyncio
async def test_nobody_is_told_what_they_could_not_read(bot: Bot) -> None:
    """Somebody without a confirmed device, or with new keys on which nobody has decided, is told when that is mended."""
    await bot.change(device("PHONE", seeds=None), device("LAPTOP", seeds=None))
    unconfirmed = bot.told()
    bot.server.seeds = OTHERS
    await bot.change(device("PHONE", seeds=OTHERS), device("LAPTOP", seeds=OTHERS))
    undecided = bot.told()
    await bot.devices.settle(ANN, "", trusted=True)
    await bot.new.look()

    assert unconfirmed == undecided == []
    assert bot.told() == [[True]]


@pytest.mark.asyncio
async def test_a_server_that_does_not_answer_is_asked_again(bot: Bot) -> None:
    """The question comes again with the next sync, and is not asked again once it is answered."""
    bot.server.away = 1
    with pytest.raises(MatrixError):
        await bot.change(device("PHONE"), device("LAPTOP"))
    await bot.new.look()
    asked = bot.server.asked
    await bot.new.look()

    assert bot.told() == [[True]]
    assert bot.server.asked == asked


@pytest.mark.asyncio
async def test_a_clock_that_is_set_back_makes_nobody_wait(bot: Bot) -> None:
    """A device that was seen in the future is told at once."""
    bot.now += 86_400
    bot.server.devices["LAPTOP"] = device("LAPTOP")
    bot.devices.changed([ANN])
    await bot.devices.refresh([ANN])
    bot.now -= 86_400
    await bot.new.look()

    assert bot.told() == [[True]]
    assert bot.now == START


@pytest.mark.asyncio
async def test_names_of_devices_are_kept_nowhere(bot: Bot, tmp_path: Path) -> None:
    """The words in a device's name are in no file and in no mark, and its id is not either."""
    await bot.change(device("PHONE"), device("LAPTOPLAPTOP", seeds=None))
    bot.store.checkpoint()

    written = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    assert CANARY not in str(bot.inbox.marks)
    assert CANARY.encode() not in written
    assert b"LAPTOPLAPTOP" not in written


@pytest.mark.asyncio
async def test_a_restored_store_knows_what_was_told(bot: Bot, tmp_path: Path) -> None:
    """The sealed file carries it, so nobody is told twice, and a device that came meanwhile is told."""
    await bot.change(device("PHONE"), device("LAPTOP"))
    held = json.loads(json.dumps(keyfile.contents(bot.machine)))
    bot.folder = tmp_path / "restored"
    bot.start()
    keyfile.take(bot.machine, held)
    bot.now += QUIET
    bot.server.devices["TABLET"] = device("TABLET")
    await bot.new.look()
    old = held | {"pins": []}
    del old["devices"]
    keyfile.take(bot.machine, old)

    assert bot.told() == [[True], [True]]


@pytest.mark.asyncio
async def test_what_is_gone_is_not_remembered_without_end(bot: Bot, monkeypatch: pytest.MonkeyPatch) -> None:
    """A program that signs in anew each time does not fill the store; what is there now is never forgotten."""
    monkeypatch.setattr(newdevices, "MOST", 5)
    for number in range(20):
        bot.now += QUIET
        await bot.change(device("PHONE"), device(f"NEW{number}"))

    assert bot.told() == [[True]] * 20
    assert len(bot.store.devices.all()) <= 7
