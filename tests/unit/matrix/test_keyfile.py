"""The sealed file with the room keys: what keeps it from being written, and who learns of it."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest
import vodozemac

from supportd.matrix import keyfile
from supportd.matrix.cipherstore import CryptoStore
from supportd.matrix.errors import RestoreUnfinished
from supportd.matrix.machine import Machine
from supportd.matrix.service import MatrixSettings, MatrixSide
from tests.matrix.conftest import MemoryInbox

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

from supportd.matrix.accounts import Login

FULL = OSError(28, "No space left on device")
BOT = Login("@bot:x", "BOT", "token")


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[Machine]:
    """Yield a device with one room key; the public half lies beside its store."""
    store = CryptoStore(BOT.user_id, BOT.device_id, tmp_path, file_key=None, pickle_key=b"p" * 32)
    one, group = Machine(BOT.user_id, BOT.device_id, store), vodozemac.GroupSession()
    one.olm.create_group_session("A" * 43, "E" * 43, "!room", group.session_id, group.session_key.to_base64())
    (tmp_path / keyfile.PUBLIC).write_bytes(keyfile.new_key()[1])
    yield one
    store.close()


def test_a_restore_under_way_keeps_the_file(machine: Machine, tmp_path: Path) -> None:
    """While the marker of a restore lies there the file is not written over; afterwards it is."""
    file = keyfile.KeyFile(tmp_path)
    (tmp_path / keyfile.FILE).write_bytes(b"all keys")
    (tmp_path / keyfile.RESTORING).write_bytes(b"[]")

    kept = file.write(machine)

    assert kept is False
    assert (tmp_path / keyfile.FILE).read_bytes() == b"all keys"
    (tmp_path / keyfile.RESTORING).unlink()
    assert file.write(machine) is True


@pytest.mark.asyncio
async def test_nothing_opens_while_a_restore_is_under_way(tmp_path: Path) -> None:
    """The daemon refuses to start on a store that lacks the keys yet, with a sentence that names the command."""
    (tmp_path / keyfile.RESTORING).write_bytes(b"[]")
    settings = MatrixSettings("http://127.0.0.1:9", "x", BOT, BOT, BOT, tmp_path, b"f" * 32, b"p" * 32, b"s" * 32)

    with pytest.raises(RestoreUnfinished, match="run supportd restore") as caught:
        await MatrixSide(settings, MemoryInbox()).open()

    assert caught.value.status == 78


def test_a_full_disk_is_told_once(machine: Machine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A write that fails raises nothing, is logged once with its reason, and is tried again until it works."""
    file = keyfile.KeyFile(tmp_path)
    said: list[str] = []
    monkeypatch.setattr(keyfile, "log", SimpleNamespace(error=lambda what, **_more: said.append(what), warning=lambda *_a, **_m: None))

    def full(*_given: object) -> None:
        raise FULL

    with monkeypatch.context() as patch:
        patch.setattr(keyfile, "write_private", full)
        wrote = [file.write(machine), file.write(machine)]
        failed = file.failed

    assert wrote == [False, False]
    assert failed
    assert said == ["keyfile.not_written"]
    assert file.write(machine) is True
    assert not file.failed


def test_a_deleted_file_is_written_again(machine: Machine, tmp_path: Path) -> None:
    """A file that somebody deleted comes back, though nothing changed in it."""
    file = keyfile.KeyFile(tmp_path)
    file.write(machine)
    (tmp_path / keyfile.FILE).unlink()

    wrote = file.write(machine)

    assert wrote
    assert (tmp_path / keyfile.FILE).exists()


def test_the_public_half_follows_from_the_private_one(tmp_path: Path) -> None:
    """A missing public half is made again; another one is replaced only where that is asked for."""
    private, public = keyfile.new_key()

    keyfile.put_public(tmp_path, private, over=False)
    made = (tmp_path / keyfile.PUBLIC).read_bytes()
    keyfile.put_public(tmp_path, keyfile.new_key()[0], over=False)

    assert made == (tmp_path / keyfile.PUBLIC).read_bytes() == public
    assert keyfile.usable(tmp_path)
    keyfile.put_public(tmp_path, keyfile.new_key()[0], over=True)
    assert (tmp_path / keyfile.PUBLIC).read_bytes() != public


def test_the_lock_goes_even_if_the_store_cannot_be_closed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An error while the file is closed lets the lock go all the same, so that the next start is not refused."""
    store = CryptoStore(BOT.user_id, BOT.device_id, tmp_path, file_key=None, pickle_key=b"p" * 32)

    def full() -> None:
        raise FULL

    with monkeypatch.context() as patch:
        patch.setattr(store.database, "close", full)
        with pytest.raises(OSError, match="No space"):
            store.close()

    CryptoStore(BOT.user_id, BOT.device_id, tmp_path, file_key=None, pickle_key=b"p" * 32).close()


def test_a_store_of_another_device_is_known(tmp_path: Path) -> None:
    """A file that was made for another device is told apart from an empty one and from our own."""
    store = CryptoStore(BOT.user_id, BOT.device_id, tmp_path, file_key=None, pickle_key=b"p" * 32)
    empty = store.of_another_device()
    Machine(BOT.user_id, BOT.device_id, store)
    own = store.of_another_device()
    store.close()

    other = CryptoStore(BOT.user_id, "OTHER", tmp_path, file_key=None, pickle_key=b"p" * 32)

    assert (empty, own, other.of_another_device()) == (False, False, True)
    other.close()
