"""A key member makes a room; every bad input gets one sentence and makes none."""

from __future__ import annotations

import pytest
from supportd_confidential_rooms.stories import circle_group, with_room

from supportd.sdk.effects import CreateRoom, InviteMember, PostDirect, Reply
from supportd.sdk.testing import answers, command, effect_fails, room_is_ready

BIDI = "Tea \N{RIGHT-TO-LEFT OVERRIDE}nepo"


def test_a_room_is_made_for_those_who_are_named() -> None:
    """The people named are invited, two key members own it, and the answer says so."""
    scene = circle_group().when(command("rooms create", by="Sam", template="small_circle", called="Tea at four", people="tom, Ann"))

    made, people = scene.of(CreateRoom)[0], {one.name: one.id for one in scene.group.people}
    assert (made.key, made.spec.name) == ("tea-at-four", "Tea at four")
    assert set(made.members) == {people[name] for name in ("Tom", "Ann", "Jo", "Sam")}
    assert set(made.owners) == {people["Jo"], people["Sam"]}
    scene.then_replies("The room tea-at-four is being made")


@pytest.mark.parametrize(
    ("template", "called", "people", "said"),
    [
        ("tea", "Tea", "Tom", "There is no template “tea”"),
        ("space", "Tea", "", "made by supportd itself"),
        ("circle", "Tea", "", "made by supportd itself"),
        ("talk", "Tea", "Tom", "whoever wants to talk"),
        ("buddies", "Tea", "Tom,Ann", "buddies NAME NAME"),
        ("review", "Tea", "Sam,Mei", "rooms review"),
        ("quiet", "", "Tom", "A room needs a name"),
        ("quiet", " ", "Tom", "A room needs a name"),
        ("quiet", "t" * 300, "Tom", "at most 100 characters"),
        ("quiet", BIDI, "Tom", "without hidden signs"),
        ("quiet", "Tea\nCake", "Tom", "without hidden signs"),
        ("quiet", "Circle", "Tom", "There is a room “circle” already"),
        ("quiet", "Tea", "", "Say whom the room is for"),
        ("quiet", "Tea", "Rose", "nobody called “Rose” with a chat account"),
        ("quiet", "Tea", "Tom,@eve:elsewhere.example", "nobody called “@eve:elsewhere.example”"),
        ("meeting", "Tea", "Tom", "leave the names out"),
    ],
)
def test_bad_input_makes_no_room(template: str, called: str, people: str, said: str) -> None:
    """One sentence says what to do, and nothing is kept."""
    scene = circle_group()
    before = scene.kept

    scene.when(command("rooms create", by="Sam", template=template, called=called, people=people))

    assert [(one.status, said in one.text) for one in scene.of(Reply)] == [(1, True)]
    assert (scene.of(CreateRoom), scene.kept) == ([], before)


def test_more_people_than_places_make_no_room() -> None:
    """Naming more people than a room of this kind has is said before anything is made."""
    scene = circle_group().when(command("rooms change", by="Jo", template="quiet", field="cap", value="2"))

    scene.when(command("rooms create", by="Sam", template="quiet", called="Tea", people="Tom,Ann,Mei")).then_replies("at most 2 people")

    scene.then_nothing()


def test_two_admins_who_make_the_same_room_make_one() -> None:
    """The second, however the name is written, is told that it is there, also while it is being made."""
    scene = circle_group().when(command("rooms create", by="Sam", template="quiet", called="Tea", people="Tom"))

    scene.when(command("rooms create", by="Jo", template="quiet", called="  TEA ", people="Ann")).then_replies(
        "There is a room “tea” already"
    )
    scene.then_nothing().when(room_is_ready("tea"))
    scene.when(command("rooms create", by="Jo", template="quiet", called="tea.", people="Ann")).then_replies(
        "There is a room “tea” already"
    )
    scene.then_nothing()


def test_no_room_is_made_while_the_group_is_shut() -> None:
    """A new room would invite people: while the group is shut it waits."""
    scene = circle_group().when(command("panic", by="Sam"))

    scene.when(command("rooms create", by="Sam", template="quiet", called="Tea", people="Tom")).then_replies(
        "The group is shut"
    ).then_nothing()
    scene.when(command("open again", by="Sam"), answers("Sam", "yes"), answers("Mei", "yes"))
    scene.when(command("rooms create", by="Sam", template="quiet", called="Tea", people="Tom")).then_creates_room("tea")


def test_a_refused_invitation_costs_nobody_their_place_elsewhere() -> None:
    """Who cannot be invited to one room goes on waiting for another."""
    scene = circle_group().when(command("rooms cap", by="Sam", room="circle", number="5")).with_people("Karim")
    scene.when(command("rooms invite", by="Sam", room="circle", who="Karim")).then_replies("waiting list")
    with_room(scene, "Tea", "Tom").when(command("rooms invite", by="Sam", room="tea", who="Karim"))

    scene.when(effect_fails(InviteMember, "M_INVITE_BLOCKED", "Karim"))

    assert [(row["key"], row["state"]) for row in scene.kept["confidential_rooms_places"] if row["person_id"] == "person-karim"] == [
        ("circle", "waiting"),
        ("tea", "blocked"),
    ]
    assert [("Karim does not take invitations" in one.text) for one in scene.of(PostDirect)] == [True]
