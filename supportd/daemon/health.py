"""What the daemon can say about itself from its store."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from supportd.engine.unit import UnitOfWork
    from supportd.engine.wire import Account

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
