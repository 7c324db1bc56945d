"""A person of the group opens a chat with the bot; everybody else meets silence."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import pytest

from supportd.engine import wire
from supportd.engine.chats import MOST_A_DAY
from supportd.engine.records import NewPerson
from supportd.engine.texts import TEXTS
from supportd.sdk.commands import Command
from supportd.sdk.effects import Reply
from supportd.sdk.facts import GroupStyle
from supportd.sdk.hooks import Plugin, hookimpl
from supportd.sdk.ids import GroupId, PersonId, RoomId
from supportd.sdk.rooms import RoomSpec
from tests.support.world import GROUP, READER, START, NotingHomeserver, World, user_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from supportd.engine.unit import UnitOfWork
    from supportd.sdk.effects import Effect
    from supportd.store.open import SqlStore

CHAT = RoomId("!chat:test")
LILIES = GroupId("lilies")
pytestmark = pytest.mark.asyncio


class Talker(Plugin):
    """Answers who wants to talk."""

    name: ClassVar[str] = "talker"
    summary: ClassVar[str] = "Answers."
    commands: ClassVar[tuple[Command, ...]] = (
        Command(name="talk", help="Ask for a talk.", who="anyone"),
        Command(name="secret", help="For key members."),
    )

    @hookimpl
    def command_given(self) -> Iterator[Effect]:
        """Answer."""
        yield Reply(text="Somebody is coming.")


class Unsafe(NotingHomeserver):
    """Knows no chat that is safe."""

    async def perform(self, account: wire.Account, job: wire.Job) -> wire.Outcome:
        """Refuse to enter chats."""
        done = await super().perform(account, job)
        return wire.Never("ORG_SUPPORTD_NO_CHAT") if isinstance(job, wire.EnterChat) else done


class Door(World):
    """A group of Ann (key member) and Tom, and a homeserver that says what becomes of the chat."""

    async def opens(self, name: str, room: RoomId = CHAT, *, outcome: wire.Outcome | None = None) -> None:
        """Let somebody invite the bot; ``outcome``: what the homeserver says of it."""
        self.server.answers = [outcome or wire.Done(room=room)]
        await self.happens(marks=(wire.ChatMark(room, user_of(name)),))
        served = len(self.server.jobs)
        await self.pump.once()
        if len(self.server.jobs) == served:
            self.server.answers.clear()

    def asked(self) -> list[wire.EnterChat]:
        """Return the chats that the bot was sent into, or was told to decline."""
        return [job for _, job in self.server.jobs if isinstance(job, wire.EnterChat)]


async def door(store: SqlStore) -> tuple[Door, PersonId, PersonId]:
    """Return a group with Ann and Tom, who are in the room."""
    world = Door(store, Talker())
    ann, tom = await world.begin(("Ann", {"key_member"}), ("Tom", set()))
    await world.joins("Tom")
    return world, ann, tom


async def test_a_chat_that_a_member_opens_is_their_direct_chat(sqlite_store: SqlStore) -> None:
    """The bot comes as the reader, says hello once with the words it knows, and what waited for them is sent there."""
    world, _ann, tom = await door(sqlite_store)

    await world.opens("Tom")
    await world.settle()

    assert world.asked() == [wire.EnterChat(CHAT, user_of("Tom"), take=True)]
    assert world.server.jobs[0][0] == "reader"
    room = (await world.group()).room_by_id(CHAT)
    assert room is not None
    assert (room.direct_with, tom in room.joined) == (tom, True)
    hello = [job for _, job in world.server.jobs if isinstance(job, wire.SendMessage)]
    assert [job.room for job in hello] == [CHAT]
    assert "“help”, “talk”" in hello[0].text
    assert "for Roses" in hello[0].text


async def test_the_first_word_is_heard_though_it_came_before_the_bot(sqlite_store: SqlStore) -> None:
    """What they wrote before the chat was on record is a command like any other, after the hello."""
    world, _ann, _tom = await door(sqlite_store)
    await world.joins("Tom", CHAT)
    await world.says("Tom", "Talk", CHAT)

    await world.opens("Tom")
    await world.settle()

    assert [text.split(".")[0] for text in world.server.said()] == ["Automatic message", "Somebody is coming"]


async def test_words_that_waited_go_into_the_new_chat(sqlite_store: SqlStore) -> None:
    """Somebody who left an earlier chat and opens one themself reads there what waited."""
    world, _ann, tom = await door(sqlite_store)
    old = await world.direct(tom)
    await world.leaves("Tom", old)

    await world.opens("Tom")

    assert await world.store.read(lambda uow: uow.rooms.direct_with(GROUP, tom)) == CHAT
    await world.leaves("Tom", CHAT)
    await world.joins("Tom", old)
    assert await world.store.read(lambda uow: uow.rooms.direct_with(GROUP, tom)) == old


@pytest.mark.parametrize("name", ["Mallory", "@tom:elsewhere"])
async def test_a_stranger_meets_silence(sqlite_store: SqlStore, name: str) -> None:
    """Who is in no group is not answered, not declined, and leaves nothing in the store."""
    world, _ann, _tom = await door(sqlite_store)

    await world.opens(name)
    await world.settle()

    assert world.server.jobs == []
    assert await world.counts() == {}


async def test_somebody_who_was_forgotten_meets_silence(sqlite_store: SqlStore) -> None:
    """Who was forgotten is a stranger again."""
    world, _ann, tom = await door(sqlite_store)
    await world.store.transact(lambda uow: uow.people.forget(tom))

    await world.opens("Tom")
    await world.settle()

    assert world.server.jobs == []


async def test_a_second_chat_is_declined_and_the_first_one_pointed_to(sqlite_store: SqlStore) -> None:
    """Who is in a chat with the bot already reads there that it is the one."""
    world, _ann, tom = await door(sqlite_store)
    first = await world.direct(tom)

    await world.opens("Tom", outcome=wire.Done())
    await world.settle()

    assert world.asked() == [wire.EnterChat(CHAT, user_of("Tom"), take=False)]
    said = [(job.room, job.text) for _, job in world.server.jobs if isinstance(job, wire.SendMessage)]
    assert [room for room, _ in said] == [first]
    assert "please write to me here" in said[0][1]
    assert await world.store.read(lambda uow: uow.rooms.group_of(CHAT)) is None


@pytest.mark.parametrize("code", ["ORG_SUPPORTD_NO_CHAT", "ORG_SUPPORTD_OPEN_CHAT", "M_FORBIDDEN"])
async def test_where_words_would_not_be_safe_the_bot_opens_its_own_chat(sqlite_store: SqlStore, code: str) -> None:
    """A chat with others in it, or in clear for good, is left; the person reads why in an encrypted one; nothing seen there stays."""
    world, _ann, _tom = await door(sqlite_store)
    await world.says("Tom", "in passing", CHAT)

    await world.opens("Tom", outcome=wire.Never(code))
    await world.settle()
    made = next(job for _, job in world.server.jobs if isinstance(job, wire.MakeRoom))
    await world.joins("Tom", RoomId(f"!{made.marker}:test"))
    await world.says("Tom", "in passing again", CHAT)
    await world.settle()

    assert made.invite == (user_of("Tom"),)
    assert "would not be safe" in world.server.said()[0]
    assert await world.store.read(lambda uow: len(uow.inbox.for_room(CHAT))) == 0


async def test_encryption_that_the_bot_turned_on_is_told(sqlite_store: SqlStore) -> None:
    """What was written in clear before does not count, and the person is told so."""
    world, _ann, _tom = await door(sqlite_store)

    await world.opens("Tom", outcome=wire.Done(room=CHAT, mended=("encryption",)))
    await world.settle()

    assert "I turned encryption on" in world.server.said()[0]


async def test_a_thousand_invitations_of_one_member_cost_three_looks(sqlite_store: SqlStore) -> None:
    """Somebody of the group who invites again and again is answered a few times a day; the next day counts anew."""
    world, _ann, _tom = await door(sqlite_store)

    for number in range(1000):
        await world.happens(marks=(wire.ChatMark(RoomId(f"!c{number}:test"), user_of("Tom")),))
    world.pump.homeserver = world.server = Unsafe()
    await world.settle()
    first = len(world.asked())
    world.clock.forward(days=1)
    await world.opens("Tom", RoomId("!tomorrow:test"), outcome=wire.Never("M_FORBIDDEN"))

    assert (first, len(world.asked())) == (MOST_A_DAY, MOST_A_DAY + 1)
    assert sum((await world.counts()).values()) <= 2 * MOST_A_DAY + 4


async def test_a_thousand_invitations_of_a_stranger_leave_nothing(sqlite_store: SqlStore) -> None:
    """They write no row at all."""
    world, _ann, _tom = await door(sqlite_store)

    for number in range(1000):
        await world.happens(marks=(wire.ChatMark(RoomId(f"!c{number}:test"), user_of("Mallory")),))
    await world.settle()

    assert world.server.jobs == []
    assert await world.counts() == {}


async def test_the_same_invitation_again_does_nothing(sqlite_store: SqlStore) -> None:
    """A sync that comes a second time brings no second hello."""
    world, _ann, _tom = await door(sqlite_store)
    await world.opens("Tom")

    await world.opens("Tom")
    await world.settle()

    assert len(world.asked()) == 1
    assert len(world.server.said()) == 1


async def test_each_group_has_a_chat_of_its_own(sqlite_store: SqlStore) -> None:
    """The chat serves the group whose rooms they are in; another such group opens its own; one that only entered them opens none."""
    world, _ann, _tom = await door(sqlite_store)
    await world.store.transact(_more_groups)

    await world.opens("Tom")
    await world.settle()

    assert await world.store.read(lambda uow: uow.rooms.group_of(CHAT)) == GROUP
    assert [job.spec.name for _, job in world.server.jobs if isinstance(job, wire.MakeRoom)] == ["Tulips"]


def _more_groups(uow: UnitOfWork) -> None:
    """Tom is in the room of the Tulips; the Asters (first by name) have entered him without his doing."""
    for key, inside in (("asters", False), ("tulips", True)):
        group, room = GroupId(key), RoomId(f"!{key}:test")
        uow.groups.add(group, GroupStyle(name=key.title(), zone="UTC"), START)
        tom = uow.people.add(group, NewPerson(user=user_of("Tom"), name="Tom", roles=frozenset({"member"})), START)
        uow.rooms.add(room, group, "main", RoomSpec(name=key), None, "supportd", START)
        if inside:
            uow.rooms.set_membership(room, tom, "join", START)


async def test_help_says_what_a_person_may_ask(sqlite_store: SqlStore) -> None:
    """A member reads the words for everybody, a key member also theirs."""
    world, ann, _tom = await door(sqlite_store)
    await world.opens("Tom")
    await world.says("Tom", "Help", CHAT)
    direct = await world.direct(ann)
    await world.says("Ann", "help", direct)
    await world.settle()

    said = world.server.said()
    assert "talk: Ask for a talk." in said
    assert "talk: Ask for a talk.\nsecret: For key members." in said


async def test_the_words_are_kind() -> None:
    """Every text of the core keeps the rules of tone and stands in both languages."""
    assert TEXTS.problems() == []
    assert TEXTS.languages() == {"en", "de"}
    assert READER not in str(TEXTS.texts)
