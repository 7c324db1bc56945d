"""From our errors to the engine's outcomes, with one limiter an account."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

from supportd.engine.wire import Later, Never
from supportd.matrix.errors import LoggedOut, MatrixError, NeedsPassword, Refused, ServerNotReached, SlowDown

if TYPE_CHECKING:
    from collections.abc import Callable

    from supportd.engine.wire import Account, Outcome

#: Seconds to wait when the server is away, and when an account is signed out.
AWAY: Final = 5.0
SIGNED_OUT: Final = 300.0


class Limiter:
    """Remembers until when each account must be quiet after a 429."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """Measure with ``clock``, seconds."""
        self._clock = clock
        self._until: dict[Account, float] = {}

    def waiting(self, account: Account) -> Later | None:
        """Return the wait that is still to be kept."""
        left = self._until.get(account, 0.0) - self._clock()
        return Later(left, "slow_down", whole_account=True, maybe_done=False) if left > 0 else None

    def paused(self) -> int:
        """Return how many accounts wait."""
        now = self._clock()
        return sum(until > now for until in self._until.values())

    def pause(self, account: Account, seconds: float) -> Later:
        """Keep ``account`` quiet for ``seconds``."""
        self._until[account] = max(self._until.get(account, 0.0), self._clock() + seconds)
        return Later(seconds, "slow_down", whole_account=True, maybe_done=False)


def outcome_of(error: MatrixError, account: Account, limiter: Limiter) -> Outcome:
    """Return what an error means for the job at hand."""
    match error:
        case SlowDown(seconds=seconds):
            return limiter.pause(account, seconds)
        case LoggedOut() | NeedsPassword():
            return Later(SIGNED_OUT, "signed_out", whole_account=True, maybe_done=False)
        case Refused(code=code):
            return Never(code)
        case ServerNotReached():
            return Later(AWAY, "away", maybe_done=False)
        case _:
            return Later(AWAY, "away")
