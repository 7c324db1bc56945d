"""What an operator does: set up, check, run, give commands, stop; on a real homeserver."""

from __future__ import annotations

import json
import os
import signal
import stat
import time
from typing import TYPE_CHECKING

import pytest
import pytest_asyncio

from supportd.demo.child import Daemon, supportd
from supportd.matrix.accounts import register

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from supportd.demo.synapse import Synapse

pytestmark = [pytest.mark.asyncio, pytest.mark.synapse, pytest.mark.slow]


class Installation:
    """One installation with accounts of its own."""

    def __init__(self, synapse: Synapse, folder: Path, number: int) -> None:
        """Use ``folder``; ``number`` makes the accounts' names unique."""
        self.synapse, self.home, self.number = synapse, folder / "home", number
        self.daemon = Daemon(self.home, folder / "log")
        self.log = folder / "log"

    async def accounts(self, folder: Path) -> Path:
        """Make three accounts and return the file that names them."""
        lines = []
        for name in ("creator", "doorkeeper", "reader"):
            user = f"{name}-{self.number}"
            await register(self.synapse.base_url, self.synapse.registration_secret, user, "secret-word")
            lines.append(f'[{name}]\nuser = "{user}"\npassword = "secret-word"\n')
        path = folder / "accounts.toml"
        path.write_text("".join(lines))
        return path

    async def init(self, *words: str) -> tuple[int, str]:
        """Give ``supportd init``."""
        return await self.say(
            *("init", "--homeserver", self.synapse.base_url, "--server-name", self.synapse.server_name, "--group", "thursday"),
            *("--group-name", "Thursday evenings", "--admin", f"@jo:{self.synapse.server_name}", "--admin-name", "Jo", "--port", "0"),
            *("--language", "en", "--zone", "Europe/London", *words),
        )

    async def say(self, *words: str) -> tuple[int, str]:
        """Give any command for this installation."""
        return await supportd(*words, "--folder", str(self.home))

    async def data(self, *words: str) -> dict[str, object]:
        """Give a command that must work, and return its JSON answer."""
        status, output = await self.say(*words, "--json")
        assert status == 0, output
        found: dict[str, object] = json.loads(output)
        return found


_numbers = iter(range(1, 1000))


@pytest_asyncio.fixture
async def place(synapse: Synapse, tmp_path: Path) -> AsyncIterator[Installation]:
    """Yield an installation that is set up."""
    one = Installation(synapse, tmp_path, next(_numbers))
    status, output = await one.init("--accounts-file", str(await one.accounts(tmp_path)))
    assert status == 0, output
    yield one
    await one.daemon.stop()


async def test_set_up_leaves_nothing_open(place: Installation) -> None:
    """Every secret is for the owner only; no token, password or passphrase lies in clear but on the sheet."""
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in place.home.rglob("*") if path.is_file()}
    words = (place.home / "recovery-sheet.txt").read_text().split("Words:")[1].split()[0]
    others = b"".join(path.read_bytes() for path in place.home.rglob("*") if path.is_file() and path.name != "recovery-sheet.txt")

    assert all(mode & 0o077 == 0 for mode in modes.values()), modes
    assert modes["host-key"] == 0o400
    assert words.encode() not in others
    assert b"syt_" not in others
    assert b"secret-word" not in others


async def test_set_up_again_keeps_everything(place: Installation) -> None:
    """Giving init again, after a failure say, keeps keys, sign-ins, the group and the recovery sheet."""
    before = {name: (place.home / name).read_bytes() for name in ("host-key", "accounts.sealed", "recovery.sealed")}

    status, output = await place.init()

    assert status == 0, output
    assert {name: (place.home / name).read_bytes() for name in before} == before


async def test_check_finds_nothing_wrong_in_a_fresh_installation(place: Installation) -> None:
    """A fresh installation has nothing wrong, running or not; what cannot be seen is said to be unknown."""
    stopped = await place.data("check")
    await place.daemon.start()
    running = await place.data("check")

    for found in (stopped, running):
        assert found["ok"] is True, found
    assert {"homeserver", "clock", "creator", "doorkeeper", "reader", "cross-signing", "store"} <= _names(stopped)
    assert {"daemon", "power"} <= _names(running)


async def test_check_says_what_is_wrong(place: Installation) -> None:
    """An unreachable server, a wrong host key, open permissions: one sentence each, status 78."""
    (place.home / "host-key").chmod(0o444)
    status, output = await place.say("check")
    assert status == 78
    assert "run chmod 0400 on it" in output
    (place.home / "host-key").chmod(0o400)

    config = place.home / "supportd.toml"
    config.write_text(config.read_text().replace(place.synapse.base_url, "http://127.0.0.1:9"))
    status, output = await place.say("check")

    assert status == 78
    assert "Check the address http://127.0.0.1:9" in output
    wrong = [line for line in output.splitlines() if "WRONG" in line]
    assert wrong
    assert all(line.rstrip().endswith(".") for line in wrong)


