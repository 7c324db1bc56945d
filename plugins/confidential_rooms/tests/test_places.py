"""A room has so many places; who comes later waits, in the order of asking."""

from __future__ import annotations

from datetime import timedelta

import pytest
from supportd_confidential_rooms.stories import circle_group

from supportd.sdk.effects import InviteMember
from supportd.sdk.testing import Scene, command, member_joins, member_leaves, person_added

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
