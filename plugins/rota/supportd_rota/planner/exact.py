"""Proven coverage by HiGHS, in a process of its own with limits of time and memory; the search never depends on it.

The child gets the problem and a plan to begin with as JSON on its standard input, and answers with a plan and a bound, or not at all: then
the search's own plan stands. Two solvers are never loaded in one process, and none in ours.
"""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from supportd_rota.planner.rules import broken

if TYPE_CHECKING:
    from collections.abc import Sequence

    from supportd_rota.planner.problem import Problem
    from supportd_rota.planner.rules import Assignment

#: Bytes of data the child may have; the address space is left alone, since threads and libraries reserve far more of it than they use.
MEMORY: Final = 400 * 2**20
#: Seconds that the child needs besides solving, and after which it is ended if it does not end itself.
_START: Final = 0.4
#: Less than this is not worth a process.
_LEAST: Final = 0.1


@dataclass(frozen=True, slots=True)
class Covered:
    """A plan that covers as much as was found, and the least weight that any plan leaves uncovered, as far as it is proven."""

    assignment: Assignment
    bound: int


def installed() -> bool:
    """Tell whether the extra is there."""
    return importlib.util.find_spec("highspy") is not None


def cover(problem: Problem, start: Sequence[int | None], seconds: float) -> Covered | None:
    """Return the best coverage found within ``seconds``; ``None`` if the child had no time, broke, or answered what is no plan."""
    if seconds < _START + _LEAST:
        return None
    given = json.dumps({"seconds": seconds - _START, "memory": MEMORY, "start": list(start), "problem": _plain(problem)})
    try:
        ended = subprocess.run(
            [sys.executable, "-m", "supportd_rota.planner.solve"],
            input=given.encode(),
            capture_output=True,
            timeout=seconds,
            check=True,
        )
        # HiGHS says on standard output who made it, before us.
        found = json.loads(ended.stdout.splitlines()[-1])
        assignment, bound = list(found["assignment"]), int(found["bound"])
    except (subprocess.SubprocessError, OSError, ValueError, LookupError, TypeError):
        return None
    if len(assignment) != len(problem.slots) or broken(problem, assignment):
        return None
    return Covered(assignment, bound)


def _plain(problem: Problem) -> dict[str, Any]:
    """Return the problem as the format has it."""
    return {
        "n": len(problem.members),
        "weeks": problem.weeks,
        "members": [{"id": place, "cap": one.cap, "carry": one.carry, "weeks": one.weeks} for place, one in enumerate(problem.members)],
        "slots": [
            {
                "id": place,
                "w": one.week,
                "d": one.day,
                "b": one.part,
                "load": one.load,
                "heavy": int(one.heavy),
                "pr": one.priority,
                "el": sorted(one.able),
            }
            for place, one in enumerate(problem.slots)
        ],
    }
