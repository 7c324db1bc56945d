"""The group's rows as a problem for the planner: who offers what, who carried what, which duties are open and who could hold them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from supportd_rota.planner.limits import PAST_WEEKS
from supportd_rota.planner.problem import Member, Problem, Slot
from supportd_rota.planner.rules import broken_by, by_holder
from supportd_rota.planner.score import ratios
from supportd_rota.planner.why import why
from supportd_rota.tables import HELD, OPEN
from supportd_rota.times import Window, cell, monday_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import date, datetime

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
    #: What each of them offers.
    givers: Mapping[PersonId, Mapping[str, Any]]

    def ratios(self) -> dict[PersonId, int]:
        """Return load over capacity by person, in millionths, with what they hold now."""
        return {one.id: ratio for one, ratio in zip(self.people, ratios(self.problem, self.holders), strict=True)}

    def opened(self, key: str) -> Weighed:
        """Return the same, but with everybody able for one slot that does its kind: for saying why its holder has it."""
        place, slots = self._place(key), list(self.problem.slots)
        kind, week = self.rows[place]["kind"], slots[place].week
        able = {
            number
            for number, one in enumerate(self.people)
            if kind in self.givers[one.id]["kinds"].split() and self.problem.members[number].weeks[week] > 0
        }
        slots[place] = replace(slots[place], able=slots[place].able | able)
        return replace(self, problem=replace(self.problem, slots=tuple(slots)))

    def why(self, key: str) -> str:
        """Return in two sentences why somebody holds a slot."""
        return why(self.problem, self.holders, self._place(key)).sentences

    def fitting(self, key: str) -> list[Person]:
        """Return who can take the slot beside what they hold, the least loaded first."""
        place, now = self._place(key), ratios(self.problem, self.holders)
        held = by_holder(self.holders)
        able = [one for one in self.problem.slots[place].able if not broken_by(self.problem, one, [*held[one], place])]
        return [self.people[one] for one in sorted(able, key=lambda one: (now[one], one))]

    def _place(self, key: str) -> int:
        return next(number for number, row in enumerate(self.rows) if row["key"] == key)


def week_of(group: Group, moment: datetime) -> date:
    """Return the Monday of the week of an instant, by the group's clock."""
    return monday_of(group.local(moment).date())


def weigh(group: Group, store: RotaStore, monday: date, count: int) -> Weighed:
    """Return the problem of ``count`` weeks from ``monday`` on (by the group's clock)."""
    givers, shares = {row["person_id"]: row for row in store.givers()}, store.shares()
    # In the order in which they were entered: ids are random, and would make the same group differ from itself.
    people = tuple(one for one in group.people if one.id in givers and one.has_account)
    number = {one.id: place for place, one in enumerate(people)}
    weeks = {row["key"]: (week_of(group, row["starts"]) - monday).days // 7 for row in store.slots()}
    rows = tuple(row for row in store.slots() if 0 <= weeks[row["key"]] < count)
    able = {row["key"]: _able(group, store, row, [givers[one.id] for one in people], shares) for row in rows}
    slots = tuple(_slot(group, row, monday, frozenset(number[one] for one in able[row["key"]] if one in number)) for row in rows)
    held = [row for row in store.slots(state=HELD) if -PAST_WEEKS <= weeks[row["key"]] < 0]
    problem = Problem(count, _members([givers[one.id] for one in people], held, monday, count, shares), slots)
    holders = [number.get(row["holder"]) if row["state"] != OPEN else None for row in rows]
    return Weighed(problem, people, rows, holders, givers)


def _able(
    group: Group, store: RotaStore, row: Mapping[str, Any], givers: Sequence[Mapping[str, Any]], shares: Shares
) -> frozenset[PersonId]:
    """Return who may hold a slot: its holder alone, or who does its kind, was not asked before and gives something in that week."""
    if row["state"] != OPEN:
        return frozenset({row["holder"]})
    week, gone = week_of(group, row["starts"]).isoformat(), store.asked(row["key"])
    return frozenset(
        one["person_id"]
        for one in givers
        if row["kind"] in one["kinds"].split() and one["person_id"] not in gone and shares.get((one["person_id"], week), _USUAL)
    )


def _slot(group: Group, row: Mapping[str, Any], monday: date, able: frozenset[int]) -> Slot:
    weight = row["weight"] if row["state"] == OPEN else _KEPT
    where = cell(Window(row["starts"], row["ends"]), group.style.zone, monday)
    return Slot(where.week, where.day, where.part, row["load"], bool(row["heavy"]), weight, able, row["kind"])


def _members(
    givers: Sequence[Mapping[str, Any]], held: Sequence[Mapping[str, Any]], monday: date, count: int, shares: Shares
) -> tuple[Member, ...]:
    """Return what people offer; ``carry`` counts a past week at "none" as the group's mean, so that nobody has to catch up."""

    def given(who: PersonId, weeks: Iterable[int]) -> list[float]:
        return [shares.get((who, (monday + timedelta(days=7 * week)).isoformat()), _USUAL) / _USUAL for week in weeks]

    offers = {one["person_id"]: max(0.1, one["offer"] / 10) for one in givers}
    loads = {who: sum(row["load"] for row in held if row["holder"] == who) / 10 for who in offers}
    past = {who: given(who, range(-PAST_WEEKS, 0)) for who in offers}
    offered = sum(offer * sum(past[who]) for who, offer in offers.items())
    mean = sum(loads.values()) / offered if offered else 0.0
    return tuple(
        Member(offer, loads[who] + mean * offer * past[who].count(0.0), tuple(given(who, range(count)))) for who, offer in offers.items()
    )
