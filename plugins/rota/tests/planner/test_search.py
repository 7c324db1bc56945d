"""The search, judged by the plain description of the format."""

from __future__ import annotations

import copy
import itertools
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from supportd_rota.planner import problem, search
from supportd_rota.planner.exhaust import exhaust
from supportd_rota.planner.search import Found, usual_steps
from supportd_rota.planner.state import State

from tests.support.rota import plainly
from tests.support.rota.groups import group
from tests.support.rota.small import problems
from tests.support.rota.worked import BEST, WORKED

if TYPE_CHECKING:
    import random

    from tests.support.rota.plainly import Data

#: Looks for small problems: enough, and a test stays quick.
_FEW = 30_000


def _plan(data: Data, seed: int = 0, steps: int | None = _FEW) -> Found:
    return search.search(problem.of(data), seed, 60.0, steps)


def test_the_worked_example_has_its_best_plan() -> None:
    """Each duty as the format's description explains it, and that is proven: all plans were tried."""
    found = _plan(WORKED)

    assert found.assignment == BEST
    assert plainly.cost(WORKED, found.assignment) == (1, [599985, 479205, 472745])
    assert (found.proven, found.stopped_by) == (True, "optimum")


def test_the_worked_example_has_its_best_plan_also_by_searching() -> None:
    """The search finds it too, where not everything is tried."""
    assert search.search(problem.of(WORKED), 0, 60.0, _FEW, try_all=False).assignment == BEST


@settings(max_examples=150, deadline=None)
@given(problems(most_members=3, most_slots=5))
def test_where_all_can_be_tried_the_plan_is_the_best(data: Data) -> None:
    """No plan at all has a lower cost."""
    found = _plan(data)

    assert plainly.allowed(data, found.assignment)
    assert plainly.cost(data, found.assignment) == plainly.best(data)


@settings(max_examples=60, deadline=None)
@given(problems(most_slots=8))
def test_the_search_covers_as_much_as_trying_everything(data: Data) -> None:
    """The search alone, without trying everything, leaves no more weight uncovered."""
    state = State(problem.of(data))
    found = search.search(problem.of(data), 0, 60.0, _FEW, try_all=False)
    exhaust(state)

    assert found.uncovered_weight == state.uncovered
    assert found.bound <= state.uncovered


@settings(max_examples=80, deadline=None)
@given(problems(most_members=5, most_slots=14), st.integers(0, 3))
def test_every_plan_keeps_the_hard_rules_and_has_no_complaint(data: Data, seed: int) -> None:
    """Whatever the problem is; also when the budget is nothing at all."""
    for steps in (0, 2_000):
        found = _plan(data, seed, steps)

        assert plainly.allowed(data, found.assignment)
        assert plainly.complaints(data, found.assignment) == []
        assert found.uncovered_weight == plainly.cost(data, found.assignment)[0]
        assert found.bound <= found.uncovered_weight


@pytest.mark.parametrize(("members", "seed"), [(5, 1), (10, 2), (20, 3)])
def test_uneven_groups_get_plans_without_complaint(members: int, seed: int) -> None:
    """Groups of the usual sizes, and the same plan again for the same seed."""
    data = group(members, seed)
    found = _plan(data, seed, 150_000)

    assert plainly.allowed(data, found.assignment)
    assert plainly.complaints(data, found.assignment) == []
    assert _plan(data, seed, 150_000) == found


@settings(max_examples=40, deadline=None)
@given(problems(most_members=5, most_slots=12), st.randoms(use_true_random=False))
def test_renaming_people_changes_nothing_but_their_names(data: Data, shuffle: random.Random) -> None:
    """The ratios, sorted, and what is uncovered stay (invariant 13)."""
    names = list(range(data["n"]))
    shuffle.shuffle(names)
    other = copy.deepcopy(data)
    other["members"] = [dict(data["members"][names.index(one)], id=one) for one in range(data["n"])]
    for slot in other["slots"]:
        slot["el"] = [names[one] for one in slot["el"]]
        shuffle.shuffle(slot["el"])

    assert plainly.cost(other, _plan(other).assignment) == plainly.cost(data, _plan(data).assignment)


@settings(max_examples=60, deadline=None)
@given(problems(most_members=3, most_slots=6), st.integers(0, 2))
def test_more_to_give_never_leaves_more_uncovered(data: Data, who: int) -> None:
    """More capacity, and more people who can, where coverage is proven (invariant 12)."""
    more: Any = copy.deepcopy(data)
    member = more["members"][who % data["n"]]
    member["cap"] *= 2
    member["weeks"] = [1] * data["weeks"]
    for slot in more["slots"]:
        slot["el"] = sorted({*slot["el"], member["id"]})

    before, after = _plan(data), _plan(more)
    if before.stopped_by == after.stopped_by == "optimum":
        assert after.uncovered_weight <= before.uncovered_weight


def test_who_cancels_gets_a_whole_plan() -> None:
    """The search ends early, says that the clock ended it, and nobody has a complaint."""
    data = group(10, 4)
    asked = itertools.count()
    found = search.search(problem.of(data), 0, 60.0, cancelled=lambda: next(asked) > 3)

    assert found.stopped_by == "time"
    assert plainly.complaints(data, found.assignment) == []


def test_a_search_without_choices_ends_at_once() -> None:
    """A duty that one person can do, and one that nobody can: there is nothing to search."""
    member = {"id": 0, "cap": 4, "carry": 0, "weeks": [1] * 20}
    slots = [{"id": one, "w": one, "d": 0, "b": 0, "load": 20, "heavy": 0, "pr": 2, "el": [0] if one % 2 else []} for one in range(20)]
    found = _plan({"n": 1, "weeks": 20, "members": [member], "slots": slots}, steps=None)

    assert found.assignment == [0 if one % 2 else None for one in range(20)]
    assert (found.uncovered_weight, found.bound, found.proven) == (20, 20, True)


def test_steps_grow_with_the_group() -> None:
    """A group of fifty is worth more looks than one of twenty."""
    assert usual_steps(problem.of(group(50, 1))) > usual_steps(problem.of(group(10, 1))) == usual_steps(problem.of(group(5, 1)))
