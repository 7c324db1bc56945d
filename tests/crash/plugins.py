"""Two small plugins like real ones: rows, direct messages, an ask with two steps, a timer, a room, a removal, settings, commands."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from supportd.sdk import effects as fx
from supportd.sdk.ask import NO, YES, Ask, Step
from supportd.sdk.commands import Command, Parameter
from supportd.sdk.hooks import Plugin
from supportd.sdk.ids import PersonId
from supportd.sdk.rooms import RoomSpec
from supportd.sdk.settings import Field, Settings
from supportd.sdk.store import integer, person, table, tables_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from supportd.sdk import events as ev
    from supportd.sdk.effects import Effect
    from supportd.sdk.facts import Group
    from supportd.sdk.store import PluginStore

GREETED = table("hello", "greeted", person("person", key=True), integer("times"))


class HelloSettings(Settings):
    """What a group may say itself."""

    greeting: str = Field("Welcome", description="The first word to somebody new.")


class Hello(Plugin):
    """Greets, asks two key members in turn, comes back after a while, and has somebody removed when asked."""

    name = "hello"
    grants = frozenset({fx.PostMessage, fx.PostDirect, fx.React, fx.RemoveMember, fx.StartTimer, fx.OpenCase, Ask})
    settings = HelloSettings
    tables = tables_of("hello")

    def member_joined(self, event: ev.MemberJoined, group: Group, store: PluginStore, settings: HelloSettings) -> Iterator[Effect]:
        """Greet once and ask a key member to say hello."""
        row = store.rows.get(GREETED, person=event.member)
        store.rows.put(GREETED, person=event.member, times=(row["times"] if row else 0) + 1)
        room, main = group.room_by_id(event.room), group.room("main")
        if row is not None or room != main or "key_member" in group.person(event.member).roles:  # type: ignore[union-attr]  # they joined
            return
        name = group.name_of(event.member)
        yield fx.PostDirect(to=event.member, text=f"{settings.greeting}, {name}.")
        first, second = sorted(group.key_members, key=lambda one: one.name)
        steps = (
            Step(to=(first.id,), until=group.now + timedelta(minutes=10)),
            Step(to=(second.id,), until=group.now + timedelta(minutes=20)),
        )
        yield Ask(key=event.member, question=f"Will you say hello to {name}?", answers=(YES, NO), steps=steps, told=f"{name} is met.")
        yield fx.StartTimer(key=event.member, at=group.now + timedelta(minutes=3))
        yield fx.OpenCase(key=event.member, kind="flag")

    def ask_answered(self, event: ev.AskAnswered, group: Group) -> Iterator[Effect]:
        """Say who does it."""
        room = group.room("main")
        if room is not None:
            yield fx.PostMessage(room=room.id, text=f"{group.name_of(event.by[0])} meets {group.name_of(PersonId(event.key))}.")

    def timer_fired(self, event: ev.TimerFired, group: Group) -> Iterator[Effect]:
        """Come back."""
        yield fx.PostDirect(to=PersonId(event.key), text=f"How was it, {group.name_of(PersonId(event.key))}?")

    def message_posted(self, event: ev.MessagePosted, group: Group) -> Iterator[Effect]:
        """React to a question; ask for a removal."""
        if event.text.endswith("?"):
            yield fx.React(room=event.room, target=event.id, key="👀")
        if event.text == "Please remove me":
            yield fx.RemoveMember(room=event.room, person=event.author, reason="As you asked.")

    def member_left(self, event: ev.MemberLeft, group: Group) -> Iterator[Effect]:
        """Say goodbye."""
        yield fx.PostMessage(room=event.room, text=f"Goodbye {group.name_of(event.member)}.")


class Places(Plugin):
    """Makes a room when it is turned on and when it is told to."""

    name = "places"
    grants = frozenset({fx.CreateRoom, fx.PostMessage, fx.PostDirect, fx.InviteMember, fx.RemoveStranger})
    commands = (
        Command(name="open room", help="Open a room.", parameters=(Parameter(name="name", help="its name"),)),
        Command(name="send away", help="Remove a stranger.", parameters=(Parameter(name="who", help="their address"),)),
    )

    def turned_on(self, event: ev.TurnedOn, group: Group) -> Iterator[Effect]:
        """Make the lounge."""
        yield fx.CreateRoom(key="lounge", spec=RoomSpec(name="lounge"), key_members=tuple(one.id for one in group.key_members))

    def command_given(self, event: ev.CommandGiven, group: Group) -> Iterator[Effect]:
        """Make a room, or send a stranger away."""
        if event.name == "send away":
            for room in group.rooms:
                for one in room.strangers:
                    if f"({event.args['who']})" in one.shown:
                        yield fx.RemoveStranger(room=room.id, stranger=one.id, reason="For people of the group only.")
            return
        yield fx.CreateRoom(key=event.args["name"], spec=RoomSpec(name=event.args["name"]))
        yield fx.Reply(text=f"The room {event.args['name']} comes.")

    def room_ready(self, event: ev.RoomReady, group: Group) -> Iterator[Effect]:
        """Say what the room is for and invite somebody."""
        yield fx.PostMessage(room=event.room, text=f"This is the {event.key}.")
        yield fx.InviteMember(room=event.room, person=next(one.id for one in group.people if one.name == "Bo"))

    def person_added(self, event: ev.PersonAdded, group: Group) -> Iterator[Effect]:
        """Greet somebody who was entered by hand."""
        yield fx.PostDirect(to=event.person, text=f"You are entered, {group.name_of(event.person)}.")
