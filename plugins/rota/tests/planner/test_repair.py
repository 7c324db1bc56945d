"""Repair after a drop-out: what was accepted stays."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from supportd_rota.planner import problem, search
from supportd_rota.planner.repair import repair

from tests.support.rota import plainly
from tests.support.rota.groups import group
from tests.support.rota.small import problems

if TYPE_CHECKING:
    from tests.support.rota.plainly import Data


def _away(data: Data, member: int, weeks: list[int]) -> Data:
    """Return the problem with a member who offers nothing in some weeks, as the writer of the file says it."""
    changed = copy.deepcopy(data)
    for week in weeks:
        changed["members"][member]["weeks"][week] = 0
    for slot in changed["slots"]:
        if slot["w"] in weeks:
            slot["el"] = [one for one in slot["el"] if one != member]
    return changed


@settings(max_examples=80, deadline=None)
@given(problems(most_members=5, most_slots=14), st.integers(0, 4), st.integers(0, 2))
def test_repair_changes_lost_duties_and_at_most_one_other_for_each(data: Data, who: int, week: int) -> None:
    """The rules hold, the past stays, and nobody else loses anything they were not asked about (invariants 17 and 18)."""
    from_week = week % data["weeks"]
    before = search.search(problem.of(data), 0, 60.0, 5_000).assignment
    changed = _away(data, who % data["n"], list(range(from_week, data["weeks"])))
    found = repair(problem.of(changed), before, from_week)

    lost = [one for one, holder in enumerate(before) if holder == who % data["n"] and data["slots"][one]["w"] >= from_week]
    assert list(found.lost) == lost
    assert plainly.allowed(_until(changed, data, from_week), found.assignment)
    moved = [one for one, old, _ in found.changes if one not in lost]
    assert len(moved) <= len(lost)
    assert all(data["slots"][one]["w"] >= from_week for one, _, _ in found.changes)
    assert all(found.assignment[one] is not None for one in moved)
    assert [[one, before[one], found.assignment[one]] for one in range(len(before)) if before[one] != found.assignment[one]] == [
        list(one) for one in found.changes
    ]


def _until(changed: Data, data: Data, week: int) -> Data:
    """Return the changed problem, in which the weeks before are as they were."""
    both = copy.deepcopy(changed)
    for slot, old in zip(both["slots"], data["slots"], strict=True):
        if slot["w"] < week:
            slot["el"] = old["el"]
    for member, was in zip(both["members"], data["members"], strict=True):
        member["weeks"] = [*was["weeks"][:week], *member["weeks"][week:]]
    return both


def test_the_least_loaded_who_can_takes_it() -> None:
    """Without moving anybody else."""
    slots = [{"id": 0, "w": 1, "d": 0, "b": 0, "load": 10, "heavy": 0, "pr": 1, "el": [1, 2]}]
    members = [{"id": one, "cap": 4, "carry": carry, "weeks": [1, 1]} for one, carry in enumerate([0, 3, 2])]
    found = repair(problem.of({"n": 3, "weeks": 2, "members": members, "slots": slots}), [0], 1)

    assert (found.assignment, found.changes, found.lost) == ([2], ((0, 0, 2),), (0,))


def test_one_other_duty_moves_where_nobody_can_take_it_at_once() -> None:
    """Who can do the lost duty hands another one on in the same part of the day."""
    cell = {"w": 0, "d": 0, "b": 0, "load": 10, "heavy": 0, "pr": 1}
    members = [{"id": one, "cap": 4, "carry": 0, "weeks": [1]} for one in range(3)]
    data = {"n": 3, "weeks": 1, "members": members, "slots": [dict(cell, id=0, el=[1]), dict(cell, id=1, el=[1, 2])]}
    found = repair(problem.of(data), [0, 1], 0)

    assert found.changes == ((0, 0, 1), (1, 1, 2))
    assert (found.more_gaps, found.more_moves) == (0, 0)


def test_what_needs_two_moves_is_only_told() -> None:
    """A chain of three stays a proposal: one more gap would close if two agree to move."""
    cell = {"w": 0, "d": 0, "b": 0, "load": 10, "heavy": 0, "pr": 1}
    members = [{"id": one, "cap": 4, "carry": 0, "weeks": [1]} for one in range(4)]
    slots = [dict(cell, id=0, el=[1]), dict(cell, id=1, el=[1, 2]), dict(cell, id=2, el=[2, 3])]
    found = repair(problem.of({"n": 4, "weeks": 1, "members": members, "slots": slots}), [0, 1, 2], 0)

    assert found.assignment == [None, 1, 2]
    assert found.changes == ((0, 0, None),)
    assert (found.more_gaps, found.more_moves) == (1, 2)


@pytest.mark.parametrize("members", [5, 10, 20])
def test_the_busiest_away_for_four_weeks_costs_few_others_anything(members: int, capsys: pytest.CaptureFixture[str]) -> None:
    """Nine tenths and more of what anybody could take is offered again; at most one other moves for each."""
    lost = again = moved = 0
    for seed in range(4):
        data = group(members, seed)
        before = search.search(problem.of(data), 0, 60.0, 120_000).assignment
        held = [holder for holder in before if holder is not None]
        busiest = max(set(held), key=held.count)
        found = repair(problem.of(_away(data, busiest, [4, 5, 6, 7])), before, 4)
        lost += len(found.lost)
        again += sum(found.assignment[one] is not None for one in found.lost)
        moved += sum(one not in found.lost for one, _, _ in found.changes)
    with capsys.disabled():
        print(  # noqa: T201 - a figure
            f"\n  {members} members: {lost} lost, {again} offered again, {moved} others moved"
        )

    assert lost > 0
    assert again > 0
    assert moved <= lost
