"""What the core itself tells the people who run a group, in their direct chats."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from supportd.engine import deed, gate, names
from supportd.engine.inner import CORE
from supportd.engine.unit import JournalLine
from supportd.sdk.effects import PostDirect

if TYPE_CHECKING:
    from datetime import datetime

    from supportd.engine.unit import UnitOfWork
    from supportd.engine.wire import GapMark
    from supportd.sdk.facts import Group

GAP_LOST: Final = (
    "Automatic message. I was away for long, and some messages in the room {room} did not reach me. For the members nothing is missing."
    " I cannot answer what was said there in that time. Please look whether somebody waits for an answer."
)
_REASON: Final = "Some messages of a room could not be read after a long absence; the key members were told."


def those_who_run(uow: UnitOfWork, group: Group, key: str, text: str) -> None:
    """Write ``text`` to the admins, or to the key members where there are none; ``key`` makes it happen once."""
    for person in group.with_role("admin") or group.key_members:
        effect = PostDirect(to=person.id, text=text)
        decision = gate.admit(uow, group, CORE, frozenset(), effect)
        if isinstance(decision, gate.Passed):
            deed.write_to(uow, group, CORE, names.derived(key, person.id), effect, decision)


def gap_lost(uow: UnitOfWork, mark: GapMark, now: datetime) -> None:
    """Tell that part of a room's timeline could not be read; a room of nobody's is nobody's business."""
    group_id = uow.rooms.group_of(mark.room)
    if group_id is None:
        return
    group = uow.groups.facts(group_id, now)
    room = group.room_by_id(mark.room)
    those_who_run(uow, group, f"gap {mark.id}", GAP_LOST.format(room=room.key if room else ""))
    uow.journal.add(JournalLine(group=group_id, plugin=CORE, at=now, kind="gap", outcome="told", reason=_REASON))
