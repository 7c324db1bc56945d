"""Getting back with the recovery sheet."""

from __future__ import annotations

import json
import stat
from typing import TYPE_CHECKING

import pytest

from supportd import recovery
from supportd.cli.main import main
from supportd.daemon.secrets import Secrets
from supportd.matrix import keyfile
from supportd.store.sealing import HostKey

if TYPE_CHECKING:
    from pathlib import Path

LOGINS = {"reader": {"user_id": "@r:e", "device_id": "D", "access_token": "syt_secret"}}


PRIVATE, PUBLIC = keyfile.new_key()


def backup(folder: Path) -> None:
    """Make ``folder`` look like a backup of an installation."""
    folder.mkdir()
    (folder / "supportd.toml").write_text("")


@pytest.fixture
def sheet(tmp_path: Path) -> tuple[Path, Path]:
    """Return the recovery file, and a file with its words."""
    words = recovery.new_passphrase()
    held = {"host_key": (b"k" * 32).hex(), "logins": json.dumps(LOGINS), "seeds": b"sealed seeds".hex(), "room_keys": PRIVATE.hex()}
    (tmp_path / "recovery.sealed").write_bytes(recovery.seal(words, held))
    (tmp_path / "words").write_text(f"{words.lower()}\n")
    return tmp_path / "recovery.sealed", tmp_path / "words"


def test_everything_is_where_it_was(sheet: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The words put back the host key (mode 0400), the sign-ins and the seeds, and say what a backup has to bring."""
    file, words = sheet
    backup(tmp_path / "new")

    status = main(["recover", "--folder", str(tmp_path / "new"), "--file", str(file), "--words-file", str(words)])

    said = capsys.readouterr().out
    host = HostKey.load(tmp_path / "new" / "host-key")
    assert status == 0
    assert host.key == b"k" * 32
    assert stat.S_IMODE((tmp_path / "new" / "host-key").stat().st_mode) == 0o400
    assert Secrets(host).read_logins(tmp_path / "new" / "accounts.sealed") == LOGINS
    assert (tmp_path / "new" / "matrix" / "seeds").read_bytes() == b"sealed seeds"
    assert "Still missing: store/supportd.db, matrix/crypto.db" in said
    assert (tmp_path / "new" / "matrix" / keyfile.PUBLIC).read_bytes() == PUBLIC


def test_newer_sign_ins_stay(sheet: tuple[Path, Path], tmp_path: Path) -> None:
    """Sign-ins that are there and open with this host key may be newer than the recovery file's: they stay."""
    file, words = sheet
    backup(tmp_path / "new")
    newer = {"reader": {**LOGINS["reader"], "access_token": "syt_newer"}}
    Secrets(HostKey(b"k" * 32)).write_logins(tmp_path / "new" / "accounts.sealed", newer)

    status = main(["recover", "--folder", str(tmp_path / "new"), "--file", str(file), "--words-file", str(words)])

    assert status == 0
    assert Secrets(HostKey(b"k" * 32)).read_logins(tmp_path / "new" / "accounts.sealed") == newer


@pytest.mark.parametrize("command", ["recover", "restore"])
def test_a_wrong_folder_gets_no_secret(command: str, sheet: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A folder that is no installation is named in one sentence, and nothing is written into it."""
    file, words = sheet

    status = main([command, "--folder", str(tmp_path / "wrong"), "--file", str(file), "--words-file", str(words)])

    assert status == 78
    assert f"There is no supportd.toml in {tmp_path / 'wrong'}" in capsys.readouterr().err
    assert not (tmp_path / "wrong").exists()


def test_a_host_key_that_is_there_stays(sheet: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Recovering into a folder with a host key is refused with a sentence and changes nothing."""
    file, words = sheet
    backup(tmp_path / "old")
    HostKey.create(tmp_path / "old" / "host-key")
    before = (tmp_path / "old" / "host-key").read_bytes()

    status = main(["recover", "--folder", str(tmp_path / "old"), "--file", str(file), "--words-file", str(words)])

    assert status == 78
    assert "move it away first" in capsys.readouterr().err
    assert (tmp_path / "old" / "host-key").read_bytes() == before


def test_wrong_words_change_nothing(sheet: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Other words are refused, and no file is made."""
    file, _words = sheet
    backup(tmp_path / "new")
    (tmp_path / "wrong").write_text(recovery.new_passphrase())

    status = main(["recover", "--folder", str(tmp_path / "new"), "--file", str(file), "--words-file", str(tmp_path / "wrong")])

    assert status == 78
    assert "check them against the sheet" in capsys.readouterr().err
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["supportd.toml"]
