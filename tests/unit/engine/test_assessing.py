"""Plugins think about the very event their hook gets; words that nobody thought about never look harmless."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from supportd.engine import wire
from supportd.sdk import effects as fx
from supportd.sdk import events as ev
from supportd.sdk.findings import NOT_ASSESSED, Finding
from supportd.sdk.hooks import Plugin
from supportd.sdk.ids import EventId, RoomId
from supportd.sdk.rooms import RoomSpec
from tests.support.world import OURS, World, user_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from supportd.sdk.effects import Effect
    from supportd.sdk.ids import PersonId
    from supportd.sdk.settings import Settings
    from supportd.store.open import SqlStore
    from tests.support.plugins import SmallPlugins

pytestmark = pytest.mark.asyncio
NEW_ROOM = RoomId("!new:test")
THREAT = Finding(name="threat")


class Watch(Plugin):
    """Finds threats in all words, and notes what it heard with which findings."""

    name = "watch"
    grants = frozenset({fx.CreateRoom})
    failing = False

    def __init__(self) -> None:
        """Begin without anything heard."""
        self.thought: list[ev.Event] = []
        self.heard: list[tuple[ev.Event, tuple[Finding, ...]]] = []
        self.joined: list[PersonId] = []

    def assess(self, event: ev.Event, settings: Settings) -> tuple[Finding, ...]:
        """Find one."""
        del settings
        self.thought.append(event)
        return (THREAT,)

    def member_joined(self, event: ev.MemberJoined) -> None:
        """Note them."""
        self.joined.append(event.member)

    def message_posted(self, event: ev.MessagePosted, findings: tuple[Finding, ...]) -> Iterator[Effect]:
        """Note it, make a room at the word room, and fail while it shall."""
        if self.failing:
            raise RuntimeError
        self.heard.append((event, findings))
        if event.text == "room":
            yield fx.CreateRoom(key="new", spec=RoomSpec(name="New"))

    def message_edited(self, event: ev.MessageEdited, findings: tuple[Finding, ...]) -> None:
        """Note it."""
        self.heard.append((event, findings))


class Listen(Watch):
    """Does not think beforehand."""

    assess = Plugin.assess  # type: ignore[assignment]  # as if it were not there


class Thoughts:
    """Implements the engine's port ``Assessor`` in this process."""

    def __init__(self, plugins: SmallPlugins) -> None:
        """Take the plugins."""
        self.plugins = plugins

    def assesses(self, plugin: str) -> bool:
        """Tell whether it does."""
        return self.plugins.assesses(plugin)

    async def assess(self, plugin: str, event: ev.Event, settings: Settings) -> tuple[Finding, ...]:
        """Ask the plugin itself."""
        return tuple(self.plugins.by_name[plugin].assess(event, settings))


async def _world(store: SqlStore, watch: Watch) -> World:
    world = World(store, watch)
    await world.begin(("Jo", {"key_member"}))
    world.engine.assessor = Thoughts(world.plugins)
    return world


def _join(world: World, name: str) -> wire.Incoming:
    return world.incoming(wire.Membership(user_of(name), "join", "leave", name), name)


def _said(watch: Watch) -> list[tuple[str, tuple[Finding, ...]]]:
    return [(event.text, findings) for event, findings in watch.heard if isinstance(event, ev.MessagePosted)]


async def test_the_first_words_of_who_just_joined_are_assessed(store: SqlStore) -> None:
    """Two people whom a plugin let in come and write within one sync: all is heard once, in order, thought about with its author."""
    watch = Watch()
    world = await _world(store, watch)
    world.strangers_come = True
    await world.happens(*[world.incoming(wire.Membership(user_of(name), "invite", "leave"), OURS[1]) for name in ("Mal", "Bo")])
    mal, bo = _join(world, "Mal"), _join(world, "Bo")
    words = [world.incoming(wire.Said(text), name) for text, name in (("a", "Jo"), ("b", "Mal"), ("c", "Mal"), ("d", "Bo"))]

    await world.happens(words[0], mal, *words[1:3], bo, words[3])
    await world.happens(words[0], mal, *words[1:3], bo, words[3])

    assert _said(watch) == [(text, (THREAT,)) for text in "abcd"]
    assert watch.thought == [event for event, _ in watch.heard]
    group = await world.group()
    assert [group.name_of(one) for one in watch.joined] == ["Mal", "Bo"]


async def test_the_words_of_strangers_are_not_thought_about(store: SqlStore) -> None:
    """Who is not in the group's people reaches no plugin, also not by way of an assessment."""
    watch = Watch()
    world = await _world(store, watch)
    world.strangers_come = True

    await world.says("Mal", "I will find you")
    await world.joins("Mal")
    await world.says("Mal", "I have found you")

    assert (watch.thought, watch.heard, watch.joined) == ([], [], [])
    assert len((await world.group()).people) == 1


async def test_who_was_forgotten_is_neither_thought_about_nor_entered(sqlite_store: SqlStore) -> None:
    """Their words reach nobody, also not by way of an assessment."""
    watch = Watch()
    world = await _world(sqlite_store, watch)
    jo = (await world.group()).people[0].id
    await world.store.transact(lambda uow: uow.people.forget(jo))

    await world.says("Jo", "Hello")

    assert (watch.thought, watch.heard) == ([], [])
    assert (await world.group()).people == ()


@pytest.mark.parametrize(
    "content",
    [
        wire.Said("x", EventId("$r"), EventId("$t"), "notice", ev.Media(kind="image", name="x.png", media_type="image/png", size=3)),
        wire.Edited(EventId("$first"), "x"),
    ],
    ids=["message", "edit"],
)
@pytest.mark.parametrize("proven", [True, False])
async def test_an_assessment_sees_the_event_of_the_hook(sqlite_store: SqlStore, content: wire.Content, proven: bool) -> None:  # noqa: FBT001 - a parameter of the test
    """Kind, file, thread, reply and proof are the same; an edit is an edit."""
    watch = Watch()
    world = await _world(sqlite_store, watch)

    await world.happens(world.incoming(content, "Jo", verified=proven))

    assert [(event, (THREAT,)) for event in watch.thought] == watch.heard
    assert [getattr(event, "proven", None) for event in watch.thought] == [proven]
    assert type(watch.thought[0]) is (ev.MessageEdited if isinstance(content, wire.Edited) else ev.MessagePosted)


@pytest.mark.parametrize(("kind", "found"), [(Watch, (NOT_ASSESSED,)), (Listen, ())])
async def test_words_that_waited_for_their_room_were_not_assessed(
    sqlite_store: SqlStore, kind: type[Watch], found: tuple[Finding, ...]
) -> None:
    """A plugin that thinks beforehand is told that it did not; one that never does hears of nothing."""
    watch = kind()
    world = await _world(sqlite_store, watch)
    world.server.answers = [wire.Done(room=NEW_ROOM)]

    await world.says("Jo", "early", NEW_ROOM)
    await world.says("Jo", "room")
    await world.settle()

    assert _said(watch)[1:] == [("early", found)]


async def test_words_that_waited_for_the_plugin_were_not_assessed(sqlite_store: SqlStore) -> None:
    """What was found is not kept with an event that is tried again."""
    watch = Watch()
    watch.failing = True
    world = await _world(sqlite_store, watch)

    await world.says("Jo", "Hello")
    watch.failing = False
    world.clock.forward(hours=1)
    await world.settle()

    assert _said(watch) == [("Hello", (NOT_ASSESSED,))]
