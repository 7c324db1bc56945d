"""How a group gets its rooms."""

from __future__ import annotations

import json
import statistics
from time import perf_counter
from typing import TYPE_CHECKING

from supportd_confidential_rooms import ConfidentialRooms
from supportd_confidential_rooms.texts import TEXTS

from supportd.sdk.effects import CreateRoom, InviteMember, LinkRoom, PostDirect, Reply, SetPower
from supportd.sdk.testing import Story, a_group, check_plugin, command, effect_fails, member_joins, person_added, turned_on

if TYPE_CHECKING:
    import pytest

HARD_LIMIT_MS = 50


def group() -> Story:
    """Return a group of four, one of them without a computer."""
    return a_group(ConfidentialRooms).with_admins("Jo").with_key_members("Sam").with_people("Tom").with_non_chat_members("Rose")


def test_a_space_and_a_circle_are_made() -> None:
    """Turning the plugin on makes both rooms, one after the other, and shows the circle in the space."""
    story = group().when(turned_on())

    story.then_creates_room("space").then_creates_room("circle").then(LinkRoom, space="!space", room="!circle")
    assert [one.key for one in story.of(CreateRoom)] == ["space", "circle"]


def test_the_circle_is_confidential() -> None:
    """Encrypted, by invitation, later joiners read nothing earlier, no guests, no other servers, not listed."""
    made = {one.key: one for one in group().when(turned_on()).of(CreateRoom)}

    circle = made["circle"].spec
    assert circle.encrypted
    assert (circle.history, circle.join_rule, circle.guests) == ("joined", "invite", "forbidden")
    assert not circle.federate
    assert not circle.listed
    assert (circle.rotation_messages, circle.rotation_ms) == (50, 24 * 3600 * 1000)
    assert circle.room_version == "12"


def test_names_say_nothing_about_the_condition() -> None:
    """The homeserver reads names and topics: they hold the group's own name and who can read, nothing else."""
    made = {one.key: one for one in group().when(turned_on()).of(CreateRoom)}

    assert made["circle"].spec.name == "Thursday evenings: circle"
    assert "helper program can read" in made["circle"].spec.topic


def test_everybody_in_chat_is_invited_and_two_own_the_rooms() -> None:
    """People with accounts are invited at once; two people own the rooms, so that nobody is left alone with them."""
    story = group().when(turned_on())

    circle = next(one for one in story.of(CreateRoom) if one.key == "circle")
    assert set(circle.members) == {story.world.person(name) for name in ("Jo", "Sam", "Tom")}
    assert set(circle.owners) == {story.world.person(name) for name in ("Jo", "Sam")}


def test_turning_on_again_makes_nothing_twice() -> None:
    """A second turning on keeps the rooms and only invites who is missing."""
    story = group().when(turned_on())
    for name in ("Jo", "Sam", "Tom"):
        story.when(member_joins(name, "space"), member_joins(name, "circle"))

    story.when(turned_on())

    assert story.of(CreateRoom) == []
    assert story.of(InviteMember) == []


def test_somebody_added_later_is_invited_to_both() -> None:
    """A person who is added gets two invitations; a person without an account gets none."""
    story = group().when(turned_on())

    story.when(person_added("Karim")).then_invites("Karim", "space").then_invites("Karim", "circle")
    story.when(person_added("Ann", has_account=False)).then_nothing()


def test_a_third_key_member_gets_power() -> None:
    """A key member who comes later may invite and hide; the owners stay two."""
    story = group().when(turned_on()).with_key_members("Mei")

    story.when(person_added("Mei")).then(SetPower, room="!circle", level=50)


def test_before_the_rooms_are_there_nobody_is_invited() -> None:
    """Adding people to a group whose rooms are off brings nothing."""
    group().when(person_added("Karim")).then_nothing()


def test_a_blocked_invitation_is_told_kindly() -> None:
    """When somebody takes no invitations, one key member hears it, without hurry and without blame."""
    story = group().when(turned_on(), person_added("Karim"))

    story.when(effect_fails("InviteMember", "M_INVITE_BLOCKED", "Karim"))

    written = story.of(PostDirect)
    assert len(written) == 1
    assert "Karim does not take invitations" in written[0].text
    assert "No hurry" in written[0].text


def test_the_rooms_can_be_listed() -> None:
    """``rooms list`` answers in words and in data."""
    story = group().when(turned_on())

    story.when(command("rooms list", by="Jo")).then_replies("later joiners read nothing earlier")

    rows = json.loads(story.of(Reply)[0].data)["rooms"]
    assert [(row["room"], row["made"], row["encrypted"]) for row in rows] == [("space", True, "no"), ("circle", True, "yes")]


def test_settings_reach_the_rooms() -> None:
    """Names and key changes follow the settings."""
    story = group().with_settings(circle_name="Tea", rotation_messages=10).when(turned_on())

    circle = next(one for one in story.of(CreateRoom) if one.key == "circle")
    assert (circle.spec.name, circle.spec.rotation_messages) == ("Tea", 10)


def test_texts_keep_the_rules_of_tone() -> None:
    """Every text is short, calm and there in every language."""
    assert TEXTS.problems() == []


def test_the_plugin_conforms() -> None:
    """The conformance suite finds nothing."""
    assert check_plugin(ConfidentialRooms) == []


def test_a_story_is_quick(record_property: pytest.RecordProperty) -> None:
    """A story takes a few milliseconds; the median is printed, only a hard limit is asserted."""
    times = []
    for _ in range(50):
        started = perf_counter()
        group().when(turned_on()).then_creates_room("circle")
        times.append((perf_counter() - started) * 1000)

    median = statistics.median(times)
    record_property("story_median_ms", round(median, 2))
    print(f"confidential_rooms: one story takes {median:.2f} ms (median of 50)")
    assert median < HARD_LIMIT_MS
