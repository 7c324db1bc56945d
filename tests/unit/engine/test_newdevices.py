"""New devices in somebody's account: told to that person alone, once."""

from __future__ import annotations

from datetime import time, timedelta
from typing import TYPE_CHECKING

import pytest

from supportd.engine import wire
from supportd.engine.records import NewPerson
from supportd.sdk.facts import GroupStyle, QuietHours
from supportd.sdk.ids import GroupId, RoomId
from supportd.sdk.rooms import RoomSpec
from tests.support.world import START, World, names, user_of

if TYPE_CHECKING:
    from supportd.engine.unit import UnitOfWork
    from supportd.store.open import SqlStore

pytestmark = pytest.mark.asyncio

LILIES = GroupId("lilies")


def mark(confirmed: int = 1, unconfirmed: int = 0, *, who: str = "Tom") -> wire.DevicesMark:
    """Return news of so many devices that came ten minutes ago."""
    devices = tuple(wire.NewDevice(f"{number:032x}", number < confirmed) for number in range(confirmed + unconfirmed))
    return wire.DevicesMark(user_of(who), devices, START - timedelta(minutes=10))


async def house(store: SqlStore, *, chat: bool = True) -> tuple[World, RoomId]:
    """Return a group whose key member Jo and member Tom are in the room and in their chats; ``chat``: whether Tom is."""
    world = World(store)
    jo, ann, tom = await world.begin(("Jo", {"key_member", "admin"}), ("Ann", set()), ("Tom", set()))
    for name in ("Jo", "Ann", "Tom"):
        await world.joins(name)
    for person in (jo, ann):
        await world.direct(person)
    room = await world.direct(tom) if chat else RoomId("")
    return world, room


def said(world: World) -> list[tuple[str, str]]:
    """Return where something was said, and what."""
    return [(job.room, job.text) for _account, job in world.server.jobs if isinstance(job, wire.SendMessage)]


async def test_told_to_that_person_alone(store: SqlStore) -> None:
    """In their own chat, when it was and what to do; nobody else hears of it, nor the journal; a second time says nothing."""
    world, chat = await house(store)

    for _time in range(2):
        await world.happens(marks=(mark(),))
        await world.settle()

    ((where, text),) = said(world)
    assert where == chat
    assert "A new device signed in to your account (2026-11-02, 17:50)" in text
    assert "can read along in the rooms of Roses" in text
    assert "Sign that one out" in text
    assert await world.journal() == []


@pytest.mark.parametrize(
    ("devices", "words"),
    [
        ((0, 1), "Until you confirm it, it cannot read what I write in Roses"),
        ((2, 0), "2 new devices signed in to your account (2026-11-02, from 17:50). From now on they can read"),
        ((1, 1), "Some of them can read along"),
        ((0, 3), "3 new devices signed in"),
    ],
)
async def test_what_the_devices_can_read_is_said(sqlite_store: SqlStore, devices: tuple[int, int], words: str) -> None:
    """One device or several, confirmed by their owner or not: one message that says what is so."""
    world, chat = await house(sqlite_store)

    await world.happens(marks=(mark(*devices),))
    await world.settle()

    ((where, text),) = said(world)
    assert where == chat
    assert words in text


async def test_a_mark_that_grew_after_a_kill_tells_the_rest(sqlite_store: SqlStore) -> None:
    """Killed before it was noted, the news may come again with one more device: only that one is told."""
    world, _chat = await house(sqlite_store)

    await world.happens(marks=(mark(2),))
    await world.happens(marks=(mark(2, 1),))
    await world.settle()

    assert [("2 new devices" in text, "Until you confirm it" in text) for _room, text in said(world)] == [(True, False), (False, True)]


async def test_in_their_language_and_not_in_the_morning(sqlite_store: SqlStore) -> None:
    """Quiet hours do not hold it back: whoever it is may be reading already."""
    world = World(sqlite_store)
    (tom,) = await world.begin(("Tom", set()), quiet=QuietHours(time(0), time(23, 59)))
    await world.joins("Tom")
    await world.direct(tom)

    def german(uow: UnitOfWork) -> None:
        uow.groups.add(LILIES, GroupStyle(name="Lilien", language="de", zone="Europe/Berlin"), world.clock.now())
        uow.people.add(LILIES, NewPerson(user=user_of("Uwe"), name="Uwe", roles=frozenset({"member"})), world.clock.now())
        uwe = uow.people.by_user(LILIES, user_of("Uwe"))
        assert uwe is not None
        uow.rooms.add(RoomId("!uwe:test"), LILIES, f"direct:{uwe}", RoomSpec(name="L", kind="direct"), uwe, "supportd", world.clock.now())
        uow.rooms.set_membership(RoomId("!uwe:test"), uwe, "join", world.clock.now())

    await sqlite_store.transact(german)
    await world.happens(marks=(mark(), mark(who="Uwe")))
    await world.settle()

    english, deutsch = (text for _room, text in said(world))
    assert "Was it you?" in english
    assert "Ein neues Gerät hat sich in deinem Konto angemeldet (2026-11-02, 18:50)" in deutsch


async def test_without_a_chat_they_are_invited_and_nothing_is_said_in_public(sqlite_store: SqlStore) -> None:
    """The words wait until Tom has come to the chat that is made for him; Jo and the room hear nothing."""
    world, _none = await house(sqlite_store, chat=False)

    await world.happens(marks=(mark(),))
    await world.settle()
    waiting = said(world)
    made = next(job for _account, job in world.server.jobs if isinstance(job, wire.MakeRoom))
    chat = RoomId(f"!{made.marker}:test")
    await world.joins("Tom", chat)
    await world.settle()

    assert waiting == []
    assert made.invite == (user_of("Tom"),)
    assert [room for room, _text in said(world)] == [chat]


async def test_who_is_in_no_room_of_ours_is_not_addressed(sqlite_store: SqlStore) -> None:
    """Somebody who was entered and never came, and somebody who is nobody's member, hear nothing and are invited nowhere."""
    world = World(sqlite_store)
    await world.begin(("Tom", set()))

    await world.happens(marks=(mark(), mark(who="Nobody")))
    await world.settle()

    assert names(world.server.jobs) == []


async def test_who_is_in_two_groups_hears_it_once(sqlite_store: SqlStore) -> None:
    """In the group in whose chat they are; the other group's name is not said."""
    world, chat = await house(sqlite_store)

    def second(uow: UnitOfWork) -> None:
        now = world.clock.now()
        uow.groups.add(LILIES, GroupStyle(name="Lilies", zone="UTC"), now)
        uow.people.add(LILIES, NewPerson(user=user_of("Tom"), name="Thomas", roles=frozenset({"member"})), now)
        tom = uow.people.by_user(LILIES, user_of("Tom"))
        assert tom is not None
        uow.rooms.add(RoomId("!lilies:test"), LILIES, "circle", RoomSpec(name="Lilies"), None, "supportd", now)
        uow.rooms.set_membership(RoomId("!lilies:test"), tom, "join", now)

    await sqlite_store.transact(second)
    await world.happens(marks=(mark(),))
    await world.settle()

    ((where, text),) = said(world)
    assert where == chat
    assert "Lilies" not in text
