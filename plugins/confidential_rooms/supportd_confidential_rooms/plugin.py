"""Making the group's space and circle, and inviting its people."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, ClassVar

from supportd.sdk.commands import Command
from supportd.sdk.effects import CreateRoom, Effect, InviteMember, LinkRoom, PostDirect, Reply, SetPower
from supportd.sdk.hooks import Plugin, hookimpl
from supportd.sdk.panels import Panel, TablePanel
from supportd_confidential_rooms.rooms import CIRCLE, SPACE, circle, described, space
from supportd_confidential_rooms.settings import RoomSettings
from supportd_confidential_rooms.texts import TEXTS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from supportd.sdk.events import CommandGiven, EffectFailed, PersonAdded, RoomReady, TurnedOn
    from supportd.sdk.facts import Group, Person
    from supportd.sdk.ids import PersonId
    from supportd.sdk.rooms import RoomSpec
    from supportd.sdk.settings import Settings
    from supportd.sdk.store import PluginStore

#: People who can never be shut out of the circle: two, so that nobody is left alone with it.
_OWNERS = 2
_KEY_MEMBER_LEVEL = 50


class ConfidentialRooms(Plugin):
    """The rooms of a group."""

    name: ClassVar[str] = "confidential_rooms"
    summary: ClassVar[str] = "Makes the group's space and one encrypted room, and invites its people."
    grants: ClassVar[frozenset[type[Effect]]] = frozenset({CreateRoom, LinkRoom, InviteMember, SetPower, PostDirect})
    settings: ClassVar[type[Settings]] = RoomSettings
    commands: ClassVar[tuple[Command, ...]] = (Command(name="rooms list", help="Show the group's rooms and their settings."),)
    texts = TEXTS

    @hookimpl
    def turned_on(self, event: TurnedOn, group: Group, settings: RoomSettings) -> Iterator[Effect]:
        """Make the space; the circle follows when it is there. What is there already is kept, and people who are missing are invited."""
        del event
        if group.room(SPACE) is None:
            yield self._make(group, SPACE, space(group, settings))
        elif group.room(CIRCLE) is None:
            yield self._make(group, CIRCLE, circle(group, settings))
        else:
            yield from self._invite_missing(group)

    @hookimpl
    def room_ready(self, event: RoomReady, group: Group, settings: RoomSettings) -> Iterator[Effect]:
        """Make the circle when the space is ready, and show the circle in it."""
        made = group.room(SPACE)
        if event.key == SPACE and group.room(CIRCLE) is None:
            yield self._make(group, CIRCLE, circle(group, settings))
        if event.key == CIRCLE and made is not None:
            yield LinkRoom(space=made.id, room=event.room)
            # People who were entered while the rooms were being made.
            yield from self._invite_missing(group)

    @hookimpl
    def person_added(self, event: PersonAdded, group: Group) -> Iterator[Effect]:
        """Invite somebody new to the rooms that are there."""
        person = group.person(event.person)
        if person is not None and person.has_account:
            yield from self._invite(group, person)

    @hookimpl
    def effect_failed(self, event: EffectFailed, group: Group) -> Iterator[Effect]:
        """Tell a key member, kindly, when somebody cannot be invited."""
        if event.kind != "InviteMember" or event.person is None:
            return
        helper = group.on_duty("welcome")
        if helper is None or helper.id == event.person:
            return
        key = "invite_blocked" if event.code == "M_INVITE_BLOCKED" else "invite_refused"
        text = TEXTS.get(
            key, helper.language or group.style.language, helper.edition or group.style.edition, member=group.name_of(event.person)
        )
        yield PostDirect(to=helper.id, text=text)

    @hookimpl
    def command_given(self, event: CommandGiven, group: Group, settings: RoomSettings) -> Iterator[Effect]:
        """Answer ``rooms list``."""
        del event
        rows = [
            {"room": key, "made": group.room(key) is not None, **dict(described(spec))} for key, spec in self._declared(group, settings)
        ]
        lines = [
            f"{row['room']}: " + ", ".join(f"{name} {value}" for name, value in row.items() if name not in {"room", "made"}) for row in rows
        ]
        yield Reply(text="\n".join(lines), data=json.dumps({"rooms": rows}))

    def panels(self, group: Group, store: PluginStore, settings: Settings) -> Iterable[Panel]:
        """Return what each room is declared to be."""
        del store
        if isinstance(settings, RoomSettings):
            for key, spec in self._declared(group, settings):
                yield TablePanel(title=key, help="What this room is declared to be.", columns=("setting", "value"), rows=described(spec))

    @staticmethod
    def _declared(group: Group, settings: RoomSettings) -> tuple[tuple[str, RoomSpec], ...]:
        return ((SPACE, space(group, settings)), (CIRCLE, circle(group, settings)))

    @staticmethod
    def _make(group: Group, key: str, spec: RoomSpec) -> CreateRoom:
        members = tuple(one.id for one in group.people if one.has_account)
        return CreateRoom(key=key, spec=spec, members=members, owners=_owners(group), key_members=_helpers(group))

    def _invite_missing(self, group: Group) -> Iterator[Effect]:
        for person in group.people:
            if person.has_account:
                yield from self._invite(group, person, again=False)

    @staticmethod
    def _invite(group: Group, person: Person, *, again: bool = True) -> Iterator[Effect]:
        for key in (SPACE, CIRCLE):
            room = group.room(key)
            # Who has left has said something by it; only being entered anew brings another invitation.
            if room is None or person.id in room.joined or (not again and person.id in room.left):
                continue
            yield InviteMember(room=room.id, person=person.id)
            if "key_member" in person.roles and person.id not in _owners(group):
                yield SetPower(room=room.id, person=person.id, level=_KEY_MEMBER_LEVEL)


def _owners(group: Group) -> tuple[PersonId, ...]:
    """Return the two people who own the rooms: those with the role, then other key members."""
    able = [one.id for one in (*group.with_role("owner"), *group.key_members) if one.has_account]
    return tuple(dict.fromkeys(able))[:_OWNERS]


def _helpers(group: Group) -> tuple[PersonId, ...]:
    owners = _owners(group)
    return tuple(one.id for one in group.key_members if one.has_account and one.id not in owners)
