"""The end of a room: announced, then nobody writes any more."""

from __future__ import annotations

from datetime import timedelta

import pytest
from supportd_confidential_rooms.stories import circle_group, with_room

from supportd.sdk.effects import MendRoom
from supportd.sdk.testing import Scene, command, member_leaves, room_is_ready, rooms_are_mended

SOON, WEEK = timedelta(seconds=11), timedelta(weeks=1)


def tea() -> Scene:
    """Return the group with a smaller circle in which Tom is."""
    return with_room(circle_group(), "Tea", "Tom")


def test_a_room_is_told_before_it_closes() -> None:
    """The room reads that it closes, and a moment later nobody can write or be invited."""
    scene = tea().when(command("rooms close", by="Jo", room="tea"))
    scene.then_replies("The room tea closes now").then_posts("This room closes now", room="tea")
    assert scene.of(MendRoom) == []

    scene.after(SOON)

    wanted = scene.of(MendRoom)[0]
    assert (wanted.spec.powers.talk, wanted.spec.powers.invite) == (100, 100)
    scene.when(command("rooms list", by="Jo")).then_replies("state closed")


def test_nobody_is_let_into_a_closed_room() -> None:
    """Neither by hand nor when somebody leaves, and closing it again is only said."""
    scene = tea().when(command("rooms close", by="Jo", room="tea")).after(SOON)

    scene.when(command("rooms invite", by="Jo", room="tea", who="Ann")).then_replies("Nobody is let into this room").then_nothing()
    scene.when(member_leaves("Tom", "tea")).then_nothing()
    scene.when(command("rooms close", by="Jo", room="tea")).then_replies("closed already").then_nothing()


@pytest.mark.parametrize(("room", "said"), [("space", "stay open"), ("circle", "stay open"), ("cake", "There is no room “cake”")])
def test_what_cannot_be_closed(room: str, said: str) -> None:
    """The space and the circle stay as long as the group is there; a room that is not there cannot close."""
    circle_group().when(command("rooms close", by="Jo", room=room)).then_replies(said).then_nothing()


def test_a_meeting_that_ended_is_shown_in_the_space_no_more() -> None:
    """While it is open everybody sees it there."""
    scene = with_room(circle_group(), "Walk", template="meeting").when(command("rooms close", by="Jo", room="walk"))

    (closed,) = scene.after(SOON).of(MendRoom)

    assert (closed.room, closed.links) == ("!walk", ())


def test_a_room_for_one_meeting_ends_by_itself() -> None:
    """Whoever makes it reads so; a week later the room is told, and then nobody writes there any more."""
    scene = circle_group().when(command("rooms create", by="Jo", template="meeting", called="Walk"))
    scene.then_replies("closes by itself after 7 days")
    scene.when(room_is_ready("walk")).after(WEEK - SOON)
    assert scene.of(MendRoom) == []

    scene.after(SOON).then_posts("This room closes now", room="walk")

    assert [(one.room, one.spec.powers.talk) for one in scene.after(SOON).of(MendRoom)] == [("!walk", 100)]


def test_other_rooms_stay_and_a_group_decides() -> None:
    """A small circle has no end, but where an admin gave its kind one; what is there already keeps what it was made with."""
    scene = with_room(circle_group(), "Tea", "Tom").when(
        command("rooms change", by="Jo", template="small_circle", field="ends_days", value="2")
    )
    with_room(scene, "Cake", "Ann").when(rooms_are_mended())

    scene.after(timedelta(days=2)).then_posts("This room closes now", room="cake")

    assert {one.room for one in scene.after(WEEK).of(MendRoom)} == {"!cake"}
