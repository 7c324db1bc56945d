"""Files, polls, knocks, invitations and replaced rooms: what comes in means people, what goes out passes the gate."""

from __future__ import annotations

import dataclasses
import json
from typing import TYPE_CHECKING

import pytest

from supportd.engine import codec, wire
from supportd.engine.records import NewPerson
from supportd.sdk import effects as fx
from supportd.sdk import events as ev
from supportd.sdk.hooks import Hooks, Plugin
from supportd.sdk.ids import EventId, RoomId
from supportd.sdk.rooms import RoomSpec
from tests.support.world import GROUP, READER, ROOM, START, World, user_of
from tests.unit.engine.acting import KINDS, do, question, reasons

if TYPE_CHECKING:
    from supportd.engine.unit import UnitOfWork
    from supportd.sdk.effects import Effect
    from supportd.sdk.facts import Role
    from supportd.sdk.ids import PersonId
    from supportd.store.open import SqlStore

pytestmark = pytest.mark.asyncio

TEA = (ev.PollAnswer("t", "Tea"), ev.PollAnswer("c", "Coffee"))
POLL = wire.Polled("Tea or coffee?", TEA, 1, disclosed=True)
NEW_ROOM = RoomId("!" + "n" * 43)
PICTURE = ev.Media(kind="image", name="garden.jpg", media_type="image/jpeg", size=12)


class Hearing(Plugin):
    """Notes every event; yields ``todo`` at the word go."""

    name = "hearing"
    grants = KINDS

    def __init__(self) -> None:
        """Begin with nothing to do."""
        self.heard: list[ev.Event] = []
        self.todo: tuple[object, ...] = ()

    def note(self, event: ev.Event) -> tuple[object, ...]:
        """Note it."""
        self.heard.append(event)
        return self.todo if isinstance(event, ev.MessagePosted) and event.text == "go" else ()


for _hook in vars(Hooks):
    if not _hook.startswith(("_", "admit")):
        setattr(Hearing, _hook, lambda self, event: self.note(event))


async def begun(store: SqlStore, *names: str) -> tuple[World, Hearing, list[PersonId]]:
    """Return a group in which ``names`` are, the first of them an admin, and what a plugin heard."""
    hearing = Hearing()
    world = World(store, hearing)
    admin: set[Role] = {"key_member", "admin"}
    people = await world.begin(*[(name, admin if at == 0 else set()) for at, name in enumerate(names)])
    for person in people:
        await world.direct(person)
    return world, hearing, people


# ---- files -----------------------------------------------------------------------------------------------------------


async def test_a_file_comes_with_its_caption(sqlite_store: SqlStore) -> None:
    """Plugins hear of a file what it says of itself, and of an emote that it is one."""
    world, hearing, (ann,) = await begun(sqlite_store, "Ann")

    await world.happens(world.incoming(wire.Said("Our garden", media=PICTURE), "ann"))
    await world.happens(world.incoming(wire.Said("waves", kind="emote", thread=EventId("$root")), "ann"))

    heard = [(one.author, one.text, one.media, one.kind, one.thread) for one in hearing.heard if isinstance(one, ev.MessagePosted)]
    assert heard == [(ann, "Our garden", PICTURE, "text", None), (ann, "waves", None, "emote", EventId("$root"))]
    assert "garden" not in repr(hearing.heard)


@pytest.mark.parametrize(
    "said", [wire.Said("", media=PICTURE), wire.Said("   "), wire.Said("yes", kind="notice"), wire.Said("plugins list", kind="notice")]
)
async def test_what_says_no_words_is_no_answer_and_no_command(sqlite_store: SqlStore, said: wire.Said) -> None:
    """A file without a caption, blanks and a program's notice are neither an answer nor a command, also in a direct chat."""
    world, hearing, (ann,) = await begun(sqlite_store, "Ann")
    asked = question(ann)
    await world.store.transact(lambda uow: _open(uow, world, asked))
    await world.settle()
    sent = len(world.server.jobs)

    await world.happens(world.incoming(said, "ann", RoomId(f"!direct-{ann}:test")))
    await world.settle()

    assert [type(one).__name__ for one in hearing.heard] == ["MessagePosted"]
    assert len(world.server.jobs) == sent


