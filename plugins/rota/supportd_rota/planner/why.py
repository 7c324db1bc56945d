"""Why somebody holds a duty, in at most two sentences, each of which is checked against the plan before it is said."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from supportd_rota.planner.limits import MILLION, weight
from supportd_rota.planner.rules import broken_by
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


def why(problem: Problem, assignment: Sequence[int | None], slot: int) -> Why:
    """Explain one slot of an assignment that keeps the hard rules."""
    holder, able = assignment[slot], problem.slots[slot].able
    now = ratios(problem, assignment)
    others = sorted(able - {holder}) if holder is not None else sorted(able)
    fitting = [one for one in others if not broken_by(problem, one, [*_held(assignment, one), slot])]
    if holder is None:
        return Why("none" if not able else "somebody fits" if fitting else "nobody fits", None, 0)
    return Why(_held_reason(problem, slot, now, holder, others, fitting), holder, now[holder])


def _held_reason(problem: Problem, slot: int, now: list[int], holder: int, others: list[int], fitting: list[int]) -> Reason:
    if not others:
        return "only"
    if not fitting:
        return "no room"
    load = problem.slots[slot].load
    less = any(now[one] + load * weight(problem.members[one]) < now[holder] for one in fitting)
    return "complaint" if less else "fairest"


def _held(assignment: Sequence[int | None], member: int) -> list[int]:
    return [slot for slot, holder in enumerate(assignment) if holder == member]
