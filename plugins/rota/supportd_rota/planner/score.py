"""What a plan is worth: uncovered weight (C1), the sorted ratios (C2), and what is reported beside them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from supportd_rota.planner.limits import carried, weight
from supportd_rota.planner.rules import broken_by, by_holder

if TYPE_CHECKING:
    from collections.abc import Sequence

    from supportd_rota.planner.problem import Problem


@dataclass(frozen=True, slots=True)
class Score:
    """C1, C2 and what stands beside them; ``ratios`` are millionths by member, ``complaints`` slots."""

    uncovered_weight: int
    uncovered: tuple[int, ...]
    ratios: tuple[int, ...]
    complaints: tuple[int, ...]

    @property
    def sorted_ratios(self) -> list[int]:
        """The ratios, highest first, which is what two plans are compared by after C1."""
        return sorted(self.ratios, reverse=True)

    @property
    def gini(self) -> float:
        """How unevenly the ratios are spread: 0 if all are equal, or all are 0."""
        return gini(self.ratios)


def score(problem: Problem, assignment: Sequence[int | None]) -> Score:
    """Judge an assignment that keeps the hard rules."""
    uncovered = tuple(slot for slot, member in enumerate(assignment) if member is None)
    return Score(
        sum(problem.slots[slot].priority for slot in uncovered),
        uncovered,
        tuple(ratios(problem, assignment)),
        tuple(complaints(problem, assignment)),
    )


def ratios(problem: Problem, assignment: Sequence[int | None]) -> list[int]:
    """Return load over capacity for each member, in millionths."""
    given = [carried(one) for one in problem.members]
    for slot, member in enumerate(assignment):
        if member is not None:
            given[member] += problem.slots[slot].load
    return [load * weight(one) for load, one in zip(given, problem.members, strict=True)]


def complaints(problem: Problem, assignment: Sequence[int | None]) -> list[int]:
    """Return the held slots that an able, still fitting member could take and end below the holder's ratio of now."""
    now = ratios(problem, assignment)
    weights = [weight(one) for one in problem.members]
    held = by_holder(assignment)

    def cheaper(slot: int, holder: int) -> bool:
        load = problem.slots[slot].load
        return any(
            now[other] + load * weights[other] < now[holder] and not broken_by(problem, other, [*held[other], slot])
            for other in problem.slots[slot].able
            if other != holder
        )

    return [slot for slot, holder in enumerate(assignment) if holder is not None and cheaper(slot, holder)]


def gini(values: Sequence[int]) -> float:
    """Return Σ(2i - n + 1)·x_i / (n·Σx) over the values ascending, i from 0; 0 if all are 0."""
    total, count = sum(values), len(values)
    if not total:
        return 0.0
    return sum((2 * place - count + 1) * value for place, value in enumerate(sorted(values))) / (count * total)