def _open(uow: UnitOfWork, world: World, asked: object) -> None:
    from supportd.engine.asks import open_ask  # noqa: PLC0415 - only here

    open_ask(uow, uow.groups.facts(GROUP, world.clock.now()), "hearing", "ask1", asked)  # type: ignore[arg-type]  # it is an ask


async def test_a_caption_answers(sqlite_store: SqlStore) -> None:
    """Words are words, also below a picture."""
    world, hearing, (ann,) = await begun(sqlite_store, "Ann")
    asked = question(ann)
    await world.store.transact(lambda uow: _open(uow, world, asked))
    await world.settle()

    await world.happens(world.incoming(wire.Said("Yes.", media=PICTURE), "ann", RoomId(f"!direct-{ann}:test")))

    assert [type(one).__name__ for one in hearing.heard] == ["AskAnswered"]


async def test_a_file_goes_out_with_every_byte(store: SqlStore) -> None:
    """A posted file waits sealed in the outbox and leaves as it was, as the reader, in the order of the room."""
    world, hearing, _ = await begun(store, "Ann")
    data = bytes(range(256)) * 1024
    file = fx.PostFile(room=ROOM, name="plan.ics", media_type="text/calendar", data=data, text="Our plan")

    hearing.todo = (file, fx.PostMessage(room=ROOM, text="That is it", thread=EventId("$root")))
    await world.says("ann", "go")
    await world.settle()

    (first, job), (_, second) = world.server.jobs
    assert isinstance(job, wire.SendFile)
    assert (first, job.room, job.name, job.media_type, job.text) == ("reader", ROOM, "plan.ics", "text/calendar", "Our plan")
    assert job.data == data
    assert isinstance(second, wire.SendMessage)
    assert second.thread == "$root"
    assert "plan" not in repr(file) + repr(job)


@pytest.mark.parametrize(
    ("effect", "said"),
    [
        (fx.PostFile(room=ROOM, name="a", media_type="text/plain", data=b"x" * (256 * 1024 + 1)), "256 KiB"),
        (fx.PostFile(room=ROOM, name="a", media_type="text/plain", data=b""), "at least one byte"),
        (fx.PostFile(room=ROOM, name="../a", media_type="text/plain", data=b"x"), "without slashes"),
        (fx.PostFile(room=ROOM, name="a\u202eb", media_type="text/plain", data=b"x"), "one line"),
        (fx.PostFile(room=ROOM, name="", media_type="text/plain", data=b"x"), "one line"),
        (fx.PostFile(room=ROOM, name="a", media_type="text/plain; charset=x", data=b"x"), "media type"),
        (fx.PostFile(room=ROOM, name="a", media_type="text/plain", data=b"x", text="y" * 20_000), "longer than"),
        (fx.StartPoll(room=ROOM, question=" ", answers=TEA), "question"),
        (fx.StartPoll(room=ROOM, question="q" * 1001, answers=TEA), "question"),
        (fx.StartPoll(room=ROOM, question="q", answers=()), "1 to 20 answers"),
        (fx.StartPoll(room=ROOM, question="q", answers=(TEA[0], TEA[0])), "id of its own"),
        (fx.StartPoll(room=ROOM, question="q", answers=tuple(ev.PollAnswer(f"{n}", "x") for n in range(21))), "1 to 20 answers"),
        (fx.StartPoll(room=ROOM, question="q", answers=(ev.PollAnswer("a", "x\0y"),)), "answer of a poll"),
        (fx.StartPoll(room=ROOM, question="q", answers=(ev.PollAnswer("a", "x" * 301),)), "answer of a poll"),
        (fx.StartPoll(room=ROOM, question="q", answers=TEA, most_choices=3), "choice"),
        (fx.StartPoll(room=ROOM, question="q", answers=TEA, most_choices=0), "choice"),
        (fx.StartPoll(room=RoomId("!elsewhere"), question="q", answers=TEA), "does not belong"),
        (fx.EndPoll(room=ROOM, target=EventId("$p"), text="x" * 20_000), "longer than"),
        (fx.AnswerKnock(room=ROOM, knock=EventId("$k"), let_in=False, reason="x" * 301), "reason"),
    ],
)
async def test_what_is_out_of_bounds_stays(sqlite_store: SqlStore, effect: Effect, said: str) -> None:
    """Files, polls and answers to knocks have bounds; what is beyond them is refused with a sentence."""
    world, hearing, _ = await begun(sqlite_store, "Ann")

    hearing.todo = (effect,)
    await world.says("ann", "go")
    await world.settle()

    (reason,) = await reasons(world)
    assert said in reason
    assert world.server.jobs == []
    assert [(one.kind, one.code) for one in hearing.heard if isinstance(one, ev.EffectFailed)] == [(type(effect).__name__, "")]


