"""The pump sends what waits: each lane in order, each account by its own limiter, everything at most once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text

from supportd.engine import wire
from supportd.engine.pump import Pump
from supportd.sdk import effects as fx
from supportd.sdk import events as ev
from supportd.sdk.ids import EventId, RoomId
from supportd.sdk.rooms import RoomSpec
from tests.support.world import GROUP, ROOM, START, World, names
from tests.unit.engine.acting import Doing, do

if TYPE_CHECKING:
    from supportd.engine.unit import UnitOfWork
    from supportd.sdk.effects import Effect
    from supportd.store.open import SqlStore

pytestmark = pytest.mark.asyncio
OTHER = RoomId("!other:test")


async def _world(store: SqlStore) -> tuple[World, Doing]:
    """Return a world with a second room."""
    doing = Doing()
    world = World(store, doing)
    await world.begin(("Ann", set()))
    await store.transact(lambda uow: uow.rooms.add(OTHER, GROUP, "other", RoomSpec(name="Other"), None, "doing", START))
    return world, doing


async def _queue(world: World, doing: Doing, *effects: Effect) -> None:
    """Let the effects be decided, and nothing be sent."""
    doing.todo = effects
    await world.says("@cue:test", "go")


async def _sealed(store: SqlStore) -> list[bool]:
    """Return for each row whether its words are still kept."""

    def look(uow: UnitOfWork) -> list[bool]:
        rows = uow.outbox.connection.execute(text("SELECT effect FROM outbox ORDER BY number"))  # type: ignore[attr-defined]  # what is at rest
        return [row[0] is not None for row in rows]

    return await store.read(look)


async def test_a_limit_pauses_all_lanes_of_that_account_and_no_other(store: SqlStore) -> None:
    """After a 429 every lane of the account waits as long as the server said; the other accounts go on."""
    world, doing = await _world(store)
    people = (await world.group()).people
    world.server.answers.append(wire.Later(30.0, "M_LIMIT_EXCEEDED", whole_account=True))

    await do(
        world,
        doing,
        fx.Redact(room=ROOM, target=EventId("$1"), reason="spam"),
        fx.PostMessage(room=ROOM, text="one"),
        fx.PostMessage(room=OTHER, text="two"),
        fx.InviteMember(room=OTHER, person=people[0].id),
    )
    meanwhile = names(world.server.jobs)
    world.clock.forward(seconds=30)
    await world.settle()

    # What was claimed together with the first may still be under way; nothing is claimed after it.
    assert meanwhile.count("SendRedaction") == 1
    assert "InvitePerson" in meanwhile
    assert await world.counts() == {"done": 4}


async def test_nothing_of_a_paused_account_is_claimed(sqlite_store: SqlStore) -> None:
    """While an account is paused, what is decided then waits too, also in lanes that were empty before."""
    world, doing = await _world(sqlite_store)
    world.server.answers.append(wire.Later(30.0, "M_LIMIT_EXCEEDED", whole_account=True))
    await do(world, doing, fx.PostMessage(room=ROOM, text="one"))
    world.server.jobs.clear()

    world.clock.forward(seconds=29)
    await do(world, doing, fx.PostMessage(room=OTHER, text="two"))
    paused = names(world.server.jobs)
    world.clock.forward(seconds=1)
    await world.settle()

    assert paused == []
    assert world.server.said() == ["one", "two"]


async def test_moderation_goes_before_welcome_and_welcome_before_the_rest(store: SqlStore) -> None:
    """What protects people goes first, however late it was decided."""
    world, doing = await _world(store)
    people = (await world.group()).people

    await _queue(
        world,
        doing,
        fx.PostMessage(room=ROOM, text="rest"),
        fx.InviteMember(room=OTHER, person=people[0].id),
        fx.Redact(room=ROOM, target=EventId("$1"), reason="spam"),
    )
    await world.pump.once()

    assert names(world.server.jobs) == ["SendRedaction", "InvitePerson", "SendMessage"]


async def test_a_lane_keeps_its_order_and_is_served_one_by_one(store: SqlStore) -> None:
    """Words in a room arrive in the order they were decided; the next is not begun before the one before is booked."""
    world, doing = await _world(store)
    await _queue(world, doing, *(fx.PostMessage(room=ROOM, text=f"{n}") for n in range(5)), fx.PostMessage(room=OTHER, text="x"))

    claimed = await store.transact(lambda uow: uow.outbox.claim(START, 8, ()))
    again = await store.transact(lambda uow: uow.outbox.claim(START, 8, ()))
    await world.pump.recover()
    await world.pump.once()

    assert [row.lane for row in claimed] == [ROOM, OTHER]
    assert again == ()
    assert [one for one in world.server.said() if one != "x"] == ["0", "1", "2", "3", "4"]


async def test_later_keeps_the_head_of_its_lane(store: SqlStore) -> None:
    """What could not be sent now is sent before what stands behind it; another lane does not wait."""
    world, doing = await _world(store)
    world.server.answers.append(wire.Later(1.0, "the server is away"))

    await do(world, doing, fx.PostMessage(room=ROOM, text="one"), fx.PostMessage(room=ROOM, text="two"))
    await do(world, doing, fx.PostMessage(room=OTHER, text="three"))
    meanwhile = world.server.said()
    world.clock.forward(seconds=2)
    await world.settle()

    assert meanwhile == ["one", "three"]
    assert world.server.said() == ["one", "three", "one", "two"]


async def test_waits_double_up_to_five_minutes(sqlite_store: SqlStore) -> None:
    """A row that cannot be sent is tried again after 2, 4, 8 seconds and so on, never later than five minutes."""
    world, doing = await _world(sqlite_store)
    world.server.answers.extend([wire.Later(1.0, "the server is away")] * 12)
    await do(world, doing, fx.PostMessage(room=ROOM, text="one"))

    waits = []
    for _ in range(11):
        due = await sqlite_store.read(lambda uow: uow.outbox.next_due())
        assert due is not None
        waits.append((due - world.clock.now()).total_seconds())
        world.clock.moment = due
        await world.settle()

    assert waits == [2, 4, 8, 16, 32, 64, 128, 256, 300, 300, 300]


async def test_never_refuses_what_waits_for_the_direct_chat(store: SqlStore) -> None:
    """When somebody's direct chat cannot be made, everything that waits for it is refused and the plugin hears of each."""
    world, doing = await _world(store)
    (ann,) = (one.id for one in (await world.group()).people)
    world.server.answers.append(wire.Never("M_INVITE_BLOCKED"))

    await do(world, doing, fx.PostDirect(to=ann, text="one"), fx.PostDirect(to=ann, text="two", urgent=True))

    failed = [(event.kind, event.code, event.person) for event in doing.heard if isinstance(event, ev.EffectFailed)]
    assert failed == [("PostDirect", "M_INVITE_BLOCKED", ann)] * 2
    assert all("takes no invitations" in event.reason for event in doing.heard if isinstance(event, ev.EffectFailed))
    assert await world.counts() == {"refused": 3}
    assert names(world.server.jobs) == ["MakeRoom"]


