"""How long to search: a number of steps, so that the same input gives the same bytes; the clock is only a safety stop."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable


#: Looks between two questions to the clock.
_BETWEEN: Final = 2_000


class Budget:
    """Counts the members that were looked at; asks the clock (and whoever may cancel) now and then."""

    def __init__(self, steps: int, seconds: float, cancelled: Callable[[], bool] | None = None) -> None:
        """Allow ``steps`` looks and ``seconds`` seconds from now, whichever ends first."""
        self.steps, self._until, self._cancelled = steps, time.monotonic() + seconds, cancelled
        self._look = 0
        #: The clock (or whoever cancelled) ended the search, not the steps.
        self.late = False

    def spend(self, steps: int) -> None:
        """Count ``steps`` looks."""
        self.steps -= steps
        self._look += steps

    def spent(self) -> bool:
        """Tell whether to stop."""
        if self._look > _BETWEEN:
            self._look = 0
            if time.monotonic() >= self._until or (self._cancelled is not None and self._cancelled()):
                self.late = True
        return self.late or self.steps <= 0
