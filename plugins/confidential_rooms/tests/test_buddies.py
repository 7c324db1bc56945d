"""Buddies: both say yes in their own chats; a no is kind, without a reason, and stays between them and the bot."""

from __future__ import annotations

from datetime import timedelta

import pytest
from supportd_confidential_rooms.stories import circle_group

from supportd.sdk.effects import CreateRoom, PostDirect, Reply
from supportd.sdk.testing import (
    Asked,
    Scene,
    answers,
    command,
    member_joins,
    member_leaves,
    room_changes,
    room_is_ready,
    rooms_are_mended,
    says,
)

DAY = timedelta(days=1)


def asked() -> Scene:
    """Return a group in which Tom asked for Ann as a buddy."""
    return circle_group().when(command("buddy", by="Tom", who="Ann"))


def proposed() -> Scene:
    """Return a group in which Sam thought of Tom and Ann."""
    return circle_group().when(command("buddies", by="Sam", one="Tom", other="Ann"))


def pair() -> Scene:
    """Return a group in which Tom and Ann are buddies."""
    scene = asked().when(answers("Ann", "yes"), room_is_ready("buddies-1"))
    return scene.when(member_joins("Tom", "buddies-1"), member_joins("Ann", "buddies-1"))


def test_the_other_one_is_asked_alone() -> None:
    """Ann is asked, Tom is thanked, and nobody else hears of it."""
    asked().then_replies("nobody else hears of it").then_asks("Ann", "Tom", "needs no reason").then_nothing()


def test_a_yes_makes_a_room_for_two() -> None:
    """Nobody has power in it, the bot does not read, and its name says nothing."""
    scene = asked().when(answers("Ann", "yes"))

    made = scene.of(CreateRoom)[0]
    assert ({scene.group.name_of(one) for one in made.members}, made.owners, made.key_members) == ({"Tom", "Ann"}, (), ())
    assert (made.spec.listening, made.spec.name) == ("doorkeeper", "Tuesday group: two")
    assert scene.of(PostDirect) == []


@pytest.mark.parametrize("silent", [False, True])
def test_a_no_is_kind(silent: bool) -> None:  # noqa: FBT001 - a row of the table
    """Tom hears that it has nothing to do with him, whether Ann said no or nothing; nobody else hears anything."""
    scene = asked()

    _ = scene.after(15 * DAY) if silent else scene.when(answers("Ann", "no"))

    scene.then_writes_to("Tom", "nothing to do with you").then_nothing()


def test_the_same_is_not_asked_again_soon() -> None:
    """After a no Ann has three months of rest from Tom's question, and Tom hears so kindly; Ann may ask herself at any time."""
    scene = asked().when(answers("Ann", "no"))
    scene.when(command("buddy", by="Tom", who="Ann")).then_replies("Let it rest for a while").then_nothing()

    scene.after(91 * DAY).when(command("buddy", by="Tom", who="Ann")).then_asks("Ann").when(answers("Ann", "no"))
    scene.when(command("buddy", by="Ann", who="Tom")).then_asks("Tom", "Ann").when(answers("Tom", "yes"))

    assert len(scene.of(CreateRoom)) == 1


def test_asking_twice_asks_once() -> None:
    """A second wish is thanked for and changes nothing; with a room the two are told that they have one."""
    asked().when(command("buddy", by="Tom", who="ann")).then_replies("Thank you").then_nothing()
    pair().when(command("buddy", by="Ann", who="Tom")).then_replies("You two have a room already").then_nothing()


def test_when_both_ask_they_have_said_yes() -> None:
    """Ann, who does not answer but asks for Tom herself, says yes by that; the question is settled."""
    scene = asked().when(command("buddy", by="Ann", who="Tom"))

    assert len(scene.of(CreateRoom)) == 1
    assert scene.open_asks == ()


def test_a_key_members_idea_needs_both() -> None:
    """Both are asked, each about the other; the room comes with the second yes."""
    scene = proposed()
    scene.then_replies("What they say stays with them").then_asks("Tom", "Ann").then_asks("Ann", "Tom").then_nothing()

    assert scene.when(answers("Ann", "yes")).of(CreateRoom) == []
    assert len(scene.when(answers("Tom", "yes")).of(CreateRoom)) == 1


