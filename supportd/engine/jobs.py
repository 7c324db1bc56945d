"""What a row of the outbox means on the homeserver: the effect's people become Matrix ids only here."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from supportd.engine import wire
from supportd.engine.inner import CreateDirect
from supportd.sdk import effects as fx
from supportd.sdk.rooms import RoomSpec

if TYPE_CHECKING:
    from collections.abc import Iterable

    from supportd.engine.unit import OutboxRow, UnitOfWork
    from supportd.engine.wire import Job
    from supportd.sdk.ids import GroupId, PersonId, UserId

OWNER_LEVEL = 150
KEY_MEMBER_LEVEL = 50


def direct_spec(group_name: str) -> RoomSpec:
    """Return what a direct chat with the bot is; its name is the group's own, which the admins keep neutral."""
    return RoomSpec(name=group_name, kind="direct")


def jobs_of(uow: UnitOfWork, row: OutboxRow, group_name: str, server: str) -> tuple[Job, ...] | None:
    """Return what to do on the homeserver for ``row``, in order; ``None`` when its room or person is gone."""
    effect = row.effect
    match effect:
        case fx.CreateRoom():
            return (_make_room(uow, row.id, effect),)
        case CreateDirect(to=person):
            user = uow.people.user_of(person)
            return (user and (wire.MakeRoom(marker=row.id, spec=direct_spec(group_name), invite=(user,)),)) or None
        case fx.PostDirect(to=person, text=text):
            return _direct(uow, row, person, text)
        case fx.PostMessage(room=room, text=text, in_reply_to=reply, mention=mention):
            users = _users(uow, [mention] if mention else [])
            return (wire.SendMessage(room=room, transaction=row.id, text=text, in_reply_to=reply, mentions=users),)
        case fx.React(room=room, target=target, key=key):
            return (wire.SendReaction(room=room, transaction=row.id, target=target, key=key),)
        case fx.Redact(room=room, target=target, reason=reason):
            return (wire.SendRedaction(room=room, transaction=row.id, target=target, reason=reason),)
        case fx.LinkRoom():
            return _link(effect, server)
        case _:
            return _about_person(uow, row.group, effect)


def _about_person(uow: UnitOfWork, group: GroupId, effect: object) -> tuple[Job, ...] | None:
    del group
    if not isinstance(effect, (fx.InviteMember, fx.RemoveMember, fx.SetPower)):
        return None
    user = uow.people.user_of(effect.person)
    if user is None:
        return None
    match effect:
        case fx.InviteMember(room=room):
            return (wire.InvitePerson(room=room, person=user),)
        case fx.RemoveMember(room=room, reason=reason):
            return (wire.RemovePerson(room=room, person=user, reason=reason),)
        case fx.SetPower(room=room, level=level):
            return (wire.PutPower(room=room, person=user, level=level),)


def _make_room(uow: UnitOfWork, marker: str, effect: fx.CreateRoom) -> wire.MakeRoom:
    powers = dict.fromkeys(_users(uow, effect.key_members), KEY_MEMBER_LEVEL)
    powers |= dict.fromkeys(_users(uow, effect.owners), OWNER_LEVEL)
    invited = dict.fromkeys([*_users(uow, effect.members), *powers])
    return wire.MakeRoom(marker=marker, spec=effect.spec, invite=tuple(invited), powers=tuple(powers.items()))


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


def _users(uow: UnitOfWork, people: Iterable[PersonId]) -> tuple[UserId, ...]:
    found = [uow.people.user_of(person) for person in people]
    return tuple(user for user in found if user is not None)
