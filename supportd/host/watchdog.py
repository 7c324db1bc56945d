"""A time limit for ordinary functions in this process."""

from __future__ import annotations

import ctypes
import math
import sys
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType

T = TypeVar("T")

#: Seconds until the next look at what is late and cannot be stopped at this moment.
SOON: Final = 0.001


class TooLong(BaseException):
    """Raised inside what takes too long; no ``except Exception`` stops it."""


@dataclass(slots=True, eq=False)
class _Watch:
    thread: int
    until: float
    frame: FrameType | None

    def running(self) -> bool:
        """Tell whether the watched function is what its thread is doing now.

        With PostgreSQL hooks run in a greenlet of the event loop's thread: while one waits for the database, the thread runs other things,
        which must not be hit.
        """
        frame = sys._current_frames().get(self.thread)  # noqa: SLF001 - the documented way to see another thread's frame
        while frame is not None and frame is not self.frame:
            frame = frame.f_back
        return frame is not None


class Watchdog:
    """One thread that looks after all limits of the process; it starts with the first."""

    def __init__(self) -> None:
        """Watch nothing yet."""
        self._condition = threading.Condition()
        self._watches: list[_Watch] = []
        self._thread: threading.Thread | None = None
        #: When the thread looks next, as :func:`time.monotonic` counts; infinite while it waits for somebody to begin.
        self._next_look = math.inf

    def run(self, seconds: float, work: Callable[[], T]) -> T:
        """Return what ``work`` returns; raise :class:`TooLong` inside it when it takes longer than ``seconds``.

        The exception arrives between two steps of the interpreter (``PyThreadState_SetAsyncExc``): it ends loops and slow Python, but not
        one long call into C, such as a bad regular expression, and code that catches ``BaseException`` can go on. Code in this process is
        trusted: this stops mistakes, not malice.
        """
        watch = _Watch(threading.get_ident(), time.monotonic() + seconds, sys._getframe())  # noqa: SLF001 - see _Watch.running
        self._begin(watch)
        try:
            return work()
        finally:
            self._end(watch)

    def _begin(self, watch: _Watch) -> None:
        with self._condition:
            self._watches.append(watch)
            if self._thread is None:
                self._thread = threading.Thread(target=self._look, name="hook-watchdog", daemon=True)
                self._thread.start()
            elif watch.until < self._next_look:
                # Only then: most hooks end long before anybody needs to look, and waking a thread for each costs more than the hook.
                self._condition.notify()

    def _end(self, watch: _Watch) -> None:
        # Under the lock: after this no late exception can be on its way into somebody else's code.
        with self._condition:
            watch.frame = None
            if watch in self._watches:
                self._watches.remove(watch)
            else:
                _raise_in(watch.thread, None)

    def _look(self) -> None:
        with self._condition:
            while True:
                now = time.monotonic()
                for watch in [one for one in self._watches if one.until <= now and one.running()]:
                    self._watches.remove(watch)
                    _raise_in(watch.thread, TooLong)
                self._next_look = max(min((one.until for one in self._watches), default=math.inf), now + SOON)
                self._condition.wait(None if self._next_look == math.inf else self._next_look - now)


def _raise_in(thread: int, error: type[BaseException] | None) -> None:
    """Raise ``error`` in a thread at its next step; ``None`` takes back what has not arrived."""
    ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread), ctypes.py_object(error) if error is not None else None)
