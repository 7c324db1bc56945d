"""The daemon's secrets."""

from __future__ import annotations

import stat
from typing import TYPE_CHECKING

import pytest

from supportd.daemon.secrets import LoginsMissing, Secrets
from supportd.private import write_private
from supportd.store.sealing import HostKey, Unsealable

if TYPE_CHECKING:
    from pathlib import Path

LOGINS = {"reader": {"user_id": "@r:e", "device_id": "D", "access_token": "syt_secret"}}


def test_sign_ins_come_back_and_are_not_readable(tmp_path: Path) -> None:
    """Sign-ins are read back with the same host key; the file has mode 0600 and shows no token."""
    secrets = Secrets(HostKey(b"k" * 32))

    secrets.write_logins(tmp_path / "accounts.sealed", LOGINS)

    assert secrets.read_logins(tmp_path / "accounts.sealed") == LOGINS
    assert b"syt_secret" not in (tmp_path / "accounts.sealed").read_bytes()
    assert stat.S_IMODE((tmp_path / "accounts.sealed").stat().st_mode) == 0o600


def test_another_host_key_opens_nothing(tmp_path: Path) -> None:
    """With another host key the sentence says to put the right one back."""
    Secrets(HostKey(b"k" * 32)).write_logins(tmp_path / "accounts.sealed", LOGINS)

    with pytest.raises(Unsealable, match="put back the host key"):
        Secrets(HostKey(b"x" * 32)).read_logins(tmp_path / "accounts.sealed")


def test_missing_sign_ins_say_what_to_do(tmp_path: Path) -> None:
    """Without the file the sentence names ``supportd init``."""
    with pytest.raises(LoginsMissing, match="run supportd init again"):
        Secrets(HostKey(b"k" * 32)).read_logins(tmp_path / "accounts.sealed")


def test_purposes_have_keys_of_their_own() -> None:
    """Two purposes give two keys of 32 bytes, each always the same."""
    secrets = Secrets(HostKey(b"k" * 32))

    assert secrets.bytes_for("a") == secrets.bytes_for("a")
    assert secrets.bytes_for("a") != secrets.bytes_for("b")
    assert len(secrets.bytes_for("a")) == 32


def test_a_file_is_the_old_or_the_new_one(tmp_path: Path) -> None:
    """Writing again replaces the file, leaves nothing else behind, and survives a partial file of a killed try."""
    (tmp_path / "x.new").write_bytes(b"half")
    write_private(tmp_path / "x", b"one")

    write_private(tmp_path / "x", b"two")

    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {"x": b"two"}
