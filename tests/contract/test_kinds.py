"""The kit and the real engine make the same of files, polls, knocks and comings and goings."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import pytest

from supportd.engine import gate
from supportd.sdk import effects as fx
from supportd.sdk.events import Media, PollAnswer
from supportd.sdk.hooks import Plugin, hookimpl
from supportd.sdk.ids import EventId
from supportd.sdk.testing import _checks
from supportd.sdk.testing._world import START
from tests.contract.sides import CIRCLE, KitSide, Side, engine_side

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from supportd.engine.unit import UnitOfWork
    from supportd.sdk import events as ev
    from supportd.sdk.facts import Group

CHOICES = (PollAnswer("keep", "Keep it"), PollAnswer("away", "Take it away"))
PICTURE = Media(kind="image", name="garden.jpg", media_type="image/jpeg", size=12)


class Council(Plugin):
    """Puts every picture to the vote, and the wish of everybody who knocks."""

    name: ClassVar[str] = "council"
    summary: ClassVar[str] = "Puts things to the vote."
    grants: ClassVar[frozenset[type[fx.Effect]]] = frozenset({fx.PostMessage, fx.PostFile, fx.StartPoll, fx.EndPoll, fx.AnswerKnock})

    @hookimpl
    def message_posted(self, event: ev.MessagePosted) -> Iterator[fx.Effect]:
        """Ask about a picture."""
        if event.media is not None and event.media.kind == "image":
            question = f"{event.media.name} of {event.media.size} bytes, “{event.text}”: shall it stay?"
            yield fx.StartPoll(room=event.room, question=question, answers=CHOICES, disclosed=False)

    @hookimpl
    def somebody_spoke(self, event: ev.SomebodySpoke, group: Group) -> Iterator[fx.Effect]:
        """Say who."""
        yield fx.PostMessage(room=event.room, text=f"{group.name_of(event.author)} wrote.")

    @hookimpl
    def poll_started(self, event: ev.PollStarted) -> Iterator[fx.Effect]:
        """Point to the plugin's own polls."""
        if event.author is None:
            yield fx.PostMessage(room=event.room, text=f"Please choose: {event.question}", thread=event.id)

    @hookimpl
    def poll_answered(self, event: ev.PollAnswered) -> Iterator[fx.Effect]:
        """End the poll with the first proven choice."""
        if event.proven and event.answers:
            yield fx.EndPoll(room=event.room, target=event.target, text=f"Chosen: {', '.join(event.answers)}.")

    @hookimpl
    def poll_ended(self, event: ev.PollEnded, group: Group) -> Iterator[fx.Effect]:
        """Write the minutes."""
        who = group.name_of(event.by) if event.by is not None else "the plugin"
        yield fx.PostFile(room=event.room, name="minutes.txt", media_type="text/plain", data=who.encode(), text="The minutes")

    @hookimpl
    def knock_received(self, event: ev.KnockReceived) -> Iterator[fx.Effect]:
        """Let in who is known, refuse everybody else."""
        yield fx.AnswerKnock(room=event.room, knock=event.knock, let_in=event.person is not None, reason=f"You said: {event.reason}")

    @hookimpl
    def member_invited(self, event: ev.MemberInvited, group: Group) -> Iterator[fx.Effect]:
        """Say so."""
        yield fx.PostMessage(room=event.room, text=f"{group.name_of(event.member)} was invited.")

    @hookimpl
    def member_left(self, event: ev.MemberLeft, group: Group) -> Iterator[fx.Effect]:
        """Say how."""
        yield fx.PostMessage(room=event.room, text=f"{group.name_of(event.member)}: {event.how}.")

    @hookimpl
    def room_upgraded(self, event: ev.RoomUpgraded, group: Group) -> Iterator[fx.Effect]:
        """Say so."""
        yield fx.PostMessage(room=event.room, text=f"{group.name_of(event.by) if event.by else 'somebody'} opened {event.replacement}.")


