"""What a room is now is kept in people's terms, and plugins hear when it changed."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from supportd.engine import wire
from supportd.sdk import effects as fx
from supportd.sdk.hooks import Plugin
from supportd.sdk.ids import RoomId, UserId
from supportd.sdk.rooms import RoomNow, RoomSpec, SetBy
from tests.support.world import ROOM, World

if TYPE_CHECKING:
    from collections.abc import Iterator

    from supportd.sdk import events as ev
    from supportd.sdk.effects import Effect
    from supportd.sdk.facts import Group
    from supportd.sdk.rooms import Setting
    from supportd.store.open import SqlStore

pytestmark = pytest.mark.asyncio

NOW = RoomNow(name="Tuesday", join_rule="public", accounts=("reader",))


class Watcher(Plugin):
    """Notes what it is told, and mends what changed."""

    name = "watcher"
    summary = "Notes what it is told."
    grants = frozenset({fx.MendRoom, fx.CreateRoom})

    def __init__(self) -> None:
        """Begin without having heard anything."""
        self.changed: list[RoomNow | None] = []
        self.mended: list[ev.RoomMended] = []

    def room_changed(self, event: ev.RoomChanged, group: Group) -> Iterator[Effect]:
        """Mend it."""
        room = group.room_by_id(event.room)
        self.changed.append(room.now if room else None)
        yield fx.MendRoom(room=event.room, spec=RoomSpec("Tuesday"))

    def message_posted(self, event: ev.MessagePosted) -> Iterator[Effect]:
        """Make a room."""
        del event
        yield fx.CreateRoom(key="new", spec=RoomSpec("New"))

    def room_mended(self, event: ev.RoomMended) -> None:
        """Note it."""
        self.mended.append(event)


async def test_a_change_is_told_once_and_with_people(store: SqlStore) -> None:
    """A change reaches plugins once, with who of the group did it and which levels people have; a stranger's level is a figure only."""
    watcher = Watcher()
    world = World(store, watcher)
    (jo,) = await world.begin(("Jo", {"key_member"}))
    user = await store.read(lambda uow: uow.people.user_of(jo))
    assert user is not None
    stranger = UserId("@nobody:test")
    mark = wire.RoomMark(ROOM, NOW, ((user, 50), (stranger, 100)), (("who may come in", user), ("guests", stranger)))

    await world.happens(marks=(mark,))
    await world.happens(marks=(mark,))

    (told,) = watcher.changed
    assert told == replace(NOW, levels=((jo, 50),), strangers=100, changed_by=(("who may come in", jo), ("guests", None)))


async def test_a_change_that_comes_back_is_a_new_one(store: SqlStore) -> None:
    """To and fro and to again is three changes, each mended."""
    watcher = Watcher()
    world = World(store, watcher)
    await world.begin(("Jo", {"key_member"}))

    for now in (NOW, replace(NOW, join_rule="invite"), NOW):
        await world.happens(marks=(wire.RoomMark(ROOM, now),))
        await world.settle()

    assert [one.join_rule for one in watcher.changed if one] == ["public", "invite", "public"]
    assert len([job for _account, job in world.server.jobs if isinstance(job, wire.BringRoom)]) == 3


async def test_what_a_mend_did_comes_back(store: SqlStore) -> None:
    """The plugin hears which settings were changed and which could not be, and the room is declared to be so from then on."""
    watcher = Watcher()
    world = World(store, watcher)
    await world.begin(("Jo", {"key_member"}))
    world.server.answers = [wire.Done(mended=("who may come in",), failed=("power",))]

    await world.happens(marks=(wire.RoomMark(ROOM, NOW),))
    await world.settle()

    (heard,) = watcher.mended
    assert (heard.mended, heard.failed) == (("who may come in",), ("power",))
    room = (await world.group()).room_by_id(ROOM)
    assert room is not None
    assert room.spec == RoomSpec("Tuesday")


async def test_the_same_change_after_a_mend_is_a_new_one(store: SqlStore) -> None:
    """What was set back counts as set back: the same state seen again means that somebody did it again, though nothing was seen between."""
    watcher = Watcher()
    world = World(store, watcher)
    await world.begin(("Jo", {"key_member"}))

    for _time in range(2):
        world.server.answers = [wire.Done(mended=("who may come in",))]
        await world.happens(marks=(wire.RoomMark(ROOM, NOW),))
        await world.settle()
    after = (await world.group()).room_by_id(ROOM)

    assert [one.join_rule for one in watcher.changed if one] == ["public", "public"]
    assert len(watcher.mended) == 2
    assert after is not None
    assert after.now == replace(NOW, join_rule="invite")


async def test_who_had_set_it_comes_with_a_mend(store: SqlStore) -> None:
    """Somebody of the group by name, a stranger as nobody, and an account of ours that somebody else used as that account."""
    watcher = Watcher()
    world = World(store, watcher)
    (jo,) = await world.begin(("Jo", {"key_member"}))
    user = await store.read(lambda uow: uow.people.user_of(jo))
    assert user is not None
    ours = UserId("@creator:test")
    by: tuple[tuple[Setting, UserId], ...] = (("guests", user), ("power", UserId("@nobody:test")), ("encryption", ours))
    world.server.answers = [wire.Done(mended=("guests", "power", "encryption"), by=by)]

    await world.happens(marks=(wire.RoomMark(ROOM, NOW),))
    await world.settle()

    (heard,) = watcher.mended
    assert heard.by == (SetBy("guests", jo), SetBy("power"), SetBy("encryption", account=ours))


async def test_what_was_seen_before_a_room_was_ours_is_not_lost(store: SqlStore) -> None:
    """A room can be seen in a sync before its making is on record; what it is then is known all the same."""
    watcher = Watcher()
    world = World(store, watcher)
    await world.begin(("Jo", {"key_member"}))
    made = RoomId("!made:test")
    await world.happens(marks=(wire.RoomMark(made, NOW), wire.PowerMark(made, "12", encrypted=True, levels=(("reader", 50),), needed=())))
    world.server.answers = [wire.Done(room=made)]

    await world.says("Jo", "a new one")
    await world.settle()

    room = (await world.group()).room("new")
    assert room is not None
    assert room.now == NOW
    assert await store.read(lambda uow: uow.rooms.power(made)) == ({"reader": 50}, {})


async def test_a_room_that_went_while_nobody_looked_is_told(store: SqlStore) -> None:
    """At a start only rooms that the account should be in and is not are told, once; other accounts' rooms and direct chats are not."""
    watcher = Watcher()
    world = World(store, watcher)
    (jo,) = await world.begin(("Jo", {"key_member"}))
    await world.direct(jo)
    await world.happens(marks=(wire.RoomMark(ROOM, replace(NOW, join_rule="invite")),))
    watcher.changed.clear()

    await world.happens(marks=(wire.HereMark("reader", frozenset({ROOM})), wire.HereMark("doorkeeper", frozenset())))
    there = list(watcher.changed)
    for _start in range(2):
        await world.happens(marks=(wire.HereMark("reader", frozenset()),))

    assert there == []
    assert [one.accounts for one in watcher.changed if one] == [()]
