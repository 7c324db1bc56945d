"""The group's rows as a problem for the planner: who offers what, who carried what, which duties are open and who could hold them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from supportd_rota.planner.limits import PAST_WEEKS
from supportd_rota.planner.problem import Member, Problem, Slot
from supportd_rota.planner.rules import broken_by
from supportd_rota.planner.score import ratios
from supportd_rota.tables import HELD, OPEN
from supportd_rota.times.cells import cell
from supportd_rota.windows import Window, monday_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

    from supportd.sdk.facts import Group, Person
    from supportd.sdk.ids import PersonId
    from supportd_rota.tables import RotaStore

#: What somebody holds already weighs more than anything open: the planner never gives it up.
_KEPT: Final = 1_000_000
_USUAL: Final = 100
#: Who gives how much in which week that is not usual: (person, Monday) -> hundredths.
Shares = dict[tuple[Any, str], int]


@dataclass(frozen=True, slots=True)
class Weighed:
    """The problem, with the people and the rows its numbers mean; ``holders`` is the assignment of now."""

    problem: Problem
    people: tuple[Person, ...]
    rows: tuple[Mapping[str, Any], ...]
    holders: list[int | None]

    def ratios(self) -> dict[PersonId, int]:
        """Return load over capacity by person, in millionths, with what they hold now."""
        return {one.id: ratio for one, ratio in zip(self.people, ratios(self.problem, self.holders), strict=True)}

    def opened(self, store: RotaStore, key: str) -> Weighed:
        """Return the same, but with everybody able for one slot that does its kind: for saying why its holder has it."""
        place = next(number for number, row in enumerate(self.rows) if row["key"] == key)
        kind, slots = self.rows[place]["kind"], list(self.problem.slots)
        week = slots[place].week
        able = {
            number
            for number, one in enumerate(self.people)
            if (giver := store.giver(one.id)) is not None
            and kind in giver["kinds"].split()
            and self.problem.members[number].weeks[week] > 0
        }
        slots[place] = replace(slots[place], able=slots[place].able | able)
        return replace(self, problem=replace(self.problem, slots=tuple(slots)))

    def fitting(self, key: str) -> list[Person]:
        """Return who can take the slot beside what they hold, the least loaded first."""
        place = next(number for number, row in enumerate(self.rows) if row["key"] == key)
        now = ratios(self.problem, self.holders)
        able = [
            one
            for one in self.problem.slots[place].able
            if not broken_by(self.problem, one, [*(slot for slot, holder in enumerate(self.holders) if holder == one), place])
        ]
        return [self.people[one] for one in sorted(able, key=lambda one: (now[one], one))]


def weigh(group: Group, store: RotaStore, monday: date, count: int) -> Weighed:
    """Return the problem of ``count`` weeks from ``monday`` on (by the group's clock)."""
    offering = {row["person_id"] for row in store.givers()}
    # In the order in which they were entered: ids are random, and would make the same group differ from itself.
    people = [one for one in group.people if one.id in offering and one.has_account]
    rows = [row for row in store.slots() if 0 <= _week(group, row, monday) < count]
    number = {one.id: place for place, one in enumerate(people)}
    shares = store.shares()
    slots = tuple(_slot(group, store, row, monday, number, shares) for row in rows)
    holders = [number.get(row["holder"]) if row["state"] != OPEN else None for row in rows]
    return Weighed(Problem(count, _members(group, store, people, monday, count, shares), slots), tuple(people), tuple(rows), holders)


def _slot(group: Group, store: RotaStore, row: Mapping[str, Any], monday: date, number: Mapping[PersonId, int], shares: Shares) -> Slot:
    local = group.local(row["starts"])
    if row["state"] == OPEN:
        week, gone = monday_of(local).isoformat(), store.asked(row["key"])
        able = frozenset(
            number[one["person_id"]]
            for one in store.givers()
            if one["person_id"] in number
            and row["kind"] in one["kinds"].split()
            and one["person_id"] not in gone
            and shares.get((one["person_id"], week), _USUAL)
        )
    else:
        able = frozenset({number[row["holder"]]} if row["holder"] in number else ())
    weight = row["weight"] if row["state"] == OPEN else _KEPT
    where = cell(Window(row["starts"], row["ends"]), group.style.zone, monday)
    return Slot(where.week, where.day, where.part, row["load"], bool(row["heavy"]), weight, able, row["kind"])


def _members(group: Group, store: RotaStore, people: Sequence[Person], monday: date, count: int, given: Shares) -> tuple[Member, ...]:
    """Return what people offer; ``carry`` counts a past week at "none" as the group's mean, so that nobody has to catch up."""
    past = [(monday - timedelta(days=7 * back)).isoformat() for back in range(1, PAST_WEEKS + 1)]
    ahead = [(monday + timedelta(days=7 * week)).isoformat() for week in range(count)]
    offers = {one.id: offer_of(store, one.id) for one in people}
    held = [row for row in store.slots(state=HELD) if _is_past(group, row, monday)]
    loads = {one.id: sum(row["load"] for row in held if row["holder"] == one.id) / 10 for one in people}
    shares = {one.id: [given.get((one.id, week), _USUAL) / _USUAL for week in past] for one in people}
    offered = sum(offers[one.id] * sum(shares[one.id]) for one in people)
    mean = sum(loads.values()) / offered if offered else 0.0
    return tuple(
        Member(
            offers[one.id],
            loads[one.id] + mean * offers[one.id] * shares[one.id].count(0.0),
            tuple(given.get((one.id, week), _USUAL) / _USUAL for week in ahead),
        )
        for one in people
    )


def offer_of(store: RotaStore, who: PersonId) -> float:
    """Return the spoons somebody offers in a usual week; above 0."""
    giver = store.giver(who)
    return max(0.1, giver["offer"] / 10) if giver is not None else 0.1


def _week(group: Group, row: Mapping[str, Any], monday: date) -> int:
    return (monday_of(group.local(row["starts"])) - monday).days // 7


def _is_past(group: Group, row: Mapping[str, Any], monday: date) -> bool:
    return -PAST_WEEKS <= _week(group, row, monday) < 0
