"""A room that somebody replaced is opened again as the group decided."""

from __future__ import annotations

from supportd_confidential_rooms.plugin import ConfidentialRooms

from supportd.sdk.effects import CreateRoom, LinkRoom, MendRoom, PostDirect
from supportd.sdk.testing import Scene, a_group, answers, command, member_joins, room_is_ready, room_upgraded, turned_on


def group() -> Scene:
    """Return a group in whose rooms are two key members and Tom."""
    scene = a_group(ConfidentialRooms).with_key_members("Jo", "Sam").with_people("Tom")
    scene.when(turned_on(), room_is_ready("space"), room_is_ready("circle"))
    return scene.when(*[member_joins(name, room) for name in ("Jo", "Sam", "Tom") for room in ("space", "circle")])


def test_our_own_room_stands_in_its_place() -> None:
    """The old room is locked, a new one with the same settings and people is asked for, and the key members hear who did it."""
    scene = group()
    before = next(room.spec for room in scene.group.rooms if room.key == "circle")

    scene.when(room_upgraded("Jo"))

    (locked,), (made,) = scene.of(MendRoom), scene.of(CreateRoom)
    assert (locked.room, locked.spec.powers.talk) == ("!circle", 100)
    assert (made.key, made.replaces, made.spec) == ("circle", "!circle", before)
    assert {scene.group.name_of(one) for one in made.members} == {"Jo", "Sam", "Tom"}
    assert {scene.group.name_of(one) for one in made.owners} == {"Jo", "Sam"}
    assert ["replaced by Jo" in one.text for one in scene.of(PostDirect)] == [True, True]


def test_the_new_room_is_the_circle() -> None:
    """It is shown in the space, and watched as the old one was."""
    scene = group().when(room_upgraded("Jo"))

    scene.when(room_is_ready("circle")).then_yields(LinkRoom, space="!space", room="!circle+")

    assert [room.id for room in scene.group.rooms if room.key == "circle"] == ["!circle+"]


def test_a_new_space_shows_the_rooms_again() -> None:
    """Where the space was replaced, the rooms of everybody are linked to the new one."""
    scene = group().when(room_upgraded("Jo", "space"))

    scene.when(room_is_ready("space"))

    assert [(one.room, one.links) for one in scene.of(MendRoom) if one.room == "!circle"] == [("!circle", ("!space+",))]


def test_rooms_of_others_are_theirs() -> None:
    """Of a room that supportd does not keep nothing is made."""
    scene = group().with_room("other", "Tom")

    scene.when(room_upgraded("Tom", "other")).then_nothing()


def test_whom_a_review_is_about_does_not_come_along() -> None:
    """Somebody who used an account of ours brought Tom into the review about him and replaced it: into the new one he is not invited."""
    scene = group().when(command("rooms review", by="Sam", people="Jo,Sam", about="about", who="Tom"))
    scene.when(answers("Jo", "yes"), answers("Sam", "yes"), room_is_ready("review-1"))
    scene.when(*[member_joins(name, "review-1") for name in ("Jo", "Sam", "Tom")])

    scene.when(room_upgraded(None, "review-1"))

    assert {scene.group.name_of(one) for one in scene.of(CreateRoom)[0].members} == {"Jo", "Sam"}
