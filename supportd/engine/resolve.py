"""From Matrix ids to people and groups: what an incoming wire event means here."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from supportd.engine import names, strangers, wire
from supportd.engine.unit import Waiting
from supportd.sdk import events as ev
from supportd.sdk._names import visible

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime

    from supportd.engine.unit import UnitOfWork
    from supportd.engine.wire import Incoming, Membership
    from supportd.sdk.ids import GroupId, PersonId, RoomId, UserId


def resolve(uow: UnitOfWork, incoming: Incoming, ours: Collection[UserId], now: datetime) -> tuple[ev.Event, ...]:
    """Return the events that plugins see, mostly one or none; keeps memberships and people as a side effect."""
    event = _event(uow, incoming, ours, now)
    if isinstance(event, ev.MemberJoined) and isinstance(incoming.content, wire.Membership):
        # Whom we let in here may have been a stranger in other rooms until now.
        return (event, *strangers.entered(uow, event.group, incoming.content.subject, event.member, event.id, event.at))
    return () if event is None else (event,)


def _event(uow: UnitOfWork, incoming: Incoming, ours: Collection[UserId], now: datetime) -> ev.Event | None:
    """Return what the event itself means.

    An event of a room that is not registered yet waits in the inbox: a person can be in a new room before its making is on record.
    """
    group = uow.rooms.group_of(incoming.room)
    if group is None:
        if uow.handled.seen(names.not_ours(incoming.room)):
            return None
        waiting = Waiting(id=f"room:{incoming.id}", group=None, plugin=None, event=incoming, attempts=0)
        uow.inbox.put(waiting, incoming.room, now + timedelta(days=7), now)
        return None
    if isinstance(incoming.content, wire.Membership):
        return _membership(uow, incoming, incoming.content, group, ours)
    if isinstance(incoming.content, wire.Replaced):
        return _upgraded(uow, incoming, incoming.content.replacement, group, ours)
    if incoming.sender in ours:
        # What plugins have to know of their own polls is the id, and only the homeserver gives it.
        return _poll(incoming, group, None)
    if uow.people.forgotten(group, incoming.sender):
        # Who was forgotten stays a stranger until somebody enters them again, even where they are still in a room.
        return None
    person = uow.people.by_user(group, incoming.sender)
    # The words of strangers are for no plugin.
    return None if person is None else words(incoming, group, person)


def _upgraded(uow: UnitOfWork, incoming: Incoming, replaced: RoomId, group: GroupId, ours: Collection[UserId]) -> ev.RoomUpgraded | None:
    """Return that a room was replaced by others, also where they used an account of ours: whoever runs the homeserver can."""
    by_us = incoming.sender in ours
    if uow.rooms.group_of(replaced) is not None or (by_us and uow.outbox.replaces(group, incoming.room)):
        # It points at a room that is there already, or that we are making: nothing of others' was opened in its place.
        return None
    by, account = (None, incoming.sender) if by_us else (_if_known(uow, group, incoming.sender), "")
    return ev.RoomUpgraded(id=incoming.id, group=group, at=incoming.at, room=incoming.room, replacement=replaced, by=by, account=account)


def _if_known(uow: UnitOfWork, group: GroupId, user: UserId) -> PersonId | None:
    """Return somebody of the group; a stranger, or somebody who was forgotten, is not entered by this."""
    return None if uow.people.forgotten(group, user) else uow.people.by_user(group, user)


def words(incoming: Incoming, group: GroupId, author: PersonId) -> ev.Event | None:
    """Return what plugins see of something that ``author`` wrote or did; reads and keeps nothing."""
    id_, at, room = incoming.id, incoming.at, incoming.room
    match incoming.content:
        case wire.Said() as said:
            return ev.MessagePosted(
                id=id_,
                group=group,
                at=at,
                room=room,
                author=author,
                text=said.text,
                in_reply_to=said.in_reply_to,
                thread=said.thread,
                proven=incoming.verified,
                kind=said.kind,
                media=said.media,
            )
        case wire.Spoke(in_reply_to=reply, thread=thread):
            return ev.SomebodySpoke(id=id_, group=group, at=at, room=room, author=author, in_reply_to=reply, thread=thread)
        case wire.Edited(target=target, text=text):
            return ev.MessageEdited(
                id=id_, group=group, at=at, room=room, author=author, target=target, text=text, proven=incoming.verified
            )
        case wire.Reacted(target=target, key=key):
            return ev.ReactionAdded(id=id_, group=group, at=at, room=room, author=author, target=target, key=key)
        case wire.Redacted(target=target):
            return ev.MessageRedacted(id=id_, group=group, at=at, room=room, by=author, target=target)
        case _:
            return _poll(incoming, group, author)


def _poll(incoming: Incoming, group: GroupId, author: PersonId | None) -> ev.Event | None:
    """Return what a poll's start, end or choice means; ``author`` is ``None`` for ours."""
    id_, at, room, proven = incoming.id, incoming.at, incoming.room, incoming.verified
    match incoming.content:
        case wire.Polled() as poll:
            return ev.PollStarted(
                id=id_,
                group=group,
                at=at,
                room=room,
                author=author,
                question=poll.question,
                answers=poll.answers,
                most_choices=poll.most_choices,
                disclosed=poll.disclosed,
                proven=proven,
            )
        case wire.Voted(poll=target, answers=answers) if author is not None:
            return ev.PollAnswered(id=id_, group=group, at=at, room=room, author=author, target=target, answers=answers, proven=proven)
        case wire.Closed(poll=target):
            return ev.PollEnded(id=id_, group=group, at=at, room=room, by=author, target=target, proven=proven)
        case _:
            return None


