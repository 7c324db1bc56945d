"""New encryption keys of somebody: a key member decides, and what cannot be read is told."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from supportd.engine import wire
from tests.support.world import ROOM, World, user_of
from tests.unit.engine.telling import tell

if TYPE_CHECKING:
    from supportd.sdk.ids import PersonId
    from supportd.store.open import SqlStore

pytestmark = pytest.mark.asyncio

NEW = wire.KeysMark(user_of("Ann"), "a" * 32)


async def _world(store: SqlStore) -> tuple[World, PersonId, PersonId]:
    world = World(store)
    jo, ann = await world.begin(("Jo", {"key_member", "admin"}), ("Ann", {"key_member"}))
    for one in (jo, ann):
        await world.direct(one)
    return world, jo, ann


def settled(world: World) -> list[wire.Job]:
    """Return what was decided."""
    return [job for _account, job in world.server.jobs if isinstance(job, wire.TrustKeys)]


@pytest.mark.parametrize(("word", "trusted"), [("yes", True), ("no", False)])
async def test_another_key_member_decides(store: SqlStore, word: str, *, trusted: bool) -> None:
    """The question goes to the other key member only, once, also when the mark comes again; the answer is carried out by the reader."""
    world, jo, _ann = await _world(store)

    await world.happens(marks=(NEW,))
    await world.happens(marks=(NEW,))
    await world.settle()
    asked = world.server.said()
    await world.says("Jo", word, room=await world.direct(jo))
    await world.settle()

    assert len(asked) == 1
    assert "The encryption keys of Ann have changed" in asked[0]
    assert settled(world) == [wire.TrustKeys(user_of("Ann"), "a" * 32, trusted=trusted)]
    assert [kind for kind, _outcome, _reason in await world.journal()] == ["keys", "keys"]


async def test_the_person_does_not_decide_on_themselves(store: SqlStore) -> None:
    """What the person whose keys changed answers in their own chat decides nothing."""
    world, _jo, ann = await _world(store)
    await world.happens(marks=(NEW,))
    await world.settle()

    await world.says("Ann", "yes", room=await world.direct(ann))
    await world.settle()

    assert settled(world) == []


async def test_silence_brings_the_question_again(store: SqlStore) -> None:
    """A week of silence decides nothing; then the question comes again."""
    world, _jo, _ann = await _world(store)
    await world.happens(marks=(NEW,))
    await world.settle()
    world.clock.forward(days=8)
    await world.settle()

    await world.happens(marks=(NEW,))
    await world.settle()

    assert settled(world) == []
    assert len(world.server.said()) == 2


async def test_the_operator_can_decide_where_nobody_else_can(store: SqlStore) -> None:
    """Where the only key member's own keys changed nobody is asked; ``people trust`` decides."""
    world = World(store)
    (ann,) = await world.begin(("Ann", {"key_member", "admin"}))
    await world.direct(ann)
    await world.happens(marks=(NEW,))
    await world.settle()

    said = await tell(world, "people", "trust", "Ann")
    await world.settle()

    assert world.server.said() == []
    assert "are trusted from here on" in said.text
    assert settled(world) == [wire.TrustKeys(user_of("Ann"), "", trusted=True)]


async def test_who_cannot_read_is_told_once_a_week(store: SqlStore) -> None:
    """The key members hear by name who cannot read the bot and whom it cannot read, once a week; the first not the person named."""
    world, _jo, _ann = await _world(store)
    mark = wire.ReadingMark(ROOM, (user_of("Ann"), user_of("Nobody")), (user_of("Ann"),))

    await world.happens(marks=(mark,))
    await world.happens(marks=(mark,))
    await world.settle()
    first = world.server.said()
    world.clock.forward(days=7)
    await world.happens(marks=(mark,))
    await world.settle()

    assert sorted(text.split(" In the room ")[1][:40] for text in first) == [
        "main I cannot read some messages of Ann.",
        "main I cannot read some messages of Ann.",
        "main these people cannot read what I wri",
    ]
    assert len(world.server.said()) == 6


async def test_a_room_of_nobodys_is_told_to_nobody(store: SqlStore) -> None:
    """Marks of a room that is not registered, or about strangers, bring no message."""
    world, _jo, _ann = await _world(store)

    await world.happens(marks=(wire.ReadingMark(ROOM, (user_of("Nobody"),), ()), wire.KeysMark(user_of("Nobody"), "b" * 32)))
    await world.settle()

    assert world.server.said() == []
