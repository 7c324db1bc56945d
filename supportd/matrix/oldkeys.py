"""Room keys end with the window in which their words may be read (``trust.md`` section 3).

A key that is still in use is wound forward, so that it opens what comes and nothing that lies behind the window; one that is not is
deleted. Winding is one-way (Megolm ratchet): whoever takes the disk cannot turn it back.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from nio.crypto.sessions import InboundGroupSession

from supportd.logs import get_logger
from supportd.matrix.keyrows import REMEMBERED

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import timedelta

    from supportd.matrix.machine import Machine

log = get_logger(__name__)

#: Seconds for which a sender may go on using one key, whatever the room says: the longest time that clients have for it.
LONGEST_USE: Final = 7 * 24 * 3600.0
#: Seconds for which keys of rooms are kept in which we are not, for an invitation that is on its way.
STRANGE: Final = 24 * 3600.0
#: Keys looked at before others get a turn.
STEP: Final = 20


@dataclass(frozen=True, slots=True)
class Forgotten:
    """How many keys were deleted, and how many were wound forward."""

    deleted: int
    wound: int


async def forget(machine: Machine, window: timedelta, waiting: Collection[str] = (), rooms: Collection[str] | None = None) -> Forgotten:
    """Let no room key open what was read, or could have been read, longer than ``window`` ago.

    ``waiting``: rooms of which something is still to be read, so that their keys stay; ``rooms``: those we are in or invited to, ``None``
    where that is not known: keys of other rooms end after a day.
    """
    rows = machine.store.keys
    horizon = rows.now - window.total_seconds()
    with machine.store.transaction():
        for session in machine.room_keys():
            # Keys of before this table existed count from now on.
            rows.arrive(session.id)
        rows.drop_withheld(horizon)
        rows.drop_without_key(horizon)
        rows.drop_floors(rows.now - REMEMBERED)
    arrived, uses = rows.arrived(), rows.uses(horizon)
    newest = _newest(machine, arrived, horizon)
    deleted = wound = 0
    sessions = machine.room_keys()
    for at in range(0, len(sessions), STEP):
        with machine.store.transaction():
            for session in sessions[at : at + STEP]:
                if session.room_id in waiting:
                    continue
                use = uses.get(session.id)
                came = arrived.get(session.id, rows.now)
                last = max(came, use.last if use else came)
                followed = newest.get((session.room_id, session.sender_key), came) > came
                strange = rooms is not None and session.room_id not in rooms and last < rows.now - STRANGE
                if strange or (last < horizon and (followed or came < horizon - LONGEST_USE)):
                    machine.drop_room_key(session)
                    deleted += 1
                elif use is not None and use.read_before >= session.first_known_index:
                    wind(machine, session, use.read_before + 1)
                    wound += 1
        await asyncio.sleep(0)
    if deleted or wound:
        # Before a checkpoint the write-ahead log still holds what was deleted.
        machine.store.checkpoint()
        log.info("keys.forgotten", count=deleted, attempts=wound)
    return Forgotten(deleted, wound)


def wind(machine: Machine, session: Any, index: int) -> None:
    """Put a key in the place of ``session`` that opens message ``index`` and later ones only."""
    exported = session.export_session(index)
    new = InboundGroupSession.import_session(exported, session.ed25519, session.sender_key, session.room_id, list(session.forwarding_chain))
    machine.replace_room_key(new)
    machine.store.keys.set_floor(session.id, session.sender_key, index)
    machine.store.keys.drop_uses(session.id, index)


def _newest(machine: Machine, arrived: dict[str, float], horizon: float) -> dict[tuple[str, str], float]:
    """Return when each device's newest key in each room came, of those that came before the window: it has ended the earlier ones."""
    found: dict[tuple[str, str], float] = {}
    for session in machine.room_keys():
        came = arrived.get(session.id)
        if came is not None and came < horizon:
            place = (session.room_id, session.sender_key)
            found[place] = max(found.get(place, came), came)
    return found
