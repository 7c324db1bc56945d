"""What a row of the outbox means on the homeserver: the effect's people become Matrix ids only here."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from supportd.engine import wire
from supportd.engine.inner import CreateDirect, EnterChat, SettleKeys
from supportd.sdk import effects as fx
from supportd.sdk.rooms import KEY_MEMBER_LEVEL, OWNER_LEVEL, RoomSpec

if TYPE_CHECKING:
    from collections.abc import Iterable

    from supportd.engine.unit import OutboxRow, UnitOfWork
    from supportd.engine.wire import Job
    from supportd.sdk.effects import Effect
    from supportd.sdk.ids import PersonId, UserId


def direct_spec(group_name: str) -> RoomSpec:
    """Return what a direct chat with the bot is; its name is the group's own, which the admins keep neutral."""
    return RoomSpec(name=group_name, kind="direct")


def jobs_of(uow: UnitOfWork, row: OutboxRow, group_name: str, server: str) -> tuple[Job, ...] | None:
    """Return what to do on the homeserver for ``row``, in order; ``None`` when its room or person is gone."""
    effect = row.effect
    found: Job | None
    match effect:
        case fx.CreateRoom():
            return (_make_room(uow, row.id, effect),)
        case CreateDirect(to=person):
            user = uow.people.user_of(person)
            return (user and (wire.MakeRoom(marker=row.id, spec=direct_spec(group_name), invite=(user,)),)) or None
        case fx.PostDirect(to=person, text=text):
            return _direct(uow, row, person, text)
        case fx.LinkRoom():
            return _link(effect, server)
        case fx.MendRoom() | fx.SweepRoom() | fx.AnswerKnock() | fx.RemoveStranger():
            return _about_room(uow, effect)
        case fx.InviteMember() | fx.RemoveMember() | fx.LetGo() | fx.SetPower() | SettleKeys() | EnterChat():
            return _about_person(uow, effect)
        case _:
            found = _sending(uow, row.id, effect)
    return None if found is None else (found,)


def _sending(uow: UnitOfWork, transaction: str, effect: Effect) -> wire.Sending | None:
    match effect:
        case fx.PostMessage(room=room, text=text, in_reply_to=reply, mention=mention, thread=thread):
            users = _users(uow, [mention] if mention else [])
            return wire.SendMessage(room=room, transaction=transaction, text=text, in_reply_to=reply, mentions=users, thread=thread)
        case fx.PostFile(room=room, name=name, media_type=kind, data=data, text=text):
            return wire.SendFile(room=room, transaction=transaction, name=name, media_type=kind, data=data, text=text)
        case fx.StartPoll(room=room):
            poll = wire.Polled(effect.question, effect.answers, effect.most_choices, effect.disclosed)
            return wire.SendPoll(room=room, transaction=transaction, poll=poll)
        case fx.EndPoll(room=room, target=target, text=text):
            return wire.SendPollEnd(room=room, transaction=transaction, target=target, text=text)
        case fx.React(room=room, target=target, key=key):
            return wire.SendReaction(room=room, transaction=transaction, target=target, key=key)
        case fx.Redact(room=room, target=target, reason=reason):
            return wire.SendRedaction(room=room, transaction=transaction, target=target, reason=reason)
        case _:
            return None


def _about_person(
    uow: UnitOfWork, effect: fx.InviteMember | fx.RemoveMember | fx.LetGo | fx.SetPower | SettleKeys | EnterChat
) -> tuple[Job, ...] | None:
    user = uow.people.user_of(effect.person)
    if user is None:
        return None
    match effect:
        case fx.InviteMember(room=room, again=again):
            return (wire.InvitePerson(room=room, person=user, again=again),)
        case fx.RemoveMember(room=room, reason=reason):
            return (wire.RemovePerson(room=room, person=user, reason=reason),)
        case fx.LetGo(room=room):
            # Without a reason: that they wished it themself is nobody's business.
            return (wire.RemovePerson(room=room, person=user, reason=""),)
        case fx.SetPower(room=room, level=level):
            return (wire.PutPower(room=room, person=user, level=level),)
        case EnterChat(room=room, take=take):
            return (wire.EnterChat(room=room, person=user, take=take),)
        case SettleKeys(master=master, trusted=trusted):
            return (wire.TrustKeys(user, master, trusted=trusted),)


def _about_room(uow: UnitOfWork, effect: fx.MendRoom | fx.SweepRoom | fx.AnswerKnock | fx.RemoveStranger) -> tuple[Job, ...] | None:
    match effect:
        case fx.MendRoom(room=room, spec=spec, levels=levels, links=links):
            return (wire.BringRoom(room=room, spec=spec, powers=_powers(uow, levels), links=links),)
        case fx.SweepRoom():
            return _sweep(uow, effect)
        case fx.AnswerKnock(room=room, knock=knock, let_in=let_in, reason=reason):
            return (wire.SettleKnock(room=room, knock=knock, let_in=let_in, reason=reason),)
        case fx.RemoveStranger(room=room, stranger=stranger, reason=reason):
            user = uow.strangers.user_of(room, stranger)
            return None if user is None else (wire.RemovePerson(room=room, person=user, reason=reason),)


def _make_room(uow: UnitOfWork, marker: str, effect: fx.CreateRoom) -> wire.MakeRoom:
    powers = dict.fromkeys(_users(uow, effect.key_members), KEY_MEMBER_LEVEL)
    powers |= dict.fromkeys(_users(uow, effect.owners), OWNER_LEVEL)
    invited = dict.fromkeys([*_users(uow, effect.members), *powers])
    return wire.MakeRoom(marker=marker, spec=effect.spec, invite=tuple(invited), powers=tuple(powers.items()), replaces=effect.replaces)


def _direct(uow: UnitOfWork, row: OutboxRow, person: PersonId, text: str) -> tuple[Job, ...] | None:
    room = uow.rooms.direct_with(row.group, person)
    return None if room is None else (wire.SendMessage(room=room, transaction=row.id, text=text),)


def _link(effect: fx.LinkRoom, server: str) -> tuple[Job, ...]:
    # Rooms of version 12 have no server in their id, so the links must say where to ask (MSC4291).
    via = {"via": [server]}
    child = json.dumps({**via, "suggested": True}, sort_keys=True)
    parent = json.dumps({**via, "canonical": True}, sort_keys=True)
    return (
        wire.PutState(room=effect.space, type="m.space.child", state_key=effect.room, content=child),
        wire.PutState(room=effect.room, type="m.space.parent", state_key=effect.space, content=parent),
    )


def _sweep(uow: UnitOfWork, effect: fx.SweepRoom) -> tuple[Job, ...] | None:
    sender = uow.people.user_of(effect.by) if effect.by is not None else None
    if effect.by is not None and sender is None:
        return None
    before, after = (0 if at is None else int(at.timestamp() * 1000) for at in (effect.before, effect.after))
    return (wire.SweepWords(effect.room, before, after, sender, effect.reason),)


def _powers(uow: UnitOfWork, levels: Iterable[tuple[PersonId, int]]) -> tuple[tuple[UserId, int], ...]:
    found = ((uow.people.user_of(person), level) for person, level in levels)
    return tuple((user, level) for user, level in found if user is not None)


def _users(uow: UnitOfWork, people: Iterable[PersonId]) -> tuple[UserId, ...]:
    found = [uow.people.user_of(person) for person in people]
    return tuple(user for user in found if user is not None)