async def test_a_lost_host_key_comes_back_from_the_sheet(place: Installation, tmp_path: Path) -> None:
    """With the words on the sheet a deleted host key is put back, and the daemon starts as before."""
    words = tmp_path / "words"
    words.write_text((place.home / "recovery-sheet.txt").read_text().split("Words:")[1].split()[0])
    before = (place.home / "host-key").read_bytes()
    (place.home / "host-key").unlink()

    recovered = await place.data("recover", "--file", str(place.home / "recovery.sealed"), "--words-file", str(words))
    await place.daemon.start()

    assert (place.home / "host-key").read_bytes() == before
    assert recovered["missing"] == []
    assert (await place.data("check"))["ok"] is True


async def test_a_term_signal_ends_the_daemon_in_time(place: Installation) -> None:
    """SIGTERM ends the daemon with status 0 within five seconds, and the socket is gone."""
    await place.daemon.start()
    process = place.daemon._process
    assert process is not None
    started = time.monotonic()

    process.send_signal(signal.SIGTERM)
    status = process.wait(10)

    assert status == 0, place.log.read_text()[-2000:]
    assert time.monotonic() - started < 5
    assert not (place.home / "control.sock").exists()


async def test_a_second_daemon_is_refused_with_a_sentence(place: Installation) -> None:
    """Two daemons on one folder: the second ends with status 78 and says why; the first goes on."""
    await place.daemon.start()

    status, output = await place.say("run")

    assert status == 78
    assert "stop" in output.splitlines()[-1]
    assert (await place.data("plugins", "list"))["plugins"]


async def test_settings_can_be_changed_and_undone_while_it_runs(place: Installation) -> None:
    """A setting is changed, shown as a difference, refused when it makes no sense, and undone."""
    await place.daemon.start()
    await place.data("plugins", "shadow", "welcome")

    changed = await place.data("settings", "set", "welcome", "hours_until_next", "2")
    refused = await place.say("settings", "set", "welcome", "hours_until_nxt", "2")
    wrong = await place.say("settings", "set", "welcome", "hours_until_next", "many")
    undone = await place.data("settings", "undo", "welcome")
    history = await place.data("settings", "history", "welcome")

    assert (changed["old"], changed["new"]) == (None, 2)
    assert (refused[0], wrong[0]) == (64, 64)
    assert "did you mean hours_until_next" in refused[1]
    assert undone["new"] is None
    assert len(history["changes"]) == 2  # type: ignore[arg-type]  # a list, as JSON has it


async def test_people_are_entered_exported_and_forgotten(place: Installation) -> None:
    """Rose is entered without an account, exported, and forgotten; her name is then in no file of the store."""
    await place.daemon.start()
    await place.data("people", "add", "Rosalinde")

    kept = await place.data("people", "export", "Rosalinde")
    forgotten = await place.say("people", "forget", "Rosalinde")
    people = await place.data("people", "list")

    assert "Rosalinde" in json.dumps(kept)
    assert forgotten[0] == 0
    assert "Rosalinde" not in json.dumps(people)
    assert not any(b"Rosalinde" in path.read_bytes() for path in place.home.rglob("*") if path.is_file())
    assert "Rosalinde" not in place.log.read_text()


async def test_words_that_nobody_knows_get_the_list(place: Installation) -> None:
    """A command that no plugin declares is answered with those there are."""
    await place.daemon.start()

    status, output = await place.say("ask", "make", "coffee")

    assert status == 64
    assert "rooms list" in output
    assert os.linesep not in output.strip()


async def test_one_account_is_enough_where_a_server_gives_no_more(synapse: Synapse, tmp_path: Path) -> None:
    """With --one-account a single account does everything: rooms are made and people invited."""
    one = Installation(synapse, tmp_path, next(_numbers))
    await one.accounts(tmp_path)
    await register(synapse.base_url, synapse.registration_secret, f"mei-{one.number}", "pw")

    status, output = await one.init("--one-account", "--accounts-file", str(tmp_path / "accounts.toml"))
    assert status == 0, output
    await one.daemon.start()
    await one.data("people", "add", "Mei", f"@mei-{one.number}:{synapse.server_name}")
    await one.data("plugins", "on", "confidential_rooms")
    states: list[object] = []
    for _ in range(20):
        found = await one.data("ask", "rooms", "list")
        assert isinstance(found["rooms"], list)
        states = [room["state"] for room in found["rooms"]]
        if states == ["open", "open"] and not found["making"]:
            break
    await one.daemon.stop()

    assert states == ["open", "open"]


async def test_a_second_installation_on_the_same_accounts_is_refused(place: Installation, tmp_path: Path) -> None:
    """Another installation on the same accounts would spoil the keys: it is refused with a sentence and makes none of its own."""
    other = Installation(place.synapse, tmp_path / "other", place.number)

    status, output = await other.init("--accounts-file", str(tmp_path / "accounts.toml"))

    assert status == 78
    assert "run supportd restore" in output
    assert output.count("\n") == 0


def _names(found: dict[str, object]) -> set[str]:
    checks = found["checks"]
    assert isinstance(checks, list)
    return {one["name"] for one in checks}
