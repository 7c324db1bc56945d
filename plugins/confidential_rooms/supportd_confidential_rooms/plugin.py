"""The rooms of a group: made, watched, and kept as the group decided."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from supportd.sdk.ask import Ask, CloseAsk
from supportd.sdk.effects import (
    CreateRoom,
    Effect,
    ForgetPerson,
    InviteMember,
    LetGo,
    LinkRoom,
    MendRoom,
    OpenGroup,
    PostDirect,
    PostMessage,
    RemoveMember,
    RemoveStranger,
    SetPower,
    ShutGroup,
    StartTimer,
    SweepRoom,
)
from supportd.sdk.hooks import Plugin, hookimpl
from supportd.sdk.panels import Panel, TablePanel
from supportd_confidential_rooms import (
    commands,
    deciding,
    declared,
    drift,
    gating,
    growing,
    keeping,
    known,
    listening,
    making,
    merging,
    panic,
    plain,
    refused,
    replacing,
)
from supportd_confidential_rooms.given import Given
from supportd_confidential_rooms.settings import RoomSettings
from supportd_confidential_rooms.tables import TABLES, RoomStore
from supportd_confidential_rooms.texts import TEXTS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from supportd.sdk import events as ev
    from supportd.sdk.commands import Command
    from supportd.sdk.facts import Group
    from supportd.sdk.ids import PersonId
    from supportd.sdk.settings import Settings
    from supportd.sdk.store import PluginStore, Tables


class ConfidentialRooms(Plugin):
    """The rooms of a group."""

    name: ClassVar[str] = "confidential_rooms"
    summary: ClassVar[str] = "Makes the group's rooms from templates, invites its people, and keeps every setting as the group decided."
    grants: ClassVar[frozenset[type[Effect]]] = frozenset(
        {
            *(Ask, CloseAsk, CreateRoom, ForgetPerson, InviteMember, LetGo, LinkRoom, MendRoom, OpenGroup, PostDirect, PostMessage),
            *(RemoveMember, RemoveStranger, SetPower, ShutGroup, StartTimer, SweepRoom),
        }
    )
    settings: ClassVar[type[Settings]] = RoomSettings
    store: ClassVar[type[PluginStore]] = RoomStore
    tables: ClassVar[Tables] = TABLES
    keeps: ClassVar[tuple[str, ...]] = (
        "In which rooms somebody has, or waits for, a place, until they leave the group.",
        "Who asked for a private talk, a pair or a review, and with whom, as long as it is asked for or its room is there.",
        "What somebody answered to such a question, or to a second circle or a merging, until it is decided.",
        "Who asked for somebody's invitation, until it has reached them or was refused.",
        "Who takes a break, and until when their places wait for them, until they are back.",
        "Who changed a setting of a room, until the key members have been told.",
    )
    commands: ClassVar[tuple[Command, ...]] = known.COMMANDS
    texts = TEXTS

    # ---- making and inviting -----------------------------------------------------------------------------------------

    @hookimpl
    def turned_on(self, event: ev.TurnedOn, group: Group, store: RoomStore, settings: RoomSettings) -> Iterator[Effect]:
        """Make the space; the circle follows when it is there."""
        del event
        yield from making.begin(group, store, settings)

    @hookimpl
    def room_ready(self, event: ev.RoomReady, group: Group, store: RoomStore, settings: RoomSettings) -> Iterator[Effect]:
        """Go on when a room is there."""
        room = group.room_by_id(event.room)
        if room is not None:
            yield from making.ready(group, store, settings, event.key, room)
            yield from merging.made(group, store, settings, event.key)

    @hookimpl
    def person_added(self, event: ev.PersonAdded, group: Group, store: RoomStore, settings: RoomSettings) -> Iterator[Effect]:
        """Invite somebody new to the rooms that are there; where there is a gate it is shut before they come."""
        person = group.person(event.person)
        making.adopt(group, store)
        if person is not None and person.has_account:
            yield from gating.refresh(group, store, settings)
            yield from making.fill(group, store, person=person)

    @hookimpl
    def consent_given(self, event: ev.ConsentGiven, group: Group, store: RoomStore, settings: RoomSettings) -> Iterator[Effect]:
        """Let somebody write who has agreed to the ground rules, and not who took that back."""
        if event.kind == declared.RULES:
            yield from gating.refresh(group, store, settings)

    @hookimpl
    def roles_changed(self, event: ev.RolesChanged, group: Group, store: RoomStore, settings: RoomSettings) -> Iterator[Effect]:
        """Give somebody the power and the rooms of their role, or take them back."""
        making.adopt(group, store)
        person = group.person(event.person)
        if person is not None and person.has_account:
            yield from making.of_role(group, store, settings, person)

    @hookimpl
    def member_invited(self, event: ev.MemberInvited, group: Group, store: RoomStore) -> None:
        """Forget who asked for an invitation that has reached somebody."""
        room = group.room_by_id(event.room)
        if room is not None:
            refused.reached(store, room.key, event.member)

    @hookimpl
    def member_joined(self, event: ev.MemberJoined, group: Group, store: RoomStore) -> None:
        """Keep somebody's place."""
        room = group.room_by_id(event.room)
        if room is not None and store.room(room.key) is not None:
            store.place(room.key, event.member, "in", event.at)

    @hookimpl
    def member_left(self, event: ev.MemberLeft, group: Group, store: RoomStore) -> Iterator[Effect]:
        """Give a free place to who waits for one."""
        room = group.room_by_id(event.room)
        state = store.state_of(room.key, event.member) if room is not None else None
        if room is None or store.room(room.key) is None or state == "away":
            # On a break their place waits for them.
            return
        if state != "moved":
            store.leave(room.key, event.member)
        yield from making.moved_up(group, store, room)

    @hookimpl
    def effect_failed(self, event: ev.EffectFailed, group: Group, store: RoomStore, settings: RoomSettings) -> Iterator[Effect]:
        """Tell who wanted something, kindly, when the homeserver refused it."""
        if event.kind == "CreateRoom":
            merging.not_made(store, event.key)
            growing.not_made(store, event.key)
        keeping.refused(group, store, event)
        yield from refused.heard(group, store, settings, event)

    # ---- watching ----------------------------------------------------------------------------------------------------

    @hookimpl
    def room_changed(self, event: ev.RoomChanged, group: Group, store: RoomStore, settings: RoomSettings) -> Iterator[Effect]:
        """Set back what differs from what was declared."""
        making.adopt(group, store)
        room = group.room_by_id(event.room)
        one = declared.of(group, store, settings, room) if room is not None else None
        if one is not None:
            yield from drift.seen(group, store, one)

    @hookimpl
    def room_mended(self, event: ev.RoomMended, group: Group, store: RoomStore, settings: RoomSettings) -> Iterator[Effect]:
        """Tell who changed what, and lock what cannot be set back."""
        yield from drift.mended(group, store, settings, event)
        room = group.room_by_id(event.room)
        one = declared.of(group, store, settings, room) if room is not None else None
        if one is not None:
            yield from listening.changed(group, store, one, event)
            if not event.failed:
                yield from making.mended(group, store, one.room)

    @hookimpl
    def room_swept(self, event: ev.RoomSwept, group: Group, store: RoomStore) -> None:
        """Remember how far a room's old words are hidden."""
        keeping.swept(group, store, event)

    @hookimpl
    def room_upgraded(self, event: ev.RoomUpgraded, group: Group, store: RoomStore, settings: RoomSettings) -> Iterator[Effect]:
        """Open a room as the group decided in the place of one that somebody replaced."""
        making.adopt(group, store)
        yield from replacing.upgraded(group, store, settings, event)

    # ---- people decide -----------------------------------------------------------------------------------------------

    @hookimpl
    def command_given(self, event: ev.CommandGiven, group: Group, store: RoomStore, settings: RoomSettings) -> Iterator[Effect]:
        """Answer a command."""
        yield from commands.answer(Given(event, group, store, settings))

    @hookimpl
    def message_posted(self, event: ev.MessagePosted, group: Group, store: RoomStore, settings: RoomSettings) -> Iterator[Effect]:
        """Shut the group at a key member's word, said in any room."""
        author = group.person(event.author)
        if author is not None and "key_member" in author.roles and event.proven and panic.is_word(event.text):
            yield from panic.shut(group, store, settings, event.author)
            return
        room = group.room_by_id(event.room)
        to_us = room is not None and author is not None and room.direct_with == author.id and event.kind == "text"
        if author is not None and "key_member" in author.roles and event.proven and to_us:
            yield from plain.heard(group, store, settings, event, author)

    @hookimpl
    def ask_answered(self, event: ev.AskAnswered, group: Group, store: RoomStore, settings: RoomSettings) -> Iterator[Effect]:
        """Do what people decided."""
        yield from deciding.answered(group, store, settings, event)

    @hookimpl
    def ask_expired(self, event: ev.AskExpired, group: Group, store: RoomStore, settings: RoomSettings) -> Iterator[Effect]:
        """Go on after silence."""
        yield from deciding.expired(group, store, settings, event)

    @hookimpl
    def timer_fired(self, event: ev.TimerFired, group: Group, store: RoomStore, settings: RoomSettings) -> Iterator[Effect]:
        """Do what was announced."""
        yield from deciding.due(group, store, settings, event.key)

    # ---- what it shows and keeps -------------------------------------------------------------------------------------

    def panels(self, group: Group, store: PluginStore, settings: Settings) -> Iterable[Panel]:
        """Return what each room is declared to be and whether it is, and what works at which listening level."""
        if not isinstance(settings, RoomSettings) or not isinstance(store, RoomStore):
            return
        # Nobody hears of a private room but who is in it, and a page does not know who looks at it.
        for one in [each for each in declared.all_of(group, store, settings) if not each.template.private]:
            odd = {each.setting: each.found for each in one.odd()}
            rows = tuple((name, value, odd.get(name, "as declared")) for name, value in declared.described_all(one))
            yield TablePanel(title=one.room.key, help=one.template.about, columns=("setting", "declared", "now"), rows=rows)
        head = ("what", "reader", "doorkeeper", "absent")
        yield TablePanel(title="listening levels", help="What works at which level.", columns=head, rows=listening.FEATURES)

    def export_member(self, member: PersonId, store: PluginStore) -> Mapping[str, object]:
        """Return the places and rooms of somebody."""
        return store.export(member) if isinstance(store, RoomStore) else {}

    def forget_member(self, member: PersonId, store: PluginStore) -> None:
        """Delete what is known about somebody."""
        if isinstance(store, RoomStore):
            store.forget(member)