async def test_without_a_grant_nothing_new_goes(sqlite_store: SqlStore) -> None:
    """The new effects need a grant like all others."""
    world, hearing, _ = await begun(sqlite_store, "Ann")
    hearing.grants = frozenset({fx.PostMessage})  # type: ignore[misc]  # of this one object
    hearing.todo = (
        fx.PostFile(room=ROOM, name="a", media_type="text/plain", data=b"x"),
        fx.StartPoll(room=ROOM, question="q", answers=TEA),
        fx.EndPoll(room=ROOM, target=EventId("$p"), text="x"),
        fx.AnswerKnock(room=ROOM, knock=EventId("$k"), let_in=True),
    )

    await world.says("ann", "go")
    await world.settle()

    assert ["has no grant" in one for one in await reasons(world)] == [True] * 4
    assert world.server.jobs == []


# ---- polls -----------------------------------------------------------------------------------------------------------


async def test_a_members_poll(sqlite_store: SqlStore) -> None:
    """A poll, a choice and an end come with their people, and with whether they are proven."""
    world, hearing, (ann, bo) = await begun(sqlite_store, "Ann", "Bo")
    poll = world.incoming(POLL, "ann")

    await world.happens(poll)
    await world.happens(world.incoming(wire.Voted(poll.id, ("t",)), "bo", verified=False))
    await world.happens(world.incoming(wire.Closed(poll.id), "ann"))

    started, answered, ended = hearing.heard
    assert isinstance(started, ev.PollStarted)
    assert (started.id, started.author, started.question, started.answers) == (poll.id, ann, "Tea or coffee?", TEA)
    assert (started.most_choices, started.disclosed, started.proven) == (1, True, True)
    assert isinstance(answered, ev.PollAnswered)
    assert (answered.author, answered.target, answered.answers, answered.proven) == (bo, poll.id, ("t",), False)
    assert isinstance(ended, ev.PollEnded)
    assert (ended.by, ended.target) == (ann, poll.id)


async def test_a_plugins_poll_comes_back(store: SqlStore) -> None:
    """A plugin learns the id of its poll when the homeserver shows it, once, and can end it; our own words stay unheard."""
    world, hearing, _ = await begun(store, "Ann")
    hearing.todo = (fx.StartPoll(room=ROOM, question="Tea or coffee?", answers=TEA, disclosed=False),)
    await world.says("ann", "go")
    await world.settle()
    ((account, job),) = world.server.jobs
    assert isinstance(job, wire.SendPoll)

    echo = world.incoming(job.poll, READER)
    await world.happens(echo)
    await world.happens(echo, world.incoming(wire.Said("hello"), READER), world.incoming(wire.Voted(echo.id, ("t",)), READER))
    hearing.todo = (fx.EndPoll(room=ROOM, target=echo.id, text="Tea it is."),)
    await world.says("ann", "go")
    await world.settle()
    await world.happens(world.incoming(wire.Closed(echo.id), READER))

    own = [one for one in hearing.heard if not isinstance(one, ev.MessagePosted)]
    assert account == "reader"
    assert [(type(one).__name__, getattr(one, "author", None)) for one in own] == [("PollStarted", None), ("PollEnded", None)]
    assert own[0].id == echo.id
    assert isinstance(own[0], ev.PollStarted)
    assert not own[0].disclosed
    assert isinstance(world.server.jobs[-1][1], wire.SendPollEnd)


# ---- members and knocks ----------------------------------------------------------------------------------------------


