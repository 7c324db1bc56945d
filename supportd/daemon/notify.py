"""Telling the service manager how we are (sd_notify(3)); nothing happens without one."""

from __future__ import annotations

import os
import socket


def notify(*lines: str) -> bool:
    """Send ``lines`` such as ``READY=1`` or ``STATUS=…`` to the service manager; tell whether there is one.

    Source: sd_notify(3), the datagram protocol of ``$NOTIFY_SOCKET``.
    """
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address.startswith(("/", "@")):
        return False
    if address.startswith("@"):
        address = "\0" + address[1:]
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as out:
        try:
            out.connect(address)
            out.sendall("\n".join(lines).encode())
        except OSError:
            return False
    return True


def watchdog_seconds() -> float | None:
    """Return how often the service manager wants ``WATCHDOG=1``, half of its limit; ``None``: never."""
    limit = os.environ.get("WATCHDOG_USEC", "")
    pid = os.environ.get("WATCHDOG_PID", "")
    if not limit.isdigit() or (pid and pid != str(os.getpid())):
        return None
    return int(limit) / 2_000_000
