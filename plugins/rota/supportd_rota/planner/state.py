"""A plan while it is searched: who holds what, kept so that one look says whether somebody can take one more duty.

Members are numbered anew, sorted by what they offer, carry and can do, never by id: renaming people changes nothing. Days and parts of days
are bits of an integer for each member, so that clash (H4), day (H3) and rest between heavy duties (H5) cost one operation each.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from supportd_rota.planner.limits import HEAVY_APART, carried, limits, weight

if TYPE_CHECKING:
    from collections.abc import Sequence

    from supportd_rota.planner.problem import Problem

#: Nobody holds the slot.
NOBODY: Final = -1


class State:
    """One assignment that keeps H1 to H5 at every moment; ``put`` and ``take`` are the only ways to change it."""

    def __init__(self, problem: Problem) -> None:
        """Begin with nobody holding anything."""
        self.order = _order(problem)
        number = {member: place for place, member in enumerate(self.order)}
        members = [problem.members[one] for one in self.order]
        self.members, self.slots = len(members), len(problem.slots)
        self.most = [limits(one) for one in members]
        self.weight = [weight(one) for one in members]
        self.load = [one.load for one in problem.slots]
        self.priority = [one.priority for one in problem.slots]
        self.week = [one.week for one in problem.slots]
        # Whoever could not carry the slot even with an empty week is left out once and for all.
        self.able = [
            tuple(sorted(number[one] for one in slot.able if slot.load <= self.most[number[one]][slot.week])) for slot in problem.slots
        ]
        cells = {cell: place for place, cell in enumerate(sorted({(one.date, one.part) for one in problem.slots}))}
        self.cell = [1 << cells[one.date, one.part] for one in problem.slots]
        self.day = [1 << one.date for one in problem.slots]
        self.heavy = [1 << (one.date + HEAVY_APART - 1) if one.heavy else 0 for one in problem.slots]
        self.near = [((1 << (2 * HEAVY_APART - 1)) - 1) << one.date if one.heavy else 0 for one in problem.slots]

        self.at = [NOBODY] * self.slots
        self.held: list[list[int]] = [[] for _ in members]
        self.used = [[0] * problem.weeks for _ in members]
        self.total = [carried(one) for one in members]
        self.cells, self.once, self.twice, self.rest = ([0] * self.members for _ in range(4))
        self.uncovered = sum(self.priority)
        #: (slot, who held it before), oldest first; a mark is its length.
        self.trail: list[tuple[int, int]] = []

    def fits(self, slot: int, member: int) -> bool:
        """Tell whether an able member may hold the slot beside what they hold now."""
        week = self.week[slot]
        return not (
            self.cells[member] & self.cell[slot]
            or self.twice[member] & self.day[slot]
            or self.rest[member] & self.near[slot]
            or self.used[member][week] + self.load[slot] > self.most[member][week]
        )

    def ratio(self, member: int) -> int:
        """Return the member's load over capacity in millionths."""
        return self.total[member] * self.weight[member]

    def ratio_with(self, slot: int, member: int) -> int:
        """Return what the member's ratio would be with this slot too."""
        return (self.total[member] + self.load[slot]) * self.weight[member]

    def put(self, slot: int, member: int) -> None:
        """Let the member hold a slot that nobody holds; it must fit."""
        self.trail.append((slot, NOBODY))
        self._put(slot, member)

    def take(self, slot: int) -> None:
        """Let nobody hold the slot."""
        self.trail.append((slot, self.at[slot]))
        self._take(slot)

    def shift(self, slot: int, member: int) -> None:
        """Let the member (or nobody) hold the slot instead, without a trail."""
        if self.at[slot] != NOBODY:
            self._take(slot)
        if member != NOBODY:
            self._put(slot, member)

    def restore(self, kept: Sequence[int]) -> None:
        """Go back to what ``at`` was; there is no way back from that."""
        for slot, member in enumerate(kept):
            if self.at[slot] not in {member, NOBODY}:
                self._take(slot)
        for slot, member in enumerate(kept):
            if self.at[slot] != member:
                self._put(slot, member)
        self.trail.clear()

    def undo(self, mark: int) -> None:
        """Go back to when the trail was ``mark`` long."""
        while len(self.trail) > mark:
            slot, before = self.trail.pop()
            if self.at[slot] != NOBODY:
                self._take(slot)
            if before != NOBODY:
                self._put(slot, before)

    def key(self) -> tuple[int, list[int]]:
        """Return (C1, C2): the smaller is better."""
        return self.uncovered, sorted((load * each for load, each in zip(self.total, self.weight, strict=True)), reverse=True)

    def gaps(self) -> list[int]:
        """Return the slots that nobody holds and somebody could, the weightiest first."""
        return sorted(
            (slot for slot in range(self.slots) if self.at[slot] == NOBODY and self.able[slot]), key=lambda one: -self.priority[one]
        )

    def assignment(self) -> list[int | None]:
        """Return for each slot the member as the problem numbers them, or ``None``."""
        return [None if member == NOBODY else self.order[member] for member in self.at]

    def load_from(self, assignment: Sequence[int | None]) -> None:
        """Take over an assignment that keeps the hard rules."""
        number = {member: place for place, member in enumerate(self.order)}
        for slot, member in enumerate(assignment):
            if self.at[slot] != NOBODY:
                self._take(slot)
            if member is not None:
                self._put(slot, number[member])
        self.trail.clear()

    def _put(self, slot: int, member: int) -> None:
        load, day = self.load[slot], self.day[slot]
        self.at[slot] = member
        self.held[member].append(slot)
        self.used[member][self.week[slot]] += load
        self.total[member] += load
        self.cells[member] |= self.cell[slot]
        if self.once[member] & day:
            self.twice[member] |= day
        self.once[member] |= day
        self.rest[member] |= self.heavy[slot]
        self.uncovered -= self.priority[slot]

    def _take(self, slot: int) -> None:
        member, load, day = self.at[slot], self.load[slot], self.day[slot]
        self.at[slot] = NOBODY
        self.held[member].remove(slot)
        self.used[member][self.week[slot]] -= load
        self.total[member] -= load
        self.cells[member] &= ~self.cell[slot]
        if self.twice[member] & day:
            self.twice[member] &= ~day
        else:
            self.once[member] &= ~day
        self.rest[member] &= ~self.heavy[slot]
        self.uncovered += self.priority[slot]


def _order(problem: Problem) -> list[int]:
    slots: list[list[int]] = [[] for _ in problem.members]
    for place, slot in enumerate(problem.slots):
        for member in slot.able:
            slots[member].append(place)
    return sorted(range(len(problem.members)), key=lambda one: _offer(problem, one, slots[one]))


def _offer(problem: Problem, member: int, slots: list[int]) -> tuple[float, float, tuple[float, ...], list[int]]:
    found = problem.members[member]
    return found.cap, found.carry, found.weeks, slots
