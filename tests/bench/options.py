"""What a person chose for the measurements."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Options:
    """How much of everything."""

    #: Answers and redactions of each side.
    count: int = 200
    #: By what the large amounts are multiplied: missed events, messages for memory, hours of the day.
    scale: float = 1.0

    def scaled(self, amount: int, least: int = 1) -> int:
        """Return ``amount`` as chosen."""
        return max(least, round(amount * self.scale))
