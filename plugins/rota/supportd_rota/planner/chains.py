"""Ejection chains: a slot takes somebody's place, what stood there finds another, and so on for a few steps; all of it or nothing."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING, Final

from supportd_rota.planner.state import NOBODY

if TYPE_CHECKING:
    from collections.abc import Iterator
    from random import Random

    from supportd_rota.planner.budget import Budget
    from supportd_rota.planner.state import State

#: A ratio that no plan reaches: chains that only look for cover.
NO_CAP: Final = 1 << 62
#: A step ejects at most so many slots of one member.
_MOST_EJECTED: Final = 2


class Chain:
    """Looks for chains after which nobody who was given something is above ``cap`` (millionths)."""

    def __init__(self, state: State, budget: Budget, random: Random, fixed: frozenset[int] = frozenset()) -> None:
        """Work on this state, never move ``fixed`` slots, and stop when the budget is spent."""
        self._fixed = fixed
        self._state, self._budget, self._random = state, budget, random
        self._cap, self._left = NO_CAP, 0
        #: Slots that have to find a place, or the chain is none.
        self._roots: set[int] = set()
        self._moved: set[int] = set()
        #: The depth at which a slot found no place in this search; it is not tried again as deep.
        self._failed: dict[int, int] = {}

    def cover(self, slot: int, depth: int, nodes: int, cap: int = NO_CAP) -> bool:
        """Cover a gap so that less weight is uncovered afterwards; the state is as before if that fails."""
        return self._start([slot], depth, self._state.priority[slot] - 1, nodes, cap, leave=False)

    def exchange(self, slot: int, gap: int, depth: int, nodes: int, cap: int) -> bool:
        """Place a slot that was just taken from somebody and a gap, leaving no more weight than the gap's, of whatever slots."""
        return self._start([slot, gap], depth, self._state.priority[gap], nodes, cap, leave=True)

    def move(self, slot: int, depth: int, nodes: int, cap: int) -> bool:
        """Give a slot that was just taken from somebody to others, nobody of whom ends above ``cap``."""
        return self._start([slot], depth, 0, nodes, cap, leave=False)

    def _start(self, slots: list[int], depth: int, slack: int, nodes: int, cap: int, *, leave: bool) -> bool:
        mark = len(self._state.trail)
        self._cap, self._left, self._roots = cap, nodes, set() if leave else set(slots)
        self._moved = set(slots)
        self._failed.clear()
        if self._all(slots, depth, slack) < 0:
            self._state.undo(mark)
            return False
        return True

    def _all(self, slots: list[int], depth: int, slack: int) -> int:
        """Place all slots, the weightiest first; returns the slack that is left, below 0 if it failed."""
        for slot in sorted(slots, key=lambda one: -self._state.priority[one]):
            slack = self._place(slot, depth, slack)
            if slack < 0:
                return slack
        return slack

    def _place(self, slot: int, depth: int, slack: int) -> int:
        state = self._state
        if (member := self._direct(slot)) != NOBODY:
            state.put(slot, member)
            return slack
        if depth > self._failed.get(slot, 0):
            for member in self._by_ratio(slot):
                for ejected in self._ejections(slot, member):
                    if self._left <= 0 or self._budget.spent():
                        return -1
                    found = self._instead(slot, member, ejected, depth, slack)
                    if found >= 0:
                        return found
            self._failed[slot] = depth
        return -1 if slot in self._roots else slack - state.priority[slot]

    def _instead(self, slot: int, member: int, ejected: tuple[int, ...], depth: int, slack: int) -> int:
        state, mark = self._state, len(self._state.trail)
        for one in ejected:
            state.take(one)
        state.put(slot, member)
        self._moved.update(ejected)
        found = self._all(list(ejected), depth - 1, slack)
        if found < 0:
            state.undo(mark)
            self._moved.difference_update(ejected)
        return found

    def _direct(self, slot: int) -> int:
        """Return who can take the slot at once and carries least afterwards."""
        state, best, lowest = self._state, NOBODY, self._cap + 1
        able = state.able[slot]
        self._left -= len(able)
        self._budget.spend(len(able))
        for member in able:
            after = state.ratio_with(slot, member)
            if after < lowest and state.fits(slot, member):
                best, lowest = member, after
        return best

    def _by_ratio(self, slot: int) -> list[int]:
        state = self._state
        jitter = self._random.random
        return sorted(state.able[slot], key=lambda one: state.ratio_with(slot, one) * (0.9 + 0.2 * jitter()))

    def _ejections(self, slot: int, member: int) -> Iterator[tuple[int, ...]]:
        """Give the smallest sets of the member's slots without which this slot fits, but for those that moved already or are fixed."""
        state = self._state
        held = [one for one in state.held[member] if one not in self._moved and one not in self._fixed]
        self._left -= 1 + len(held) // 2
        self._budget.spend(1 + len(held) // 2)
        forced = self._forced(slot, member)
        if len(forced) > _MOST_EJECTED or any(one in self._moved or one in self._fixed for one in forced):
            return
        if forced and self._after(slot, member, forced):
            yield forced
            return
        room = _MOST_EJECTED - len(forced)
        if room < 1:
            return
        rest = [one for one in held if one not in forced and self._helps(slot, member, one)]
        found = False
        for one in rest:
            if self._after(slot, member, (*forced, one)):
                found = True
                yield (*forced, one)
        if not found and not forced:
            week = state.week[slot]
            for two in combinations([one for one in rest if state.week[one] == week], 2):
                if self._after(slot, member, two):
                    yield two

    def _forced(self, slot: int, member: int) -> tuple[int, ...]:
        """Return the slots that stand in the same part of the day, or are heavy and too near: each of them has to go."""
        state = self._state
        cell, near = state.cell[slot], state.near[slot]
        if not (state.cells[member] & cell or state.rest[member] & near):
            return ()
        return tuple(one for one in state.held[member] if state.cell[one] == cell or state.heavy[one] & near)

    def _helps(self, slot: int, member: int, one: int) -> bool:
        """Tell whether ejecting ``one`` could make room: the same day, the same week, or weight where the cap is passed."""
        state = self._state
        if state.ratio_with(slot, member) > self._cap:
            return True
        return state.day[one] == state.day[slot] or state.week[one] == state.week[slot]

    def _after(self, slot: int, member: int, ejected: tuple[int, ...]) -> bool:
        """Tell whether the slot fits when these are gone."""
        state, week, day = self._state, self._state.week[slot], self._state.day[slot]
        load = state.load[slot]
        gone = sum(state.load[one] for one in ejected)
        if (state.total[member] + load - gone) * state.weight[member] > self._cap:
            return False
        gone = sum(state.load[one] for one in ejected if state.week[one] == week)
        if state.used[member][week] + load - gone > state.most[member][week]:
            return False
        if state.twice[member] & day and not any(state.day[one] == day for one in ejected):
            return False
        cells, rest = state.cells[member], state.rest[member]
        for one in ejected:
            cells &= ~state.cell[one]
            rest &= ~state.heavy[one]
        return not (cells & state.cell[slot] or rest & state.near[slot])
