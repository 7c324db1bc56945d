"""Taking away what was said in a room: everything but its state, older than a moment or by one person, a few events at a time.

The doorkeeper does it: to redact needs power, not keys. What others have copied, and what the homeserver keeps of redacted events for some
days (Synapse: ``redaction_retention_period``), is beyond it.
"""

from __future__ import annotations

import hashlib
import json
import time
from typing import TYPE_CHECKING, Any, Final

from supportd.engine.wire import Done, More
from supportd.logs import get_logger, short
from supportd.matrix.errors import Refused, SlowDown
from supportd.matrix.http import path, path_v1
from supportd.matrix.shapes import identifier, obj, objects, whole

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from supportd.engine.wire import Outcome, SweepWords
    from supportd.matrix.http import Api

log = get_logger(__name__)

#: Events of a page of history.
PAGE: Final = 100
#: Redactions of one go: at first, and at most while the homeserver lets all pass. Synapse's default is ten events at once, then one in five
#: seconds, for all that the account does: after the first refusal a go is small and rare, so that inviting and mending find room.
FEWEST: Final = 4
MOST: Final = 64
#: Seconds until the next go; after a refusal, and for how long no faster one is tried.
SOON: Final = 1.0
PATIENT: Final = 30.0
_SLOW_FOR: Final = 3600.0
#: Events are in the order in which they arrived; their times may differ from it by this much, milliseconds.
_ORDER_MS: Final = 3_600_000


class Sweeper:
    """Sweeps rooms; a repeat finds what is left."""

    def __init__(self, api: Api, clock: Callable[[], float] = time.monotonic) -> None:
        """Sweep by ``api``, the doorkeeper's; ``clock`` measures seconds."""
        self.api = api
        self._clock = clock
        self._go = FEWEST
        self._slow_until = 0.0

    async def sweep(self, job: SweepWords) -> Outcome:
        """Take away the next few; :class:`More` while there is something left."""
        left = self._go
        async for event in self._found(job):
            if left == 0:
                return self._next()
            try:
                await self._redact(job, event)
            except SlowDown as error:
                self._go, self._slow_until = FEWEST, self._clock() + _SLOW_FOR
                return More(max(error.seconds, PATIENT))
            left -= 1
        return Done()

    def _next(self) -> More:
        if self._clock() < self._slow_until:
            return More(PATIENT)
        self._go = min(self._go * 2, MOST)
        return More(SOON)

    async def _redact(self, job: SweepWords, event: str) -> None:
        # The same event twice is the same transaction.
        transaction = "sweep" + hashlib.sha256(f"{job.room}\x1f{event}".encode()).hexdigest()[:27]
        try:
            await self.api.put(path("rooms", job.room, "redact", event, transaction), {"reason": job.reason} if job.reason else {})
        except Refused as error:
            if error.code == "M_FORBIDDEN":
                raise
            log.warning("sweep.not_hidden", room=short(job.room), code=error.code)

    async def _found(self, job: SweepWords) -> AsyncIterator[str]:
        """Yield the events that are to go, the newest first."""
        token = await self._start(job)
        while token is not None:
            wanted: dict[str, Any] = {"lazy_load_members": True} | ({"senders": [job.sender]} if job.sender is not None else {})
            query = {"dir": "b", "from": token, "limit": str(PAGE), "filter": json.dumps(wanted)}
            page = await self.api.get(path("rooms", job.room, "messages"), query)
            for event in objects(page.get("chunk")):
                at = whole(event.get("origin_server_ts")) or 0
                if at < job.after_ms - _ORDER_MS:
                    return
                name = identifier(event.get("event_id"))
                if name is not None and job.after_ms <= at < job.before_ms and _is_word(event):
                    yield name
            token = page.get("end") if isinstance(page.get("end"), str) and page.get("end") != token else None

    async def _start(self, job: SweepWords) -> str | None:
        """Return where to begin to walk back, ``None`` when nothing is that old."""
        query = {"ts": str(job.before_ms + _ORDER_MS), "dir": "b"}
        try:
            found = await self.api.get(path_v1("rooms", job.room, "timestamp_to_event"), query)
            around = await self.api.get(path("rooms", job.room, "context", str(found.get("event_id"))), {"limit": "1"})
        except Refused as error:
            if error.code in {"M_NOT_FOUND", "M_UNRECOGNIZED"}:
                return None
            raise
        token = around.get("end")
        return token if isinstance(token, str) else None


def _is_word(event: dict[str, Any]) -> bool:
    """Tell whether an event is something said that can still be read: no state, no redaction, not redacted."""
    redacted = "redacted_because" in obj(event.get("unsigned")) or not obj(event.get("content"))
    return "state_key" not in event and event.get("type") != "m.room.redaction" and not redacted
