"""What is said about a plan, against the plain description of the format."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from supportd_rota.planner import problem
from supportd_rota.planner.limits import MILLION
from supportd_rota.planner.rules import broken
from supportd_rota.planner.score import gini, score
from supportd_rota.planner.why import why

from tests.support.rota import plainly
from tests.support.rota.small import problems
from tests.support.rota.worked import BEST, WORKED

if TYPE_CHECKING:
    from tests.support.rota.plainly import Data, Plan


def _any_plan(data: Data, draw: st.DataObject) -> Plan:
    return [draw.draw(st.none() | st.sampled_from(slot["el"])) if slot["el"] else None for slot in data["slots"]]


@settings(max_examples=200, deadline=None)
@given(problems(), st.data())
def test_a_plan_is_judged_as_the_format_says(data: Data, draw: st.DataObject) -> None:
    """Rules, cost, ratios and complaints of any assignment, allowed or not."""
    plan, read = _any_plan(data, draw), problem.of(data)
    found = score(read, plan)

    assert (broken(read, plan) == []) == plainly.allowed(data, plan)
    assert (found.uncovered_weight, found.sorted_ratios) == plainly.cost(data, plan)
    assert list(found.ratios) == plainly.ratios(data, plan)
    if plainly.allowed(data, plan):
        assert list(found.complaints) == plainly.complaints(data, plan)


@pytest.mark.parametrize(
    ("plan", "rule", "slots"),
    [
        ([2, 2, 1, 2, 0, 1, None], "H1", (1,)),
        ([1, 0, 1, None, 0, 1, None], "H2", (0, 2)),
        ([0, 0, 1, 2, None, 1, None], "H4", (0, 1)),
        ([2, 1, 0, 2, 0, 1, None], "H5", (2, 4)),
    ],
)
def test_a_broken_rule_is_named_with_its_slots(plan: Plan, rule: str, slots: tuple[int, ...]) -> None:
    """So that whoever changes a plan by hand sees what is wrong."""
    assert (rule, slots) in {(one.rule, one.slots) for one in broken(problem.of(WORKED), plan)}


def test_three_duties_on_one_day_are_too_many() -> None:
    """Two are allowed (H3)."""
    slots = [{"id": one, "w": 0, "d": 1, "b": one, "load": 1, "heavy": 0, "pr": 1, "el": [0]} for one in range(3)]
    read = problem.of({"n": 1, "weeks": 1, "members": [{"id": 0, "cap": 9, "carry": 0, "weeks": [1]}], "slots": slots})

    assert [one.rule for one in broken(read, [0, 0, 0])] == ["H3"]
    assert broken(read, [0, 0, None]) == []


@pytest.mark.parametrize(("values", "expected"), [([], 0.0), ([0, 0], 0.0), ([5, 5, 5], 0.0), ([0, 0, 9], 2 / 3), ([1, 3], 0.25)])
def test_gini_is_zero_for_even_and_near_one_for_one_alone(values: list[int], expected: float) -> None:
    """Known values."""
    assert gini(values) == pytest.approx(expected)


@settings(max_examples=200, deadline=None)
@given(problems(most_members=3, most_slots=6), st.data())
def test_why_says_what_is_true_of_the_plan(data: Data, draw: st.DataObject) -> None:
    """Each reason holds by the plain description, and the percentage is the holder's own ratio."""
    plan = _any_plan(data, draw)
    if not plainly.allowed(data, plan) or not plan:
        return
    slot = draw.draw(st.integers(0, len(plan) - 1))
    found, now = why(problem.of(data), plan, slot), plainly.ratios(data, plan)
    holder, able = plan[slot], set(data["slots"][slot]["el"])
    fitting = [one for one in able - {holder} if plainly.allowed(data, [*plan[:slot], one, *plan[slot + 1 :]])]
    after = {one: plainly.ratios(data, [*plan[:slot], one, *plan[slot + 1 :]])[one] for one in fitting}
    if holder is None:
        assert found.reason == ("none" if not able else "somebody fits" if fitting else "nobody fits")
        return
    assert found.sentences.endswith(f"You are at {round(100 * now[holder] / MILLION)} % of what you offered.")
    assert found.sentences.count(". ") == 1
    if not able - {holder}:
        assert found.reason == "only"
    elif not fitting:
        assert found.reason == "no room"
    else:
        assert found.reason == ("complaint" if min(after.values()) < now[holder] else "fairest")


def test_a_plan_without_complaint_never_says_that_somebody_could_carry_less() -> None:
    """In the best plan of the worked example."""
    read = problem.of(WORKED)

    assert {why(read, BEST, slot).reason for slot in range(7)} == {"no room", "fairest", "nobody fits"}
