"""Catching up with what a sync left out, oldest first, page by page, each page in its own commit (``matrix.md`` 1.3, F7).

The walk goes forward from the old sync token: what is oldest is handled first, and no more than a page is in memory.
"""

from __future__ import annotations

import hashlib
import json
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final, cast

from supportd.engine.wire import GapMark, SlowMark, SyncBatch
from supportd.logs import get_logger, short
from supportd.matrix.errors import MatrixError, Refused, ServerAway, SlowDown, TooLarge
from supportd.matrix.http import path
from supportd.matrix.shapes import objects

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Sequence

    from supportd.engine.ports import MatrixInbox
    from supportd.engine.wire import Account, Incoming, Mark
    from supportd.matrix.http import Api
    from supportd.sdk.ids import RoomId

log = get_logger(__name__)

#: Events of a page (Synapse's cap), and the most pages of one gap: what lies beyond 100,000 events is announced as lost.
PAGE: Final = 100
MOST_PAGES: Final = 1000
#: Events of a page where a whole one would be too large.
FEW: Final = 10
#: Seconds after which the people who run the group are told that the catching up takes long.
SLOW: Final = 30.0

_FILTER: Final = json.dumps({"lazy_load_members": False})
#: How the ids of the doorkeeper's gaps begin; the reader's are hexadecimal.
_DOORKEEPERS: Final = "doorkeeper:"


class Gaps:
    """Walks the gaps of one account."""

    def __init__(
        self,
        api: Api,
        inbox: MatrixInbox,
        read: Callable[[GapMark, Sequence[dict[str, Any]]], Awaitable[tuple[Sequence[Incoming], Sequence[Mark]]]],
        clock: Callable[[], float] = time.monotonic,
        *,
        account: Account = "reader",
    ) -> None:
        """``read`` decrypts and decodes the page of events with which what is left of a gap begins; ``clock`` measures seconds."""
        self.api = api
        self.inbox = inbox
        self._read = read
        self._clock = clock
        self._account: Account = account

    async def open(self) -> tuple[GapMark, ...]:
        """Return the open gaps of this account."""
        return tuple(gap for gap in await self.inbox.gaps() if account_of(gap) == self._account)

    async def fill(self, gap: GapMark) -> tuple[Mark, ...]:
        """Handle a gap that a sync shows before the sync itself; returns the mark of what has to wait for later.

        Nothing is kept before the sync's own token: after a crash the walk begins anew, and what was handled is not handled again.
        """
        at = gap
        try:
            async for page in self._walk(gap, keep=False):
                at = page
        except (ServerAway, SlowDown, Refused) as error:
            # One room that cannot be read must not keep all others waiting.
            log.warning("gap.postponed", room=short(gap.room), error=error)
            return (at,)
        return ()

    async def go_on(self) -> None:
        """Walk the gaps that had to wait; raises the first that :class:`Api` raised, when all were tried: the next sync tries again."""
        away: MatrixError | None = None
        for gap in await self.open():
            try:
                async for _page in self._walk(gap, keep=True):
                    pass
            except (ServerAway, SlowDown) as error:
                # One room that cannot be read must not keep all others waiting.
                log.warning("gap.postponed", room=short(gap.room), error=error)
                away = away or error
            except Refused as error:
                # A token that is no longer taken will never be; what lay there is lost, and people are told.
                log.error("gap.lost", room=short(gap.room), error=error)  # noqa: TRY400 - nothing to trace
                await self.inbox.accept(SyncBatch((), (replace(gap, closed=True, lost=True),)))
        if away is not None:
            raise away

    async def _walk(self, gap: GapMark, *, keep: bool) -> AsyncIterator[GapMark]:
        """Commit page after page and yield where the walk stands; ``keep``: the mark moves in the same commit."""
        started, count, slow = self._clock(), 0, False
        for number in range(1, MOST_PAGES + 1):
            events, end = await self._page(gap)
            lost = end is not None and number == MOST_PAGES
            incoming, marks = await self._read(gap, events)
            gap = replace(gap, start=end or gap.start, closed=end is None or lost, lost=lost)
            if not slow and self._clock() - started > SLOW:
                slow = True
                log.warning("gap.slow", room=short(gap.room), events=count)
                marks = (*marks, SlowMark(gap.id, gap.room))
            await self.inbox.accept(SyncBatch(tuple(incoming), (*marks, gap) if keep or lost else tuple(marks)))
            count += len(incoming)
            yield gap
            if gap.closed:
                break
        log.info("gap.walked", room=short(gap.room), events=count)

    async def _page(self, gap: GapMark) -> tuple[tuple[dict[str, Any], ...], str | None]:
        """Return the next page and where the one behind it begins, ``None`` at the end of the gap."""
        query = {"dir": "f", "limit": str(PAGE), "from": gap.start, "to": gap.end, "filter": _FILTER}
        try:
            answer = await self.api.get(path("rooms", gap.room, "messages"), query)
        except TooLarge:
            # A hundred of the largest events, and the state of their authors, can be more than we take at once.
            answer = await self.api.get(path("rooms", gap.room, "messages"), {**query, "limit": str(FEW)})
        end = answer.get("end")
        # A page may be empty because we may see none of its events, and there are more behind it.
        return tuple(objects(answer.get("chunk"))), end if isinstance(end, str) and end not in {gap.start, gap.end} else None


def gap_of(room: str, prev_batch: str, since: str, account: Account = "reader") -> GapMark:
    """Return the mark of a limited timeline: from the old token up to where the sync's own events begin.

    After a crash the server may show the same gap with another end; it is still the same one.
    """
    name = hashlib.sha256(f"{room}\0{since}".encode()).hexdigest()[:32]
    return GapMark(id=f"{_DOORKEEPERS}{name}" if account == "doorkeeper" else name, room=cast("RoomId", room), start=since, end=prev_batch)


def account_of(gap: GapMark) -> Account:
    """Return whose sync showed a gap: only that account may be able to read what lies in it."""
    return "doorkeeper" if gap.id.startswith(_DOORKEEPERS) else "reader"
