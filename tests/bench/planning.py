"""The rota's planner beside what groups do without one: taking turns, and whoever was on duty longest ago."""

from __future__ import annotations

import itertools
import statistics
from time import perf_counter
from typing import TYPE_CHECKING

from supportd_rota.planner import problem as problems
from supportd_rota.planner import proving
from supportd_rota.planner.limits import MILLION
from supportd_rota.planner.rules import broken_by
from supportd_rota.planner.score import score
from supportd_rota.planner.search import search, usual_steps

from tests.support.rota.groups import group

if TYPE_CHECKING:
    from collections.abc import Callable

    from supportd_rota.planner.problem import Problem
    from supportd_rota.planner.rules import Assignment

    from tests.bench.options import Options

_SEEDS = range(4)
_SIZES = (5, 10, 20, 50)
_LONG = 60.0


async def measure(options: Options) -> None:
    """Print for groups of each size what stays uncovered, the highest load for what was offered, and the seconds."""
    del options
    print("members | policy | uncovered weight | highest ratio | Gini | complaints | seconds: median, longest")
    for members in _SIZES:
        read = [problems.of(group(members, seed)) for seed in _SEEDS]
        for name, policy in (("in turn", _in_turn), ("longest ago", _longest_ago), ("search", _own)):
            _print(members, name, read, policy)
        if proving.installed():
            _print(members, "search and solver", read, _proven)


def _print(members: int, name: str, read: list[Problem], policy: Callable[[Problem], tuple[Assignment, str]]) -> None:
    seconds, scores, notes = [], [], []
    for one in read:
        started = perf_counter()
        assignment, note = policy(one)
        seconds.append(perf_counter() - started)
        scores.append(score(one, assignment))
        notes.append(note)
    uncovered, complaints = sum(one.uncovered_weight for one in scores), sum(len(one.complaints) for one in scores)
    highest = statistics.mean(one.sorted_ratios[0] for one in scores) / MILLION
    spread, time = statistics.mean(one.gini for one in scores), f"{statistics.median(seconds):.2f}, {max(seconds):.2f}"
    print(
        f"{members:4} | {name:17} | {uncovered:5} | {highest:.3f} | {spread:.3f} | {complaints:4} | {time} {' '.join(filter(None, notes))}"
    )


def _own(problem: Problem) -> tuple[Assignment, str]:
    return search(problem, 0, _LONG).assignment, ""


def _proven(problem: Problem) -> tuple[Assignment, str]:
    found = proving.search(problem, 0, _LONG, usual_steps(problem))
    return found.assignment, "proven" if found.proven else f"at least {found.bound}"


def _in_turn(problem: Problem) -> tuple[Assignment, str]:
    """Give each duty to the next in a fixed order who can; who cannot is skipped."""
    turn = itertools.cycle(range(len(problem.members)))
    return _one_by_one(problem, lambda able, _last: next(one for one in itertools.islice(turn, len(problem.members)) if one in able)), ""


def _longest_ago(problem: Problem) -> tuple[Assignment, str]:
    """Give each duty to who can and was on duty longest ago."""
    return _one_by_one(problem, lambda able, last: min(able, key=lambda one: (last.get(one, -1), one))), ""


def _one_by_one(problem: Problem, choose: Callable[[set[int], dict[int, int]], int]) -> Assignment:
    held: dict[int, list[int]] = {one: [] for one in range(len(problem.members))}
    last: dict[int, int] = {}
    plan: Assignment = [None] * len(problem.slots)
    for slot in sorted(range(len(problem.slots)), key=lambda one: (problem.slots[one].date, problem.slots[one].part)):
        able = {one for one in problem.slots[slot].able if not broken_by(problem, one, [*held[one], slot])}
        if able:
            who = plan[slot] = choose(able, last)
            held[who].append(slot)
            last[who] = problem.slots[slot].date
    return plan
