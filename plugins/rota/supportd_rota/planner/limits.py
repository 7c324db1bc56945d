"""The constants of the file format: how much a member may carry in a week, and what a tenth of a spoon weighs for them.

All arithmetic is in doubles with Python's ``round`` (half to even), and the factors stay in this order, so that every reader of the format
gets the same integers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from supportd_rota.planner.problem import Member

#: A week may take this much of what is offered, in tenths of a spoon for each spoon.
_STRETCH: Final = 15
#: One whole duty has to fit into a week that is offered, wholly or in part (tenths of a spoon).
_WHOLE_DUTY, _HALF_DUTY = 40, 20
#: The past weeks that ``carry`` is about always count as offered: nobody catches up.
PAST_WEEKS: Final = 4
#: Ratios are integers: a millionth of what somebody offered.
MILLION: Final = 1_000_000
#: Members hold at most so many duties on one day (H3), and heavy ones at least so many days apart (H5).
A_DAY: Final = 2
HEAVY_APART: Final = 7


def limits(member: Member) -> list[int]:
    """Return the most tenths of a spoon for each week: one and a half times the offer, but one whole duty fits (H2)."""
    return [max(round(_STRETCH * member.cap * share), _floor(share)) for share in member.weeks]


def _floor(share: float) -> int:
    if share == 1:
        return _WHOLE_DUTY
    return _HALF_DUTY if share else 0


def weight(member: Member) -> int:
    """Return the millionths of ratio that one tenth of a spoon adds for this member."""
    return max(1, round(MILLION / max(10 * member.cap * (PAST_WEEKS + sum(member.weeks)), 10)))


def carried(member: Member) -> int:
    """Return what was carried in the weeks before the horizon, in tenths of a spoon."""
    return round(10 * member.carry)


def ratio(member: Member, given: int) -> int:
    """Return load over capacity in millionths; ``given`` is the sum of load of the duties held, in tenths of a spoon."""
    return (carried(member) + given) * weight(member)
