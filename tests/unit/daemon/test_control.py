"""The control socket."""

from __future__ import annotations

import asyncio
import stat
from typing import TYPE_CHECKING

import pytest
import pytest_asyncio

from supportd.daemon.control import Answer, ControlServer, NoDaemon, Request, ask
from supportd.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

pytestmark = pytest.mark.asyncio


async def handle(request: Request) -> Answer:
    """Answer with the words; break where a word says so."""
    if request.words == ("sentence",):
        raise ConfigurationError(problem="the word is wrong")
    if request.words == ("break",):
        raise RuntimeError("Rose was here")
    return Answer(" ".join(request.words), {"group": request.group, "id": request.id})


@pytest_asyncio.fixture
async def path(tmp_path: Path) -> AsyncIterator[Path]:
    """Yield the path of a socket that is served."""
    server = ControlServer(tmp_path / "control.sock", handle)
    await server.open()
    yield tmp_path / "control.sock"
    await server.close()


async def give(path: Path, *words: str) -> Answer:
    """Give a command from another thread, as another process would."""
    return await asyncio.to_thread(ask, path, Request("r1", "thursday", words))


async def test_words_go_in_and_the_answer_comes_back(path: Path) -> None:
    """A command's words, group and id arrive; its text and data come back."""
    answer = await give(path, "plugins", "list")

    assert answer == Answer("plugins list", {"group": "thursday", "id": "r1"}, 0)


async def test_only_the_owner_can_reach_it(path: Path) -> None:
    """The socket has mode 0600 from its first moment on."""
    mode = stat.S_IMODE(path.stat().st_mode)

    assert mode == 0o600


async def test_our_errors_become_their_sentence_and_status(path: Path) -> None:
    """An error of ours comes back as its sentence with its exit status."""
    answer = await give(path, "sentence")

    assert answer.text == "The configuration cannot be used: the word is wrong."
    assert answer.status == 78


async def test_a_mistake_says_nothing_of_what_was_in_it(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """An unexpected exception ends the command only, and its text is neither answered nor logged."""
    answer = await give(path, "break")

    assert answer.status == 70
    assert "Rose" not in answer.text
    assert "Rose" not in "".join(capsys.readouterr())
    assert (await give(path, "still", "here")).text == "still here"


async def test_rubbish_is_refused_with_a_sentence(path: Path) -> None:
    """A line that is no request gets a sentence, and the next command works."""
    reader, writer = await asyncio.open_unix_connection(path)
    writer.write(b"{\x00\n")

    line = await reader.readline()
    writer.close()

    assert b"could not be read" in line
    assert (await give(path, "on")).text == "on"


async def test_without_a_daemon_the_sentence_says_how_to_start_one(tmp_path: Path) -> None:
    """No socket, or one that nobody serves: start the daemon."""
    with pytest.raises(NoDaemon, match="start it with supportd run"):
        await give(tmp_path / "control.sock", "plugins", "list")
