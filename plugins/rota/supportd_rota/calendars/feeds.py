"""What is kept of somebody's calendar: the last good copy of its busy times, however bad the last try was."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from supportd_rota.calendars.reading import Read, Trouble
    from supportd_rota.times import Window


@dataclass(frozen=True, slots=True)
class FeedState:
    """What the store keeps: busy times, when they were read, the feed's mark of that copy, and how often it failed since."""

    busy: tuple[Window, ...] = ()
    read_at: datetime | None = None
    etag: str | None = None
    failures: int = 0
    trouble: Trouble | None = None

    @property
    def sentence(self) -> str | None:
        """Return the sentence for the owner, or None if all is well."""
        return None if self.trouble is None else self.trouble.sentence


def after(state: FeedState, read: Read | None, now: datetime, etag: str | None = None) -> FeedState:
    """Return the state after a try; None means that the feed has not changed. A failed try keeps the last good copy."""
    if read is None:
        return replace(state, read_at=now, failures=0, trouble=None)
    if read.trouble is not None:
        return replace(state, failures=state.failures + 1, trouble=read.trouble)
    return FeedState(read.busy, now, etag)


def to_tell(before: FeedState, now: FeedState) -> str | None:
    """Return the sentence that the owner has not yet heard: once for each trouble, not once for each try."""
    return now.sentence if now.trouble != before.trouble else None
