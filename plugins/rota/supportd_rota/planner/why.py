"""Why somebody holds a duty, in at most two sentences, each of which is checked against the plan before it is said."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from supportd_rota.planner.limits import MILLION, weight
from supportd_rota.planner.rules import broken_by, by_holder
from supportd_rota.planner.score import ratios

if TYPE_CHECKING:
    from collections.abc import Sequence

    from supportd_rota.planner.problem import Problem

#: What the first sentence says.
Reason = Literal["fairest", "only", "no room", "complaint", "none", "nobody fits", "somebody fits"]

_FIRST: dict[Reason, str] = {
    "fairest": "Nobody who can do this would carry less than you afterwards.",
    "only": "Nobody else can do this.",
    "no room": "Nobody else who can do this has room for it beside what they hold.",
    "complaint": "Somebody who can do this would carry less than you: you may ask for it to be moved.",
    "none": "Nobody holds this, because nobody can do it in that week.",
    "nobody fits": "Nobody holds this, because nobody who can do it has room for it beside what they hold.",
    "somebody fits": "Nobody holds this, but somebody who can do it has room.",
}


@dataclass(frozen=True, slots=True)
class Why:
    """The reason, who holds the slot (``None``: nobody), and that one's ratio in millionths."""

    reason: Reason
    holder: int | None
    ratio: int

    @property
    def sentences(self) -> str:
        """The answer for whoever asks; the second sentence is only for who holds the duty."""
        if self.holder is None:
            return _FIRST[self.reason]
        return f"{_FIRST[self.reason]} You are at {round(100 * self.ratio / MILLION)} % of what you offered."


class Explained:
    """One assignment that keeps the hard rules, looked at once for all questions about it."""

    def __init__(self, problem: Problem, assignment: Sequence[int | None]) -> None:
        """Look at who holds what."""
        self._problem, self._assignment, self._now = problem, assignment, ratios(problem, assignment)
        self._held = by_holder(assignment)

    def why(self, slot: int) -> Why:
        """Explain one slot."""
        holder, able = self._assignment[slot], self._problem.slots[slot].able
        others = sorted(able - {holder})
        fitting = [one for one in others if not broken_by(self._problem, one, [*self._held[one], slot])]
        if holder is None:
            return Why("none" if not able else "somebody fits" if fitting else "nobody fits", None, 0)
        return Why(self._reason(slot, holder, others, fitting), holder, self._now[holder])

    def _reason(self, slot: int, holder: int, others: list[int], fitting: list[int]) -> Reason:
        if not others:
            return "only"
        if not fitting:
            return "no room"
        load, now = self._problem.slots[slot].load, self._now
        less = any(now[one] + load * weight(self._problem.members[one]) < now[holder] for one in fitting)
        return "complaint" if less else "fairest"


def why(problem: Problem, assignment: Sequence[int | None], slot: int) -> Why:
    """Explain one slot of an assignment that keeps the hard rules."""
    return Explained(problem, assignment).why(slot)
