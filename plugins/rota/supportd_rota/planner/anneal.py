"""Annealing: duties move and change places at random, and what makes somebody more loaded is accepted less and less often.

What a plan costs here is the sum of each member's ratio, as a share of the highest, to a high power: nearly the highest alone, but with a
slope for the others. The highest is measured anew at every stage: under a much higher one the slope would be lost. Coverage never changes.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from supportd_rota.planner.state import NOBODY

if TYPE_CHECKING:
    from random import Random

    from supportd_rota.planner.budget import Budget
    from supportd_rota.planner.state import State

_POWER: Final = 24
#: Temperatures, as shares of what the most loaded member costs.
HOT: Final = 0.02
WARM: Final = 0.002
_COLD: Final = 0.00005
_STAGES: Final = 12
#: Steps between two looks at the budget, and what they cost there.
_BETWEEN, _COST = 512, 768
#: How often a duty is offered to somebody alone, and how often against one of theirs.
_ALONE: Final = 0.7


def anneal(state: State, budget: Budget, random: Random, steps: int, hot: float = HOT) -> None:
    """Take ``steps`` random steps while it cools from ``hot``; the state keeps the hard rules all the time, the trail does not follow."""
    slots = [one for one in range(state.slots) if len(state.able[one]) > 1 and state.at[one] != NOBODY]
    cool = (_COLD / hot) ** (1 / _STAGES)
    for stage in range(_STAGES):
        if slots and not budget.spent():
            _Stage(state, random, hot * cool**stage, cool).run(slots, steps // _STAGES, budget)
    state.trail.clear()


class _Stage:
    """Some steps at nearly one temperature."""

    def __init__(self, state: State, random: Random, heat: float, cool: float) -> None:
        self._state, self._random, self._heat, self._cool = state, random.random, heat, cool
        top = max(1, *(state.ratio(one) for one in range(state.members)))
        self._scale = [each / top for each in state.weight]
        self._value = [(load * each) ** _POWER for load, each in zip(state.total, self._scale, strict=True)]

    def run(self, slots: list[int], steps: int, budget: Budget) -> None:
        random, at, able, count = self._random, self._state.at, self._state.able, len(slots)
        each = self._cool ** (1 / max(1, steps))
        for step in range(steps):
            if not step % _BETWEEN:
                budget.spend(_COST)
                if budget.spent():
                    return
            self._heat *= each
            slot = slots[int(random() * count)]
            those = able[slot]
            member = those[int(random() * len(those))]
            if at[slot] != member:
                self._step(slot, at[slot], member)

    def _step(self, slot: int, giver: int, taker: int) -> None:
        random, held = self._random, self._state.held[taker]
        if not held or random() < _ALONE:
            if self._bears(giver, taker, self._state.load[slot]):
                if self._state.fits(slot, taker):
                    self._change(giver, taker, slot, NOBODY)
                    return
            elif random() < 0.5:  # noqa: PLR2004 - even chances
                return
            other = self._blocker(slot, taker)
        else:
            other = held[int(random() * len(held))]
        if other == NOBODY or giver not in self._state.able[other]:
            return
        if self._bears(giver, taker, self._state.load[slot] - self._state.load[other]):
            self._swap(giver, taker, slot, other)

    def _bears(self, giver: int, taker: int, load: int) -> bool:
        """Tell whether that much may go from one to the other at this temperature."""
        total, scale, value = self._state.total, self._scale, self._value
        more = (
            ((total[giver] - load) * scale[giver]) ** _POWER
            + ((total[taker] + load) * scale[taker]) ** _POWER
            - value[giver]
            - value[taker]
        )
        return more <= 0 or self._random() < math.exp(-more / self._heat)

    def _change(self, giver: int, taker: int, slot: int, other: int) -> None:
        state, scale = self._state, self._scale
        if other == NOBODY:
            state.shift(slot, NOBODY)
        state.shift(slot, taker)
        if other != NOBODY:
            state.shift(other, giver)
        for member in (giver, taker):
            self._value[member] = (state.total[member] * scale[member]) ** _POWER

    def _swap(self, giver: int, taker: int, slot: int, other: int) -> None:
        state = self._state
        state.shift(slot, NOBODY)
        state.shift(other, NOBODY)
        if state.fits(slot, taker) and state.fits(other, giver):
            self._change(giver, taker, slot, other)
        else:
            state.shift(slot, giver)
            state.shift(other, taker)

    def _blocker(self, slot: int, member: int) -> int:
        """Return one slot of the member that stands in the way, if a single one may: changing places with it could work."""
        state = self._state
        held = state.held[member]
        if state.rest[member] & state.near[slot]:
            those = [one for one in held if state.heavy[one] & state.near[slot]]
            return those[0] if len(those) == 1 else NOBODY
        if state.cells[member] & state.cell[slot]:
            return next(one for one in held if state.cell[one] == state.cell[slot])
        week = state.week[slot]
        those = [one for one in held if state.week[one] == week]
        return those[int(self._random() * len(those))] if those else NOBODY
