"""What the homeserver refuses: one sentence to who wanted it, nothing half done, and no second room."""

from __future__ import annotations

from datetime import timedelta

import pytest
from supportd_confidential_rooms import ConfidentialRooms
from supportd_confidential_rooms.stories import circle_group, talk, with_room

from supportd.sdk.effects import CreateRoom, InviteMember, MendRoom, PostDirect, PostMessage, Reply
from supportd.sdk.panels import TablePanel
from supportd.sdk.testing import Scene, a_group, answers, command, effect_fails, person_added, room_is_ready, turned_on

BLOCKED = "M_INVITE_BLOCKED"


def written(scene: Scene) -> dict[str, str]:
    """Return whom something was written to, and what; each once."""
    found = [(scene.group.name_of(one.to), one.text) for one in scene.of(PostDirect)]
    assert len(dict(found)) == len(found)
    return dict(found)


def making(**more: str) -> Scene:
    """Return the group while Mei has a room called Tea made for Tom."""
    args = {"template": "small_circle", "called": "Tea", "people": "Tom,Mei"} | more
    return circle_group().with_duty("welcome", "Sam").when(command("rooms create", by="Mei", **args))


# ---- invitations -----------------------------------------------------------------------------------------------------


def test_who_had_a_room_made_hears_who_could_not_be_invited() -> None:
    """Mei, who asked for the room, and not who is on duty; when it is ready Tom is not invited once more."""
    scene = making().when(effect_fails(InviteMember, BLOCKED, "Tom", "tea"))

    told = written(scene)
    assert list(told) == ["Mei"]
    assert "Then say: rooms invite tea Tom" in told["Mei"]
    scene.when(room_is_ready("tea"))
    assert [one for one in scene.of(InviteMember) if scene.group.name_of(one.person) == "Tom"] == []


@pytest.mark.parametrize(("by", "hears"), [("Mei", "Mei"), (None, "Sam")])
def test_who_asked_for_an_invitation_hears_that_it_was_refused(by: str | None, hears: str) -> None:
    """Where a terminal asked, the key member on duty hears it; once, however often the homeserver says so."""
    scene = with_room(circle_group().with_duty("welcome", "Sam"), "Tea", "Ann")
    scene.when(command("rooms invite", by=by, room="tea", who="Tom"))

    scene.when(effect_fails(InviteMember, BLOCKED, "Tom", "tea"))
    told = written(scene)
    scene.when(effect_fails(InviteMember, BLOCKED, "Tom", "tea"))

    assert list(told) == [hears]
    assert "Tom does not take invitations" in told[hears]
    assert scene.of(PostDirect) == []
    assert scene.kept["confidential_rooms_plans"] == ()


def test_who_is_entered_and_cannot_be_invited_is_told_once() -> None:
    """The space and the circle refuse alike, and nobody is invited again unasked; asked, both are tried."""
    scene = circle_group().with_duty("welcome", "Sam").when(person_added("Karim"))
    scene.when(effect_fails(InviteMember, BLOCKED, "Karim", "space"), effect_fails(InviteMember, BLOCKED, "Karim", "circle"))

    assert list(written(scene)) == ["Sam"]
    scene.when(turned_on()).then_nothing()
    scene.when(command("rooms invite", by="Sam", room="circle", who="Karim"))
    assert sorted(one.room for one in scene.of(InviteMember)) == ["!circle", "!space"]


def test_a_place_that_cannot_be_taken_is_free() -> None:
    """Who could not be invited holds no place against others; when they come after all they have it."""
    scene = with_room(circle_group(), "Tea", "Ann").when(command("rooms invite", by="Mei", room="tea", who="Tom"))

    scene.when(effect_fails(InviteMember, BLOCKED, "Tom", "tea"))

    assert {row["person_id"]: row["state"] for row in scene.kept["confidential_rooms_places"] if row["key"] == "tea"}[
        "person-tom"
    ] == "blocked"


# ---- rooms that cannot be made ---------------------------------------------------------------------------------------


def test_a_room_that_cannot_be_made_leaves_nothing() -> None:
    """Mei hears it once; the name is free again, and the next try makes the room."""
    scene = making().when(effect_fails(CreateRoom, "M_FORBIDDEN", room="tea"))

    told = written(scene)
    assert list(told) == ["Mei"]
    assert "The room tea could not be made" in told["Mei"]
    scene.when(command("rooms create", by="Sam", template="small_circle", called="Tea", people="Tom")).then_creates_room("tea")


def test_a_talk_that_cannot_be_made_is_told_to_the_two() -> None:
    """Nobody else hears that they wanted to talk; both may try again."""
    scene = circle_group().with_duty("talk", "Sam").with_duty("welcome", "Mei").when(command("talk", by="Tom"), answers("Sam", "yes"))

    scene.when(effect_fails(CreateRoom, "M_FORBIDDEN", room="talk-1"))

    told = written(scene)
    assert sorted(told) == ["Sam", "Tom"]
    assert all("could not be made" in one for one in told.values())
    scene.when(command("talk", by="Tom")).then_replies("I am asking").then_asks("Sam", "would like to talk").then_nothing()


