"""Rows of ours in the crypto store's own database, with the clock they are dated by."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable


class ClockRows:
    """The base of what keeps such rows."""

    def __init__(self, execute: Callable[..., Any], clock: Callable[[], float]) -> None:
        """``execute`` runs a statement with a tuple of values; ``clock`` gives seconds since 1970."""
        self._execute = execute
        self._clock = clock

    @property
    def now(self) -> float:
        """The present moment, seconds since 1970."""
        return self._clock()
