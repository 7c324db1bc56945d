"""A room has so many places; who comes later waits, in the order of asking."""

from __future__ import annotations

from datetime import timedelta

import pytest
from supportd_confidential_rooms.stories import circle_group, with_room

from supportd.sdk.effects import InviteMember
from supportd.sdk.testing import (
    Scene,
    answers,
    command,
    effect_fails,
    member_joins,
    member_leaves,
    person_added,
    room_changes,
    rooms_are_mended,
)

HOUR = timedelta(hours=1)


def full() -> Scene:
    """Return a group whose circle is full with five, and in which Karim and then Lee wait."""
    scene = circle_group().when(command("rooms cap", by="Sam", room="circle", number="5"))
    scene.when(person_added("Karim")).after(HOUR).when(person_added("Lee")).after(HOUR)
    return scene


def waiting(scene: Scene, key: str = "circle") -> list[str]:
    """Return who waits for a place, in order."""
    rows = [row for row in scene.kept["confidential_rooms_places"] if (row["key"], row["state"]) == (key, "waiting")]
    return [
        next(one.name for one in scene.group.people if one.id == row["person_id"])
        for row in sorted(rows, key=lambda row: str(row["since"]))
    ]


def test_who_comes_to_a_full_room_waits() -> None:
    """The newcomer is invited to the space and waits for the circle; the key members are told that it is full."""
    scene = circle_group().when(command("rooms cap", by="Sam", room="circle", number="5")).when(person_added("Karim"))

    scene.then_invites("Karim", "space").then_nothing_to("Tom")
    assert [one.room for one in scene.of(InviteMember)] == []
    assert waiting(scene) == ["Karim"]


def test_a_free_place_goes_to_who_asked_first() -> None:
    """Karim asked before Lee, so Karim is invited when Tom leaves; Lee goes on waiting."""
    scene = full().when(member_leaves("Tom", "circle"))

    scene.then_invites("Karim", "circle")
    assert (scene.of(InviteMember), waiting(scene)) == ([], ["Lee"])


def test_asking_again_costs_nobody_their_place_in_the_line() -> None:
    """Who is entered twice waits since the first time."""
    scene = full().when(person_added("Karim"))

    assert waiting(scene) == ["Karim", "Lee"]


def test_an_invitation_counts_as_a_place() -> None:
    """Somebody who is invited and has not answered keeps their place; nobody else gets it."""
    scene = full().when(member_leaves("Tom", "circle"), member_leaves("Ann", "circle"))
    scene.then_invites("Karim", "circle").then_invites("Lee", "circle")

    scene.when(person_added("Bo"), member_joins("Karim", "circle"))

    assert waiting(scene) == ["Bo"]


def test_more_places_let_people_in() -> None:
    """A higher cap invites those who wait, in order, and a lower one sends nobody away."""
    scene = full().when(command("rooms cap", by="Sam", room="circle", number="6"))
    scene.then_replies("at most 6 people").then_invites("Karim", "circle")

    scene.when(command("rooms cap", by="Sam", room="circle", number="2")).then_replies("Nobody is sent away").then_nothing()


@pytest.mark.parametrize("number", ["1", "0", "-3", "251", "many", "٣", "9" * 30, ""])
def test_a_cap_is_a_number_from_2_to_250(number: str) -> None:
    """Everything else gets a sentence."""
    circle_group().when(command("rooms cap", by="Sam", room="circle", number=number)).then_replies("2 to 250 people").then_nothing()


def test_a_shut_group_lets_nobody_move_up() -> None:
    """While the group is shut a free place waits as well."""
    full().when(command("panic", by="Sam")).when(member_leaves("Tom", "circle")).then_nothing()


def test_after_a_panic_free_places_go_to_who_asked_first() -> None:
    """Places that became free while the group was shut are given when it opens, in the order of asking."""
    scene = circle_group().when(command("rooms cap", by="Sam", room="circle", number="5"))
    scene.when(person_added("Zoe")).after(HOUR).when(person_added("Bea")).after(HOUR)
    scene.when(command("panic", by="Sam"), member_leaves("Tom", "circle"))

    scene.when(command("open again", by="Sam"), answers("Sam", "yes"), answers("Mei", "yes")).after(HOUR)

    scene.then_invites("Zoe", "circle")
    assert (scene.of(InviteMember), waiting(scene)) == ([], ["Bea"])


def test_in_a_small_room_too() -> None:
    """Also where only those are who were asked for."""
    scene = with_room(circle_group(), "Tea", "Tom").when(command("rooms cap", by="Jo", room="tea", number="3"))
    scene.when(command("rooms invite", by="Jo", room="tea", who="Ann"), command("panic", by="Sam"), member_leaves("Tom", "tea"))
    assert waiting(scene, "tea") == ["Ann"]

    scene.when(command("open again", by="Sam"), answers("Sam", "yes"), answers("Mei", "yes")).after(HOUR)

    scene.then_invites("Ann", "tea")


def test_an_invitation_that_a_panic_stopped_comes_when_the_group_opens() -> None:
    """It was on its way when the group was shut; nobody is forgotten over it."""
    scene = circle_group().when(person_added("Lee"), command("panic", by="Sam"))
    scene.when(*[effect_fails(InviteMember, "ORG_SUPPORTD_SHUT", "Lee", room) for room in ("space", "circle")]).then_nothing()

    scene.when(command("open again", by="Sam"), answers("Sam", "yes"), answers("Mei", "yes")).after(HOUR)

    scene.then_invites("Lee", "space").then_invites("Lee", "circle")


def test_a_place_that_became_free_in_a_locked_room_is_given_when_it_is_mended() -> None:
    """Nobody comes into a locked room; when an admin has opened it and its settings hold, who waits is invited."""
    scene = full().when(room_changes("circle", by="Jo", setting="guests", guests="can_join"), rooms_are_mended("guests"))
    scene.when(member_leaves("Tom", "circle"))
    assert scene.of(InviteMember) == []

    scene.when(command("rooms unlock", by="Jo", room="circle"))
    assert scene.of(InviteMember) == []
    scene.when(rooms_are_mended())

    scene.then_invites("Karim", "circle")


def test_into_a_closed_room_nobody_moves_up() -> None:
    """Whoever waited when it ended is not invited into an empty room by somebody's leaving."""
    scene = with_room(circle_group(), "Tea", "Tom").when(command("rooms cap", by="Jo", room="tea", number="3"))
    scene.when(command("rooms invite", by="Jo", room="tea", who="Ann"), command("rooms close", by="Jo", room="tea")).after(HOUR)

    scene.when(member_leaves("Tom", "tea"))

    assert scene.of(InviteMember) == []
