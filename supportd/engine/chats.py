"""A person of a group opens a chat with the bot: it becomes their direct chat, so that their first word is heard.

An invitation of anybody else is never answered: an account that does not exist does not answer either. In which groups somebody is, no
group is told; each group that they are in has a chat with them of its own, since its key members are not those of the next.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from supportd.engine import deed, gate, names
from supportd.engine.inner import CORE, EnterChat
from supportd.engine.texts import say
from supportd.engine.unit import JournalLine
from supportd.sdk.effects import PostDirect
from supportd.sdk.ids import EventId
from supportd.sdk.rooms import RoomSpec

if TYPE_CHECKING:
    from datetime import datetime

    from supportd.engine.ports import Plugins
    from supportd.engine.unit import UnitOfWork
    from supportd.engine.wire import ChatMark
    from supportd.sdk.facts import Group
    from supportd.sdk.ids import GroupId, PersonId, RoomId

#: Invitations of one person that are looked at in a day; the others stay without an answer.
MOST_A_DAY: Final = 3
_CAME: Final = "Somebody of the group opened a chat with the bot; it is their direct chat now."


def invited(uow: UnitOfWork, mark: ChatMark, now: datetime) -> None:
    """Come where somebody of a group invites us, or decline kindly where they have a chat with us already."""
    places = [(group, person) for group in uow.groups.ids() if (person := uow.people.by_user(group, mark.by)) is not None]
    if not places or uow.rooms.group_of(mark.room) is not None or not _counts(uow, places[0][1], mark.room, now):
        return
    facts = [(uow.groups.facts(group, now), person) for group, person in places]
    # Anybody can be entered in a group without knowing it; where they have come themselves, they are at home.
    facts = [one for one in facts if _came(*one)] or facts
    free = next(((group, person) for group, person in facts if not _in_chat(uow, group, person)), None)
    group, person = free or facts[0]
    effect = EnterChat(person=person, room=mark.room, take=free is not None)
    deed.queue_own(uow, group, names.derived("enter", mark.room, mark.by), effect, gate.Passed(now))
    if free is None:
        _write(uow, group, person, f"here {now.date()}", "chat_here")


def _counts(uow: UnitOfWork, person: PersonId, room: RoomId, now: datetime) -> bool:
    """Tell whether this is one of the first invitations of the day, and note it."""
    if uow.handled.seen(EventId(names.derived("chat", person, room))):
        return False
    day = [EventId(names.derived("chats", person, now.date().isoformat(), number)) for number in range(MOST_A_DAY)]
    left = next((one for one in day if not uow.handled.seen(one)), None)
    if left is None:
        return False
    uow.handled.add_all([left, EventId(names.derived("chat", person, room))], now)
    return True


def _came(group: Group, person: PersonId) -> bool:
    """Tell whether somebody is in a room of the group besides the chat with us."""
    return any(person in room.joined for room in group.rooms if room.direct_with is None)


def _in_chat(uow: UnitOfWork, group: Group, person: PersonId) -> bool:
    room = uow.rooms.direct_with(group.id, person)
    return room is not None and uow.rooms.membership(room, person) == "join"


def entered(uow: UnitOfWork, plugins: Plugins, effect: EnterChat, group_id: GroupId, now: datetime, *, mended: bool) -> None:
    """Make the room the direct chat of who invited us, say hello, and let go what waited for them; ``mended``: we turned encryption on."""
    room = effect.room
    group = uow.groups.facts(group_id, now)
    uow.rooms.add(room, group.id, f"direct:{effect.person}", RoomSpec(name=group.name, kind="direct"), effect.person, CORE, now)
    # The homeserver said so a moment ago; what they did since waits in the inbox.
    uow.rooms.set_membership(room, effect.person, "join", now)
    for urgent in (False, True):
        uow.outbox.unblock(names.direct_lane(effect.person, urgent=urgent))
    group = uow.groups.facts(group_id, now)
    _write(uow, group, effect.person, f"hello {room}", "chat_now_encrypted" if mended else "chat_hello", words=_words(uow, plugins, group))
    uow.journal.add(JournalLine(group=group.id, plugin=CORE, at=now, kind="chat", outcome="done", reason=_CAME))
    _in_other_groups(uow, plugins, effect.person, group_id, now)


def refused(uow: UnitOfWork, plugins: Plugins, effect: EnterChat, group_id: GroupId, now: datetime) -> None:
    """Open a chat of our own where the one we were invited to is none that words are safe in."""
    # Whatever we saw of it in passing is nobody's.
    uow.handled.add(names.not_ours(effect.room), now)
    uow.inbox.for_room(effect.room)
    if effect.take:
        group = uow.groups.facts(group_id, now)
        words = _words(uow, plugins, group)
        _write(uow, group, effect.person, f"elsewhere {now.date()}", "chat_elsewhere", words=words)


def _in_other_groups(uow: UnitOfWork, plugins: Plugins, person: PersonId, but: str, now: datetime) -> None:
    """Open a chat in each other group of theirs that has none with them."""
    user = uow.people.user_of(person)
    for other in uow.groups.ids() if user is not None else ():
        there = uow.people.by_user(other, user) if user is not None and other != but else None
        group = uow.groups.facts(other, now) if there is not None and uow.rooms.direct_with(other, there) is None else None
        if there is not None and group is not None and _came(group, there):
            _write(uow, group, there, "hello", "chat_hello", words=_words(uow, plugins, group))


def _words(uow: UnitOfWork, plugins: Plugins, group: Group) -> str:
    """Return what somebody may say to us in this group, in quotation marks."""
    running = [one for one in plugins.names() if uow.states.get(group.id, one).state == "on"]
    talk = any(command.name == "talk" for one in running for command in plugins.commands(one))
    return "“help”, “talk”" if talk else "“help”"


def _write(uow: UnitOfWork, group: Group, person: PersonId, once: str, key: str, *, words: str = "") -> None:
    known = group.person(person)
    if known is None:
        return
    # Who has come to us is awake: this does not wait for the end of quiet hours.
    effect = PostDirect(to=person, text=say(group, known, key, group=group.name, words=words), urgent=True)
    passed = gate.admit(uow, group, CORE, frozenset(), effect)
    if isinstance(passed, gate.Passed):
        deed.write_to(uow, group, CORE, names.derived("chat", group.id, person, once), effect, passed)
