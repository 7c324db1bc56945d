"""What a clock on the wall shows and where, and when that is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from supportd_rota.windows import Window, end_of, start_of

if TYPE_CHECKING:
    from collections.abc import Sequence

_MINUTE = timedelta(minutes=1)


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
        return start_of(self.shows, ZoneInfo(self.zone))

    def ends(self) -> datetime:
        """Return the last instant (UTC) at which the clock shows this, or the change that skips it."""
        return end_of(self.shows, ZoneInfo(self.zone))


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
