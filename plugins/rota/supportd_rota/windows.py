"""Duties on their days: wall times of the group's zone become instants late, and each boundary only once.

An ambiguous start is the first of its two instants, an ambiguous end the last, so that two duties rather overlap than leave a gap; but
where the end of one is the start of the next of its kind, both are the same instant. A time that the clocks skip becomes the instant of the
change. All differences are taken in UTC: subtracting two times of one zone would miss the change between them.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from typing import Any

_DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Window:
    """From one instant to another (aware, UTC)."""

    start: datetime
    end: datetime


def windows(duties: Iterable[Mapping[str, Any]], zone: str, monday: date, weeks: int) -> Iterator[tuple[Mapping[str, Any], date, Window]]:
    """Give each duty on each of its days in the weeks from ``monday`` on, with its window."""
    where, found = ZoneInfo(zone), []
    for duty in duties:
        begins, ends = time.fromisoformat(duty["begins"]), time.fromisoformat(duty["ends"])
        for week in range(weeks):
            for day in sorted(map(int, duty["days"].split())):
                on = monday + timedelta(days=7 * week + day)
                found.append((duty, on, datetime.combine(on, begins), datetime.combine(on + _DAY * (ends <= begins), ends)))
    starts = {(duty["kind"], start) for duty, _, start, _ in found}
    for duty, on, start, end in found:
        shared = (duty["kind"], end) in starts
        yield duty, on, Window(start_of(start, where), start_of(end, where) if shared else end_of(end, where))


def start_of(wall: datetime, zone: ZoneInfo) -> datetime:
    """Return the first instant at which clocks show ``wall`` (naive), or the change that skips it."""
    return _instant(wall, zone, fold=0)


def end_of(wall: datetime, zone: ZoneInfo) -> datetime:
    """Return the last instant at which clocks show ``wall`` (naive), or the change that skips it."""
    return _instant(wall, zone, fold=1)


def _instant(wall: datetime, zone: ZoneInfo, fold: int) -> datetime:
    found = wall.replace(tzinfo=zone, fold=fold).astimezone(UTC)
    if found.astimezone(zone).replace(tzinfo=None) == wall:
        return found
    # Skipped: with fold 1 the offset after the change is used, which gives an instant before it, and the other way round.
    low, high = (wall.replace(tzinfo=zone, fold=one).astimezone(UTC) for one in (1, 0))
    before = low.astimezone(zone).utcoffset()
    while high - low > timedelta(seconds=1):
        middle = low + timedelta(seconds=(high - low) // timedelta(seconds=2))
        if middle.astimezone(zone).utcoffset() == before:
            low = middle
        else:
            high = middle
    return high


def monday_of(moment: datetime) -> date:
    """Return the Monday of the week of a local time."""
    return moment.date() - timedelta(days=moment.weekday())
