"""New encryption keys of somebody: a key member decides, and what cannot be read is told."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from supportd.engine import wire
from supportd.engine.records import NewPerson
from supportd.sdk.facts import GroupStyle
from supportd.sdk.ids import GroupId, RoomId
from supportd.sdk.rooms import RoomSpec
from tests.support.world import ROOM, World, user_of
from tests.unit.engine.telling import tell

if TYPE_CHECKING:
    from supportd.engine.unit import UnitOfWork
    from supportd.sdk.ids import PersonId
    from supportd.store.open import SqlStore

pytestmark = pytest.mark.asyncio

NEW = wire.KeysMark(user_of("Ann"), "a" * 32)
#: Rooms of a second group: the chat with its key member, Mallory, and the circle.
LILIES, WITH_MALLORY, CIRCLE = GroupId("lilies"), RoomId("!mallory:test"), RoomId("!lilies:test")


async def _world(store: SqlStore) -> tuple[World, PersonId, PersonId]:
    world = World(store)
    jo, ann = await world.begin(("Jo", {"key_member", "admin"}), ("Ann", {"key_member"}))
    for one in (jo, ann):
        await world.direct(one)
    return world, jo, ann


async def _lilies(world: World) -> None:
    """Begin a second group, whose key member has entered Ann without her knowing it."""

    def work(uow: UnitOfWork) -> None:
        now = world.clock.now()
        uow.groups.add(LILIES, GroupStyle(name="Lilies", zone="UTC"), now)
        mallory = NewPerson(user=user_of("Mallory"), name="Mallory", roles=frozenset({"member", "key_member", "admin"}))
        key_member = uow.people.add(LILIES, mallory, now)
        uow.people.add(LILIES, NewPerson(user=user_of("Ann"), name="Ann", roles=frozenset({"member"})), now)
        uow.rooms.add(CIRCLE, LILIES, "circle", RoomSpec(name="Lilies"), None, "supportd", now)
        uow.rooms.add(WITH_MALLORY, LILIES, f"direct:{key_member}", RoomSpec(name="L", kind="direct"), key_member, "supportd", now)
        uow.rooms.set_membership(WITH_MALLORY, key_member, "join", now)

    await world.store.transact(work)


async def _new_keys(world: World, mark: wire.KeysMark = NEW) -> list[str]:
    """Let the mark come; returns in whose chats that asked something."""
    before = len(world.server.jobs)
    await world.happens(marks=(mark,))
    await world.settle()
    return sorted(job.room for _account, job in world.server.jobs[before:] if isinstance(job, wire.SendMessage))


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


async def test_a_group_that_the_person_is_not_in_decides_nothing(store: SqlStore) -> None:
    """Where somebody was only entered nobody is asked and nobody decides; an invitation changes nothing."""
    world, jo, _ann = await _world(store)
    await _lilies(world)
    await world.happens(world.incoming(wire.Membership(user_of("Ann"), "invite", "leave"), "Mallory", CIRCLE))

    asked = await _new_keys(world)
    await world.says("Mallory", "yes", room=WITH_MALLORY)
    await world.settle()
    before = settled(world)
    await world.says("Jo", "yes", room=await world.direct(jo))
    await world.settle()

    assert asked == [f"!direct-{jo}:test"]
    assert before == []
    assert settled(world) == [wire.TrustKeys(user_of("Ann"), "a" * 32, trusted=True)]


@pytest.mark.parametrize(
    ("said", "decided"),
    [(("yes", ""), []), (("", "yes"), []), (("yes", "yes"), [True]), (("yes", "no"), [False]), (("no", "yes"), [False])],
)
async def test_each_group_of_the_person_must_say_yes(store: SqlStore, said: tuple[str, str], decided: list[bool]) -> None:
    """In two groups one yes decides nothing, two trust, and a no distrusts at once, whoever was first; no journal tells of the other."""
    world, jo, _ann = await _world(store)
    await _lilies(world)
    await world.joins("Ann", CIRCLE)

    asked = await _new_keys(world)
    for name, room, word in zip(("Mallory", "Jo"), (WITH_MALLORY, await world.direct(jo)), said, strict=True):
        if word:
            await world.says(name, word, room=room)
            await world.settle()
    again = await _new_keys(world)

    assert asked == sorted((WITH_MALLORY, f"!direct-{jo}:test"))
    assert again == []
    assert [job.trusted for job in settled(world) if isinstance(job, wire.TrustKeys)] == decided
    assert [reason for _kind, _outcome, reason in await world.journal()][1:] == {
        "yes": ["A key member said yes to somebody's new encryption keys."],
        "no": ["Somebody's new encryption keys were refused."],
        "": [],
    }[said[1] if said[0] != "no" else ""]


@pytest.mark.parametrize(("word", "decided"), [("yes", [True]), ("no", [False])])
async def test_a_group_that_the_person_left_is_not_waited_for(store: SqlStore, word: str, decided: list[bool]) -> None:
    """After a yes the silence of a group that the person has left blocks nothing, once the mark comes again; a no outlasts the leaving."""
    world, jo, _ann = await _world(store)
    await _lilies(world)
    await world.joins("Ann", CIRCLE)
    await _new_keys(world)

    with_jo = await world.direct(jo)
    name, room = ("Jo", with_jo) if word == "yes" else ("Mallory", WITH_MALLORY)
    await world.says(name, word, room=room)
    await world.settle()
    await world.leaves("Ann", CIRCLE)
    await world.says("Jo", "yes", room=with_jo)
    await world.settle()
    await _new_keys(world)

    assert [job.trusted for job in settled(world) if isinstance(job, wire.TrustKeys)] == decided


async def test_who_said_yes_is_not_asked_again(store: SqlStore) -> None:
    """While one group has not answered, the weekly question goes to that group only."""
    world, jo, _ann = await _world(store)
    await _lilies(world)
    await world.joins("Ann", CIRCLE)
    await _new_keys(world)
    await world.says("Mallory", "yes", room=WITH_MALLORY)
    world.clock.forward(days=8)
    await world.settle()

    asked = await _new_keys(world)

    assert asked == [f"!direct-{jo}:test"]


async def test_a_no_outlasts_the_leaving_of_its_group(store: SqlStore) -> None:
    """Refused keys that are offered again are not trusted by the yes of one group while another, left since then, said no."""
    world, jo, _ann = await _world(store)
    await _lilies(world)
    await world.joins("Ann", CIRCLE)
    await _new_keys(world)
    await world.says("Mallory", "no", room=WITH_MALLORY)
    await world.leaves("Ann", CIRCLE)
    world.clock.forward(days=8)
    await world.settle()

    asked = await _new_keys(world)
    await world.says("Jo", "yes", room=await world.direct(jo))
    await world.settle()

    assert asked == [f"!direct-{jo}:test"]
    assert settled(world) == [wire.TrustKeys(user_of("Ann"), "a" * 32, trusted=False)]


async def test_a_yes_counts_once(store: SqlStore) -> None:
    """Keys that were trusted, replaced and are offered again one day are asked about again, as if for the first time."""
    world, jo, _ann = await _world(store)
    await _new_keys(world)
    await world.says("Jo", "yes", room=await world.direct(jo))
    await world.settle()
    world.clock.forward(days=8)

    asked = await _new_keys(world)

    assert asked == [f"!direct-{jo}:test"]
    assert len(settled(world)) == 1


async def test_the_operator_decides_for_all_groups(store: SqlStore) -> None:
    """``people trust`` decides at once and ends the question in every group: answers that come later change nothing."""
    world, jo, _ann = await _world(store)
    await _lilies(world)
    await world.joins("Ann", CIRCLE)
    await _new_keys(world)

    await tell(world, "people", "trust", "Ann", group="roses")
    await world.settle()
    await world.says("Jo", "yes", room=await world.direct(jo))
    await world.says("Mallory", "no", room=WITH_MALLORY)
    await world.settle()

    assert settled(world) == [wire.TrustKeys(user_of("Ann"), "", trusted=True)]
