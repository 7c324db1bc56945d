"""The gate says which effects leave, by which account and when, and refuses the others with a sentence."""

from __future__ import annotations

from dataclasses import fields
from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING

import pytest

from supportd.engine import gate, wire
from supportd.engine.inner import CreateDirect, EnterChat, SettleKeys
from supportd.engine.records import NewPerson
from supportd.sdk import effects as fx
from supportd.sdk.ask import Ask, CloseAsk, Step
from supportd.sdk.facts import QuietHours
from supportd.sdk.hooks import Plugin
from supportd.sdk.ids import EventId, PersonId, RoomId
from supportd.sdk.rooms import RoomSpec
from tests.support.world import GROUP, ROOM, START, World
from tests.unit.engine.acting import KINDS, Doing, do, reasons

if TYPE_CHECKING:
    from collections.abc import Iterator

    from supportd.engine.unit import UnitOfWork
    from supportd.sdk import events as ev
    from supportd.sdk.effects import Effect
    from supportd.store.open import SqlStore

#: Account, priority, power it needs, and whether a person is asked first; ``None``: it changes only what supportd keeps.
TABLE: dict[type[Effect], tuple[str, int, str | None, bool] | None] = {
    fx.Redact: ("reader", 0, "redact", False),
    fx.RemoveMember: ("doorkeeper", 0, "kick", True),
    fx.RemoveStranger: ("doorkeeper", 0, "kick", False),
    fx.LetGo: ("doorkeeper", 0, "kick", False),
    fx.ForgetPerson: None,
    fx.SetPower: ("doorkeeper", 0, "m.room.power_levels", False),
    fx.CreateRoom: ("creator", 1, None, False),
    fx.MendRoom: ("doorkeeper", 0, None, False),
    fx.SweepRoom: ("doorkeeper", 2, "redact", False),
    fx.LinkRoom: ("doorkeeper", 1, "m.space.parent", False),
    fx.InviteMember: ("doorkeeper", 1, "invite", False),
    CreateDirect: ("creator", 1, None, False),
    fx.AnswerKnock: ("doorkeeper", 1, "invite", False),
    fx.PostFile: ("reader", 2, "events_default", False),
    fx.StartPoll: ("reader", 2, "events_default", False),
    fx.EndPoll: ("reader", 2, "events_default", False),
    SettleKeys: ("reader", 0, None, False),
    EnterChat: ("reader", 0, None, False),
    fx.PostDirect: ("reader", 1, "events_default", False),
    fx.OfferLink: ("reader", 1, "events_default", False),
    fx.PostMessage: ("reader", 2, "events_default", False),
    fx.React: ("reader", 2, "events_default", False),
    fx.StartTimer: None,
    fx.CancelTimer: None,
    fx.RecordConsent: None,
    fx.ChangePerson: None,
    fx.ShutGroup: None,
    fx.OpenGroup: None,
    fx.SetDuty: None,
    fx.EndDuty: None,
    fx.OpenCase: None,
    fx.CloseCase: None,
    fx.Reply: None,
    Ask: None,
    CloseAsk: None,
}
ANN, NOBODY, ELSEWHERE = PersonId("ann"), PersonId("nobody"), RoomId("!elsewhere:test")
PAPER = PersonId("paper")
NAIVE = datetime(2026, 11, 3, 8, 0)  # noqa: DTZ001 - a careless plugin's
ONE = EventId("$1")


class Bare(Plugin):
    """Has no grant at all."""

    name = "bare"

    def message_posted(self, event: ev.MessagePosted) -> Iterator[Effect]:
        """Try all the same."""
        yield fx.PostMessage(room=event.room, text="Hello")


@pytest.mark.parametrize("kind", sorted(KINDS, key=str))
def test_every_kind_of_effect_has_a_row(kind: type[Effect]) -> None:
    """Each kind of effect leaves by one known account, with one priority and one power, or does not leave at all."""
    assert kind in TABLE

    route = gate.ROUTES.get(kind)

    assert TABLE[kind] == (route and (route.account, route.priority, route.needs, route.asks_first))
    assert (kind in gate.INSIDE) == (route is None)


