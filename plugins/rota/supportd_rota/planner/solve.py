"""The child of :mod:`supportd_rota.planner.exact`: coverage as a program of zeros and ones, solved by HiGHS on one thread."""

from __future__ import annotations

import json
import math
import resource
import sys
from collections import defaultdict
from typing import Any, Final

import highspy

from supportd_rota.planner import problem as problems
from supportd_rota.planner.limits import A_DAY, HEAVY_APART, limits

#: What HiGHS may call whole.
_TINY: Final = 1e-6


class _Model:
    """x[slot, member] is 1 if the member holds the slot; the rules H1 to H5 are rows."""

    def __init__(self, problem: problems.Problem, seconds: float) -> None:
        self._problem = problem
        self._solver: Any = highspy.Highs()  # type: ignore[no-untyped-call]  # it ships no types
        for option, value in (("output_flag", False), ("time_limit", seconds), ("threads", 1), ("random_seed", 0), ("mip_rel_gap", 0.0)):
            self._solver.setOptionValue(option, value)
        self._most = [limits(one) for one in problem.members]
        self.number = {
            pair: place
            for place, pair in enumerate(
                (slot, member)
                for slot, one in enumerate(problem.slots)
                for member in sorted(one.able)
                if one.load <= self._most[member][one.week]
            )
        }
        for (slot, _), place in self.number.items():
            self._solver.addVar(0.0, 1.0)
            self._solver.changeColCost(place, -float(problem.slots[slot].priority))
            self._solver.changeColIntegrality(place, highspy.HighsVarType.kInteger)
        self._rows()

    def solve(self, start: list[int | None]) -> tuple[list[int | None], int]:
        """Return a plan and the weight that no plan goes below."""
        total = sum(one.priority for one in self._problem.slots)
        given = highspy.HighsSolution()
        given.col_value = [float(start[slot] == member) for slot, member in self.number]
        self._solver.setSolution(given)
        self._solver.run()
        bound = self._solver.getInfo().mip_dual_bound
        values = self._solver.getSolution().col_value
        plan: list[int | None] = [None] * len(self._problem.slots)
        for (slot, member), place in self.number.items():
            if place < len(values) and values[place] > 0.5:  # noqa: PLR2004 - nearer to one
                plan[slot] = member
        least = math.ceil(total + bound - _TINY) if math.isfinite(bound) else 0
        return plan, max(0, least)

    def _rows(self) -> None:
        slots = self._problem.slots
        whole: dict[Any, list[int]] = defaultdict(list)
        for (slot, _), place in self.number.items():
            whole[slot].append(place)
        self._at_most(whole, 1)
        for member, most in enumerate(self._most):
            mine = [(slots[slot], place) for (slot, who), place in self.number.items() if who == member]
            self._loads(mine, most)
            self._at_most(_grouped([(one.date, place) for one, place in mine]), A_DAY)
            self._at_most(_grouped([((one.date, one.part), place) for one, place in mine]), 1)
            heavy = [(one.date, place) for one, place in mine if one.heavy]
            begins = sorted({date for date, _ in heavy})
            self._at_most({begin: [place for date, place in heavy if begin <= date < begin + HEAVY_APART] for begin in begins}, 1)

    def _loads(self, mine: list[tuple[problems.Slot, int]], most: list[int]) -> None:
        for week, those in _grouped([(one.week, (place, one.load)) for one, place in mine]).items():
            if sum(load for _, load in those) > most[week]:
                self._row([place for place, _ in those], most[week], [float(load) for _, load in those])

    def _at_most(self, groups: dict[Any, list[int]], count: int) -> None:
        for those in groups.values():
            if len(those) > count:
                self._row(those, count, [1.0] * len(those))

    def _row(self, those: list[int], most: int, factors: list[float]) -> None:
        self._solver.addRow(-highspy.kHighsInf, float(most), len(those), those, factors)


def _grouped(pairs: list[tuple[Any, Any]]) -> dict[Any, list[Any]]:
    found: dict[Any, list[Any]] = defaultdict(list)
    for key, value in pairs:
        found[key].append(value)
    return found


def main() -> None:
    """Read one problem from standard input, and write a plan and a bound."""
    given = json.load(sys.stdin)
    resource.setrlimit(resource.RLIMIT_DATA, (given["memory"], given["memory"]))
    plan, bound = _Model(problems.of(given["problem"]), given["seconds"]).solve(given["start"])
    sys.stdout.write(json.dumps({"assignment": plan, "bound": bound}) + "\n")


if __name__ == "__main__":
    main()