async def test_who_spoke_is_told_and_nothing_more(sqlite_store: SqlStore) -> None:
    """Somebody's speaking comes with its person and what it answers, a stranger's enters them as words would; ours reaches nobody."""
    world, hearing, (ann,) = await begun(sqlite_store, "Ann")

    spoke = world.incoming(wire.Spoke(EventId("$t"), EventId("$r")), "ann", verified=False)
    await world.happens(spoke, world.incoming(wire.Spoke(None, None), READER))
    await world.happens(spoke, world.incoming(wire.Spoke(None, None), "bo"))

    first, second = hearing.heard
    assert first == ev.SomebodySpoke(
        id=spoke.id, group=GROUP, at=spoke.at, room=ROOM, author=ann, in_reply_to=EventId("$r"), thread=EventId("$t")
    )
    assert isinstance(second, ev.SomebodySpoke)
    assert second.author in {one.id for one in (await world.group()).people} - {ann}


async def test_how_somebody_left(sqlite_store: SqlStore) -> None:
    """Left, removed, declined, taken back and banned are told apart; an invitation of somebody of the group is told once."""
    world, hearing, (_, bo) = await begun(sqlite_store, "Ann", "Bo")
    user = user_of("bo")
    changes: list[tuple[str, str]] = [
        ("invite", "@doorkeeper:test"),
        ("invite", "@doorkeeper:test"),
        ("leave", "bo"),
        ("invite", "@doorkeeper:test"),
        ("leave", "@doorkeeper:test"),
        ("join", "bo"),
        ("leave", "bo"),
        ("join", "bo"),
        ("leave", "ann"),
        ("join", "bo"),
        ("ban", "ann"),
        ("leave", "ann"),
    ]

    for state, sender in changes:
        await world.happens(world.incoming(wire.Membership(user, state, "leave"), sender))  # type: ignore[arg-type]  # these are states

    told = [(type(one).__name__, getattr(one, "how", "")) for one in hearing.heard]
    assert told == [
        ("MemberInvited", ""),
        ("MemberLeft", "declined"),
        ("MemberInvited", ""),
        ("MemberLeft", "removed"),
        ("MemberJoined", ""),
        ("MemberLeft", "left"),
        ("MemberJoined", ""),
        ("MemberLeft", "removed"),
        ("MemberJoined", ""),
        ("MemberLeft", "banned"),
    ]
    assert {getattr(one, "member", None) for one in hearing.heard} == {bo}


async def test_a_knock_enters_nobody(store: SqlStore) -> None:
    """A stranger's knock is told with its reason, once; they are in the people only when they have joined."""
    world, hearing, _ = await begun(store, "Ann")
    knock = world.incoming(wire.Membership(user_of("cy"), "knock", "leave", "Cy", "A friend told me"), "cy")

    await world.happens(knock)
    await world.happens(world.incoming(wire.Membership(user_of("cy"), "knock", "knock", "Cyril", "A friend told me"), "cy"))
    await world.happens(world.incoming(wire.Membership(user_of("di"), "knock", "leave", "Di"), "ann"))

    (heard,) = hearing.heard
    assert isinstance(heard, ev.KnockReceived)
    assert (heard.id, heard.knock, heard.person, heard.reason, heard.room) == (knock.id, knock.id, None, "A friend told me", ROOM)
    assert [one.name for one in (await world.group()).people] == ["Ann"]
    assert "friend" not in repr(heard)


async def test_who_knocks_and_is_known(sqlite_store: SqlStore) -> None:
    """Somebody of the group who knocks is named; a repeated knock is one; who was forgotten is a stranger."""
    world, hearing, (_, bo) = await begun(sqlite_store, "Ann", "Bo")
    cy = await world.store.transact(
        lambda uow: uow.people.add(GROUP, NewPerson(user=user_of("cy"), name="Cy", roles=frozenset({"member"})), START)
    )
    await world.store.transact(lambda uow: uow.people.forget(cy))

    for previous in ("leave", "knock"):
        await world.happens(world.incoming(wire.Membership(user_of("bo"), "knock", previous), "bo"))
    await world.happens(world.incoming(wire.Membership(user_of("cy"), "knock", "leave", "Cy"), "cy"))

    assert [one.person for one in hearing.heard if isinstance(one, ev.KnockReceived)] == [bo, None]


