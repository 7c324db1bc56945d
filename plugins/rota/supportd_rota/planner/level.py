"""Evening out: the most loaded is relieved by moves, swaps and chains after which nobody else is as loaded, then the next, and so on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from supportd_rota.planner.budget import Budget
    from supportd_rota.planner.chains import Chain
    from supportd_rota.planner.state import State

#: How many looks one slot of the most loaded is worth at each depth of chain.
_LOOKS: Final = (100, 600, 1_500, 3_000)
#: So many of the most loaded are relieved by the deepest chains, the others by swaps.
_DEEP: Final = 3


def level(state: State, chain: Chain, budget: Budget, deepest: int = 3, wide: int | None = None) -> None:
    """Relieve members, the most loaded first, until no chain does any more; ``wide`` looks only at so many of them."""
    changed = True
    while changed and not budget.spent():
        changed = False
        for place, member in enumerate(_by_ratio(state)[:wide]):
            while not budget.spent() and _relieve(state, chain, member, deepest if place < _DEEP else 1):
                changed = True


def finish(state: State) -> None:
    """Make every single move that lowers the more loaded of two, so that nobody has a justified complaint; needs no budget."""
    moved = True
    while moved:
        moved = False
        for member in _by_ratio(state):
            for slot in list(state.held[member]):
                moved |= _single(state, slot, member)


def _single(state: State, slot: int, member: int) -> bool:
    now = state.ratio(member)
    others = [one for one in state.able[slot] if one != member and state.ratio_with(slot, one) < now and state.fits(slot, one)]
    if not others:
        return False
    state.take(slot)
    state.put(slot, min(others, key=lambda one: state.ratio_with(slot, one)))
    return True


def _by_ratio(state: State) -> list[int]:
    return sorted(range(state.members), key=state.ratio, reverse=True)


def _relieve(state: State, chain: Chain, member: int, deepest: int) -> bool:
    cap = state.ratio(member) - 1
    for depth in range(deepest + 1):
        for slot in sorted(state.held[member], key=lambda one: -state.load[one]):
            mark = len(state.trail)
            state.take(slot)
            if chain.move(slot, depth, _LOOKS[depth], cap):
                return True
            if depth and _exchange(state, chain, slot, min(depth, 1), cap):
                return True
            state.undo(mark)
    return False


def _exchange(state: State, chain: Chain, slot: int, depth: int, cap: int) -> bool:
    """Leave this slot as a gap if gaps of at least its weight can be covered instead."""
    weight, gaps = state.priority[slot], [one for one in state.gaps() if one != slot]
    if any(chain.exchange(slot, gap, depth, _LOOKS[1], cap) for gap in gaps):
        return True
    mark, gained = len(state.trail), 0
    for gap in gaps:
        if state.priority[gap] < weight and chain.move(gap, depth, _LOOKS[1], cap):
            gained += state.priority[gap]
            if gained >= weight:
                return True
    state.undo(mark)
    return False
