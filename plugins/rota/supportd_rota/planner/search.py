"""The search: a first plan, chains into the gaps, annealing and evening out, then warmed up and cooled again while the budget lasts."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from typing import TYPE_CHECKING, Final, Literal

from supportd_rota.planner.anneal import HOT, WARM, anneal
from supportd_rota.planner.budget import Budget
from supportd_rota.planner.chains import Chain
from supportd_rota.planner.construct import LOOKS, construct, fill, place
from supportd_rota.planner.exhaust import exhaust, few
from supportd_rota.planner.level import finish, level
from supportd_rota.planner.state import NOBODY, State

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from supportd_rota.planner.problem import Problem
    from supportd_rota.planner.rules import Assignment

#: Shaking for gaps ends after so many times that brought nothing.
_FRUITLESS: Final = 40
#: How often a torn out slot that does not fit at once may push others out.
_CHAINED: Final = 0.6
#: Warming up ends after so many times that brought nothing.
_COLD_ENOUGH: Final = 300
#: Annealing steps for each slot: at first, and each time it is warmed up again.
_FIRST, _AGAIN = 400, 100
#: Looks that a group is worth: about a second up to 20 members, two to three at 50.
_LEAST_LOOKS, _LOOKS_A_MEMBER = 700_000, 36_000

Stopped = Literal["optimum", "rounds", "time"]


@dataclass(frozen=True, slots=True)
class Found:
    """A plan, what bounds its uncovered weight from below, whether the bound is reached, and what ended the search."""

    assignment: Assignment
    uncovered_weight: int
    bound: int
    stopped_by: Stopped

    @property
    def proven(self) -> bool:
        """No plan leaves less uncovered."""
        return self.uncovered_weight == self.bound


def search(
    problem: Problem,
    seed: int = 0,
    seconds: float = 2.0,
    steps: int | None = None,
    cancelled: Callable[[], bool] | None = None,
    *,
    try_all: bool = True,
    start: Sequence[int | None] | None = None,
) -> Found:
    """Return the best plan found; the same problem, seed and steps give the same plan unless the clock (``seconds``) ends the search.

    ``steps`` counts members that were looked at, :func:`usual_steps` if left out. ``cancelled`` is asked now and then, and ends the search
    early with a plan that is whole. Without ``try_all`` it searches also where every plan could be tried. With ``start``, an assignment
    that keeps the hard rules, it only evens that one out, and covers no less.
    """
    state = State(problem)
    if start is not None:
        state.load_from(start)
    elif try_all and few(state):
        exhaust(state)
        return Found(state.assignment(), state.uncovered, state.uncovered, "optimum")
    budget = Budget(usual_steps(problem) if steps is None else steps, seconds, cancelled)
    _Search(state, budget, Random(seed)).run()  # noqa: S311 - it breaks ties, it keeps no secret
    finish(state)
    return Found(state.assignment(), state.uncovered, bound(state), "time" if budget.late else "rounds")


def usual_steps(problem: Problem) -> int:
    """Return how many looks a problem of this size is worth."""
    return max(_LEAST_LOOKS, _LOOKS_A_MEMBER * len(problem.members))


def bound(state: State) -> int:
    """Return the weight of the slots that nobody could hold even with an otherwise empty rota: no plan leaves less uncovered."""
    return sum(weight for weight, able in zip(state.priority, state.able, strict=True) if not able)


class _Search:
    """One search on one state."""

    def __init__(self, state: State, budget: Budget, random: Random) -> None:
        self._state, self._budget, self._random = state, budget, random
        self._chain = Chain(state, budget, random)

    def run(self) -> None:
        state, chain, budget = self._state, self._chain, self._budget
        if not any(state.held):
            construct(state)
            fill(state, chain, budget)
            self._shake()
        anneal(state, budget, self._random, _FIRST * state.slots, HOT)
        level(state, chain, budget, deepest=2, wide=3)
        self._improve()

    def _shake(self) -> None:
        """Shake gaps loose: what is near one is torn out and put together anew, and kept if no more weight is uncovered than before."""
        state, fruitless, least = self._state, 0, bound(self._state)
        while state.uncovered > least and fruitless < _FRUITLESS and not self._budget.spent():
            before = state.uncovered
            state.trail.clear()
            gap = self._random.choice(state.gaps())
            self._tear([*self._near(gap), gap])
            fill(state, self._chain, self._budget, 3)
            if state.uncovered > before:
                state.undo(0)
            fruitless = 0 if state.uncovered < before else fruitless + 1

    def _tear(self, slots: list[int]) -> None:
        state, random = self._state, self._random.random
        for slot in slots:
            if state.at[slot] != NOBODY:
                state.take(slot)
        for slot in sorted(slots, key=lambda one: (len(state.able[one]) / state.priority[one]) * (0.5 + random())):
            # Now and then not: what was pushed out could cost less than two others that find no place then.
            if not place(state, slot) and random() < _CHAINED:
                self._chain.cover(slot, 2, LOOKS[2])

    def _near(self, gap: int) -> list[int]:
        """Return some held slots of the same or a neighbouring week that people hold who could hold the gap."""
        state, able = self._state, set(self._state.able[gap])
        those = [one for one in range(state.slots) if state.at[one] in able and abs(state.week[one] - state.week[gap]) <= 1]
        return self._random.sample(those, min(len(those), self._random.randint(2, 8)))

    def _improve(self) -> None:
        """Warm the plan up a little and let it cool again, and keep what comes of it if it is no worse."""
        state, budget = self._state, self._budget
        best, kept, fruitless, least = state.key(), list(state.at), 0, bound(state)
        while fruitless < _COLD_ENOUGH and not budget.spent():
            # Each round costs something, also where nobody has a choice.
            budget.spend(state.slots + state.members)
            anneal(state, budget, self._random, _AGAIN * state.slots, WARM)
            level(state, self._chain, budget, deepest=2, wide=3)
            if state.uncovered > least:
                fill(state, self._chain, budget, 1)
            found = state.key()
            fruitless = 0 if found < best else fruitless + 1
            if found <= best:
                best, kept = found, list(state.at)
            else:
                state.restore(kept)
        if state.key() > best:
            state.restore(kept)
