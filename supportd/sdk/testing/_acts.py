"""What may happen in a story, for ``when(…)``."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, TypeAlias

from supportd.sdk import _refusals
from supportd.sdk import events as ev
from supportd.sdk.facts import Role, Room
from supportd.sdk.ids import EventId, RoomId
from supportd.sdk.rooms import KEY_MEMBER_LEVEL, OWNER_LEVEL, as_declared
from supportd.sdk.testing import _carry
from supportd.sdk.testing._world import World

if TYPE_CHECKING:
    from supportd.sdk.effects import CreateRoom, Effect

#: Something that happens; made by the functions of this module.
Act: TypeAlias = Callable[[World], None]


def turned_on() -> Act:
    """Turn the plugin on for the group."""
    return lambda world: world.tell(ev.TurnedOn(id=world.next_id("cli:"), group=world.group, at=world.now))


def person_added(name: str, *, account: bool = True) -> Act:
    """Let a key member enter somebody in the group's people."""

    def act(world: World) -> None:
        person = world.add(name, account=account)
        world.tell(ev.PersonAdded(id=world.next_id("cli:"), group=world.group, at=world.now, person=person.id))

    return act


def roles_change(name: str, *roles: Role) -> Act:
    """Let an admin decide that somebody has these roles from now on, beside being a member."""

    def act(world: World) -> None:
        person = world.people[name] = replace(world.people[name], roles=frozenset({"member", *roles}))
        world.tell(ev.RolesChanged(id=world.next_id("cli:"), group=world.group, at=world.now, person=person.id))

    return act


def room_is_ready(key: str) -> Act:
    """Let the homeserver finish a room that the plugin asked for with ``CreateRoom``."""

    def act(world: World) -> None:
        asked = world.wanted.get(key)
        if asked is None:
            raise AssertionError(f"The plugin has not asked for a room “{key}”.")
        world.rooms[key] = _made(key, asked)
        world.tell(ev.RoomReady(id=EventId(f"result:room:{key}"), group=world.group, at=world.now, room=world.rooms[key].id, key=key))

    return act


def room_is_swept(key: str) -> Act:
    """Let the homeserver be done with what the plugin wanted hidden under this key."""

    def act(world: World) -> None:
        asked = world.sweeps.pop(key, None)
        if asked is None:
            raise AssertionError(f"The plugin has not asked to hide anything under “{key}”.")
        world.tell(ev.RoomSwept(id=world.next_id("result:"), group=world.group, at=world.now, room=asked.room, key=key))

    return act


def member_joins(name: str, room: str | None = None) -> Act:
    """Let somebody join a room (the circle); somebody unknown is entered in the people by that."""

    def act(world: World) -> None:
        place = world.room(room)
        person = world.people.get(name) or world.add(name)
        returned = (place.id, person.id) in world.been
        world.been.add((place.id, person.id))
        world.rooms[place.key] = replace(
            place, joined=place.joined | {person.id}, left=place.left - {person.id}, invited=place.invited - {person.id}
        )
        world.tell(ev.MemberJoined(id=world.next_id(), group=world.group, at=world.now, room=place.id, member=person.id, returned=returned))

    return act


def member_leaves(name: str, room: str | None = None, *, how: ev.Leaving = "left") -> Act:
    """Let somebody leave a room (the circle), or be removed."""

    def act(world: World) -> None:
        place, person = world.room(room), world.person(name)
        world.rooms[place.key] = replace(place, joined=place.joined - {person.id}, left=place.left | {person.id})
        world.tell(ev.MemberLeft(id=world.next_id(), group=world.group, at=world.now, room=place.id, member=person.id, how=how))

    return act


def says(
    name: str,
    text: str,
    room: str | None = None,
    *,
    proven: bool = True,
    thread: bool = False,
    reply: bool = False,
    kind: ev.MessageKind = "text",
) -> Act:
    """Let somebody write in a room (the circle); ``thread``: in the thread of the story's first message, ``reply``: to its last one."""

    def act(world: World) -> None:
        id_ = world.next_id()
        root = _first(world) if thread else None
        to = _last(world) if reply else None
        world.said.append(id_)
        where, author = world.room(room).id, world.person(name).id
        event = ev.MessagePosted(
            id=id_,
            group=world.group,
            at=world.now,
            room=where,
            author=author,
            text=text,
            in_reply_to=to,
            thread=root,
            proven=proven,
            kind=kind,
        )
        world.tell(event)

    return act