async def test_after_a_restart_the_same_transaction_goes_again(store: SqlStore) -> None:
    """What was on its way when the process ended is sent again under the same transaction id, so that nobody sees it twice."""
    world, doing = await _world(store)
    await _queue(world, doing, fx.PostMessage(room=ROOM, text="one"))

    def dies(_job: wire.Job) -> None:
        raise ConnectionAbortedError

    world.server.before = dies
    with pytest.raises(ConnectionAbortedError):
        await world.pump.once()
    stuck = await world.counts()
    seen: list[wire.Job] = []
    world.server.before = seen.append
    again = Pump(store, world.server, world.results, world.clock, server="test")
    recovered = await again.recover()
    await again.once()

    (message,) = seen
    assert stuck == {"sending": 1}
    assert recovered == 1
    assert isinstance(message, wire.SendMessage)
    assert await store.transact(lambda uow: uow.outbox.echo(message.transaction, EventId("$1"), START)) is None


async def test_a_result_booked_twice_changes_nothing(sqlite_store: SqlStore) -> None:
    """When the database lost its answer and the result is booked again, the plugin is not told twice."""
    world, doing = await _world(sqlite_store)
    await _queue(world, doing, fx.React(room=ROOM, target=EventId("$1"), key="x"))
    (row,) = await sqlite_store.transact(lambda uow: uow.outbox.claim(START, 1, ()))

    for _ in range(2):
        await sqlite_store.transact(lambda uow: world.results.book(uow, row, wire.Never("M_FORBIDDEN"), START))

    assert doing.names_heard() == ["EffectFailed"]


