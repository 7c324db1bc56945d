"""The hooks a plugin may implement, and the class every plugin is.

A hook is an ordinary synchronous method. It asks for what it needs by parameter name (``event``, ``group``, ``store``, ``settings``,
``findings``) and yields effects. It touches no network, clock or randomness: the time is ``group.now``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import ClassVar, TypeVar

import pluggy

from supportd.sdk import events as e
from supportd.sdk.commands import Command
from supportd.sdk.effects import Effect
from supportd.sdk.facts import Group
from supportd.sdk.findings import Finding, Refusal
from supportd.sdk.ids import PersonId
from supportd.sdk.panels import Panel
from supportd.sdk.settings import NoSettings, Settings
from supportd.sdk.store import PluginStore, Tables
from supportd.sdk.text import Catalogue

#: The version of this interface; a plugin names the versions it works with in ``Plugin.api``.
API = 1

hookspec = pluggy.HookspecMarker("supportd")
hookimpl = pluggy.HookimplMarker("supportd")

Effects = Iterable[Effect] | None
S = TypeVar("S", bound=Settings)


class Plugin:
    """The base of all plugins; the class is the manifest."""

    #: Short name, also the prefix of tables and commands: ``[a-z][a-z0-9_]{1,30}``.
    name: ClassVar[str] = ""
    #: One sentence for the list of plugins.
    summary: ClassVar[str] = ""
    #: Versions of :data:`API` that this plugin works with.
    api: ClassVar[tuple[int, ...]] = (API,)
    #: The kinds of effect this plugin may yield.
    grants: ClassVar[frozenset[type[Effect]]] = frozenset()
    #: What a group may decide; the model is the form, the help and the documentation.
    settings: ClassVar[type[Settings]] = NoSettings
    #: The class of ``store`` in hooks; a subclass gives the rows names of the plugin's own.
    store: ClassVar[type[PluginStore]] = PluginStore
    #: The plugin's own tables; with tables, ``export_member`` and ``forget_member`` are compulsory.
    tables: ClassVar[Tables | None] = None
    #: One sentence for each kind of personal data it keeps, and for how long.
    keeps: ClassVar[tuple[str, ...]] = ()
    #: What people may ask this plugin to do, in a terminal or in chat.
    commands: ClassVar[tuple[Command, ...]] = ()
    #: Every text for people, so that groups and translators find them.
    texts: ClassVar[Catalogue | None] = None

    def assess(self, event: e.Event, settings: Settings) -> Iterable[Finding]:
        """Think about ``event`` without acting; runs in a worker process under a time limit, so it may be slow.

        ``event`` is what the hook that gets the findings is called with: a ``MessagePosted``, a ``MessageEdited``, or a ``MessageAsked``
        (whose ``group`` and ``person`` are not known yet).
        """
        del event, settings
        return ()

    def panels(self, group: Group, store: PluginStore, settings: Settings) -> Iterable[Panel]:
        """Return what the group's page shows of this plugin."""
        del group, store, settings
        return ()

    def export_member(self, member: PersonId, store: PluginStore) -> Mapping[str, object]:
        """Return everything this plugin keeps about ``member``, as plain data (JSON types)."""
        del member, store
        return {}

    def forget_member(self, member: PersonId, store: PluginStore) -> None:
        """Delete everything this plugin keeps about ``member``."""
        del member, store


