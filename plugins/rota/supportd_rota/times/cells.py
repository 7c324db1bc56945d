"""Week, day and part of the day of a window, as the planner counts them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

if TYPE_CHECKING:
    from datetime import date

    from supportd_rota.times.wall import Window

#: The hours at which morning, afternoon, evening and night begin.
_PARTS: Final = (6, 12, 17, 22)
_NIGHT: Final = 3


@dataclass(frozen=True, slots=True)
class Cell:
    """Where a window begins: ``week`` from 0, ``day`` 0 (Monday) to 6, ``part`` 0 morning, 1 afternoon, 2 evening, 3 night."""

    week: int
    day: int
    part: int


def cell(window: Window, zone: str, first: date) -> Cell:
    """Return the cell of a window on the clock of the group, in weeks from the Monday ``first``.

    The hours after midnight are the night of their own date, so that no cell of the first week lies before it.
    """
    local = window.start.astimezone(ZoneInfo(zone))
    days = (local.date() - first).days
    part = sum(local.hour >= hour for hour in _PARTS) - 1
    return Cell(days // 7, days % 7, part if part >= 0 else _NIGHT)
