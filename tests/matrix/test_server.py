"""The homeserver itself: limits as they are by default, facts for ``supportd check``, and a child that leaves nothing behind."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from supportd.engine import wire
from supportd.matrix import http
from supportd.matrix.accounts import lift_limits, server_facts
from supportd.matrix.http import Api, path
from supportd.sdk.ids import RoomId
from tests.matrix.conftest import Group
from tests.support.synapse import synapse_python

if TYPE_CHECKING:
    from supportd.demo.synapse import Synapse

pytestmark = [pytest.mark.synapse, pytest.mark.asyncio]


async def test_limits(strict_synapse: Synapse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """After a 429 the whole account waits without asking again; an admin lifts the limits."""
    reader = await strict_synapse.register("reader", "pw")
    admin = await strict_synapse.register("admin", "pw", admin=True)
    group = Group(strict_synapse, tmp_path, {"creator": reader, "doorkeeper": reader, "reader": reader})
    side = await group.opened()
    room = RoomId((await side._apis["reader"].post(path("createRoom"), {"preset": "private_chat"}))["room_id"])

    asked: list[str] = []
    monkeypatch.setattr(http, "boundary", asked.append)
    outcomes = [await side.homeserver.perform("reader", wire.SendMessage(room, f"t{number}", "x")) for number in range(15)]
    limited = [outcome for outcome in outcomes if isinstance(outcome, wire.Later)]
    requests = sum(name.startswith("send ") for name in asked)
    waiting = side.health()["accounts_waiting"]
    await lift_limits(strict_synapse.base_url, admin.access_token, reader.user_id)
    await asyncio.sleep(min(outcome.seconds for outcome in limited))
    lifted = [await side.homeserver.perform("reader", wire.SendMessage(room, f"u{number}", "x")) for number in range(30)]

    assert all(outcome.whole_account and 0 < outcome.seconds < 10 for outcome in limited)
    # The second and later ones come from the limiter, which asks nobody and only counts down.
    assert requests == len(outcomes) - len(limited) + 1
    assert [outcome.seconds for outcome in limited] == sorted((outcome.seconds for outcome in limited), reverse=True)
    assert waiting == 1
    assert all(isinstance(outcome, wire.Done) for outcome in lifted)
    await side.close()


async def test_facts(synapse: Synapse) -> None:
    """What the check command tells of a server."""
    login = await synapse.register("checker", "pw")

    facts = await server_facts(synapse.base_url, login.access_token)

    assert facts.room_version_12
    assert facts.cross_signing
    assert facts.clock_skew is not None
    assert abs(facts.clock_skew) < 5


async def test_loopback_only(synapse: Synapse) -> None:
    """The demo's server listens on the loopback interface only."""
    table = Path(f"/proc/{synapse.pid}/net/tcp").read_text().splitlines()[1:]
    port = f"{synapse.port:04X}"

    listening = [line.split()[1] for line in table if line.split()[1].endswith(f":{port}") and line.split()[3] == "0A"]

    assert [f"0100007F:{port}"] == listening


_PARENT = """
import asyncio, pathlib, sys, time
from supportd.demo.synapse import Synapse
synapse = Synapse(pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]))
asyncio.run(synapse.start())
print(synapse.pid, flush=True)
time.sleep(60)
"""


async def test_child_dies_with_us(synapse: Synapse, tmp_path: Path) -> None:
    """When the demo is killed without a chance to clean up, its Synapse is gone too."""
    command = [sys.executable, "-c", _PARENT, str(tmp_path / "s"), str(synapse_python())]
    parent = subprocess.Popen(command, stdout=subprocess.PIPE, cwd=Path(__file__).parents[2])  # noqa: ASYNC220 - it has to outlive nothing
    assert parent.stdout is not None
    child = int(await asyncio.to_thread(parent.stdout.readline))

    parent.send_signal(signal.SIGKILL)
    parent.wait()
    parent.stdout.close()

    async with asyncio.timeout(10):
        while _alive(child):  # noqa: ASYNC110 - a process sets no asyncio event
            await asyncio.sleep(0.02)


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (ProcessLookupError, FileNotFoundError):
        return False


async def test_server_that_comes_and_goes(synapse: Synapse, tmp_path: Path) -> None:
    """When the homeserver is killed and comes back, reading and sending go on by themselves."""
    python = synapse_python()
    assert python is not None
    own = type(synapse)(tmp_path / "s", python)
    await own.start()
    logins = {name: await own.register(name, "pw") for name in ("creator", "doorkeeper", "reader")}
    group = Group(own, tmp_path, logins)
    side, ann = await group.opened(), await group.person()
    room = await group.room(side, ann)
    running = asyncio.create_task(side.run())

    await own.kill()
    away = await side.homeserver.perform("reader", wire.SendMessage(room, "t1", "are you there"))
    async with asyncio.timeout(10):
        while not side.health()["failures"]:  # noqa: ASYNC110 - the loop tells of it only there
            await asyncio.sleep(0.05)
    again = type(synapse)(tmp_path / "s", python, own.port)
    await again.start()
    sent = await side.homeserver.perform("reader", wire.SendMessage(room, "t1", "are you there"))
    await ann.say(room, "yes")
    async with asyncio.timeout(15):
        while group.inbox.texts(room)[-1:] != ["yes"]:  # noqa: ASYNC110 - as above
            await asyncio.sleep(0.05)

    assert isinstance(away, wire.Later)
    assert not away.whole_account
    assert isinstance(sent, wire.Done)
    assert group.inbox.texts(room) == ["are you there", "yes"]
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    await side.close()
    await ann.close()
    await again.stop()


async def test_restart_on_its_folder(tmp_path: Path, synapse: Synapse) -> None:
    """A Synapse that was killed starts again on its folder, accounts and secrets kept."""
    python = synapse_python()
    assert python is not None
    first = type(synapse)(tmp_path / "s", python)
    await first.start()
    login = await first.register("ann", "pw")
    await first.kill()

    second = type(synapse)(tmp_path / "s", python)
    await second.start()
    api = Api(second.base_url, login.access_token)
    answer = await api.get(path("account", "whoami"))
    await api.close()
    await second.stop()

    assert login.user_id == answer["user_id"]
    assert first.registration_secret == second.registration_secret
