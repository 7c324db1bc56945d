"""No minute is lost or doubled where the clocks change, in any zone and year."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from random import Random
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo, available_timezones

from supportd_rota.times import Span, Wall, minutes, tiled

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pytest

FULL = os.environ.get("SUPPORTD_FULL") == "1"
_FIRST, _LAST = datetime(2020, 1, 1, tzinfo=UTC), datetime(2038, 1, 1, tzinfo=UTC)
_MINUTE = timedelta(minutes=1)


def _changes(zone: ZoneInfo, step: timedelta) -> Iterator[datetime]:
    """Give the instants at which the offset of a zone changes, to the minute."""
    moment, offset = _FIRST, _FIRST.astimezone(zone).utcoffset()
    while moment < _LAST:
        later = moment + step
        changed = later.astimezone(zone).utcoffset()
        if changed != offset:
            low, high = moment, later
            while high - low > _MINUTE:
                middle = low + (high - low) // _MINUTE // 2 * _MINUTE
                low, high = (middle, high) if middle.astimezone(zone).utcoffset() == offset else (low, middle)
            yield high
        moment, offset = later, changed


def _lost(name: str, change: datetime, random: Random) -> int:
    """Tile two days around a change, with boundaries on, near and inside of it; return the minutes lost, doubled or not promised."""
    zone = ZoneInfo(name)
    seen = {(change + _MINUTE * one).astimezone(zone).replace(tzinfo=None, fold=0) for one in (-90, -31, -1, 0, 1, 29, 60, 90)}
    middle = change.astimezone(zone).replace(tzinfo=None, fold=0)
    inside = {middle + _MINUTE * random.randrange(-180, 180) for _ in range(6)}
    first, last = middle - timedelta(days=1), middle + timedelta(days=1)
    cuts = [Wall(one, name) for one in sorted({first, last, *seen, *inside})]
    windows = tiled([Span(start, end) for start, end in pairwise(cuts)])
    lost = sum(abs(later.start - one.end) // _MINUTE for one, later in pairwise(windows))
    real = (cuts[-1].ends() - cuts[0].starts()) // _MINUTE
    backward = sum(max(0, -minutes(one)) for one in windows)
    return lost + abs(real - sum(map(minutes, windows))) + backward


def test_no_minute_is_lost_or_doubled(capsys: pytest.CaptureFixture[str]) -> None:
    """What is tiled on the wall is tiled in time; in full every change of every zone from 2020 to 2037."""
    random = Random(37)  # noqa: S311 - it draws samples, it keeps no secret
    zones = sorted(available_timezones())
    looked = lost = 0
    for name in zones:
        changes = list(_changes(ZoneInfo(name), timedelta(days=1 if FULL else 14)))
        for change in changes if FULL else random.sample(changes, min(2, len(changes))) or [_FIRST]:
            lost += _lost(name, change, random)
            looked += 1
    with capsys.disabled():
        print(f"\n  {len(zones)} zones, {looked} changes: {lost} minutes lost or doubled")  # noqa: T201 - a figure

    assert looked >= len(zones)
    assert lost == 0
