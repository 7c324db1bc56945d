"""The plugin: which hook leads where."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final, TypeGuard

from supportd.sdk.ask import YES, Ask, CloseAsk
from supportd.sdk.effects import AnswerKnock, CancelTimer, ChangePerson, Effect, PostDirect, PostMessage, RecordConsent, StartTimer
from supportd.sdk.hooks import Plugin, hookimpl
from supportd.sdk.ids import EventId, PersonId
from supportd_welcome import answers, arriving, commands, direct, hello, knocking, path, watching, weekly
from supportd_welcome.own import ours
from supportd_welcome.settings import WelcomeSettings
from supportd_welcome.tables import TABLES, WelcomeStore
from supportd_welcome.texts import TEXTS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from supportd.sdk import events as ev
    from supportd.sdk.commands import Command
    from supportd.sdk.facts import Group, Room
    from supportd.sdk.panels import Panel
    from supportd.sdk.settings import Settings
    from supportd.sdk.store import PluginStore, Tables

KEEPS: Final = (
    "That and when somebody was greeted, and how far they are on their path, until they are forgotten.",
    "That somebody has written here, until they are forgotten; where and when the first time, and when it was answered, for 90 days.",
    "Where words wait for an answer and since when, until they have one or 8 days have passed; never what they say.",
)


class Welcome(Plugin):
    """The first weeks of a newcomer, and an answer for whoever writes."""

    name: ClassVar[str] = "welcome"
    summary: ClassVar[str] = "Welcomes newcomers step by step, and sees to it that nobody's words stay without an answer."
    grants: ClassVar[frozenset[type[Effect]]] = frozenset(
        {AnswerKnock, PostDirect, PostMessage, Ask, CloseAsk, StartTimer, CancelTimer, RecordConsent, ChangePerson}
    )
    settings: ClassVar[type[Settings]] = WelcomeSettings
    store: ClassVar[type[PluginStore]] = WelcomeStore
    tables: ClassVar[Tables | None] = TABLES
    keeps: ClassVar[tuple[str, ...]] = KEEPS
    commands: ClassVar[tuple[Command, ...]] = commands.COMMANDS
    texts = TEXTS

    # ---- coming and going ------------------------------------------------------------------------------------------------

    @hookimpl
    def turned_on(self, group: Group, store: WelcomeStore, settings: WelcomeSettings) -> Iterator[Effect]:
        """Begin: whoever is there already is no newcomer."""
        arriving.already_there(group, store, settings)
        yield from arriving.took_up(ours(group, store), store, settings)
        yield from weekly.begin(group)

    @hookimpl
    def member_joined(self, event: ev.MemberJoined, group: Group, store: WelcomeStore, settings: WelcomeSettings) -> Iterator[Effect]:
        """Welcome somebody who comes, or comes back."""
        room, person = group.room_by_id(event.room), group.person(event.member)
        if room is not None and person is not None and room.key in settings.rooms():
            yield from arriving.came(ours(group, store), store, settings, person)

    @hookimpl
    def member_left(self, event: ev.MemberLeft, group: Group, store: WelcomeStore, settings: WelcomeSettings) -> Iterator[Effect]:
        """Stop asking somebody who has gone."""
        room = group.room_by_id(event.room)
        yield from watching.gone(store, event.member, event.room)
        if room is not None and room.key in settings.rooms():
            yield from arriving.went(ours(group, store), store, settings, event.member)

    @hookimpl
    def knock_received(self, event: ev.KnockReceived, group: Group, store: WelcomeStore, settings: WelcomeSettings) -> Iterator[Effect]:
        """Let key members decide about somebody who asks to be let in."""
        yield from knocking.heard(ours(group, store), settings, event)

    @hookimpl
    def effect_failed(self, event: ev.EffectFailed, group: Group, store: WelcomeStore, settings: WelcomeSettings) -> Iterator[Effect]:
        """Find another way to somebody whose settings let no invitation through."""
        yield from arriving.refused(ours(group, store), store, settings, event)

    # ---- what people say -------------------------------------------------------------------------------------------------

    @hookimpl
    def message_posted(self, event: ev.MessagePosted, group: Group, store: WelcomeStore, settings: WelcomeSettings) -> Iterator[Effect]:
        """Hear words to the program, and words that should not stay without an answer."""
        room = group.room_by_id(event.room)
        if room is not None and room.direct_with == event.author:
            yield from direct.heard(ours(group, store), store, settings, event)
        elif _is_watched(room, settings):
            yield from watching.heard(group, store, settings, room, event)

    @hookimpl
    def somebody_spoke(self, event: ev.SomebodySpoke, group: Group, store: WelcomeStore, settings: WelcomeSettings) -> Iterator[Effect]:
        """See who spoke where the program does not read."""
        room = group.room_by_id(event.room)
        if _is_watched(room, settings):
            yield from watching.spoke(group, store, settings, room, event)

    @hookimpl
    def reaction_added(self, event: ev.ReactionAdded, group: Group, store: WelcomeStore) -> Iterator[Effect]:
        """Count a sign as an answer."""
        yield from watching.reacted(group, store, event.target, event.author)

    @hookimpl
    def message_redacted(self, event: ev.MessageRedacted, store: WelcomeStore) -> Iterator[Effect]:
        """Stop watching words that are gone."""
        yield from watching.hidden(store, event.target)

    @hookimpl
    def command_given(self, event: ev.CommandGiven, group: Group, store: WelcomeStore, settings: WelcomeSettings) -> Iterator[Effect]:
        """Answer a command."""
        yield from commands.answer(ours(group, store), store, settings, event)

    # ---- questions and time ----------------------------------------------------------------------------------------------

    @hookimpl
    def ask_answered(self, event: ev.AskAnswered, group: Group, store: WelcomeStore, settings: WelcomeSettings) -> Iterator[Effect]:
        """Go on with an answer."""
        kind, _, about = event.key.partition(":")
        if kind in {*path.ORDER, *path.ASKED_FOR}:
            yield from answers.heard(ours(group, store), store, settings, event, kind)
        elif event.key == arriving.CROWD:
            yield from arriving.crowd_answered(ours(group, store), store, settings, event.answer)
        elif event.key.startswith(hello.INTRODUCE) and event.answer == YES.name:
            yield from hello.introduce(ours(group, store), settings, event.by[0])
        elif event.key.startswith(knocking.KNOCK):
            yield from knocking.decided(ours(group, store), event.key, event.answer)
        elif event.key.startswith(watching.ALONE):
            yield from watching.answered(group, store, settings, EventId(about), event.answer, event.by[0])

    @hookimpl
    def ask_expired(self, event: ev.AskExpired, group: Group, store: WelcomeStore, settings: WelcomeSettings) -> Iterator[Effect]:
        """Go on after silence."""
        if event.key == arriving.CROWD:
            yield from arriving.crowd_silent(group, store)
        elif event.key.startswith(knocking.KNOCK):
            yield from knocking.decided(ours(group, store), event.key, None)
        elif event.key.startswith(watching.ALONE):
            yield from watching.due(ours(group, store), store, settings, EventId(event.key.removeprefix(watching.ALONE)))

    @hookimpl
    def timer_fired(self, event: ev.TimerFired, group: Group, store: WelcomeStore, settings: WelcomeSettings) -> Iterator[Effect]:
        """Do what is due."""
        kind, _, about = event.key.partition(":")
        match f"{kind}:" if about else kind:
            case arriving.GREET:
                yield from arriving.due(ours(group, store), store, settings, PersonId(about))
            case arriving.LOOK:
                yield from arriving.look(ours(group, store), store, settings, PersonId(about))
            case arriving.CROWD:
                yield from arriving.crowd_again(ours(group, store), store)
            case path.PATH:
                yield from path.due(ours(group, store), store, settings, PersonId(about))
            case watching.ALONE:
                yield from watching.due(ours(group, store), store, settings, EventId(about))
            case watching.ROOM:
                yield from watching.to_room(ours(group, store), store, EventId(about))
            case weekly.DAILY:
                yield from weekly.due(ours(group, store), store, settings)

    # ---- what it shows and keeps -----------------------------------------------------------------------------------------

    def panels(self, group: Group, store: PluginStore, settings: Settings) -> Iterable[Panel]:
        """Return how many first words had an answer, and how many people are where on their way."""
        del settings
        return tuple(weekly.panels(group, store)) if isinstance(store, WelcomeStore) else ()

    def export_member(self, member: PersonId, store: PluginStore) -> Mapping[str, object]:
        """Return what is kept about somebody."""
        return store.export(member) if isinstance(store, WelcomeStore) else {}

    def forget_member(self, member: PersonId, store: PluginStore) -> None:
        """Delete what is kept about somebody."""
        if isinstance(store, WelcomeStore):
            store.forget(member)


def _is_watched(room: Room | None, settings: WelcomeSettings) -> TypeGuard[Room]:
    return room is not None and settings.watch and room.direct_with is None and room.key in settings.rooms_watched()
