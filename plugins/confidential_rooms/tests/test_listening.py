"""Two key members decide how much the bot hears, everybody there is told, and nobody is left alone with a room."""

from __future__ import annotations

from datetime import timedelta

import pytest
from supportd_confidential_rooms.stories import circle_group, talk, with_room

from supportd.sdk.effects import MendRoom, PostMessage, Reply
from supportd.sdk.testing import Asked, Scene, answers, command, member_leaves, roles_change, room_changes, rooms_are_mended

SOON = timedelta(seconds=11)


def asked_for(level: str, room: str = "circle") -> Scene:
    """Return the group whose key members are asked about a level."""
    return circle_group().when(command("rooms listening", by="Jo", room=room, level=level))


def test_every_key_member_is_asked() -> None:
    """The one who wants it says yes in words like the others."""
    scene = asked_for("doorkeeper")

    scene.then_replies("3 are asked now").then_asks("Jo").then_asks("Sam").then_asks("Mei").then_nothing()


def test_one_yes_is_not_enough() -> None:
    """With one yes nothing changes, also when one person says it twice."""
    scene = asked_for("doorkeeper").when(answers("Jo", "yes"), answers("Jo", "yes"))

    scene.then_nothing().after(timedelta(hours=80)).then_nothing()


def test_two_yes_are_announced_and_then_done() -> None:
    """The room reads that the bot stops reading before it stops."""
    scene = asked_for("doorkeeper").when(answers("Jo", "yes"), answers("Sam", "yes"))
    scene.then_posts("I stop reading in this room")
    assert scene.of(MendRoom) == []

    scene.after(SOON)

    assert [one.spec.listening for one in scene.of(MendRoom)] == ["doorkeeper"]


def test_two_no_end_it() -> None:
    """After two no nobody's yes counts any more."""
    asked_for("doorkeeper").when(answers("Jo", "no"), answers("Sam", "no")).then_nothing().after(timedelta(hours=80)).then_nothing()


def test_coming_back_to_read_is_said_in_the_room() -> None:
    """When the bot reads again the room hears it from the bot."""
    scene = asked_for("doorkeeper").when(answers("Jo", "yes"), answers("Sam", "yes")).after(SOON).when(rooms_are_mended())

    scene.when(command("rooms listening", by="Jo", room="circle", level="reader"), answers("Jo", "yes"), answers("Mei", "yes"))
    scene.after(SOON).when(rooms_are_mended())

    scene.then_posts("from now on I can read in this room")


def test_a_note_that_is_set_back_is_no_news() -> None:
    """Mei takes the note on listening out of the topic; it comes back, and nobody is told that the bot begins to read."""
    scene = circle_group().when(room_changes("circle", by="Mei", setting="name and topic", topic="Nobody reads here"))

    assert len(scene.of(MendRoom)) == 1
    assert scene.when(rooms_are_mended()).of(PostMessage) == []


def test_absent_leaves_the_room_to_two_keepers() -> None:
    """Two key members who are in it get the highest level, and the topic says so."""
    scene = asked_for("absent").when(answers("Jo", "yes"), answers("Mei", "yes")).after(SOON)

    wanted = scene.of(MendRoom)[0]
    assert wanted.spec.listening == "absent"
    assert [scene.group.name_of(who) for who, level in wanted.levels if level == 150] == ["Jo", "Sam"]
    assert "Two key members keep it" in wanted.spec.note


def test_nobody_is_left_alone_with_a_room() -> None:
    """With one key member in it the bot stays; also when the second leaves between the decision and the change."""
    scene = asked_for("absent").when(answers("Jo", "yes"), answers("Mei", "yes"), member_leaves("Sam"), member_leaves("Mei"))
    scene.after(SOON)
    assert scene.of(MendRoom) == []

    scene.when(command("rooms listening", by="Jo", room="circle", level="absent")).then_replies("so that nobody is left alone with it")


def test_an_absent_room_is_not_taken_back() -> None:
    """Where the bot has gone it cannot come back by itself, and an audit says so."""
    scene = asked_for("absent").when(answers("Jo", "yes"), answers("Mei", "yes")).after(SOON).when(rooms_are_mended())

    scene.when(command("rooms listening", by="Jo", room="circle", level="reader")).then_replies("cannot come back by itself")
    assert "not looked at: supportd is not in it" in scene.when(command("rooms audit")).of(Reply)[0].text


@pytest.mark.parametrize(
    ("room", "level", "said"),
    [
        ("circle", "loud", "one of: absent, doorkeeper, reader"),
        ("tea", "reader", "There is no room “tea”"),
        ("space", "doorkeeper", "Nobody talks in the space"),
        ("circle", "reader", "is reader already"),
    ],
)
def test_what_makes_no_sense_is_said(room: str, level: str, said: str) -> None:
    """One sentence, and nobody is asked."""
    asked_for(level, room).then_replies(said).then_nothing()


def test_only_who_is_in_a_small_circle_decides_on_it() -> None:
    """Key members who are not in a room are not asked how much is heard there."""
    scene = with_room(circle_group(), "Tea", "Tom")

    scene.when(command("rooms listening", by="Jo", room="tea", level="doorkeeper"))

    assert {scene.group.name_of(one.person) for one in scene.of(Asked)} == {"Jo", "Sam"}


def test_a_talk_stays_unread() -> None:
    """In a talk there are no two key members who could decide that the bot reads."""
    scene = talk(circle_group(), "Tom", "Sam")

    scene.when(command("rooms listening", by="Sam", room="talk-1", level="reader")).then_replies(
        "there are not two who could"
    ).then_nothing()


def test_the_table_says_what_works_where() -> None:
    """Anybody can read what works at which level."""
    scene = circle_group().when(command("rooms levels", by="Tom"))

    scene.then_replies("Words reach members by email | yes | no | no")
    assert scene.of(PostMessage) == []


def test_a_yes_counts_only_of_who_is_a_key_member_then() -> None:
    """Mei said yes and lost the role: Sam's yes alone changes nothing, Jo's with it does."""
    scene = asked_for("doorkeeper").when(answers("Mei", "yes"), roles_change("Mei"), answers("Sam", "yes"))
    assert scene.of(PostMessage) == []

    scene.when(answers("Jo", "yes")).then_posts("I stop reading in this room")
