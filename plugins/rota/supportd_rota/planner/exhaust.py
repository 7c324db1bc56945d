"""Trying everything, where that is little: then the plan is the best there is, and is said to be."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from supportd_rota.planner.state import State

#: So many ways to give the duties to people are few.
_FEW: Final = 20_000


def few(state: State) -> bool:
    """Tell whether everything can be tried."""
    ways = 1
    for able in state.able:
        ways *= len(able) + 1
        if ways > _FEW:
            return False
    return True


def exhaust(state: State) -> None:
    """Leave the state with the best plan, which is the first in order among equals."""
    _Exhaust(state).run()


class _Exhaust:
    def __init__(self, state: State) -> None:
        self._state = state
        self._slots = [one for one in range(state.slots) if state.able[one]]
        self._gone, self._best, self._kept = 0, state.key(), list(state.at)

    def run(self) -> None:
        self._from(0)
        self._state.restore(self._kept)

    def _from(self, place: int) -> None:
        state = self._state
        if place == len(self._slots):
            found = state.key()
            if found < self._best:
                self._best, self._kept = found, list(state.at)
            return
        slot = self._slots[place]
        for member in state.able[slot]:
            if state.fits(slot, member):
                state.put(slot, member)
                self._from(place + 1)
                state.take(slot)
        self._gone += state.priority[slot]
        if self._gone <= self._best[0]:
            self._from(place + 1)
        self._gone -= state.priority[slot]