async def test_a_knock_is_answered_by_the_doorkeeper(sqlite_store: SqlStore) -> None:
    """Yes and no leave by the account at the door, with the event of the knock and nobody's name."""
    world, hearing, _ = await begun(sqlite_store, "Ann")
    knock = EventId("$knock")
    hearing.todo = (
        fx.AnswerKnock(room=ROOM, knock=knock, let_in=True),
        fx.AnswerKnock(room=ROOM, knock=knock, let_in=False, reason="We are full at the moment."),
    )

    await world.says("ann", "go")
    await world.settle()

    assert world.server.jobs == [
        ("doorkeeper", wire.SettleKnock(ROOM, knock, let_in=True, reason="")),
        ("doorkeeper", wire.SettleKnock(ROOM, knock, let_in=False, reason="We are full at the moment.")),
    ]


@pytest.mark.parametrize(("let_in", "needed"), [(True, "invite"), (False, "kick")])
async def test_answering_a_knock_needs_the_right(sqlite_store: SqlStore, let_in: bool, needed: str) -> None:  # noqa: FBT001 - a parameter of the test
    """Letting in needs the right to invite, refusing the right to remove."""
    world, hearing, _ = await begun(sqlite_store, "Ann")
    levels = {"invite": 0, "kick": 0, "state_default": 50} | {needed: 50}
    power = wire.PowerMark(ROOM, "12", encrypted=True, levels=(("doorkeeper", 10),), needed=tuple(levels.items()))
    await world.happens(marks=(power,))
    hearing.todo = (
        fx.AnswerKnock(room=ROOM, knock=EventId("$k"), let_in=let_in),
        fx.AnswerKnock(room=ROOM, knock=EventId("$k"), let_in=not let_in),
    )

    await world.says("ann", "go")
    await world.settle()

    assert [job.let_in for _, job in world.server.jobs if isinstance(job, wire.SettleKnock)] == [not let_in]


async def test_a_direct_chat_is_nobodys_business(sqlite_store: SqlStore) -> None:
    """Invitations to direct chats, and knocks at them, reach no plugin."""
    world, hearing, (ann,) = await begun(sqlite_store, "Ann")
    room = RoomId(f"!direct-{ann}:test")

    await world.leaves("ann", room)
    await world.happens(world.incoming(wire.Membership(user_of("ann"), "invite", "leave"), READER, room))
    await world.happens(world.incoming(wire.Membership(user_of("cy"), "knock", "leave"), "cy", room))

    assert hearing.heard == []


# ---- replaced rooms --------------------------------------------------------------------------------------------------


async def test_the_admins_hear_of_a_replaced_room_once(store: SqlStore) -> None:
    """A room that was replaced is told to plugins, and once, in plain words, to the admins; the new room is not taken for ours."""
    world, hearing, (ann, _) = await begun(store, "Ann", "Bo")

    await world.happens(world.incoming(wire.Replaced(NEW_ROOM), "ann"))
    await world.happens(world.incoming(wire.Replaced(NEW_ROOM), "@stranger:test"))
    await world.settle()

    assert [(one.room, one.replacement, one.by) for one in hearing.heard if isinstance(one, ev.RoomUpgraded)] == [
        (ROOM, NEW_ROOM, ann),
        (ROOM, NEW_ROOM, None),
    ]
    ((_, job),) = world.server.jobs
    assert isinstance(job, wire.SendMessage)
    assert job.room == f"!direct-{ann}:test"
    assert "The room main was closed" in job.text
    assert await world.store.read(lambda uow: uow.rooms.group_of(NEW_ROOM)) is None
    assert {one.name for one in (await world.group()).people} == {"Ann", "Bo"}


# ---- rows that wait --------------------------------------------------------------------------------------------------


CONTENTS: tuple[wire.Content, ...] = (
    wire.Said("a", EventId("$r"), EventId("$t"), "emote", PICTURE),
    wire.Said(""),
    wire.Spoke(None, None),
    wire.Spoke(EventId("$t"), EventId("$r")),
    wire.Edited(EventId("$t"), "b"),
    wire.Reacted(EventId("$t"), "👍"),
    wire.Redacted(EventId("$t")),
    wire.Membership(user_of("bo"), "knock", "leave", None, "please"),
    POLL,
    wire.Voted(EventId("$p"), ()),
    wire.Closed(EventId("$p")),
    wire.Replaced(NEW_ROOM),
)


