"""The search with the solver's help: its coverage is proven where there is time for that, and never less than the search's own."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from supportd_rota.planner import search as own
from supportd_rota.planner.exact import cover, installed

if TYPE_CHECKING:
    from supportd_rota.planner.problem import Problem

__all__ = ["installed", "search"]

#: Of the time the search may take so much, before the solver is asked what is left to cover.
_OWN: Final = 0.6


def search(problem: Problem, seed: int, seconds: float, steps: int) -> own.Found:
    """Return the best plan found; the same problem, seed and steps give the same plan unless the clock ends the search or the solver."""
    until = time.monotonic() + seconds
    found = own.search(problem, seed, seconds * _OWN, steps)
    if found.proven:
        return found
    covered = cover(problem, found.assignment, until - time.monotonic())
    if covered is None:
        # Nothing more is known than before, and it was the clock that decided that.
        return replace(found, stopped_by="time")
    uncovered = sum(slot.priority for slot, holder in zip(problem.slots, covered.assignment, strict=True) if holder is None)
    if uncovered < found.uncovered_weight:
        found = own.search(problem, seed, until - time.monotonic(), steps, start=covered.assignment)
    better = max(found.bound, covered.bound)
    return replace(found, bound=better, stopped_by=found.stopped_by if found.uncovered_weight == better else "time")
