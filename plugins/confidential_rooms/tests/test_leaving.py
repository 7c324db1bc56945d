"""Leaving for good: one word, one yes, and somebody is out and forgotten."""

from __future__ import annotations

from datetime import timedelta

import pytest
from supportd_confidential_rooms import ConfidentialRooms
from supportd_confidential_rooms.stories import circle_group, talk

from supportd.sdk.effects import ForgetPerson, LetGo, MendRoom, PostDirect, SweepRoom
from supportd.sdk.testing import Asked, Scene, a_group, answers, command, effect_fails, member_leaves, person_added


@pytest.mark.parametrize("words", ["leave", "verlassen"])
def test_the_question_is_honest(words: str) -> None:
    """It says what stays: what others read, mails, paper, pictures, other servers; and that a break would do too."""
    scene = circle_group().when(command(words, by="Tom"))

    scene.then_replies("take a break").then_asks("Tom", "mailed, printed or photographed", "other servers").then_nothing()


def test_a_yes_takes_them_out_of_everything_and_forgets_them() -> None:
    """Every room, private ones too; a thank you; then they are forgotten. Nobody is asked and nobody else is told."""
    scene = talk(circle_group(), "Tom", "Sam").when(command("leave", by="Tom"), answers("Tom", "yes"))

    assert [one.room for one in scene.of(LetGo)] == ["!space", "!circle", "!talk-1"]
    assert [scene.group.name_of(one.person) for one in scene.of(ForgetPerson)] == ["Tom"]
    assert [(scene.group.name_of(one.to), "All the best" in one.text) for one in scene.of(PostDirect)] == [("Tom", True)]
    assert [scene.group.name_of(one.person) for one in scene.of(Asked)] == ["Tom"]


def test_a_no_is_fine() -> None:
    """Nothing has changed, and it is said."""
    scene = circle_group().when(command("leave", by="Tom"))

    scene.when(answers("Tom", "no")).then_writes_to("Tom", "You stay").then_nothing()


def test_silence_is_no_yes() -> None:
    """Without an answer nothing happens."""
    scene = circle_group().when(command("leave", by="Tom"))

    scene.after(timedelta(days=10)).then_nothing()


def test_a_free_place_goes_to_who_waits() -> None:
    """When they are out the next is invited, also when they were forgotten before anybody saw them go."""
    scene = circle_group().when(command("rooms cap", by="Sam", room="circle", number="5"), person_added("Karim"))

    scene.when(command("leave", by="Tom"), answers("Tom", "yes"), member_leaves("Tom", "circle")).then_invites("Karim", "circle")


def test_who_holds_the_rooms_hands_them_on() -> None:
    """An owner's level goes to another key member before they are taken out."""
    scene = circle_group().when(command("leave", by="Jo"), answers("Jo", "yes"))

    assert [[scene.group.name_of(who) for who, level in one.levels if level == 150] for one in scene.of(MendRoom)] == [["Mei", "Sam"]] * 2


def test_on_a_break_one_may_leave_too() -> None:
    """From a break the way out is the same."""
    scene = circle_group().when(command("take a break", by="Tom"), answers("Tom", "yes"))
    scene.when(member_leaves("Tom", "circle"), member_leaves("Tom", "space"))

    scene.when(command("leave", by="Tom"), answers("Tom", "yes"))

    assert (scene.of(LetGo), len(scene.of(ForgetPerson))) == ([], 1)


def test_on_the_way_out_nobody_comes_back() -> None:
    """In the moment before they are forgotten the word back invites nobody."""
    scene = circle_group().when(command("leave", by="Tom"), answers("Tom", "yes"))

    scene.when(command("back", by="Tom")).then_replies("All the best").then_nothing()


def test_nothing_is_kept_of_who_was_forgotten() -> None:
    """After the forgetting no row holds them."""
    scene = circle_group().when(command("leave", by="Tom"), answers("Tom", "yes")).forget("Tom")

    assert "person-tom" not in repr(scene.kept)


def test_hiding_comes_before_leaving() -> None:
    """It is offered, used in every room where the bot is, also where it does not read, and a plain yes hides nothing."""
    scene, other = talk(circle_group(), "Tom", "Sam"), circle_group().when(command("leave", by="Tom"))

    scene.when(command("leave", by="Tom"))
    assert "Hide means yes" in scene.of(Asked)[0].question
    scene.when(answers("Tom", "hide"))

    swept = scene.of(SweepRoom)
    assert [(one.room, scene.group.name_of(one.by) if one.by else "", one.after) for one in swept] == [
        ("!circle", "Tom", None),
        ("!talk-1", "Tom", None),
    ]
    assert [type(one) for one in scene.effects if isinstance(one, (SweepRoom, LetGo))] == [SweepRoom, SweepRoom, LetGo, LetGo, LetGo]
    assert other.when(answers("Tom", "yes")).of(SweepRoom) == []


def test_what_the_server_refuses_is_told() -> None:
    """A room that the bot cannot take them out of is named as something they can do themselves."""
    scene = circle_group().when(command("leave", by="Tom"), answers("Tom", "yes"))

    scene.when(effect_fails(LetGo, "M_FORBIDDEN", "Tom")).then_writes_to("Tom", "Please leave it in your app").then_nothing()


def test_a_terminal_does_not_leave() -> None:
    """The word is for somebody's direct chat; the terminal has people forget."""
    circle_group().when(command("leave")).then_replies("in their direct chat").then_nothing()


def test_the_last_key_member_may_leave() -> None:
    """Nobody is held: the rooms are handed to nobody then, and that is no mistake of the program."""
    scene: Scene = a_group(ConfidentialRooms).with_admins("Jo").with_people("Tom").with_room("circle", "Jo", "Tom")

    scene.when(command("leave", by="Jo"), answers("Jo", "yes"))

    assert len(scene.of(ForgetPerson)) == 1
