"""Wall times become instants, and no minute is lost or doubled where the clocks change."""

from __future__ import annotations

import os
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from random import Random
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo, available_timezones

import pytest
from supportd_rota.windows import end_of, start_of, windows

if TYPE_CHECKING:
    from collections.abc import Iterator

LONDON = ZoneInfo("Europe/London")
FULL = os.environ.get("SUPPORTD_FULL") == "1"
_YEARS = (2020, 2038)


def _duty(begins: str, ends: str, days: str = "0 1 2 3 4 5 6", kind: str = "welcome") -> dict[str, Any]:
    return {"key": f"{kind}-{begins}", "kind": kind, "days": days, "begins": begins, "ends": ends}


@pytest.mark.parametrize(
    ("wall", "start", "end"),
    [
        ("2027-03-28 00:59", "2027-03-28 00:59", "2027-03-28 00:59"),
        ("2027-03-28 01:30", "2027-03-28 01:00", "2027-03-28 01:00"),  # skipped: the change itself
        ("2027-10-31 01:30", "2027-10-31 00:30", "2027-10-31 01:30"),  # twice: first start, last end
        ("2027-10-31 02:00", "2027-10-31 02:00", "2027-10-31 02:00"),
    ],
)
def test_london_when_the_clocks_change(wall: str, start: str, end: str) -> None:
    """The days on which libraries were seen to go wrong."""
    found = datetime.fromisoformat(wall)

    assert start_of(found, LONDON) == datetime.fromisoformat(start).replace(tzinfo=UTC)
    assert end_of(found, LONDON) == datetime.fromisoformat(end).replace(tzinfo=UTC)


def test_a_night_is_as_long_as_it_really_is() -> None:
    """22:00 to 06:00 are seven hours in the night in which the clocks go on, and nine when they go back."""
    spring = [one for _, day, one in windows([_duty("22:00", "06:00")], "Europe/London", date(2027, 3, 22), 1) if day == date(2027, 3, 27)]
    autumn = [
        one for _, day, one in windows([_duty("22:00", "06:00")], "Europe/London", date(2027, 10, 25), 1) if day == date(2027, 10, 30)
    ]

    assert [(one.end - one.start) / timedelta(hours=1) for one in (*spring, *autumn)] == [7, 9]


def test_a_meeting_alone_ends_at_its_last_instant() -> None:
    """Where nothing of its kind follows, an ambiguous end is the later one: rather an overlap than a gap."""
    (found,) = [one for _, day, one in windows([_duty("00:30", "01:30", "6")], "Europe/London", date(2027, 10, 25), 1)]

    assert found.end - found.start == timedelta(hours=2)


def _changes(zone: ZoneInfo) -> Iterator[datetime]:
    """Give the hours before which the offset of a zone changes."""
    moment, last = datetime(_YEARS[0], 1, 1, tzinfo=UTC), datetime(_YEARS[1], 1, 1, tzinfo=UTC)
    while moment < last:
        later = moment + timedelta(days=7)
        if later.astimezone(zone).utcoffset() != moment.astimezone(zone).utcoffset():
            yield moment
        moment = later


def _lost_or_doubled(zone: str, around: datetime, cuts: tuple[str, str, str]) -> timedelta:
    """Tile three weeks around a change by three duties a day; return the time that is in none or in two of them."""
    duties = [_duty(begin, end) for begin, end in zip(cuts, (*cuts[1:], cuts[0]), strict=True)]
    monday = around.date() - timedelta(days=around.weekday() + 7)
    found = sorted((one for _, _, one in windows(duties, zone, monday, 3)), key=lambda one: one.start)
    return sum((abs(later.start - one.end) for one, later in pairwise(found)), timedelta())


def test_no_minute_is_lost_or_doubled_in_any_zone_and_year(capsys: pytest.CaptureFixture[str]) -> None:
    """A week tiled by duties stays tiled, wherever the cuts lie; in full every change of every zone from 2020 to 2037."""
    random = Random(20)  # noqa: S311 - it draws samples, it keeps no secret
    zones = sorted(available_timezones())
    looked = lost = 0
    for name in zones:
        changes = list(_changes(ZoneInfo(name)))
        for around in changes if FULL else random.sample(changes, min(1, len(changes))):
            for _ in range(4 if FULL else 1):
                cuts = sorted(random.sample(range(0, 24 * 60, 15), 3))
                named = tuple(time(one // 60, one % 60).strftime("%H:%M") for one in cuts)
                lost += bool(_lost_or_doubled(name, around, (named[0], named[1], named[2])))
                looked += 1
    with capsys.disabled():
        print(f"\n  {len(zones)} zones, {looked} weeks with a change: {lost} with a minute lost or doubled")  # noqa: T201 - a figure

    assert looked > 100
    assert lost == 0
