"""Walking back over what a sync left out (``matrix.md`` 1.3, F7)."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, cast

from supportd.engine.wire import GapMark
from supportd.matrix.http import path
from supportd.matrix.shapes import objects

if TYPE_CHECKING:
    from supportd.matrix.http import Api
    from supportd.sdk.ids import RoomId

#: Events of a page (Synapse's cap), pages walked before the sync itself goes on, and the most pages of one gap.
PAGE: Final = 100
PAGES_AT_ONCE: Final = 5
MOST_PAGES: Final = 100

#: Events of which the engine hears nothing need not come.
_FILTER: Final = json.dumps({"lazy_load_members": False})


@dataclass(frozen=True, slots=True)
class Walked:
    """What lay in a gap, oldest first; ``start`` is where to walk on, ``None`` at its end."""

    events: tuple[dict[str, Any], ...] = field(repr=False)
    start: str | None


async def walk(api: Api, gap: GapMark, pages: int) -> Walked:
    """Walk back at most ``pages`` pages; raises what :class:`Api` raises."""
    found: list[dict[str, Any]] = []
    start: str | None = gap.start
    for _page in range(pages):
        query = {"dir": "b", "limit": str(PAGE), "from": str(start), "to": gap.end, "filter": _FILTER}
        answer = await api.get(path("rooms", gap.room, "messages"), query)
        found += objects(answer.get("chunk"))
        end = answer.get("end")
        if not isinstance(end, str) or end == start or not objects(answer.get("chunk")):
            start = None
            break
        start = end
    return Walked(tuple(reversed(found)), start)


def gap_of(room: str, prev_batch: str, since: str) -> GapMark:
    """Return the mark of a limited timeline; the same gap always has the same id."""
    name = hashlib.sha256(f"{room}\0{prev_batch}\0{since}".encode()).hexdigest()[:32]
    return GapMark(id=name, room=cast("RoomId", room), start=prev_batch, end=since)
