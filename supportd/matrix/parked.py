"""What waits for its key: tried again when the key comes, given up after 72 hours."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from supportd.engine.wire import UnparkMark
from supportd.logs import get_logger
from supportd.matrix.intake import Raw

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from supportd.engine.ports import MatrixInbox
    from supportd.engine.wire import Incoming, Mark, ParkMark
    from supportd.matrix.intake import Intake
    from supportd.matrix.waiting import Lot

log = get_logger(__name__)

#: How long ciphertext is kept (trust.md section 3).
KEPT: Final = timedelta(hours=72)


async def retry(inbox: MatrixInbox, intake: Intake, keys: Collection[tuple[str, str]] | None) -> tuple[Sequence[Incoming], Sequence[Mark]]:
    """Return what can be read now that these room keys came (``None``: whichever are here), and the marks that let it go."""
    if keys is not None and not keys:
        return (), ()
    waiting = await inbox.parked(keys)  # type: ignore[arg-type] # rooms are RoomIds there
    if keys is None:
        intake.lot.fill((one.event, str(raw.event.get("sender")) if (raw := _raw(one)) else "", len(one.ciphertext)) for one in waiting)
    raws = [raw for one in waiting if (raw := _raw(one)) is not None]
    before = intake.undecryptable
    taken = intake.read(raws, park=False)
    intake.undecryptable = before
    marks: list[Mark] = [UnparkMark(event) for event in taken.settled]
    for event in taken.settled:
        intake.lot.leave(event)
    return taken.incoming, [*taken.marks, *marks]


async def expired(inbox: MatrixInbox, now: datetime | None = None, lot: Lot | None = None) -> tuple[Mark, ...]:
    """Return the marks that give up what waited too long."""
    until = (now or datetime.now(UTC)) - KEPT
    marks = tuple(UnparkMark(one.event) for one in await inbox.parked() if one.at < until or _raw(one) is None)
    for mark in marks if lot is not None else ():
        lot.leave(mark.event)  # type: ignore[union-attr]  # only where there is one
    if marks:
        log.warning("parked.given_up", count=len(marks))
    return marks


def _raw(mark: ParkMark) -> Raw | None:
    try:
        event: Any = json.loads(mark.ciphertext)
    except ValueError:
        return None
    return Raw(mark.room, event) if isinstance(event, dict) else None
