"""Whether somebody is awake, and what an instant is on their own clock."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

if TYPE_CHECKING:
    from datetime import date, datetime, time


@dataclass(frozen=True, slots=True)
class Hours:
    """The hours in which somebody may be asked, on their own clock; from 22:00 to 08:00 goes over midnight.

    Where ``wakes`` equals ``sleeps`` there are no quiet hours. In an hour that comes twice both of them count alike.
    """

    wakes: time
    sleeps: time
    zone: str

    def waking(self, moment: datetime) -> bool:
        """Tell whether an instant (aware) lies in the waking hours; the first minute does, the last does not."""
        clock = moment.astimezone(ZoneInfo(self.zone)).time()
        if self.wakes == self.sleeps:
            return True
        if self.wakes < self.sleeps:
            return self.wakes <= clock < self.sleeps
        return clock >= self.wakes or clock < self.sleeps

    def quiet(self, moment: datetime) -> bool:
        """Tell whether an instant (aware) lies in the quiet hours."""
        return not self.waking(moment)


@dataclass(frozen=True, slots=True)
class Shown:
    """An instant on a reader's clock: ``weekday`` 0 (Monday) to 6, ``clock`` HH:MM; ``second`` if that time comes for the second time."""

    day: date
    weekday: int
    clock: str
    zone: str
    second: bool = False


def shown(moment: datetime, zone: str) -> Shown:
    """Return what the clock of a reader in ``zone`` shows at an instant (aware)."""
    local = moment.astimezone(ZoneInfo(zone))
    return Shown(local.date(), local.weekday(), f"{local:%H:%M}", zone, second=bool(local.fold))
