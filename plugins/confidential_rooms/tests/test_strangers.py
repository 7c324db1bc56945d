"""Who is in a room and nobody entered: key members there see them, and one word sends them away."""

from __future__ import annotations

import json

import pytest
from supportd_confidential_rooms.stories import circle_group, talk

from supportd.sdk.effects import RemoveMember, RemoveStranger, Reply
from supportd.sdk.testing import Scene, command, stranger_comes

EVE = "Eve (@eve:example.org)"


def with_eve() -> Scene:
    """Return a group into whose circle Mei's app let Eve."""
    return circle_group().when(stranger_comes(EVE, by="Mei"))


def listed(scene: Scene, by: str | None, room: str = "") -> Reply:
    """Return the answer to ``rooms strangers``; nothing else may follow."""
    (reply,) = scene.when(command("rooms strangers", by=by, room=room)).of(Reply)
    scene.then_replies().then_nothing()
    return reply


def removed(scene: Scene) -> list[tuple[str, str]]:
    """Return whom the last step removes at once, and from where."""
    return [(str(one.room), one.stranger) for one in scene.of(RemoveStranger)]


def test_a_key_member_sees_who_is_there_and_who_let_them_in() -> None:
    """One line for each stranger: room, name with address, whether they are inside, by whom; a program gets the same as data."""
    scene = with_eve().when(stranger_comes("@bot:example.org", "space", inside=False))

    reply = listed(scene, "Jo")

    assert set(reply.text.splitlines()) == {f"circle: {EVE}, inside, invited by Mei", "space: @bot:example.org, invited"}
    rows = {one["room"]: one for one in json.loads(reply.data)["strangers"]}
    since = scene.group.now.isoformat()
    assert rows["circle"] == {"room": "circle", "who": EVE, "state": "inside", "by": "Mei", "since": since}
    assert rows["space"] == {"room": "space", "who": "@bot:example.org", "state": "invited", "by": "", "since": since}


def test_one_room_alone_can_be_asked_for() -> None:
    """With a room's word the others are left out; where nobody is, that is said."""
    scene = with_eve()

    assert listed(scene, "Jo", "circle").text == f"circle: {EVE}, inside, invited by Mei"
    assert listed(scene, "Jo", "space").text == "Everybody there is in the group's people."


def test_strangers_of_a_private_room_are_for_who_is_in_it() -> None:
    """Sam, who is in the talk, and the terminal see them; Mei does not, and by its word the room is to her as one that is not there."""
    scene = talk(circle_group(), "Tom", "Sam").when(stranger_comes(EVE, "talk-1", by="Tom"))

    mei, by_word, not_there = listed(scene, "Mei"), listed(scene, "Mei", "talk-1"), listed(scene, "Mei", "talk-9")

    assert mei.text == "Everybody there is in the group's people."
    assert json.loads(mei.data) == {"strangers": []}
    assert (by_word.text, by_word.status) == (not_there.text.replace("talk-9", "talk-1"), 1)
    assert all(EVE in listed(scene, by).text for by in ("Sam", None))


@pytest.mark.parametrize("who", [EVE, "@eve:example.org"])
@pytest.mark.parametrize("by", ["Jo", None])
def test_a_stranger_is_removed_at_one_word(who: str, by: str | None) -> None:
    """By their address, or by all that the list shows; nobody is asked first, and the list is empty afterwards."""
    scene = with_eve().when(command("rooms remove", by=by, room="circle", who=who))

    assert removed(scene) == [("!circle", "stranger-1")]
    scene.then_yields(RemoveStranger, reason="This room is for people of the group only.")
    scene.then_replies(EVE, "is being removed from the room circle").then_nothing()
    assert listed(scene, "Jo").text == "Everybody there is in the group's people."


def test_only_who_is_meant_is_removed() -> None:
    """Another stranger in the same room stays, and the same one in another room too: each removal is of one room."""
    scene = with_eve().when(stranger_comes("Eve (@eva:example.org)"), stranger_comes(EVE, "space"))

    scene.when(command("rooms remove", by="Jo", room="circle", who="@eve:example.org"))

    left = {(room.key, one.shown) for room in scene.group.rooms for one in room.strangers}
    assert left == {("circle", "Eve (@eva:example.org)"), ("space", EVE)}


@pytest.mark.parametrize("who", ["Eve", "@eve:example", "nobody", ""])
def test_a_stranger_is_not_removed_by_half_a_word(who: str) -> None:
    """A shown name anybody can choose, so it is no address; what to write instead is said, and nothing happens."""
    scene = with_eve().when(command("rooms remove", by="Jo", room="circle", who=who))

    assert [one.status for one in scene.of(Reply)] == [1]
    scene.then_replies("write the address that rooms strangers shows").then_nothing()


def test_a_stranger_with_a_members_name_is_no_trap() -> None:
    """Who calls themselves Tom is removed by their address; the word Tom means the member, and key members are asked first."""
    scene = circle_group().when(stranger_comes("Tom (@eve:example.org)"))

    by_name = [type(one) for one in scene.when(command("rooms remove", by="Jo", room="circle", who="Tom")).of(RemoveMember)]
    scene.when(command("rooms remove", by="Jo", room="circle", who="@eve:example.org"))

    assert by_name == [RemoveMember]
    assert removed(scene) == [("!circle", "stranger-1")]
    assert scene.of(RemoveMember) == []


def test_where_two_could_be_meant_nobody_is_removed() -> None:
    """A member may call themselves what is a stranger's address."""
    scene = circle_group("@eve:example.org").when(stranger_comes(EVE))

    scene.when(command("rooms remove", by="Jo", room="circle", who="@eve:example.org"))

    scene.then_replies("I do not know for sure").then_nothing()


def test_somebody_of_the_group_is_not_removed_at_once() -> None:
    """It is the removal that the key members have to agree to, and whoever said it reads so; the case of letters is no matter."""
    scene = with_eve().when(command("rooms remove", by="Jo", room="circle", who="tom"))

    tom = next(one.id for one in scene.group.people if one.name == "Tom")
    scene.then_yields(RemoveMember, person=tom, room="!circle").then_replies("Tom is of the group", "asked first").then_nothing()


def test_somebody_of_the_group_who_is_not_in_the_room_is_nobody_there() -> None:
    """Rose, who has no computer, is in no room, so there is nothing to remove."""
    scene = with_eve().when(command("rooms remove", by="Jo", room="circle", who="Rose"))

    scene.then_replies("I do not know for sure who “Rose” in this room is").then_nothing()


@pytest.mark.parametrize("room", ["talk-1", "talk-9"])
def test_nobody_is_removed_from_a_room_one_is_not_in(room: str) -> None:
    """Of a private room that others have, as of none at all, there is one answer: no such room."""
    scene = talk(circle_group(), "Tom", "Sam").when(stranger_comes(EVE, "talk-1", by="Tom"))

    scene.when(command("rooms remove", by="Mei", room=room, who="@eve:example.org"))

    assert [(one.text, one.status) for one in scene.of(Reply)] == [(f"There is no room “{room}” that you are in: see rooms list.", 1)]
    scene.then_replies().then_nothing()
    scene.when(command("rooms remove", by="Sam", room="talk-1", who="@eve:example.org"))
    assert removed(scene) == [("!talk-1", "stranger-1")]