def _membership(uow: UnitOfWork, incoming: Incoming, content: Membership, group: GroupId, ours: Collection[UserId]) -> ev.Event | None:
    if content.subject in ours:
        return None
    person = _if_known(uow, group, content.subject)
    if content.state == "knock":
        return _knock(uow, incoming, content, group, person)
    if uow.people.forgotten(group, content.subject):
        return None
    if person is None:
        person = strangers.came(uow, incoming, content, group, ours)
        if person is None:
            return None
    before, was_in = uow.rooms.set_membership(incoming.room, person, content.state, incoming.at)
    id_, at, room = incoming.id, incoming.at, incoming.room
    if content.state == "join" and before != "join":
        return ev.MemberJoined(id=id_, group=group, at=at, room=room, member=person, returned=was_in)
    if content.state == "invite" and before not in {"join", "invite"}:
        return ev.MemberInvited(id=id_, group=group, at=at, room=room, member=person)
    if content.state in {"leave", "ban"} and before in {"join", "invite"}:
        _withdraw(uow, group, person, at)
        return ev.MemberLeft(id=id_, group=group, at=at, room=room, member=person, how=_how(incoming, content, before))
    return None


def _how(incoming: Incoming, content: Membership, before: str) -> ev.Leaving:
    if content.state == "ban":
        return "banned"
    if incoming.sender != content.subject:
        return "removed"
    return "declined" if before == "invite" else "left"


def _knock(uow: UnitOfWork, incoming: Incoming, content: Membership, group: GroupId, person: PersonId | None) -> ev.Event | None:
    """Return the knock; a stranger who knocks stays one, so nothing is kept of them."""
    if incoming.sender != content.subject:
        return None
    before: str | None = content.previous
    if person is not None:
        before, _was_in = uow.rooms.set_membership(incoming.room, person, "knock", incoming.at)
    if before == "knock":
        return None
    if person is None and uow.strangers.is_kept_out(group, content.subject):
        strangers.answer_no(uow, group, incoming)
        return None
    id_, at, room = incoming.id, incoming.at, incoming.room
    name = visible(content.display_name or "")
    shown = "" if person is not None else f"{name} ({content.subject})" if name else content.subject
    return ev.KnockReceived(id=id_, group=group, at=at, room=room, knock=id_, person=person, reason=content.reason, shown=shown)


def _withdraw(uow: UnitOfWork, group: GroupId, person: PersonId, at: datetime) -> None:
    """Take back what waits for somebody who is in no room of the group any more and never came into their direct chat."""
    known = uow.groups.facts(group, at)
    if any(person in room.joined for room in known.rooms):
        return
    for urgent in (False, True):
        uow.outbox.refuse_lane(names.direct_lane(person, urgent=urgent), at)


#: What a direct chat has of its own, and no plugin hears of.
COMINGS = (ev.MemberInvited, ev.MemberJoined, ev.MemberLeft, ev.KnockReceived)


def direct_joined(uow: UnitOfWork, event: ev.Event, direct_with: PersonId | None) -> bool:
    """Tell whether ``event`` is a coming or going in a direct chat, and let waiting words go when its person came."""
    if direct_with is None or not isinstance(event, COMINGS):
        return False
    if isinstance(event, ev.MemberJoined) and event.member == direct_with:
        uow.outbox.unblock(names.direct_lane(direct_with))
        uow.outbox.unblock(names.direct_lane(direct_with, urgent=True))
    return True
