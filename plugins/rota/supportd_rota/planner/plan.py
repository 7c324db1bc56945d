"""Writing and reading a plan; readers trust ``assignment`` alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from supportd_rota.planner.problem import BadProblem, parse
from supportd_rota.planner.score import score
from supportd_rota.planner.why import Explained

if TYPE_CHECKING:
    from supportd_rota.planner.problem import Problem
    from supportd_rota.planner.rules import Assignment
    from supportd_rota.planner.score import Score
    from supportd_rota.planner.search import Found

FORMAT: Final = "supportd-rota-plan/1"


def write(problem: Problem, found: Found, seed: int, *, per_member: bool = False) -> dict[str, Any]:
    """Return the plan as JSON data; ``per_member`` adds ``ratios`` and ``why``, which say something about each person."""
    judgement = score(problem, found.assignment)
    plan = {
        **judged(found.assignment, judgement),
        "coverage_proven": found.proven,
        "coverage_bound": found.bound,
        "stopped_by": found.stopped_by,
        "seed": seed,
    }
    if per_member:
        plan["ratios"] = list(judgement.ratios)
        explained = Explained(problem, found.assignment)
        plan["why"] = [explained.why(slot).sentences for slot in range(len(problem.slots))]
    return plan


def judged(assignment: Assignment, found: Score) -> dict[str, Any]:
    """Return the plan's fields that can be told from the assignment and its score, without anything about one person."""
    return {
        "format": FORMAT,
        "assignment": assignment,
        "uncovered_weight": found.uncovered_weight,
        "uncovered": list(found.uncovered),
        "sorted_ratios": found.sorted_ratios,
        "max_ratio": found.sorted_ratios[0],
        "gini": round(found.gini, 6),
    }


def read(raw: bytes | str, problem: Problem) -> Assignment:
    """Read the assignment of a plan for this problem; raises :class:`BadProblem` with one sentence."""
    data = parse(raw, "The plan")
    if data.get("format") != FORMAT:
        raise BadProblem(problem=f"The plan's format must be {FORMAT}")
    found = data.get("assignment")
    if not isinstance(found, list) or len(found) != len(problem.slots):
        raise BadProblem(problem=f"assignment must be a list with one entry for each of the {len(problem.slots)} slots")
    count = len(problem.members)
    for slot, member in enumerate(found):
        if member is not None and (isinstance(member, bool) or not isinstance(member, int) or not 0 <= member < count):
            raise BadProblem(problem=f"assignment[{slot}] must be null or the id of a member, 0 to {count - 1}")
    return found