def test_the_first_rooms_are_tried_again_when_the_plugin_is_turned_on_again() -> None:
    """A server that refused the space makes it at the next try."""
    scene = (
        a_group(ConfidentialRooms).with_key_members("Jo", "Sam").when(turned_on(), effect_fails(CreateRoom, "M_FORBIDDEN", room="space"))
    )

    assert len(written(scene)) == 1
    scene.when(turned_on()).then_creates_room("space")


# ---- rooms that are not there any more -------------------------------------------------------------------------------


def test_a_room_that_is_gone_is_told_once() -> None:
    """The key members of it hear it and what to do; then it is in no list, no audit and on no page, and takes no command."""
    scene = with_room(circle_group(), "Tea", "Tom", "Mei")
    scene.when(effect_fails(MendRoom, "M_FORBIDDEN", room="tea"))

    told = written(scene)
    assert set(told) == {"Jo", "Mei"}
    assert all("rooms create small_circle tea NAME,NAME" in one for one in told.values())
    scene.when(effect_fails(MendRoom, "M_FORBIDDEN", room="tea")).then_nothing()
    scene.when(command("rooms invite", by="Mei", room="tea", who="Ann")).then_replies("There is no room “tea”").then_nothing()
    assert "tea" not in scene.when(command("rooms list", by="Mei")).of(Reply)[0].text
    assert "tea" not in scene.when(command("rooms audit", by="Mei")).of(Reply)[0].text
    panels = ConfidentialRooms().panels(scene.group, scene.store, ConfidentialRooms.settings())
    assert "tea" not in [one.title for one in panels if isinstance(one, TablePanel)]


def test_a_new_room_takes_the_place_of_one_that_is_gone() -> None:
    """Under the same word; the old one points to it, where it is still there."""
    scene = with_room(circle_group(), "Tea", "Tom").when(effect_fails(MendRoom, "M_NOT_FOUND", room="tea"))

    scene.when(command("rooms create", by="Mei", template="small_circle", called="Tea", people="Tom"))

    (made,) = scene.of(CreateRoom)
    assert (made.key, made.replaces) == ("tea", "!tea")
    scene.when(room_is_ready("tea"), command("rooms list", by="Mei"))
    assert "tea: template small_circle, state open" in scene.of(Reply)[-1].text


@pytest.mark.parametrize("key", ["circle", "space"])
def test_the_group_s_own_rooms_can_be_made_again_when_they_are_gone(key: str) -> None:
    """Only then, by the name they are known by; everybody is invited as at the first time."""
    scene = circle_group().when(command("rooms create", by="Jo", template=key, called=key)).then_replies("is made by supportd itself")
    scene.then_nothing()

    scene.when(effect_fails(MendRoom, "M_FORBIDDEN", room=key))
    assert all(f"rooms create {key} {key}." in one for one in written(scene).values())
    scene.when(command("rooms create", by="Jo", template=key, called="Other")).then_replies("is made by supportd itself").then_nothing()
    scene.when(command("rooms create", by="Jo", template=key, called=key))

    (made,) = scene.of(CreateRoom)
    assert (made.key, made.replaces, len(made.members)) == (key, f"!{key}", 5)
    assert made.spec.name == ("Tuesday group: circle" if key == "circle" else "Tuesday group")


def test_a_talk_that_is_gone_is_told_to_the_two() -> None:
    """Its key member and its member; the other key members never heard of it, and both may talk anew."""
    scene = talk(circle_group(), "Tom", "Sam")

    scene.when(effect_fails(MendRoom, "M_FORBIDDEN", room="talk-1"))

    assert sorted(written(scene)) == ["Sam", "Tom"]
    scene.when(command("talk", by="Tom")).then_replies("I am asking")


def test_a_closed_room_that_is_deleted_is_nobody_s_concern() -> None:
    """It ended before."""
    scene = with_room(circle_group(), "Tea", "Tom").when(command("rooms close", by="Mei", room="tea")).after(timedelta(minutes=1))

    scene.when(effect_fails(MendRoom, "M_FORBIDDEN", room="tea")).then_nothing()
    scene.when(command("rooms invite", by="Mei", room="tea", who="Ann")).then_replies("There is no room “tea”")


def test_a_refused_invitation_lets_the_room_be_looked_at() -> None:
    """A room that was deleted while nobody looked is found out by the first invitation that fails."""
    scene = with_room(circle_group(), "Tea", "Ann").when(command("rooms invite", by="Mei", room="tea", who="Tom"))

    scene.when(effect_fails(InviteMember, "M_FORBIDDEN", "Tom", "tea"))

    assert list(written(scene)) == ["Mei"]
    assert [one.room for one in scene.of(MendRoom)] == ["!tea"]


def test_a_message_that_is_refused_loses_no_room() -> None:
    """Only where a room itself cannot be set back is it taken for gone; words that did not arrive say nothing about it."""
    scene = with_room(circle_group(), "Tea", "Tom", "Mei").when(effect_fails(PostMessage, "M_FORBIDDEN", room="tea")).then_nothing()

    assert "tea" in scene.when(command("rooms list", by="Mei")).of(Reply)[0].text
