"""After a drop-out: every accepted duty stays, and what was lost is given to others with as few changes as possible.

For each lost duty, the weightiest first: the least loaded who can take it at once; else one other duty moves, with that person's yes; else
it stays open, and it is only told how many more gaps would close if some people agreed to move.
"""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from typing import TYPE_CHECKING, Final

from supportd_rota.planner.budget import Budget
from supportd_rota.planner.chains import NO_CAP, Chain
from supportd_rota.planner.construct import LOOKS, place
from supportd_rota.planner.rules import broken_by
from supportd_rota.planner.state import NOBODY, State

if TYPE_CHECKING:
    from collections.abc import Sequence

    from supportd_rota.planner.problem import Problem
    from supportd_rota.planner.rules import Assignment

#: Looks and seconds for what is only told.
_LOOKS, _SECONDS = 200_000, 1.0
_DEPTH: Final = 3


@dataclass(frozen=True, slots=True)
class Repaired:
    """The plan afterwards; ``changes`` are (slot, holder before, holder now); ``lost`` the slots whose holder fell away.

    ``more_gaps`` of the lost ones would close if people agreed to ``more_moves`` moves of duties that they hold.
    """

    assignment: Assignment
    lost: tuple[int, ...]
    changes: tuple[tuple[int, int | None, int | None], ...]
    more_gaps: int
    more_moves: int


def repair(problem: Problem, assignment: Sequence[int | None], from_week: int) -> Repaired:
    """Repair an assignment that was made for another state of the problem; weeks before ``from_week`` stay as they are."""
    lost = _lost(problem, assignment, from_week)
    state = State(problem)
    state.load_from([None if slot in lost else member for slot, member in enumerate(assignment)])
    fixed = frozenset(slot for slot in range(state.slots) if state.week[slot] < from_week)
    queue = sorted(lost, key=lambda one: (-problem.slots[one].priority, -problem.slots[one].load, one))
    for slot in queue:
        if not place(state, slot):
            _move_one(state, slot, fixed | set(lost))
    after = state.assignment()
    changes = tuple((slot, old, new) for slot, (old, new) in enumerate(zip(assignment, after, strict=True)) if old != new)
    return Repaired(after, tuple(sorted(lost)), changes, *_more(state, queue, fixed))


def _lost(problem: Problem, assignment: Sequence[int | None], from_week: int) -> set[int]:
    """Return the slots whose holder may not hold them any more; what has been stays, then the weightiest."""
    held: dict[int, list[int]] = {}
    order = sorted(
        (slot for slot, member in enumerate(assignment) if member is not None),
        key=lambda one: (problem.slots[one].week >= from_week, -problem.slots[one].priority, -problem.slots[one].load, one),
    )
    lost = set()
    for slot in order:
        member = assignment[slot]
        assert member is not None  # noqa: S101 - order holds only held slots
        mine = held.setdefault(member, [])
        if problem.slots[slot].week < from_week or not _breaks(problem, member, mine, slot):
            mine.append(slot)
        else:
            lost.add(slot)
    return lost


def _breaks(problem: Problem, member: int, mine: list[int], slot: int) -> bool:
    """Tell whether a rule breaks because of this slot; what was broken in the past is nobody's fault now."""
    return any(slot in one.slots for one in broken_by(problem, member, [*mine, slot]))


def _move_one(state: State, slot: int, fixed: frozenset[int]) -> bool:
    """Let somebody take the slot in the place of one other duty, which somebody else takes; the one with the lowest ratios."""
    best: tuple[int, int, int, int] | None = None
    for member in state.able[slot]:
        for other in [one for one in state.held[member] if one not in fixed]:
            mark = len(state.trail)
            state.take(other)
            if state.fits(slot, member):
                state.put(slot, member)
                taker = min(
                    (one for one in state.able[other] if one != member and state.fits(other, one)),
                    key=lambda one: state.ratio_with(other, one),
                    default=NOBODY,
                )
                if taker != NOBODY:
                    found = (max(state.ratio(member), state.ratio_with(other, taker)), member, other, taker)
                    best = found if best is None else min(best, found)
            state.undo(mark)
    if best is None:
        return False
    _, member, other, taker = best
    state.take(other)
    state.put(slot, member)
    state.put(other, taker)
    return True


def _more(state: State, lost: list[int], fixed: frozenset[int]) -> tuple[int, int]:
    """Return how many more gaps longer chains would close, and how many duties would move for that; the state is as before."""
    mark, before, gaps = len(state.trail), list(state.at), 0
    budget = Budget(_LOOKS, _SECONDS)
    chain = Chain(state, budget, Random(0), fixed)  # noqa: S311 - it breaks ties, it keeps no secret
    for slot in lost:
        if state.at[slot] == NOBODY and any(chain.move(slot, depth, LOOKS[depth], NO_CAP) for depth in range(1, _DEPTH + 1)):
            gaps += 1
    moves = sum(1 for old, new in zip(before, state.at, strict=True) if old not in {new, NOBODY})
    state.undo(mark)
    return gaps, moves
