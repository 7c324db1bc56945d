"""Duties that come back: expanded on local dates and times only, so that a change of the clocks moves none of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING

from supportd_rota.times.wall import Span, Wall, tiled

if TYPE_CHECKING:
    from collections.abc import Iterable

    from supportd_rota.times.wall import Window

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Pattern:
    """A duty on some days of the week.

    ``days`` are 0 (Monday) to 6; ``ends`` at or before ``begins`` means the next day. Every ``every``-th week counts from the week of
    ``since``, which is also the first possible day; ``until`` is the last possible day, or None.
    """

    key: str
    days: frozenset[int]
    begins: time
    ends: time
    zone: str
    since: date
    until: date | None = None
    every: int = 1
    chain: str = ""

    def __post_init__(self) -> None:
        """Refuse what no week has."""
        if not self.days <= frozenset(range(7)):
            raise ValueError("Days are numbers from 0 (Monday) to 6 (Sunday).")
        if self.every < 1:
            raise ValueError("A duty comes back every week, or every so many weeks: give a number from 1 on.")

    def comes_on(self, day: date) -> bool:
        """Tell whether the duty starts on a local date."""
        if day.weekday() not in self.days or day < self.since or (self.until is not None and day > self.until):
            return False
        return (monday_of(day) - monday_of(self.since)).days // 7 % self.every == 0


@dataclass(frozen=True, slots=True)
class Dated:
    """A duty on one of its days."""

    pattern: Pattern
    day: date
    window: Window


def monday_of(day: date) -> date:
    """Return the Monday of the week of a local date."""
    return day - _DAY * day.weekday()


def expand(patterns: Iterable[Pattern], first: date, weeks: int) -> list[Dated]:
    """Give each duty on each of its days in the weeks from the Monday ``first`` on, in order of their starts.

    The weeks before and after are looked at too, so that a boundary at the edge is the same instant whichever horizon is asked for.
    """
    dated, spans = [], []
    for pattern in patterns:
        for offset in range(-8, 7 * weeks + 8):
            day = first + _DAY * offset
            if pattern.comes_on(day):
                dated.append((pattern, day))
                spans.append(_span(pattern, day))
    last = first + _DAY * 7 * weeks
    found = [Dated(pattern, day, window) for (pattern, day), window in zip(dated, tiled(spans), strict=True) if first <= day < last]
    return sorted(found, key=lambda one: (one.window.start, one.window.end, one.pattern.key))


def _span(pattern: Pattern, day: date) -> Span:
    end = day + _DAY * (pattern.ends <= pattern.begins)
    return Span(
        Wall(datetime.combine(day, pattern.begins), pattern.zone), Wall(datetime.combine(end, pattern.ends), pattern.zone), pattern.chain
    )
