"""Keeping the daemon small: a group's server is often the smallest that money can buy."""

from __future__ import annotations

import ctypes
import gc

# mallopt(3): M_ARENA_MAX. Each thread would get an arena of its own, which never shrinks.
_ARENAS = -8


def few_arenas() -> None:
    """Let all threads share two arenas of the C library; elsewhere than on glibc this does nothing."""
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_ARENAS, 2)


def give_back() -> None:
    """Give memory that starting needed back to the system."""
    gc.collect()
    gc.freeze()
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)
