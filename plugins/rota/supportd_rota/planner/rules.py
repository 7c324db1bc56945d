"""The hard rules H1 to H5, checked on a finished plan, plainly and without the search's shortcuts."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from supportd_rota.planner.limits import A_DAY, HEAVY_APART, limits

if TYPE_CHECKING:
    from collections.abc import Sequence

    from supportd_rota.planner.problem import Problem

#: For each slot the member who holds it, or ``None``.
Assignment = list[int | None]


@dataclass(frozen=True, slots=True, order=True)
class Broken:
    """A rule that does not hold for one member: which (H1…H5), and the slots it is about."""

    rule: str
    member: int
    slots: tuple[int, ...]


def by_holder(assignment: Sequence[int | None]) -> dict[int, list[int]]:
    """Return the slots of each member who holds any; of everybody else none."""
    held: dict[int, list[int]] = defaultdict(list)
    for slot, member in enumerate(assignment):
        if member is not None:
            held[member].append(slot)
    return held


def broken(problem: Problem, assignment: Sequence[int | None]) -> list[Broken]:
    """Return every hard rule that the assignment breaks, sorted; an empty list says that it may be used."""
    return sorted(found for member, slots in by_holder(assignment).items() for found in broken_by(problem, member, slots))


def broken_by(problem: Problem, member: int, slots: Sequence[int]) -> list[Broken]:
    """Return every hard rule that this member would break by holding just these slots."""
    found = [Broken("H1", member, (one,)) for one in slots if member not in problem.slots[one].able]
    most = limits(problem.members[member])
    weeks, days, cells = defaultdict(list), defaultdict(list), defaultdict(list)
    for one in slots:
        slot = problem.slots[one]
        weeks[slot.week].append(one)
        days[slot.date].append(one)
        cells[slot.date, slot.part].append(one)
    found += [
        Broken("H2", member, tuple(those)) for week, those in weeks.items() if sum(problem.slots[one].load for one in those) > most[week]
    ]
    found += [Broken("H3", member, tuple(those)) for those in days.values() if len(those) > A_DAY]
    found += [Broken("H4", member, tuple(those)) for those in cells.values() if len(those) > 1]
    heavy = sorted((one for one in slots if problem.slots[one].heavy), key=lambda one: problem.slots[one].date)
    found += [
        Broken("H5", member, pair) for pair in pairwise(heavy) if problem.slots[pair[1]].date - problem.slots[pair[0]].date < HEAVY_APART
    ]
    return found