REFUSED: list[tuple[Effect, str]] = [
    (fx.PostDirect(to=NOBODY, text="Hello"), "not in the group's people"),
    (fx.PostMessage(room=ROOM, text="Hello", mention=NOBODY), "not in the group's people"),
    (fx.CreateRoom(key="r", spec=RoomSpec(name="R"), owners=(NOBODY,)), "not in the group's people"),
    (Ask(key="k", question="?", steps=(Step(to=(NOBODY,), until=START),)), "not in the group's people"),
    (Ask(key="k", question="?", steps=(Step(to=(), until=START),)), "nobody to be put to"),
    (fx.PostMessage(room=ELSEWHERE, text="Hello"), "does not belong to the group"),
    (fx.LinkRoom(space=ROOM, room=ELSEWHERE), "does not belong to the group"),
    (fx.PostMessage(room=ROOM, text="x" * 16_001), "longer than 16000 characters"),
    (fx.Redact(room=ROOM, target=ONE, reason="x" * 16_001), "longer than 16000 characters"),
    (fx.PostMessage(room=ROOM, text="a\x00b"), "NUL"),
    (fx.OpenCase(key="k" * 301, kind="flag"), "longer than 300 characters"),
    (fx.CreateRoom(key="r", spec=RoomSpec(name="R"), members=tuple(PersonId(f"p{n}") for n in range(501))), "not in the group's people"),
    (fx.StartTimer(key="t", at=NAIVE), "without a zone"),
    (fx.SetDuty(kind="d", person=ANN, start=START, end=NAIVE), "without a zone"),
    (Ask(key="k", question="?", steps=(Step(to=(ANN,), until=NAIVE),)), "without a zone"),
    (fx.SweepRoom(key="k", room=ROOM, before=NAIVE), "without a zone"),
    (fx.SweepRoom(key="k", room=ROOM, before=START, by=NOBODY), "not in the group's people"),
    (fx.SetPower(room=ROOM, person=ANN, level=101), "between 0 and 100"),
    (fx.SetPower(room=ROOM, person=ANN, level=-1), "between 0 and 100"),
    (fx.PostDirect(to=PAPER, text="Hello"), "no chat account"),
    (fx.InviteMember(room=ROOM, person=PAPER), "no chat account"),
]


def _with(effect: Effect, people: dict[PersonId, PersonId]) -> object:
    """Return the effect with today's ids of people."""
    values: dict[str, object] = {one.name: getattr(effect, one.name) for one in fields(effect)}
    values = {name: people.get(PersonId(value), value) if isinstance(value, str) else value for name, value in values.items()}
    if isinstance(effect, Ask):
        values["steps"] = tuple(Step(to=tuple(people.get(one, one) for one in step.to), until=step.until) for step in effect.steps)
    return type(effect)(**values)


@pytest.mark.asyncio
async def test_what_may_not_leave_is_refused_with_a_sentence(store: SqlStore) -> None:
    """Foreign people and rooms, what is too large, wrong times and levels: nothing is sent, the journal and the plugin are told why."""
    doing = Doing()
    world = World(store, doing)
    (ann,) = await world.begin(("Ann", set()))
    new = NewPerson(user=None, name="Paper", roles=frozenset({"member"}))
    paper = await store.transact(lambda uow: uow.people.add(GROUP, new, START))

    await do(world, doing, *(_with(effect, {ANN: ann, PAPER: paper}) for effect, _ in REFUSED))

    found = await reasons(world)
    assert len(REFUSED) == len(found)
    assert [(wanted, reason) for (_, wanted), reason in zip(REFUSED, found, strict=True) if wanted not in reason] == []
    assert set(doing.names_heard()) == {"EffectFailed"}
    assert world.server.jobs == []


@pytest.mark.asyncio
async def test_more_than_five_hundred_people_are_refused(sqlite_store: SqlStore) -> None:
    """One effect is about at most 500 people; a plugin that names more has lost count."""
    doing = Doing()
    world = World(sqlite_store, doing)
    people = await world.begin(*((f"P{n}", set()) for n in range(501)))

    await do(world, doing, fx.CreateRoom(key="r", spec=RoomSpec(name="R"), members=tuple(people)))

    assert await reasons(world) == ["This is about more than 500 people at once."]


@pytest.mark.asyncio
async def test_power_that_is_lacking_is_named(sqlite_store: SqlStore) -> None:
    """An effect needs its account's power in the room; the sentence names the account and the level to give."""
    doing = Doing()
    world = World(sqlite_store, doing)
    await world.begin()
    mark = wire.PowerMark(ROOM, "12", encrypted=True, levels=(("reader", 0), ("doorkeeper", 100)), needed=(("redact", 50),))
    await world.happens(marks=(mark,))

    await do(world, doing, fx.Redact(room=ROOM, target=ONE, reason="spam"))
    await world.happens(marks=(wire.PowerMark(ROOM, "12", encrypted=True, levels=(("reader", 50),), needed=(("redact", 50),)),))
    await do(world, doing, fx.Redact(room=ROOM, target=ONE, reason="spam"))

    assert await reasons(world) == ["The account reader lacks the power for this in the room; give it level 50."]
    assert [("reader", wire.SendRedaction)] == [(account, type(job)) for account, job in world.server.jobs]


