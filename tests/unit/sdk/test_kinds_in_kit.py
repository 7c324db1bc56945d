"""The kit plays files, polls, knocks and comings, and lets a test look at what a plugin makes of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from supportd.sdk import effects as fx
from supportd.sdk import events as ev
from supportd.sdk.ids import EventId
from supportd.sdk.testing import (
    Scene,
    a_group,
    effect_fails,
    ends_poll,
    knocks,
    member_invited,
    member_leaves,
    polls_appear,
    room_upgraded,
    says,
    sends_file,
    speaks,
    starts_poll,
    turned_on,
    votes,
)
from tests.contract.test_kinds import CHOICES, Council

if TYPE_CHECKING:
    from collections.abc import Iterator

    from supportd.sdk.facts import Group


class Heard(Council):
    """Also notes what it hears; begins with ``begin``."""

    begin: tuple[fx.Effect, ...] = ()

    def __init__(self) -> None:
        """Begin without anything heard."""
        self.heard: list[ev.Event] = []

    def turned_on(self) -> Iterator[fx.Effect]:
        """Begin."""
        yield from self.begin

    def message_posted(self, event: ev.MessagePosted) -> Iterator[fx.Effect]:
        """Note it too."""
        self.heard.append(event)
        yield from super().message_posted(event)

    def poll_answered(self, event: ev.PollAnswered) -> Iterator[fx.Effect]:
        """Note it too."""
        self.heard.append(event)
        yield from super().poll_answered(event)

    def somebody_spoke(self, event: ev.SomebodySpoke, group: Group) -> Iterator[fx.Effect]:
        """Note it too."""
        self.heard.append(event)
        yield from super().somebody_spoke(event, group)

    def effect_failed(self, event: ev.EffectFailed) -> None:
        """Note it."""
        self.heard.append(event)


def story(plugin: Council | None = None) -> Scene:
    """Return a group with a few people."""
    return a_group(plugin or Council()).with_admins("Jo").with_people("Tom", "Karim").with_room("circle", "Jo", "Tom")


def test_a_poll_from_its_wish_to_its_minutes() -> None:
    """A plugin's poll appears, is chosen in and ended, and each step can be looked at."""
    scene = story().when(sends_file("Tom", "garden.jpg", "Our garden", kind="image", size=12))

    scene.then_starts_poll("garden.jpg of 12 bytes, “Our garden”: shall it stay?", "Keep it", "Take it away").then_nothing()
    scene.when(polls_appear()).then_posts("Please choose").then_nothing()
    scene.when(votes("Karim", "Keep it", proven=False), votes("Karim")).then_nothing()
    scene.when(votes("Karim", "Keep it")).then_ends_poll("keep").then_nothing()
    scene.when(polls_appear()).then_posts_file("minutes.txt", "The minutes").then_nothing()
    scene.when(polls_appear()).then_nothing()


def test_a_members_poll() -> None:
    """Somebody's own poll is chosen in by the words of its answers."""
    heard = Heard()
    scene = story(heard).when(starts_poll("Tom", "Tea?", "Yes", "No"))

    scene.then_nothing().when(votes("Jo", "No"))
    assert [getattr(one, "answers", None) for one in heard.heard] == [("No",)]
    scene.then_ends_poll("No").when(ends_poll("Tom")).then_posts_file("minutes.txt")


def test_who_comes_and_how_they_go() -> None:
    """Knocks of strangers and of members, invitations and removals."""
    scene = story().when(knocks("Karim"), knocks(None, "A friend told me"))

    scene.then_lets_in().then_lets_nobody_in("A friend").then_nothing()
    scene.when(member_invited("Karim")).then_posts("Karim was invited")
    scene.when(member_leaves("Tom", how="removed")).then_posts("Tom: removed")
    scene.when(room_upgraded()).then_posts("somebody opened !next")


def test_threads_and_kinds_of_words() -> None:
    """Words can be said in a thread, and by a program."""
    heard = Heard()

    story(heard).when(says("Tom", "Shall we walk?"), says("Jo", "At three", thread=True), says("Jo", "Reminder", kind="notice"))

    said = [(getattr(one, "thread", None), getattr(one, "kind", "")) for one in heard.heard]
    assert said == [(None, "text"), (EventId("$1"), "text"), (None, "notice")]


def test_somebody_speaks_unread() -> None:
    """A plugin hears who wrote, and has no words."""
    heard = Heard()

    story(heard).when(speaks("Tom"))

    (spoke,) = heard.heard
    assert isinstance(spoke, ev.SomebodySpoke)
    assert not hasattr(spoke, "text")


def test_a_refusal_has_a_code_and_a_sentence() -> None:
    """What the server says is apart from what a person reads."""
    heard = Heard()

    story(heard).when(effect_fails(fx.PostFile, "M_TOO_LARGE"))

    assert [(getattr(one, "code", ""), getattr(one, "reason", "")[:12]) for one in heard.heard] == [("M_TOO_LARGE", "This is too ")]


@pytest.mark.parametrize(
    ("effect", "said"),
    [
        (fx.PostFile(room=story().group.rooms[0].id, name="a/b", media_type="text/plain", data=b"x"), "without slashes"),
        (fx.StartPoll(room=story().group.rooms[0].id, question="Tea?", answers=CHOICES * 2), "id of its own"),
        (fx.AnswerKnock(room=story().group.rooms[0].id, knock=EventId("$k"), let_in=False, reason="x" * 301), "reason"),
    ],
)
def test_the_kit_keeps_the_bounds(effect: fx.Effect, said: str) -> None:
    """What the gate would refuse stops the story."""
    heard = Heard()
    heard.begin = (effect,)

    with pytest.raises(AssertionError, match=said):
        story(heard).when(turned_on())


def test_wrong_steps_say_what_is_the_matter() -> None:
    """A choice without a poll, an unknown answer and a missing expectation are explained."""
    with pytest.raises(AssertionError, match="no poll in this story"):
        story().when(votes("Jo", "Yes"))
    with pytest.raises(AssertionError, match="“Maybe” is no answer of the poll “Tea"):
        story().when(starts_poll("Tom", "Tea?", "Yes"), votes("Jo", "Maybe"))
    with pytest.raises(AssertionError, match="You said: let me"):
        story().when(knocks(None, "let me")).then_lets_in()
