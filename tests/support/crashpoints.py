"""Boundaries at which a process may be killed: before each statement (savepoints are statements), each commit, and at the network.

A child process calls :func:`install` first. With a number it is killed at that boundary (SIGKILL: no handler, no flush);
with ``None`` it only counts, and prints one line ``crash point <n> <name>`` a boundary to standard error.
"""

from __future__ import annotations

import os
import signal
import sys
from typing import TYPE_CHECKING

from sqlalchemy import event
from sqlalchemy.engine import Engine

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection

_KEPT = 60


class CrashPoints:
    """Counts boundaries of this process; ``names`` holds what stood at each, the first at index 0."""

    def __init__(self, n: int | None) -> None:
        """Kill at the ``n``-th boundary, counted from 1; ``None``: never."""
        self.n = n
        self.names: list[str] = []
        #: Boundaries are counted only while this is true: a test may leave out its own preparations.
        self.armed = True

    def point(self, name: str) -> None:
        """Pass a boundary, or die there."""
        if not self.armed:
            return
        self.names.append(name)
        if self.n is None:
            print(f"crash point {len(self.names)} {name}", file=sys.stderr, flush=True)
        elif len(self.names) == self.n:
            os.kill(os.getpid(), signal.SIGKILL)


_installed: CrashPoints | None = None


def install(n: int | None) -> CrashPoints:
    """Count the boundaries of all databases of this process from now on, and die at the ``n``-th."""
    global _installed  # noqa: PLW0603 - one count a process
    if _installed is not None:
        # Listeners of a library stay; a second set would count each boundary twice.
        _installed.n, _installed.names, _installed.armed = n, [], True
        return _installed
    points = _installed = CrashPoints(n)

    def before_statement(*arguments: object) -> None:
        points.point("statement " + " ".join(str(arguments[2]).split())[:_KEPT])

    def before_commit(_connection: Connection) -> None:
        points.point("commit")

    event.listen(Engine, "before_cursor_execute", before_statement)
    event.listen(Engine, "commit", before_commit)
    return points


def network_point(name: str) -> None:
    """Pass a boundary of the network, say ``send`` before and ``sent`` after a request; nothing without :func:`install`."""
    if _installed is not None:
        _installed.point("network " + name)