@pytest.mark.asyncio
async def test_the_bot_is_silent_where_it_does_not_listen(sqlite_store: SqlStore) -> None:
    """In a room without the reader nothing is posted; the sentence names the listening level."""
    doing = Doing()
    world = World(sqlite_store, doing)
    await world.begin()
    private = RoomId("!private:test")

    def register(uow: UnitOfWork) -> None:
        uow.rooms.add(private, GROUP, "private", RoomSpec(name="Private", listening="doorkeeper"), None, "doing", START)

    await sqlite_store.transact(register)
    await do(world, doing, fx.PostMessage(room=private, text="Hello"))

    assert await reasons(world) == ["The bot does not speak in this room: its listening level is doorkeeper."]


@pytest.mark.asyncio
async def test_without_a_grant_nothing_leaves(sqlite_store: SqlStore) -> None:
    """A plugin may yield only the kinds its manifest names."""
    world = World(sqlite_store, Bare())
    await world.begin(("Ann", set()))

    await world.says("ann", "Hello")
    await world.settle()

    assert await reasons(world) == ["The plugin bare has no grant for PostMessage."]
    assert world.server.jobs == []


@pytest.mark.asyncio
async def test_the_sixty_first_row_of_a_minute_waits(store: SqlStore) -> None:
    """A plugin adds 60 rows a minute in a group; the next one goes a minute later, and none is lost."""
    doing = Doing()
    world = World(store, doing)
    await world.begin()

    await do(world, doing, *(fx.PostMessage(room=ROOM, text=f"{n}") for n in range(61)))
    first = world.server.said()
    world.clock.forward(seconds=59)
    await world.settle()
    before = len(world.server.said())
    world.clock.forward(seconds=1)
    await world.settle()

    assert [str(n) for n in range(60)] == first
    assert before == 60
    assert [str(n) for n in range(61)] == world.server.said()


@pytest.mark.asyncio
async def test_what_is_urgent_does_not_wait_for_a_busy_minute(store: SqlStore) -> None:
    """Urgent words go at once and pass those that wait in the same room; a plugin that calls everything urgent waits too."""
    doing = Doing()
    world = World(store, doing)
    await world.begin()

    chatter = (fx.PostMessage(room=ROOM, text="chatter") for _ in range(70))
    await do(world, doing, *chatter, fx.PostMessage(room=ROOM, text="shut", urgent=True))
    said = [job.text for _, job in world.server.jobs if isinstance(job, wire.SendMessage)]
    await do(world, doing, *(fx.PostMessage(room=ROOM, text="cried", urgent=True) for _ in range(600)))

    assert {text: said.count(text) for text in said} == {"chatter": 60, "shut": 1}
    assert world.server.said().count("cried") == 600 - 71


@pytest.mark.asyncio
async def test_what_keeps_a_room_safe_waits_for_nothing(store: SqlStore) -> None:
    """A room is set back at once, however much the plugin has done in this minute and whatever else waits for the room's door."""
    doing = Doing()
    world = World(store, doing)
    (ann,) = await world.begin(("Ann", set()))

    chatter = (fx.PostMessage(room=ROOM, text=f"{n}") for n in range(60))
    await do(world, doing, *chatter, fx.InviteMember(room=ROOM, person=ann), fx.MendRoom(room=ROOM, spec=RoomSpec(name="Circle")))

    assert [type(job).__name__ for _, job in world.server.jobs if not isinstance(job, wire.SendMessage)] == ["BringRoom"]


@pytest.mark.asyncio
async def test_quiet_hours_hold_back_all_but_the_urgent(store: SqlStore) -> None:
    """At night a message to one person waits for the morning; an urgent one goes at once, also when it was written later."""
    doing = Doing()
    world = World(store, doing)
    (ann,) = await world.begin(("Ann", set()), quiet=QuietHours(time(17, 0), time(7, 0)))
    await world.direct(ann)

    await do(world, doing, fx.PostDirect(to=ann, text="news"), fx.PostDirect(to=ann, text="crisis", urgent=True))
    at_night = world.server.said()
    world.clock.forward(hours=13, seconds=-1)
    await world.settle()
    before_seven = world.server.said()
    world.clock.moment += timedelta(seconds=1)
    await world.settle()

    assert ["crisis"] == at_night == before_seven
    assert world.server.said() == ["crisis", "news"]
