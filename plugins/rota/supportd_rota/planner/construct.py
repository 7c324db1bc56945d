"""The first plan: scarce and weighty duties first, each to whoever carries least afterwards; then chains into the gaps."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from supportd_rota.planner.state import NOBODY

if TYPE_CHECKING:
    from supportd_rota.planner.budget import Budget
    from supportd_rota.planner.chains import Chain
    from supportd_rota.planner.state import State

#: How many looks one gap is worth at each depth of chain.
LOOKS: Final = {0: 200, 1: 1_500, 2: 3_000, 3: 5_000, 4: 8_000}


def construct(state: State) -> None:
    """Fill an empty state, without chains."""
    scarce = sorted(range(state.slots), key=lambda one: (len(state.able[one]) / state.priority[one], -state.load[one]))
    for slot in scarce:
        place(state, slot)


def place(state: State, slot: int) -> bool:
    """Give a slot to whoever can take it at once and carries least afterwards."""
    best = min((one for one in state.able[slot] if state.fits(slot, one)), key=lambda one: state.ratio_with(slot, one), default=NOBODY)
    if best != NOBODY:
        state.put(slot, best)
    return best != NOBODY


def fill(state: State, chain: Chain, budget: Budget, deepest: int = 4) -> None:
    """Try to cover every gap by chains, short ones first."""
    for depth in range(deepest + 1):
        for slot in state.gaps():
            if budget.spent():
                return
            if state.at[slot] == NOBODY:
                chain.cover(slot, depth, LOOKS[depth])
