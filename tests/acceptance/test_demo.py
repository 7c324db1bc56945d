"""The demo, as a stranger runs it."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from supportd.demo.child import SynapseMissing, synapse_python
from supportd.demo.stage import PASSWORD
from supportd.matrix.accounts import log_in
from supportd.matrix.member import Member
from tests.support.fixtures import skip_or_fail

ROOT = Path(__file__).resolve().parents[2]

pytestmark = [pytest.mark.synapse, pytest.mark.slow]


@pytest.fixture(autouse=True)
def _synapse(monkeypatch: pytest.MonkeyPatch) -> None:
    """Skip, or fail where everything must be there, without the Synapse homeserver."""
    monkeypatch.chdir(ROOT)
    try:
        synapse_python()
    except SynapseMissing as missing:
        skip_or_fail(str(missing))


def test_one_evening_loses_nothing_and_says_nothing_twice(tmp_path: Path) -> None:
    """``supportd demo --once`` ends with status 0; every scene went well; 0 lost, 0 doubled; no process is left."""
    result = tmp_path / "result.json"

    done = subprocess.run(
        [sys.executable, "-m", "supportd", "demo", "--once", "--json", str(result)],
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )

    print(done.stdout[-6000:])
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    found = json.loads(result.read_text())
    assert (found["lost"], found["doubled"]) == (0, 0)
    assert [scene["name"] for scene in found["scenes"] if not scene["ok"]] == []
    assert len(found["scenes"]) >= 10
    assert {"supportd", "Python", "matrix-nio"} <= set(found["versions"])


@pytest.mark.asyncio
async def test_a_visitor_can_join_the_group_afterwards(tmp_path: Path) -> None:
    """After the evening a visitor signs in with a client of their own, makes keys, accepts, and is greeted; they read from then on."""
    process = _demo("--keep", str(tmp_path / "kept"))
    try:
        address = await asyncio.wait_for(asyncio.to_thread(_address, process), 120)
        login = await log_in(address, "you", PASSWORD, "VISITOR")
        you = await Member.sign_up(address, login, tmp_path / "you")
        await you.wait_for(lambda one: len(one.invites) >= 2, 30)
        for room in tuple(you.invites):
            await you.join(room)
        await you.wait_for(lambda one: one.invites, 30)
        for room in tuple(you.invites):
            await you.join(room)
        await you.wait_for(lambda one: any("Hello You" in seen.text for seen in one.timeline), 30)
        seen = [one.text for one in you.timeline]
        await you.close()
    finally:
        process.send_signal(signal.SIGINT)
        await asyncio.to_thread(process.communicate, timeout=30)

    assert sum("Hello You" in text for text in seen) == 1
    assert not any("soup" in text for text in seen), "words from before they came stay closed"


def _demo(*words: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "supportd", "demo", *words]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def _address(process: subprocess.Popen[str]) -> str:
    """Read the demo's output up to the address it prints for a visitor."""
    assert process.stdout is not None
    for line in process.stdout:
        if "homeserver" in line and "http://" in line:
            return line.split("http://")[1].split()[0].join(("http://", ""))
    raise AssertionError("the demo ended without an invitation")


@pytest.mark.parametrize("seconds", [1.0, 6.0])
def test_ctrl_c_leaves_no_process_behind(tmp_path: Path, seconds: float) -> None:
    """Ctrl-C while the stage is being set, or during the evening, ends every child process and clears the folder."""
    home = tmp_path / "temporary"
    home.mkdir()
    process = subprocess.Popen(
        [sys.executable, "-m", "supportd", "demo"],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env={**os.environ, "TMPDIR": str(home)},
        start_new_session=True,
    )
    try:
        # The moment of the interruption is the subject of the test.
        time.sleep(seconds)
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=30)
    finally:
        if process.poll() is None:
            process.kill()
            process.communicate()

    assert _with(str(home)) == []
    assert list(home.iterdir()) == []


def _with(text: str) -> list[str]:
    """Return the command lines of living processes that name ``text``."""
    found = []
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = entry.read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue
        if text in words:
            found.append(words)
    return found
