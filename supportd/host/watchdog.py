"""A time limit for ordinary functions in this process."""

from __future__ import annotations

import ctypes
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


class TooLong(BaseException):
    """Raised inside what takes too long; no ``except Exception`` stops it."""


@dataclass(slots=True, eq=False)
class _Watch:
    thread: int
    until: float
    ended: bool = False


class Watchdog:
    """One thread that looks after all limits of the process; it starts with the first."""

    def __init__(self) -> None:
        """Watch nothing yet."""
        self._condition = threading.Condition()
        self._watches: list[_Watch] = []
        self._thread: threading.Thread | None = None

    @contextmanager
    def limit(self, seconds: float) -> Iterator[None]:
        """Raise :class:`TooLong` in this thread when the body takes longer than ``seconds``.

        The exception arrives between two steps of the interpreter (``PyThreadState_SetAsyncExc``): it ends loops and slow Python, but not
        one long call into C, such as a bad regular expression. Code in this process is trusted: this stops mistakes, not malice.
        """
        watch = _Watch(threading.get_ident(), time.monotonic() + seconds)
        with self._condition:
            self._watches.append(watch)
            if self._thread is None:
                self._thread = threading.Thread(target=self._look, name="hook-watchdog", daemon=True)
                self._thread.start()
            elif len(self._watches) == 1:
                self._condition.notify()
        try:
            yield
        finally:
            # Under the lock: after this no late exception can be on its way into somebody else's code.
            with self._condition:
                watch.ended = True
                self._watches.remove(watch)

    def _look(self) -> None:
        with self._condition:
            while True:
                if not self._watches:
                    self._condition.wait()
                    continue
                now = time.monotonic()
                for watch in self._watches:
                    if watch.until <= now and not watch.ended:
                        watch.ended = True
                        ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(watch.thread), ctypes.py_object(TooLong))
                open_ones = [watch.until for watch in self._watches if not watch.ended]
                self._condition.wait(max(min(open_ones) - now, 0.001) if open_ones else 0.05)
