"""Templates are data that people can read, change and copy, within what a confidential room may be."""

from __future__ import annotations

import json

import pytest
from supportd_confidential_rooms.stories import circle_group, with_room

from supportd.sdk.effects import CreateRoom, MendRoom, Reply
from supportd.sdk.testing import Scene, command, room_is_ready

KINDS = {"space", "circle", "small_circle", "talk", "buddies", "key_members", "meeting", "quiet", "review", "waiting_room"}


def change(scene: Scene, template: str, field: str, value: str) -> str:
    """Return the answer to a change of a template."""
    return scene.when(command("rooms change", by="Jo", template=template, field=field, value=value)).of(Reply)[0].text


def test_the_kinds_of_room_can_be_read() -> None:
    """Each kind says everything a room is: encryption, history, doors, power, key, cap, retention, listening."""
    scene = circle_group().when(command("rooms templates", by="Sam"))

    found = json.loads(scene.of(Reply)[0].data)["templates"]

    assert set(found) == KINDS
    named = {"encrypted", "history", "join", "guests", "other_servers", "public_list", "room_version", "key_hours", "cap", "keep_days"}
    assert all(named | {"listening", "power to invite"} <= set(one) for one in found.values())
    assert {key for key, one in found.items() if one["private"] == "yes"} == {"talk", "buddies", "review"}


def test_one_kind_can_be_read_alone() -> None:
    """A key member reads one template line by line; an unknown word names those there are."""
    circle_group().when(command("rooms templates", by="Sam", template="quiet")).then_replies("listening: doorkeeper", "cap: 30")
    circle_group().when(command("rooms templates", by="Sam", template="tea")).then_replies("There is no template “tea”", "small_circle")


def test_a_change_reaches_the_rooms_that_are_there() -> None:
    """What an admin changes about a template is brought to its rooms at once, and to those made later."""
    scene = with_room(circle_group(), "Tea", "Tom")

    scene.when(command("rooms change", by="Jo", template="small_circle", field="key-hours", value="12"))

    assert [one.spec.rotation_ms for one in scene.of(MendRoom)] == [12 * 3_600_000]
    scene.when(command("rooms create", by="Sam", template="small_circle", called="Cake", people="Ann"))
    assert scene.of(CreateRoom)[0].spec.rotation_ms == 12 * 3_600_000


def test_a_copy_is_a_kind_of_its_own() -> None:
    """A copy can be changed and used; what it was copied from stays as it was."""
    scene = circle_group().when(command("rooms copy", by="Jo", template="quiet", new="garden"))
    scene.when(command("rooms change", by="Jo", template="garden", field="cap", value="5"))

    scene.when(command("rooms create", by="Sam", template="garden", called="Beans", people="Tom"), room_is_ready("beans"))

    assert scene.group.room("beans") is not None
    scene.when(command("rooms templates", by="Sam", template="garden")).then_replies("cap: 5")
    scene.when(command("rooms templates", by="Sam", template="quiet")).then_replies("cap: 30")


@pytest.mark.parametrize(
    ("template", "field", "value", "said"),
    [
        ("tea", "cap", "5", "There is no template “tea”"),
        ("quiet", "colour", "blue", "There is no “colour” to change here"),
        ("quiet", "room_version", "11", "There is no “room_version” to change here"),
        ("quiet", "cap", "1", "number from 2 to 250"),
        ("quiet", "cap", "many", "number from 2 to 250"),
        ("quiet", "key_hours", "٣", "number from 1 to 168"),
        ("quiet", "guests", "perhaps", "yes or no"),
        ("quiet", "guests", "yes", "let people read who are not of the group"),
        ("quiet", "public_list", "yes", "let people read who are not of the group"),
        ("quiet", "other_servers", "yes", "let people read who are not of the group"),
        ("quiet", "history", "shared", "let people read who are not of the group"),
        ("quiet", "history", "all", "one of: joined, invited, shared"),
        ("quiet", "encrypted", "no", "always encrypted"),
        ("quiet", "title", "tea\ncake", "one line of at most 200"),
        ("talk", "owners", "yes", "stays as it is"),
        ("talk", "people", "everybody", "stays as it is"),
        ("talk", "cap", "3", "stays as it is"),
        ("buddies", "listening", "reader", "stays as it is"),
    ],
)
def test_what_cannot_be_changed_is_said_in_a_sentence(template: str, field: str, value: str, said: str) -> None:
    """A change that a confidential room cannot have, or a private one has promised against, is refused and changes nothing."""
    scene = circle_group()
    before = scene.kept

    assert said in change(scene, template, field, value)
    assert scene.kept == before


@pytest.mark.parametrize(
    ("template", "new", "said"),
    [
        ("tea", "cake", "There is no template “tea”"),
        ("quiet", "talk", "There is a template “talk” already"),
        ("quiet", "Tea time", "small letters"),
        ("quiet", "t" * 40, "2 to 31"),
    ],
)
def test_what_cannot_be_copied_is_said_in_a_sentence(template: str, new: str, said: str) -> None:
    """A copy needs a template that is there and a plain new name."""
    scene = circle_group()
    before = scene.kept

    scene.when(command("rooms copy", by="Jo", template=template, new=new)).then_replies(said)

    assert scene.kept == before


def test_a_copy_of_a_private_kind_is_private_too() -> None:
    """Copying the talk does not open a back door: nobody makes such a room without asking who is in it."""
    scene = circle_group().when(command("rooms copy", by="Jo", template="talk", new="chat_for_two"))

    scene.when(command("rooms create", by="Sam", template="chat_for_two", called="Us", people="Tom,Ann")).then_replies(
        "whoever wants to talk"
    )

    assert "stays as it is" in change(scene, "chat_for_two", "owners", "yes")


def test_whoever_knocks_reads_the_questions_before() -> None:
    """A waiting room is for key members and whoever asks; its topic holds up to three questions of the group's own."""
    scene = circle_group().when(command("rooms create", by="Jo", template="waiting_room", called="Porch"))
    (made,) = scene.of(CreateRoom)
    assert (made.spec.join_rule, made.spec.listed, made.spec.history) == ("knock", False, "joined")
    assert "knock and write a few words: How did you hear of us?" in made.spec.note
    assert len(made.key_members) >= 1
    assert not {one.id for one in scene.group.people if one.name in {"Tom", "Ann"}} & set(made.members)

    assert "at most 3 questions" in change(scene, "waiting_room", "questions", "Who? What? Why? Where?")
    assert "is changed" in change(scene, "waiting_room", "questions", "Whom do you know here?")
    scene.when(command("rooms create", by="Jo", template="waiting_room", called="Hall"))
    assert "a few words: Whom do you know here?" in scene.of(CreateRoom)[0].spec.note
