"""What an error means for the job at hand."""

from __future__ import annotations

import pytest

from supportd.engine.wire import Later, Never, Outcome
from supportd.matrix.errors import CannotEncrypt, LoggedOut, MatrixError, Refused, ServerAway, ServerNotReached, SlowDown
from supportd.matrix.outcome import AWAY, SIGNED_OUT, Limiter, outcome_of


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (ServerAway(), Later(AWAY, "away")),
        (CannotEncrypt(), Later(AWAY, "away")),
        (SlowDown(seconds=4.648), Later(4.648, "slow_down", whole_account=True, maybe_done=False)),
        (LoggedOut(account="reader"), Later(SIGNED_OUT, "signed_out", whole_account=True, maybe_done=False)),
        (ServerNotReached(), Later(AWAY, "away", maybe_done=False)),
        (Refused(code="M_INVITE_BLOCKED", http=403), Never("M_INVITE_BLOCKED")),
    ],
)
def test_outcomes(error: MatrixError, expected: Outcome) -> None:
    """Away is later, a limit stops the whole account, a refusal is for good; what surely never left is told apart."""
    assert expected == outcome_of(error, "reader", Limiter())


def test_limiter() -> None:
    """After a 429 the account asks no more until its time is over; others go on; a shorter wait does not end a longer one."""
    now = 100.0
    limiter = Limiter(lambda: now)

    limiter.pause("reader", 4.0)
    limiter.pause("reader", 1.0)
    during = limiter.waiting("reader"), limiter.waiting("creator"), limiter.paused()
    now = 104.5

    assert (Later(4.0, "slow_down", whole_account=True, maybe_done=False), None, 1) == during
    assert limiter.waiting("reader") is None