async def a_vote(side: Side) -> None:
    """Tell of a picture, a poll about it, choices and its end."""
    await side.sends_file("Tom", PICTURE, "Our garden")
    await side.polls_appear()
    await side.votes("Karim", "away", proven=False)
    await side.votes("Karim")
    await side.votes("Sam", "keep")
    await side.polls_appear()
    await side.sends_file("Tom", Media(kind="file", name="plan.txt"), "")


async def a_poll_that_somebody_ends(side: Side) -> None:
    """Tell of a poll that nobody chooses in."""
    await side.sends_file("Tom", PICTURE, "")
    await side.polls_appear()
    await side.ends_poll("Jo")


async def words_unread(side: Side) -> None:
    """Tell of two people who write where nobody of us reads."""
    await side.speaks("Karim")
    await side.speaks("Jo")


async def knocks(side: Side) -> None:
    """Tell of a stranger and of somebody known who knock."""
    await side.knocks(None, "A friend told me")
    await side.knocks("Karim", "It is me")


async def comings_and_goings(side: Side) -> None:
    """Tell of somebody who is invited, comes, is removed, comes again and goes."""
    await side.is_invited("Karim")
    await side.joins("Karim")
    await side.is_removed("Karim")
    await side.joins("Karim")
    await side.leaves("Karim")


async def another_room(side: Side) -> None:
    """Tell of a room that is replaced."""
    await side.is_replaced()


@pytest.mark.asyncio
@pytest.mark.parametrize("story", [a_vote, a_poll_that_somebody_ends, words_unread, knocks, comings_and_goings, another_room])
async def test_both_make_the_same_of_a_story(tmp_path: Path, story) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001 - a parameter of the test
    """The same hooks yield the same effects, and a room reads the same words; the core alone tells the admins more."""
    kit = KitSide(Council, circle=True)
    real = await engine_side(tmp_path, Council, START, circle=True)

    await story(kit)
    await story(real)
    await real.look()
    await real.world.store.close()  # type: ignore[attr-defined]  # the store of this test

    assert kit.yielded() == real.yielded()
    assert kit.yielded() != []
    assert kit.read() == [(where, text) for where, text in real.read() if not text.startswith("Automatic message.")]


@pytest.mark.asyncio
async def test_both_refuse_the_same_files_and_polls(tmp_path: Path) -> None:
    """What is too large, has no name or no answers is refused by both; the rest passes both."""
    side = await engine_side(tmp_path, Council, START, circle=True)
    group = await side.world.group()
    effects: list[fx.Effect] = [
        fx.PostFile(room=CIRCLE, name="a.txt", media_type="text/plain", data=b"x"),
        fx.PostFile(room=CIRCLE, name="a.txt", media_type="text/plain", data=b"x" * (256 * 1024 + 1)),
        fx.PostFile(room=CIRCLE, name="a/b", media_type="text/plain", data=b"x"),
        fx.PostFile(room=CIRCLE, name="a.txt", media_type="text", data=b"x"),
        fx.StartPoll(room=CIRCLE, question="Tea?", answers=CHOICES),
        fx.StartPoll(room=CIRCLE, question="Tea?", answers=()),
        fx.StartPoll(room=CIRCLE, question="", answers=CHOICES),
        fx.StartPoll(room=CIRCLE, question="Tea?", answers=CHOICES, most_choices=5),
        fx.EndPoll(room=CIRCLE, target=EventId("$p"), text="x" * 20_000),
        fx.AnswerKnock(room=CIRCLE, knock=EventId("$k"), let_in=True),
        fx.AnswerKnock(room=CIRCLE, knock=EventId("$k"), let_in=False, reason="x" * 400),
    ]

    def refused(uow: UnitOfWork) -> list[bool]:
        return [isinstance(gate.admit(uow, group, "council", Council.grants, one), gate.Refused) for one in effects]

    real = await side.world.store.transact(refused)
    await side.world.store.close()  # type: ignore[attr-defined]  # the store of this test

    assert [_checks.problem(Council(), group, one) is not None for one in effects] == real
    assert real == [False, True, True, True, False, True, True, True, True, False, True]