@pytest.mark.parametrize("content", CONTENTS, ids=lambda one: type(one).__name__)
async def test_what_waits_comes_back_as_it_was(content: wire.Content) -> None:
    """An event that waits for its room is of the same kind when it is read again, whatever fields kinds share."""
    incoming = wire.Incoming(EventId("$e"), ROOM, START, user_of("ann"), content, verified=True)

    assert codec.load_event(codec.dump(incoming)) == incoming


async def test_old_rows_load() -> None:
    """Rows of the version before, which know none of the new fields, load with what these were then."""
    new = ev.EffectFailed(id=EventId("result:1"), group=GROUP, at=START, kind="InviteMember", reason="M_INVITE_BLOCKED")
    post = fx.PostMessage(room=ROOM, text="Hello")
    said = wire.Incoming(EventId("$e"), ROOM, START, user_of("ann"), wire.Said("Hello"), verified=True)

    assert codec.load_event(_without(new, "code")) == new
    assert codec.load_effect(_without(post, "thread")) == post
    assert codec.load_event(_without(said, "kind", "media")) == said
    left = ev.MemberLeft(id=EventId("$e"), group=GROUP, at=START, room=ROOM, member=EventId("p"))  # type: ignore[arg-type]  # any id
    assert codec.load_event(_without(left, "how")) == left


def _without(value: object, *names: str) -> bytes:
    row = json.loads(codec.dump(value))
    for held in (row["value"], row["value"].get("content", {})):
        for name in names:
            held.pop(name, None)
    return json.dumps(row).encode()


async def test_every_hook_has_an_event_and_every_event_a_hook() -> None:
    """What is declared on one side is on the other."""
    hooks = {one for one in vars(Hooks) if not one.startswith("_")}
    events = {kind.hook for kind in codec.event_kinds().values()}

    assert hooks == events
    assert all(dataclasses.is_dataclass(kind) for kind in codec.event_kinds().values())


async def test_a_refusal_says_what_a_person_can_do(sqlite_store: SqlStore) -> None:
    """The plugin gets the server's word and a sentence; the sentence holds no word of the server."""
    world, hearing, (_, bo) = await begun(sqlite_store, "Ann", "Bo")
    world.server.answers = [wire.Never("M_INVITE_BLOCKED"), wire.Never("M_SOMETHING_NEW")]

    await do(world, hearing, fx.InviteMember(room=ROOM, person=bo), fx.React(room=ROOM, target=EventId("$1"), key="👍"))  # type: ignore[arg-type]  # both have todo

    failed = [one for one in hearing.heard if isinstance(one, ev.EffectFailed)]
    assert [(one.kind, one.code, one.person, one.room, one.key) for one in failed] == [
        ("InviteMember", "M_INVITE_BLOCKED", bo, ROOM, ""),
        ("React", "M_SOMETHING_NEW", None, ROOM, ""),
    ]
    assert all(one.reason.endswith(".") and "M_" not in one.reason for one in failed)
    assert "no hurry" in failed[0].reason


async def test_who_cannot_be_invited_to_a_new_room_is_told_before_it_is_ready(sqlite_store: SqlStore) -> None:
    """The plugin hears of the refusal, with the room's key, first: else it would invite the same person once more."""
    world, hearing, (_, bo) = await begun(sqlite_store, "Ann", "Bo")
    world.server.answers = [wire.Done(room=RoomId("!new:test"), refused=((user_of("Bo"), "M_INVITE_BLOCKED"),))]

    await do(world, hearing, fx.CreateRoom(key="new", spec=RoomSpec("New"), members=(bo,)))  # type: ignore[arg-type]  # as above

    found = [one for one in hearing.heard if isinstance(one, ev.EffectFailed | ev.RoomReady)]
    assert [type(one).__name__ for one in found] == ["EffectFailed", "RoomReady"]
    assert [(one.kind, one.person, one.key) for one in found if isinstance(one, ev.EffectFailed)] == [("InviteMember", bo, "new")]
