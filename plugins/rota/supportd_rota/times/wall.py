"""What a clock on the wall shows and where, and when that is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

if TYPE_CHECKING:
    from collections.abc import Sequence

_MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Window:
    """From one instant to another (aware, UTC)."""

    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class Wall:
    """A local date and time (naive, whole minutes) in a zone of the IANA database."""

    shows: datetime
    zone: str

    def __post_init__(self) -> None:
        """Refuse a time that already is an instant: it would be resolved twice."""
        if self.shows.tzinfo is not None:
            raise ValueError("A wall time has no offset: give the local date and time, and the zone beside it.")

    def starts(self) -> datetime:
        """Return the first instant (UTC) at which the clock shows this, or the change that skips it."""
        return _instant(self.shows, ZoneInfo(self.zone), fold=0)

    def ends(self) -> datetime:
        """Return the last instant (UTC) at which the clock shows this, or the change that skips it."""
        return _instant(self.shows, ZoneInfo(self.zone), fold=1)


@dataclass(frozen=True, slots=True)
class Span:
    """From one wall time to another; spans of one ``chain`` share their boundaries (a kind of duty, say)."""

    start: Wall
    end: Wall
    chain: str = ""


def tiled(spans: Sequence[Span]) -> list[Window]:
    """Give each span its window, in the same order; a boundary that two spans of a chain share is one instant, the first."""
    starts = {(one.chain, one.start): one.start.starts() for one in spans}
    windows = []
    for one in spans:
        shared = starts.get((one.chain, one.end))
        windows.append(Window(starts[one.chain, one.start], one.end.ends() if shared is None else shared))
    return windows


def minutes(window: Window) -> int:
    """Return the real minutes of a window, whatever the clocks did in between."""
    return (window.end - window.start) // _MINUTE


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
