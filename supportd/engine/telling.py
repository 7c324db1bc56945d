"""What the core itself tells the people who run a group, in their direct chats."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from supportd.engine import deed, gate, names
from supportd.engine.inner import CORE
from supportd.engine.unit import JournalLine
from supportd.engine.wire import SlowMark
from supportd.sdk.effects import PostDirect
from supportd.sdk.ids import EventId

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime

    from supportd.engine.unit import UnitOfWork
    from supportd.engine.wire import GapMark, ReadingMark
    from supportd.sdk.facts import Group
    from supportd.sdk.ids import PersonId

DEAF: Final = (
    "Automatic message. In the room {room} these people cannot read what I write: {names}. Their app was not yet confirmed by its owner, so"
    " it gets no keys; that protects everybody. It helps to open the app's settings, look for sessions or encryption, and confirm this"
    " device with the recovery key or with another device. A few words from you in person help more than mine."
)
UNREAD: Final = (
    "Automatic message. In the room {room} I cannot read some messages of {names}. Others may see them all the same. I cannot answer them,"
    " and they will be missing in letters. Mostly this mends itself; if not, it helps to close the app and to open it again."
)
_DEAF: Final = "Somebody's app gets no keys because its owner did not confirm it; the key members were told."
_UNREAD: Final = "Some messages could not be decrypted; the key members were told."
GAP_LOST: Final = (
    "Automatic message. I was away for long, and some messages in the room {room} did not reach me. For the members nothing is missing."
    " I cannot answer what was said there in that time. Please look whether somebody waits for an answer."
)
GAP_SLOW: Final = (
    "Automatic message. I was away for long and am reading what was said in the room {room} meanwhile, oldest first. That takes a while, so"
    " my answers there come late. If something is urgent, please look yourself."
)
_LOST: Final = "Some messages of a room could not be read after a long absence; the key members were told."
_SLOW: Final = "Reading what was missed in a room takes long; the key members were told."


def those_who_run(uow: UnitOfWork, group: Group, key: str, text: str, *, but: Collection[PersonId] = ()) -> bool:
    """Write ``text`` to the admins and key members; ``key`` makes it happen once. Tells whether it was new to anybody."""
    new = False
    for person in {one.id: one for one in (*group.with_role("admin"), *group.key_members) if one.id not in but}.values():
        effect = PostDirect(to=person.id, text=text)
        decision = gate.admit(uow, group, CORE, frozenset(), effect)
        if isinstance(decision, gate.Passed):
            new = deed.write_to(uow, group, CORE, names.derived(key, person.id), effect, decision) or new
    return new


def gap(uow: UnitOfWork, mark: GapMark | SlowMark, now: datetime) -> None:
    """Tell that part of a room's timeline could not be read, or comes late; a room of nobody's is nobody's business."""
    group_id = uow.rooms.group_of(mark.room)
    if group_id is None:
        return
    group = uow.groups.facts(group_id, now)
    room = group.room_by_id(mark.room)
    slow = isinstance(mark, SlowMark)
    text = (GAP_SLOW if slow else GAP_LOST).format(room=room.key if room else "")
    those_who_run(uow, group, f"gap {mark.id} {'slow' if slow else 'lost'}", text)
    reason = _SLOW if slow else _LOST
    uow.journal.add(JournalLine(group=group_id, plugin=CORE, at=now, kind="gap", outcome="told", reason=reason))


def reading(uow: UnitOfWork, mark: ReadingMark, now: datetime) -> None:
    """Tell, once a week for each of them, who cannot read us in a room, and whose messages we cannot read."""
    group_id = uow.rooms.group_of(mark.room)
    if group_id is None:
        return
    group = uow.groups.facts(group_id, now)
    room = group.room_by_id(mark.room)
    where = room.key if room and room.direct_with is None else "of our direct chat"
    for users, text, reason in ((mark.deaf, DEAF, _DEAF), (mark.unread, UNREAD, _UNREAD)):
        found = (uow.people.by_user(group_id, user) for user in users)
        people = sorted({person for person in found if person is not None})
        if not people:
            continue
        week = now.isocalendar()[:2]
        once = {one: EventId(names.derived("reading", mark.room, reason, *week, one)) for one in people}
        people = [one for one in people if not uow.handled.seen(once[one])]
        if not people:
            continue
        uow.handled.add_all([once[one] for one in people], now)
        key = names.derived("reading", mark.room, reason, *week, *people)
        told = text.format(room=where, names=", ".join(group.name_of(one) for one in people))
        # Who cannot read us would not read this either.
        if those_who_run(uow, group, key, told, but=people if text == DEAF else ()):
            uow.journal.add(JournalLine(group=group_id, plugin=CORE, at=now, kind="keys", outcome="told", reason=reason))