async def test_words_are_wiped_when_they_are_final(store: SqlStore) -> None:
    """A row that was sent or refused keeps no words; one that waits does."""
    world, doing = await _world(store)
    world.server.answers.extend([wire.Done(event=EventId("$1")), wire.Never("M_FORBIDDEN"), wire.Later(9.0, "away")])
    await _queue(world, doing, *(fx.PostMessage(room=ROOM, text=f"{n}") for n in range(3)))

    before = await _sealed(store)
    await world.settle()

    assert before == [True, True, True]
    assert await _sealed(store) == [False, False, True]


async def test_a_room_that_is_made_reaches_the_plugin_once(store: SqlStore) -> None:
    """A room is made once for its key, however often it is asked for."""
    world, doing = await _world(store)
    make = fx.CreateRoom(key="new", spec=RoomSpec(name="New"))

    await do(world, doing, make, make)
    await do(world, doing, make)

    assert names(world.server.jobs) == ["MakeRoom"]
    assert (await world.group()).room("new") is not None


async def test_direct_chat_is_tried_again_after_a_refusal(store: SqlStore) -> None:
    """The next message to somebody whose chat could not be made tries again; it does not wait for ever."""
    world, doing = await _world(store)
    (ann,) = (one.id for one in (await world.group()).people)
    world.server.answers.append(wire.Never("M_INVITE_BLOCKED"))
    await do(world, doing, fx.PostDirect(to=ann, text="one"))

    await do(world, doing, fx.PostDirect(to=ann, text="two"))
    room = next(iter(one.id for one in (await world.group()).rooms if one.direct_with == ann), ROOM)
    await world.joins("ann", room)
    await world.settle()

    assert world.server.said() == ["two"]


async def test_many_paused_lanes_do_not_hide_another_account(store: SqlStore) -> None:
    """However many lanes of a paused account wait in front, the other accounts go on."""
    world, doing = await _world(store)
    (ann,) = (one.id for one in (await world.group()).people)
    rooms = [RoomId(f"!r{n}:test") for n in range(40)]

    def register(uow: UnitOfWork) -> None:
        for room in rooms:
            uow.rooms.add(room, GROUP, room, RoomSpec(name="R"), None, "doing", START)

    await store.transact(register)
    await _queue(world, doing, *(fx.InviteMember(room=room, person=ann) for room in rooms), fx.PostMessage(room=ROOM, text="Hello"))
    world.pump.paused["doorkeeper"] = START.replace(hour=19)

    await world.pump.once()

    assert world.server.said() == ["Hello"]


async def test_a_long_job_goes_on_after_what_is_urgent(store: SqlStore) -> None:
    """What is done in part waits for as long as it says, keeps nobody else waiting, also over a restart, and is told at its end once."""
    world, doing = await _world(store)
    people = (await world.group()).people
    parts = (wire.More(30.0), wire.More(1.0), wire.Done())
    world.server.answers.append(parts[0])

    await do(world, doing, fx.SweepRoom(key="old", room=OTHER, before=START))
    await do(world, doing, fx.InviteMember(room=OTHER, person=people[0].id))
    meanwhile = names(world.server.jobs)
    world.server.answers += parts[1:]
    world.clock.forward(seconds=30)
    await world.settle()
    await world.pump.recover()
    waiting = [type(one).__name__ for one in doing.heard]
    world.clock.forward(seconds=1)
    await world.settle()

    assert meanwhile == ["SweepWords", "InvitePerson"]
    assert waiting == []
    assert doing.names_heard() == ["RoomSwept"]
    assert names(world.server.jobs).count("SweepWords") == 3
    assert await world.counts() == {"done": 2}
