"""Panic: any key member shuts the group by one word; two open it again."""

from __future__ import annotations

from datetime import timedelta

import pytest
from supportd_confidential_rooms.stories import circle_group, talk, with_room

from supportd.sdk.effects import InviteMember, MendRoom, OpenGroup, PostDirect, PostMessage, ShutGroup
from supportd.sdk.ids import RoomId
from supportd.sdk.testing import Scene, answers, command, member_joins, person_added, roles_change, rooms_are_mended, says

LATER = timedelta(days=30)


def shut() -> Scene:
    """Return a group that Sam has shut, in which Karim is new."""
    scene = circle_group().after(LATER).when(person_added("Karim"), member_joins("Karim", "circle"))
    return scene.when(command("panic", by="Sam"))


@pytest.mark.parametrize("word", ["panic", "PANIC", "Panik", "!panic", " panic. ", "panic!"])
def test_one_word_in_any_room_shuts_the_group(word: str) -> None:
    """Whatever signs stand around it, and in any room the bot reads."""
    scene = circle_group().when(says("Mei", word))

    assert len(scene.of(ShutGroup)) == 1


@pytest.mark.parametrize(
    ("who", "text", "proven"), [("Tom", "panic", True), ("Mei", "do not panic", True), ("Mei", "panic", False), ("Mei", "panic room", True)]
)
def test_what_does_not_shut_it(who: str, text: str, proven: bool) -> None:  # noqa: FBT001 - a row of the table
    """A member's word, a sentence with the word in it, or a word whose author is not proven."""
    circle_group().when(says(who, text, proven=proven)).then_nothing()


def test_the_word_in_a_direct_chat_shuts_it_too() -> None:
    """The key member gets an answer; the other key members hear at once who did it."""
    scene = shut()

    scene.then_replies("The group is shut").then_yields(ShutGroup)
    assert [(scene.group.name_of(one.to), one.urgent, "by Sam" in one.text) for one in scene.of(PostDirect)] == [
        ("Jo", True, True),
        ("Mei", True, True),
    ]


def test_doors_are_shut_and_newcomers_cannot_write() -> None:
    """In every room inviting takes the highest level, and who is new has the level -1 until two open again."""
    scene = shut()

    mends = {one.room: one for one in scene.of(MendRoom)}
    assert set(mends) == {"!space", "!circle"}
    assert mends[RoomId("!circle")].spec.powers.invite == 100
    assert [scene.group.name_of(who) for who, level in mends[RoomId("!circle")].levels if level == -1] == ["Karim"]
    assert ["The group is shut for a while" in one.text for one in scene.of(PostMessage)] == [True]


def test_links_are_taken_back_and_invitations_refused() -> None:
    """Nobody who is added is invited, nobody can be invited by hand, and no link works."""
    scene = shut()
    assert (scene.open_links, scene.group.shut) == ((), scene.group.now)

    scene.when(person_added("Lee")).then_nothing()
    scene.when(command("rooms invite", by="Jo", room="circle", who="Lee")).then_replies("Nobody is let into this room").then_nothing()


def test_a_second_word_changes_nothing() -> None:
    """Shutting what is shut is said and done once."""
    shut().when(command("panic", by="Mei")).then_replies("The group is shut already").then_nothing()


def test_one_cannot_open_it_alone() -> None:
    """Neither the one who shut it nor another opens the group with one yes."""
    scene = shut().when(command("open again", by="Sam"), answers("Sam", "yes"), answers("Sam", "yes"))

    assert scene.of(OpenGroup) == []
    assert scene.group.shut is not None
    scene.after(timedelta(hours=80)).then_nothing()


def test_two_open_it_and_who_waited_is_invited() -> None:
    """Everything is as before, the newcomer may write, and who was added meanwhile is invited."""
    scene = shut().when(person_added("Lee"), command("open again", by="Sam"), answers("Sam", "yes"), answers("Mei", "yes"))

    assert [len(scene.of(OpenGroup)), scene.group.shut] == [1, None]
    assert all(level > 0 for one in scene.of(MendRoom) for _who, level in one.levels)
    assert ["The group is open again" in one.text for one in scene.of(PostMessage)] == [True]
    scene.after(timedelta(seconds=2)).then_invites("Lee", "space").then_invites("Lee", "circle")
    assert scene.of(InviteMember) == []


def test_two_no_leave_it_shut() -> None:
    """When two do not agree the group stays shut, and it can be asked again."""
    scene = shut().when(command("open again", by="Sam"), answers("Jo", "no"), answers("Mei", "no"))

    assert scene.group.shut is not None
    scene.when(command("open again", by="Sam")).then_replies("3 are asked now")


def test_an_open_group_is_not_opened() -> None:
    """Without a panic there is nothing to ask."""
    circle_group().when(command("open again", by="Sam")).then_replies("The group is open").then_nothing()


def test_a_talk_is_shut_without_a_word_in_it() -> None:
    """In a talk the doors are shut too; the bot does not speak there."""
    scene = talk(circle_group(), "Tom", "Sam").after(LATER).when(command("panic", by="Mei"))

    assert "!talk-1" in {one.room for one in scene.of(MendRoom)}
    assert {one.room for one in scene.of(PostMessage)} == {"!circle"}


def test_a_yes_counts_only_of_who_is_a_key_member_then() -> None:
    """Sam said yes and lost the role: Mei's yes alone opens nothing, Jo's with it does."""
    scene = shut().when(command("open again", by="Sam"), answers("Sam", "yes"), roles_change("Sam"), answers("Mei", "yes"))
    assert scene.group.shut is not None

    assert scene.when(answers("Jo", "yes")).group.shut is None


def test_where_the_bot_is_not_it_shuts_nothing() -> None:
    """An absent room is its keepers': the bot does not try to set anything there, and would only be refused."""
    scene = circle_group().when(command("rooms listening", by="Jo", room="circle", level="absent"))
    scene.when(answers("Jo", "yes"), answers("Mei", "yes")).after(timedelta(seconds=11)).when(rooms_are_mended())

    scene.when(command("panic", by="Sam"))

    assert [one.room for one in scene.of(MendRoom)] == ["!space"]


def test_the_space_shows_rooms_of_everybody_only() -> None:
    """Whatever mends a room leaves a small circle out of the list that everybody sees."""
    scene = with_room(circle_group(), "Tea", "Tom").when(command("panic", by="Sam"))

    assert {one.room: one.links for one in scene.of(MendRoom)} == {"!space": None, "!circle": ("!space",), "!tea": ()}
