"""Telling the service manager."""

from __future__ import annotations

import os
import socket
from typing import TYPE_CHECKING

from supportd.daemon.notify import notify, watchdog_seconds

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def test_lines_reach_the_service_manager(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The lines arrive as one datagram at the manager's socket."""
    address = str(tmp_path / "n")
    monkeypatch.setenv("NOTIFY_SOCKET", address)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(address)

        assert notify("READY=1", "STATUS=Reading.")

        assert manager.recv(100) == b"READY=1\nSTATUS=Reading."


def test_without_a_manager_nothing_happens(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No socket named, or one that is gone: False, no error."""
    monkeypatch.delenv("NOTIFY_SOCKET", raising=False)
    assert not notify("READY=1")

    monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "gone"))

    assert not notify("READY=1")


def test_the_watchdog_is_fed_twice_as_often_as_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Half of the manager's limit, and only when it means this process."""
    monkeypatch.setenv("WATCHDOG_USEC", "30000000")
    monkeypatch.setenv("WATCHDOG_PID", str(os.getpid()))
    assert watchdog_seconds() == 15.0

    monkeypatch.setenv("WATCHDOG_PID", "1")

    assert watchdog_seconds() is None
