"""Somebody in a room of the group whom nobody entered in its people: they stay a stranger, and key members are told.

Who was invited by one of our own accounts is expected: a plugin let them in. Anybody else may have been let in by a key member's
own app, or put there by who runs the homeserver.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from supportd.engine import deed, gate, names
from supportd.engine.inner import CORE
from supportd.engine.places import StrangerNow
from supportd.engine.texts import say
from supportd.engine.unit import JournalLine, NewPerson
from supportd.sdk.effects import AnswerKnock, PostDirect, RemoveStranger
from supportd.sdk.events import MemberJoined
from supportd.sdk.ids import EventId

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime

    from supportd.engine.unit import UnitOfWork
    from supportd.engine.wire import Incoming, Membership
    from supportd.sdk.facts import Group, Person, Room
    from supportd.sdk.ids import GroupId, PersonId, RoomId, UserId

#: Strangers in one room of whom key members are told one by one in a day; then that there are more.
MOST_TOLD: Final = 5
_SENT_AWAY: Final = "Somebody who is not to be admitted is sent away from a room."
_CAME: Final = "Somebody who is not in the group's people came into a room; the key members there were told."


def came(uow: UnitOfWork, incoming: Incoming, content: Membership, group: GroupId, ours: Collection[UserId]) -> PersonId | None:
    """Keep the comings and goings of somebody who is not in the people; returns who they are if they become one of the group by it."""
    room, user = incoming.room, content.subject
    if uow.rooms.person_of(room) is not None:
        # Whom somebody brings into their own chat with us is theirs to know; our words are for that one person.
        return None
    before = uow.strangers.get(room, group, user)
    name = content.display_name or ""
    if content.state in {"invite", "join"} and uow.strangers.is_kept_out(group, user):
        by = uow.people.by_user(group, incoming.sender) if content.state == "invite" else None
        uow.strangers.put(room, group, user, StrangerNow(content.state, name, by), incoming.at)
        send_away(uow, group, room, user, incoming.at)
        return None
    if content.state == "invite":
        by = uow.people.by_user(group, incoming.sender)
        uow.strangers.put(room, group, user, StrangerNow("invite", name, by, incoming.sender in ours), incoming.at)
    elif content.state == "join":
        if before is None or before.state == "invite":
            if before is not None and before.ours:
                uow.strangers.drop(room, group, user)
                return uow.people.add(group, NewPerson(user=user, name=name, roles=frozenset({"member"})), incoming.at)
            _tell(uow, group, room, user, name, before.by if before else None, incoming.at)
        by = before.by if before is not None else None
        uow.strangers.put(room, group, user, StrangerNow("join", name, by), incoming.at)
    elif before is not None:
        uow.strangers.drop(room, group, user)
    return None


def send_away(uow: UnitOfWork, group_id: GroupId, room: RoomId, user: UserId, at: datetime) -> None:
    """Send somebody who is not to be admitted out of a room, or take their invitation back."""
    group = uow.groups.facts(group_id, at)
    effect = RemoveStranger(room=room, stranger=uow.strangers.id_of(group_id, user))
    passed = gate.admit(uow, group, CORE, frozenset(), effect)
    if isinstance(passed, gate.Passed):
        deed.queue_own(uow, group, names.derived("kept out", room, user, at), effect, passed)
        uow.journal.add(JournalLine(group=group_id, plugin=CORE, at=at, kind="strangers", outcome="accepted", reason=_SENT_AWAY))


def answer_no(uow: UnitOfWork, group_id: GroupId, knock: Incoming) -> None:
    """Answer the knock of somebody who is not to be admitted with no; no plugin hears of it, and nobody is disturbed."""
    group = uow.groups.facts(group_id, knock.at)
    effect = AnswerKnock(room=knock.room, knock=knock.id, let_in=False)
    passed = gate.admit(uow, group, CORE, frozenset(), effect)
    if isinstance(passed, gate.Passed):
        deed.queue_own(uow, group, names.derived("no", knock.id), effect, passed)


def entered(uow: UnitOfWork, group: GroupId, user: UserId, person: PersonId, id_: str, now: datetime) -> list[MemberJoined]:
    """Let somebody be a stranger no longer, who is entered after they came; returns what plugins are told."""
    told = []
    for room, state in uow.strangers.entered(group, user):
        uow.rooms.set_membership(room, person, state, now)
        if state == "join":
            told.append(MemberJoined(id=EventId(f"{id_}:{room}"), group=group, at=now, room=room, member=person))
    return told


def may_read(uow: UnitOfWork, room: RoomId, users: Collection[UserId]) -> frozenset[UserId]:
    """Return those of ``users`` who may read what we say in ``room``: people of the group, and in a direct chat its one person."""
    group, person = uow.rooms.group_of(room), uow.rooms.person_of(room)
    if group is None:
        return frozenset()
    found = {user: uow.people.by_user(group, user) for user in users}
    return frozenset(user for user, one in found.items() if one is not None and person in {None, one})


def _tell(uow: UnitOfWork, group_id: GroupId, room_id: RoomId, user: UserId, name: str, by: PersonId | None, at: datetime) -> None:
    """Tell who looks after the room, once for each stranger and room: who came, who let them in, and what can be done."""
    once = EventId(names.derived("stranger", room_id, user))
    group = uow.groups.facts(group_id, at)
    room = group.room_by_id(room_id)
    if room is None or uow.handled.seen(once):
        return
    day = [EventId(names.derived("strangers", room_id, at.date().isoformat(), number)) for number in range(MOST_TOLD + 1)]
    left = next((number for number, one in enumerate(day) if not uow.handled.seen(one)), None)
    uow.handled.add_all([once, *([day[left]] if left is not None else [])], at)
    if left is None:
        return
    for person in _who_looks_after(group, room):
        values = {"room": room.key, "who": f"{name} ({user})" if name else user, "address": user}
        how = say(group, person, "let_in_by", who=group.name_of(by)) if by is not None else say(group, person, "let_in_by_nobody")
        key = "stranger_more" if left == MOST_TOLD else "stranger_came" if "key_member" in person.roles else "stranger_came_to_you"
        _write(uow, group, person, once, say(group, person, key, how=how, **values))
    uow.journal.add(JournalLine(group=group_id, plugin=CORE, at=at, kind="strangers", outcome="told", reason=_CAME))


def _who_looks_after(group: Group, room: Room) -> tuple[Person, ...]:
    """Return the key members in the room, and where none is in it those whose room it is: nobody else may learn that there is one."""
    inside = tuple(one for one in group.people if one.id in room.joined and one.has_account)
    return tuple(one for one in inside if "key_member" in one.roles) or inside


def _write(uow: UnitOfWork, group: Group, person: Person, once: EventId, text: str) -> None:
    # Whoever has come in reads along from now on: this does not wait for the morning.
    effect = PostDirect(to=person.id, text=text, urgent=True)
    passed = gate.admit(uow, group, CORE, frozenset(), effect)
    if isinstance(passed, gate.Passed):
        deed.write_to(uow, group, CORE, names.derived(once, person.id), effect, passed)