@pytest.mark.parametrize("before", [True, False])
def test_a_key_member_does_not_learn_of_a_no(before: bool) -> None:  # noqa: FBT001 - a row of the table
    """Who said yes hears a kind no, who was still asked need not answer; Sam hears nothing."""
    scene = proposed()
    if before:
        scene.when(answers("Tom", "yes"))

    scene.when(answers("Ann", "no"))

    scene.then_writes_to("Tom", "There are others" if before else "nothing for you to do").then_nothing_to("Sam").then_nothing_to("Mei")
    assert (scene.open_asks, scene.of(CreateRoom)) == ((), [])


def test_a_key_member_learns_nothing_by_asking_again() -> None:
    """The answer is the same before, during and after, and with a room; nobody is asked again."""
    words = {"by": "Sam", "one": "Tom", "other": "Ann"}
    told = {proposed().of(Reply)[0].text}
    for scene in (proposed(), proposed().when(answers("Ann", "no")), pair()):
        scene.when(command("buddies", **words))
        told.add(scene.of(Reply)[0].text)
        assert scene.of(Asked) == []

    assert len(told) == 1


def test_nobody_sees_a_pair_in_a_list() -> None:
    """A key member's list and page do not show it."""
    assert "buddies" not in pair().when(command("rooms list", by="Sam")).of(Reply)[0].text


def test_who_is_left_alone_may_ask_somebody_else() -> None:
    """When Ann has left the room, Tom can ask again."""
    pair().when(member_leaves("Ann", "buddies-1")).when(command("buddy", by="Tom", who="Mei")).then_asks("Mei")


def test_nobody_is_called_from_a_break() -> None:
    """Ann on a break is not asked; Tom hears that it is not the moment."""
    scene = circle_group().when(command("take a break", by="Ann"), answers("Ann", "yes"))

    scene.when(command("buddy", by="Tom", who="Ann")).then_replies("cannot ask them at the moment").then_nothing()


def test_a_shut_group_makes_no_pair() -> None:
    """While nobody is invited nobody is asked."""
    circle_group().when(says("Mei", "panic")).when(command("buddy", by="Tom", who="Ann")).then_replies("in a few days").then_nothing()


def test_a_yes_while_the_group_is_shut_makes_no_room() -> None:
    """When the group was shut after the question both hear that it has to be asked again later."""
    scene = asked().when(says("Mei", "panic")).when(answers("Ann", "yes"))

    scene.then_writes_to("Tom", "in a few days").then_writes_to("Ann", "in a few days").then_nothing()


@pytest.mark.parametrize(("who", "said"), [("Tom", "somebody else"), ("Rose", "nobody of this name"), ("Eve", "nobody of this name")])
def test_who_cannot_be_a_buddy(who: str, said: str) -> None:
    """Oneself, somebody who is not in chat, somebody who is not of the group."""
    circle_group().when(command("buddy", by="Tom", who=who)).then_replies(said).then_nothing()


@pytest.mark.parametrize(
    ("one", "other", "said"), [("Tom", "Tom", "Name two people"), ("Tom", "Eve", "nobody called “Eve”"), ("", "Ann", "Name two")]
)
def test_an_idea_needs_two_people(one: str, other: str, said: str) -> None:
    """Anything else gets a sentence."""
    circle_group().when(command("buddies", by="Sam", one=one, other=other)).then_replies(said).then_nothing()


def test_when_no_key_member_may_hear_of_a_lock_the_two_do() -> None:
    """Of their room nobody else knows, so nobody else could tell them why they cannot write any more, and what helps."""
    scene = pair().when(room_changes("buddies-1", setting="guests", by="Tom", guests="can_join"), rooms_are_mended("guests"))

    scene.when(rooms_are_mended("guests"))

    scene.then_writes_to("Tom", "I locked the room").then_writes_to("Ann", "rooms unlock buddies-1").then_nothing()
