"""What comes again and again is told to tired volunteers once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from supportd.engine import wire
from supportd.sdk.ids import UserId
from tests.support.world import ROOM, World, user_of

if TYPE_CHECKING:
    from supportd.store.open import SqlStore

pytestmark = pytest.mark.asyncio


async def test_each_person_is_named_once_a_week(store: SqlStore) -> None:
    """People whose messages cannot be read come and go: each is named once to each of those who run the group."""
    world = World(store)
    (jo, *_others) = await world.begin(("Jo", {"key_member", "admin"}), ("Ann", set()), ("Tom", set()))
    await world.direct(jo)
    ann, tom = user_of("Ann"), user_of("Tom")

    for unread in ((ann,), (ann, tom), (tom,), (ann, tom)):
        await world.happens(marks=(wire.ReadingMark(ROOM, unread=unread),))
        await world.settle()

    said = world.server.said()
    assert [("Ann" in one, "Tom" in one) for one in said] == [(True, False), (False, True)]


async def test_many_changes_of_keys_are_one_question_a_day(store: SqlStore) -> None:
    """Somebody who sets up their keys again and again brings one question a day."""
    world = World(store)
    (jo, ann) = await world.begin(("Jo", {"key_member", "admin"}), ("Ann", set()))
    await world.direct(jo)
    await world.direct(ann)
    await world.joins("Ann")

    for number in range(20):
        await world.happens(marks=(wire.KeysMark(UserId(user_of("Ann")), f"{number:032d}"),))
        await world.settle()
    today = len(world.server.said())
    world.clock.forward(days=1)
    await world.happens(marks=(wire.KeysMark(UserId(user_of("Ann")), f"{19:032d}"),))
    await world.settle()

    assert today == 1
    assert len(world.server.said()) == 2
