"""What the daemon can say about itself from its store."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from supportd.engine.unit import UnitOfWork
    from supportd.engine.wire import Account
    from supportd.matrix.reading import RoomReading

#: What each account must be able to do in a room where it has work (architecture, section 7).
NEEDS: dict[Account, tuple[str, ...]] = {"reader": ("redact",), "doorkeeper": ("invite", "kick")}


def power_problems(uow: UnitOfWork, now: datetime) -> list[str]:
    """Return a sentence for each room in which an account lacks the power it needs; rooms that were not seen yet are left out."""
    found = []
    for group in uow.groups.ids():
        for room in uow.groups.facts(group, now).rooms:
            power = uow.rooms.power(room.id)
            if power is None or room.direct_with is not None:
                continue
            levels, needed = power
            for account, acts in NEEDS.items():
                lacking = [act for act in acts if levels.get(account, 0) < needed.get(act, 50)]
                if lacking:
                    what, level = " and ".join(lacking), max(needed.get(act, 50) for act in lacking)
                    found.append(f"In the room {room.key} of {group} the {account} account may not {what}: give it level {level}.")
    return found


def reading_problems(uow: UnitOfWork, rooms: Mapping[str, RoomReading], now: datetime) -> tuple[list[str], list[dict[str, object]]]:
    """Return a sentence for each room in which somebody cannot read us or we cannot read somebody, and the figures of all rooms."""
    problems, figures = [], []
    for group in uow.groups.ids():
        for room in uow.groups.facts(group, now).rooms:
            found = rooms.get(room.id)
            if found is None:
                continue
            figures.append({"group": group, "room": room.key, **asdict(found)})
            if found.can_read_us < found.people:
                count = found.people - found.can_read_us
                problems.append(f"In the room {room.key} of {group} {count} of {found.people} people cannot read supportd: {CONFIRM}.")
            if found.waiting:
                problems.append(f"In the room {room.key} of {group} {found.waiting} messages wait for their keys, for at most 72 hours.")
    return problems, figures


CONFIRM = "their apps were not confirmed by them (cross-signing), or a key member has to agree to their new keys"
