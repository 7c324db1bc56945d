"""Of a private room nobody hears but who is in it: no list, no audit, no page, no text to anybody else."""

from __future__ import annotations

import pytest
from supportd_confidential_rooms import ConfidentialRooms
from supportd_confidential_rooms.stories import circle_group, talk

from supportd.sdk.effects import Effect, InviteMember, Reply
from supportd.sdk.panels import TablePanel
from supportd.sdk.testing import Asked, Scene, Told, answers, command, effect_fails, room_changes, room_is_ready, rooms_are_mended

TALK = "talk-1"


def a_talk() -> Scene:
    """Return a group in which Tom talks with Sam."""
    return talk(circle_group(), "Tom", "Sam")


def reached(scene: Scene, *names: str) -> bool:
    """Tell whether anything of the last step reached one of these people."""
    people = {one.id for one in scene.group.people if one.name in names}
    fresh: list[Effect | Asked | Told] = [*scene.of(Effect), *scene.of(Asked), *scene.of(Told)]
    return any(getattr(one, field, None) in people for one in fresh for field in ("to", "person"))


def test_a_list_does_not_show_a_talk_to_others() -> None:
    """Sam, who is in it, sees the talk in the list; Mei, another key member, does not, while it is made nor later."""
    scene = circle_group().with_duty("talk", "Sam").when(command("talk", by="Tom"))
    assert "talk" not in scene.when(command("rooms list", by="Mei")).of(Reply)[0].text
    scene = a_talk()

    assert TALK in scene.when(command("rooms list", by="Sam")).of(Reply)[0].text
    assert TALK not in scene.when(command("rooms list", by="Mei")).of(Reply)[0].text
    assert TALK not in scene.when(command("rooms list", by="Mei")).of(Reply)[0].data


def test_a_talk_that_is_being_made_is_in_no_list_but_the_terminals() -> None:
    """Whoever runs the server sees that a room is being made, without names."""
    scene = circle_group().with_duty("talk", "Sam").when(command("talk", by="Tom"))
    scene.when(answers("Sam", "yes"))

    assert TALK not in scene.when(command("rooms list", by="Mei")).of(Reply)[0].text
    told = scene.when(command("rooms list")).of(Reply)[0]
    assert TALK in told.text
    assert not any(name in told.text + told.data for name in ("Tom", "Sam"))


def test_an_audit_names_nobody_of_a_talk() -> None:
    """The audit of a talk is for who is in it and for the terminal, and says at neither who changed what."""
    scene = a_talk().when(room_changes(TALK, by="Tom", setting="guests", guests="can_join"))

    other, own, terminal = (scene.when(command("rooms audit", by=by)).of(Reply)[0] for by in ("Mei", "Sam", None))

    assert TALK not in other.text + other.data
    assert [("DRIFT talk-1" in one.text, one.status) for one in (own, terminal)] == [(True, 1), (True, 1)]
    assert not any(name in one.text + one.data for one in (own, terminal) for name in ("Tom", "Sam", ", by ", '"by"'))


def test_a_page_shows_no_talk() -> None:
    """The tables of the web page leave private rooms out."""
    scene = a_talk()

    found = list(ConfidentialRooms().panels(scene.group, scene.store, ConfidentialRooms.settings()))

    assert [one.title for one in found if isinstance(one, TablePanel)] == ["space", "circle", "listening levels"]


@pytest.mark.parametrize(
    ("words", "args"),
    [
        ("rooms invite", {"who": "Mei"}),
        ("rooms cap", {"number": "9"}),
        ("rooms close", {}),
        ("rooms unlock", {}),
        ("rooms listening", {"level": "reader"}),
    ],
)
def test_other_key_members_cannot_touch_a_talk(words: str, args: dict[str, str]) -> None:
    """For a key member who is not in it, a talk is a room that is not there."""
    scene = a_talk()

    other = scene.when(command(words, by="Mei", room=TALK, **args)).of(Reply)[0].text
    nothing = scene.when(command(words, by="Mei", room="talk-9", **args)).of(Reply)[0].text

    assert other.replace(TALK, "talk-9") == nothing
    assert not reached(scene, "Tom", "Sam", "Mei")


@pytest.mark.parametrize("by", ["Sam", None])
def test_nobody_is_added_to_a_talk(by: str | None) -> None:
    """Not even the one of the two who is a key member, nor the terminal, brings a third person in."""
    scene = a_talk()

    scene.when(command("rooms invite", by=by, room=TALK, who="Mei")).then_replies("for the two who are in it").then_nothing()


def test_drift_in_a_talk_is_told_to_its_key_member_only() -> None:
    """The other key members hear nothing of a setting that was changed in a talk."""
    scene = a_talk().when(room_changes(TALK, by="Tom", setting="guests", guests="can_join"), rooms_are_mended())

    scene.then_writes_to("Sam", "In the room talk-1")
    assert not reached(scene, "Jo", "Mei")


def test_who_cannot_be_invited_to_a_talk_is_told_to_the_other_one_only() -> None:
    """When the invitation of somebody who asked for a talk is refused, only the one who said yes hears it."""
    scene = circle_group().with_duty("talk", "Sam").with_duty("welcome", "Mei").when(command("talk", by="Tom"), answers("Sam", "yes"))
    scene.when(room_is_ready(TALK)).with_room(TALK, "Sam", listening="doorkeeper")

    scene.when(effect_fails(InviteMember, "M_INVITE_BLOCKED", "Tom"))

    scene.then_writes_to("Sam", "Tom does not take invitations").then_nothing()


def test_nobody_is_removed_from_a_talk_by_a_question_to_others() -> None:
    """To put it to the other key members would tell them of the talk: who is in it can leave it or close it, and reads so."""
    scene = a_talk().when(command("rooms remove", by="Sam", room=TALK, who="Tom"))

    scene.then_replies("rooms close talk-1").then_nothing()


@pytest.mark.parametrize("by", ["Sam", None])
def test_a_talk_stays_for_two(by: str | None) -> None:
    """Its number of people cannot be changed."""
    a_talk().when(command("rooms cap", by=by, room=TALK, number="9")).then_replies("stays as it is").then_nothing()


def test_who_is_refused_later_is_told_to_no_key_member_on_duty() -> None:
    """Tom left the talk and could not be invited again: the key member on duty, whom other refusals reach, hears nothing of the talk."""
    scene = circle_group().with_duty("talk", "Sam").with_duty("welcome", "Mei").when(command("talk", by="Tom"), answers("Sam", "yes"))
    scene.when(room_is_ready(TALK)).with_room(TALK, "Sam", listening="doorkeeper")

    scene.when(effect_fails(InviteMember, "M_INVITE_BLOCKED", "Tom", TALK))

    assert not reached(scene, "Mei", "Jo")
    scene.then_writes_to("Sam", "Tom does not take invitations")