def edits(name: str, text: str, room: str | None = None) -> Act:
    """Let somebody change the last message of the story."""

    def act(world: World) -> None:
        where, author, target = world.room(room).id, world.person(name).id, _last(world)
        world.tell(
            ev.MessageEdited(id=world.next_id(), group=world.group, at=world.now, room=where, author=author, target=target, text=text)
        )

    return act


def message_hidden(name: str, room: str | None = None) -> Act:
    """Let ``name`` redact the last message of the story."""

    def act(world: World) -> None:
        where, by, target = world.room(room).id, world.person(name).id, _last(world)
        world.tell(ev.MessageRedacted(id=world.next_id(), group=world.group, at=world.now, room=where, by=by, target=target))

    return act


def reacts(name: str, key: str, room: str | None = None) -> Act:
    """Let somebody react to the last message of the story; an answer to an ask is ``answers``."""

    def act(world: World) -> None:
        where, author, target = world.room(room).id, world.person(name).id, _last(world)
        world.tell(ev.ReactionAdded(id=world.next_id(), group=world.group, at=world.now, room=where, author=author, target=target, key=key))

    return act


def answers(name: str, words: str) -> Act:
    """Let somebody answer, by word or reaction, the newest ask that was put to them."""
    return lambda world: _carry.answer(world, world.person(name).id, words)


def command(name: str, by: str | None = None, **args: str) -> Act:
    """Give a declared command; ``by`` is who wrote it in a direct chat, ``None`` for a terminal."""

    def act(world: World) -> None:
        declared = next((one for one in world.plugin.commands if one.name == name), None)
        if declared is None:
            raise AssertionError(f"The plugin {world.plugin.name} declares no command “{name}”.")
        defaults = {one.name: one.default for one in declared.parameters if one.default is not None}
        missing = [one.name for one in declared.parameters if one.default is None and one.name not in args]
        if missing:
            raise AssertionError(f"The command “{name}” needs {', '.join(missing)}.")
        person = world.person(by).id if by is not None else None
        event = ev.CommandGiven(id=world.next_id("cli:"), group=world.group, at=world.now, name=name, args={**defaults, **args}, by=person)
        world.tell(event)

    return act


def link_used(name: str, key: str) -> Act:
    """Let somebody open the link ``key`` that they were offered and press its button; it works once."""

    def act(world: World) -> None:
        offered = world.links.get(key)
        person = world.person(name).id
        if offered is None or offered.to != person or offered.expires <= world.now:
            raise AssertionError(f"{name} has no link “{key}” that still works.")
        del world.links[key]
        world.tell(ev.LinkUsed(id=EventId(f"form:{key}"), group=world.group, at=world.now, key=key, person=person))

    return act


def effect_fails(kind: type[Effect], code: str, person: str | None = None, room: str = "") -> Act:
    """Let the server refuse an effect of this kind for good; ``code`` is its own word, such as ``M_INVITE_BLOCKED``.

    ``room``: the key of the room it was about, which may not be there yet.
    """

    def act(world: World) -> None:
        about = world.person(person).id if person is not None else None
        id_, reason = world.next_id("result:"), _refusals.sentence(code)
        place = world.rooms[room].id if room in world.rooms else None
        key = "" if place is not None else room
        failed = ev.EffectFailed(
            id=id_, group=world.group, at=world.now, kind=kind.__name__, reason=reason, person=about, code=code, room=place, key=key
        )
        world.tell(failed)

    return act


def _made(key: str, asked: CreateRoom) -> Room:
    levels = dict.fromkeys(asked.key_members, KEY_MEMBER_LEVEL) | dict.fromkeys(asked.owners, OWNER_LEVEL)
    now = as_declared(asked.spec, tuple(levels.items()), ())
    invited = frozenset((*asked.members, *levels))
    return Room(
        id=RoomId(f"!{key}" if asked.replaces is None else f"{asked.replaces}+"),
        key=key,
        kind=asked.spec.kind,
        listening=asked.spec.listening,
        invited=invited,
        spec=asked.spec,
        now=now,
    )


def _last(world: World) -> EventId:
    if not world.said:
        raise AssertionError("Nobody has said anything in this story yet.")
    return world.said[-1]


def _first(world: World) -> EventId:
    _last(world)
    return world.said[0]