class Hooks:
    """The specifications; an implementation may leave out parameters it does not need."""

    @hookspec
    def turned_on(self, event: e.TurnedOn, group: Group, store: PluginStore, settings: Settings) -> Effects:
        """Begin: this plugin was turned on for the group."""

    @hookspec
    def person_added(self, event: e.PersonAdded, group: Group, store: PluginStore, settings: Settings) -> Effects:
        """React to somebody who was entered in the group's people."""

    @hookspec
    def roles_changed(self, event: e.RolesChanged, group: Group, store: PluginStore, settings: Settings) -> Effects:
        """React to somebody who got or lost a role."""

    @hookspec
    def consent_given(self, event: e.ConsentGiven, group: Group, store: PluginStore, settings: Settings) -> Effects:
        """Somebody said yes or no to a kind of use, in whatever plugin they were asked."""

    @hookspec
    def room_ready(self, event: e.RoomReady, group: Group, store: PluginStore, settings: Settings) -> Effects:
        """Go on now that a room that was asked for exists."""

    @hookspec
    def member_joined(self, event: e.MemberJoined, group: Group, store: PluginStore, settings: Settings) -> Effects:
        """Somebody joined a room of the group."""

    @hookspec
    def member_invited(self, event: e.MemberInvited, group: Group, store: PluginStore, settings: Settings) -> Effects:
        """Somebody of the group was invited to a room."""

    @hookspec
    def member_left(self, event: e.MemberLeft, group: Group, store: PluginStore, settings: Settings) -> Effects:
        """Somebody left a room of the group."""

    @hookspec
    def knock_received(self, event: e.KnockReceived, group: Group, store: PluginStore, settings: Settings) -> Effects:
        """Somebody asks to be let into a room."""

    @hookspec
    def room_upgraded(self, event: e.RoomUpgraded, group: Group, store: PluginStore, settings: Settings) -> Effects:
        """React to a room that was closed and replaced by another; the admins are told by the core."""

    @hookspec
    def room_changed(self, event: e.RoomChanged, group: Group, store: PluginStore, settings: Settings) -> Effects:
        """Something about a room is not what it was."""

    @hookspec
    def room_mended(self, event: e.RoomMended, group: Group, store: PluginStore, settings: Settings) -> Effects:
        """Go on now that a room was brought to what this plugin declared."""

    @hookspec
    def room_swept(self, event: e.RoomSwept, group: Group, store: PluginStore, settings: Settings) -> Effects:
        """Go on when what was to be hidden in a room is hidden."""

    @hookspec
    def message_posted(
        self, event: e.MessagePosted, group: Group, store: PluginStore, settings: Settings, findings: tuple[Finding, ...]
    ) -> Effects:
        """Somebody wrote in a room where the reader account listens; ``findings`` are this plugin's own."""

    @hookspec
    def somebody_spoke(self, event: e.SomebodySpoke, group: Group, store: PluginStore, settings: Settings) -> Effects:
        """Somebody wrote in a room whose words the program does not read; who and when, never what."""

    @hookspec
    def message_edited(
        self, event: e.MessageEdited, group: Group, store: PluginStore, settings: Settings, findings: tuple[Finding, ...]
    ) -> Effects:
        """Somebody changed a message of theirs; ``findings`` are this plugin's own, in the new words."""

    @hookspec
    def message_redacted(self, event: e.MessageRedacted, group: Group, store: PluginStore, settings: Settings) -> Effects:
        """React to a message that was hidden or taken back."""

    @hookspec
    def reaction_added(self, event: e.ReactionAdded, group: Group, store: PluginStore, settings: Settings) -> Effects:
        """Somebody reacted to a message; a reaction that answers an ask comes as ``ask_answered`` instead."""

    @hookspec
    def poll_started(self, event: e.PollStarted, group: Group, store: PluginStore, settings: Settings) -> Effects:
        """Somebody, or a plugin, put a poll to a room."""

    @hookspec
    def poll_answered(self, event: e.PollAnswered, group: Group, store: PluginStore, settings: Settings) -> Effects:
        """Somebody chose in a poll, or took their choice back."""

    @hookspec
    def poll_ended(self, event: e.PollEnded, group: Group, store: PluginStore, settings: Settings) -> Effects:
        """Somebody, or a plugin, ended a poll."""

    @hookspec
    def timer_fired(self, event: e.TimerFired, group: Group, store: PluginStore, settings: Settings) -> Effects:
        """Do what a timer of this plugin was started for."""

    @hookspec
    def ask_answered(self, event: e.AskAnswered, group: Group, store: PluginStore, settings: Settings) -> Effects:
        """Go on with the answer to an ask of this plugin."""

    @hookspec
    def ask_expired(self, event: e.AskExpired, group: Group, store: PluginStore, settings: Settings) -> Effects:
        """Go on after an ask of this plugin that ended in silence."""

    @hookspec
    def effect_failed(self, event: e.EffectFailed, group: Group, store: PluginStore, settings: Settings) -> Effects:
        """React to an effect of this plugin that was refused for good."""

    @hookspec
    def link_used(self, event: e.LinkUsed, group: Group, store: PluginStore, settings: Settings) -> Effects:
        """Somebody used a single-purpose link of this plugin."""

    @hookspec
    def command_given(self, event: e.CommandGiven, group: Group, store: PluginStore, settings: Settings) -> Effects:
        """Somebody gave a declared command of this plugin."""

    @hookspec
    def admit(self, event: e.JoinAsked, group: Group, settings: Settings) -> Refusal | None:
        """Return a refusal to keep somebody out of a room; late (200 ms) or raised counts as yes."""

    @hookspec
    def admit_message(self, event: e.MessageAsked, group: Group, settings: Settings, findings: tuple[Finding, ...]) -> Refusal | None:
        """Return a refusal to keep a message out of a room that is not encrypted; late (200 ms) or raised counts as yes."""
