"""A full room: key members are asked for a second circle, and nobody is moved without a yes."""

from __future__ import annotations

from datetime import timedelta

from supportd_confidential_rooms import ConfidentialRooms
from supportd_confidential_rooms.stories import circle_group

from supportd.sdk.effects import CreateRoom, InviteMember, LetGo, PostDirect
from supportd.sdk.testing import (
    Asked,
    Scene,
    a_group,
    answers,
    command,
    effect_fails,
    member_joins,
    member_leaves,
    person_added,
    roles_change,
    room_is_ready,
    rooms_are_mended,
    turned_on,
)

SOON, WEEK = timedelta(seconds=2), timedelta(weeks=1)
SECOND = "tuesday-group-circle-2"


def full(*waiting: str) -> Scene:
    """Return a group whose circle is full with five, and for which these people wait."""
    scene = circle_group().when(command("rooms cap", by="Sam", room="circle", number="5"))
    for name in waiting:
        scene.when(person_added(name)).after(SOON)
    return scene


def agreed(*waiting: str) -> Scene:
    """Return that group after two key members said yes."""
    return full(*waiting).when(answers("Sam", "yes"), answers("Mei", "yes"))


def asked(scene: Scene) -> list[str]:
    """Return who was asked something by the last step."""
    return [scene.group.name_of(one.person) for one in scene.of(Asked)]


def test_key_members_are_asked_once_for_all_who_came_together() -> None:
    """When a room is full and somebody waits, all key members are asked; who comes a little later brings no second question."""
    scene = circle_group().when(command("rooms cap", by="Sam", room="circle", number="5"))

    scene.when(person_added("Karim"), person_added("Lee")).after(SOON)

    scene.then_asks("Jo", "people wait for a place: 2").then_asks("Sam", "Nobody is moved").then_asks("Mei").then_nothing()
    assert asked(scene.when(person_added("Bo")).after(SOON)) == []


def test_a_room_that_begins_full_is_asked_about_too() -> None:
    """A group that has more people than its circle has places hears of it as soon as the circle is there."""
    scene = a_group(ConfidentialRooms).with_key_members("Jo", "Sam").with_people("Tom", "Ann")
    scene.when(command("rooms change", by="Jo", template="circle", field="cap", value="3"), turned_on(), room_is_ready("space"))

    scene.when(room_is_ready("circle")).after(SOON)

    assert asked(scene) == ["Jo", "Sam"]


def test_one_yes_makes_nothing() -> None:
    """One key member alone does not split the group."""
    assert full("Karim").when(answers("Sam", "yes")).of(CreateRoom) == []


def test_two_yes_invite_who_waits_and_ask_who_is_there() -> None:
    """The second circle is as confidential as the first, holds who waits and its two owners, and members are asked."""
    scene = agreed("Karim", "Lee")

    made, first = scene.of(CreateRoom)[0], scene.group.room("circle")
    assert (made.key, made.spec.name) == (SECOND, "Tuesday group: circle 2")
    assert {scene.group.name_of(one) for one in made.members} == {"Jo", "Sam", "Karim", "Lee"}
    assert first is not None
    assert first.spec is not None
    assert (made.spec.history, made.spec.encrypted, made.spec.powers) == (first.spec.history, True, first.spec.powers)
    assert asked(scene) == ["Tom", "Ann"]


def test_a_yes_moves_and_frees_the_place() -> None:
    """Tom is invited to the second circle and let go from the first, whose place goes to the next who waits there."""
    scene = agreed("Karim").when(room_is_ready(SECOND), person_added("Lee"))

    scene.when(answers("Tom", "yes")).then_invites("Tom", SECOND).then_yields(LetGo, room="!circle", person="person-tom").then_nothing()
    scene.when(member_leaves("Tom", "circle", how="removed")).then_invites("Lee", "circle")


def test_who_moves_before_the_room_is_there_is_invited_when_it_is() -> None:
    """A quick yes is not lost."""
    scene = agreed("Karim").when(answers("Tom", "yes"))
    assert scene.of(InviteMember) == []

    scene.when(room_is_ready(SECOND)).then_invites("Tom", SECOND)


def test_a_no_and_silence_leave_people_where_they_are() -> None:
    """Nobody is moved, asked again or told off."""
    scene = agreed("Karim").when(room_is_ready(SECOND)).when(answers("Tom", "no")).then_nothing()

    scene.after(3 * WEEK).then_nothing()


def test_when_the_second_circle_is_full_a_yes_changes_nothing() -> None:
    """Who says yes too late stays, and is told."""
    scene = agreed("Karim").when(room_is_ready(SECOND), command("rooms cap", by="Sam", room=SECOND, number="3"))

    scene.when(answers("Tom", "yes")).then_writes_to("Tom", "full by now").then_nothing()


def test_who_moved_is_not_called_back() -> None:
    """Turning the plugin on again invites nobody to the circle who moved to the second one."""
    scene = agreed("Karim").when(room_is_ready(SECOND), answers("Tom", "yes"), member_leaves("Tom", "circle", how="removed"))
    scene.when(member_leaves("Ann", "circle"))

    scene.when(turned_on())

    assert [one for one in scene.of(InviteMember) if one.room == "!circle"] == []


def test_after_a_no_it_is_asked_again_when_many_wait() -> None:
    """Two no are respected until five wait; then once more, and then no more."""
    scene = full("Karim").when(answers("Sam", "no"), answers("Mei", "no"))
    assert asked(scene.when(person_added("Lee"), person_added("Bo"), person_added("Ines")).after(SOON)) == []

    assert asked(scene.when(person_added("Uli")).after(SOON)) == ["Jo", "Sam", "Mei"]

    scene.when(answers("Sam", "no"), answers("Mei", "no"))
    assert asked(scene.when(person_added("Kim")).after(SOON)) == []


def test_silence_counts_as_not_now() -> None:
    """When nobody answers for a week the waiting goes on, and a month later the next who comes brings the question again."""
    scene = full("Karim").after(WEEK + SOON)
    assert asked(scene.when(person_added("Lee")).after(SOON)) == []

    assert asked(scene.after(5 * WEEK).when(person_added("Bo")).after(SOON)) == ["Jo", "Sam", "Mei"]


def test_one_key_member_alone_is_only_told() -> None:
    """Where two could not agree the one key member hears what can be done."""
    scene = (
        a_group(ConfidentialRooms).with_admins("Jo").with_people("Tom").when(turned_on(), room_is_ready("space"), room_is_ready("circle"))
    )
    scene.when(*[member_joins(name) for name in ("Jo", "Tom")], command("rooms cap", by="Jo", room="circle", number="2"))

    scene.when(person_added("Karim")).after(SOON)

    assert [("would a second circle be good" in one.text.lower()) for one in scene.of(PostDirect)] == [True]


def test_when_nobody_waits_any_more_nobody_is_asked() -> None:
    """A place that becomes free in the same moment ends the matter."""
    scene = circle_group().when(command("rooms cap", by="Sam", room="circle", number="5"))

    scene.when(person_added("Karim"), member_leaves("Tom", "circle")).after(SOON).then_nothing()


def test_a_yes_counts_only_of_who_is_a_key_member_then() -> None:
    """Sam said yes and lost the role: Mei's yes alone makes nothing, Jo's with it does."""
    scene = full("Karim").when(answers("Sam", "yes"), roles_change("Sam"), answers("Mei", "yes"))
    assert scene.of(CreateRoom) == []

    assert len(scene.when(answers("Jo", "yes")).of(CreateRoom)) == 1


def test_a_second_circle_that_cannot_be_made_costs_nobody_their_turn() -> None:
    """Who waited waits on in the old order, and the next free place is theirs."""
    scene = full("Lee", "Karim").when(answers("Sam", "yes"), answers("Mei", "yes"))

    scene.when(effect_fails(CreateRoom, "M_FORBIDDEN", room=SECOND))

    scene.when(member_leaves("Ann", "circle")).then_invites("Lee", "circle")
    scene.when(member_leaves("Tom", "circle")).then_invites("Karim", "circle")


def test_the_second_circle_hears_and_keeps_no_more_than_the_first() -> None:
    """What two yes made quieter in the first is so in the second."""
    scene = circle_group().when(command("rooms listening", by="Jo", room="circle", level="doorkeeper"))
    scene.when(answers("Jo", "yes"), answers("Sam", "yes")).after(timedelta(seconds=11)).when(rooms_are_mended())
    scene.when(command("rooms keep", by="Jo", room="circle", days="30"), answers("Jo", "yes"), answers("Sam", "yes"))
    scene.when(command("rooms cap", by="Sam", room="circle", number="5"), person_added("Karim")).after(SOON)

    scene.when(answers("Sam", "yes"), answers("Mei", "yes"))

    made = scene.of(CreateRoom)[0]
    assert made.spec.listening == "doorkeeper"
    assert "after 30 days" in made.spec.note


def test_who_said_yes_before_a_panic_is_invited_when_the_group_opens() -> None:
    """The second circle was being made when the group was shut: nobody is invited then, and nobody is forgotten."""
    scene = agreed("Karim").when(answers("Tom", "yes"), command("panic", by="Sam"), room_is_ready(SECOND))
    assert scene.of(InviteMember) == []

    scene.when(command("open again", by="Sam"), answers("Sam", "yes"), answers("Mei", "yes")).after(SOON)

    scene.then_invites("Tom", SECOND)


def test_who_is_on_a_break_is_not_asked_to_move() -> None:
    """A break is a break from questions too, also in the moment before the homeserver has taken somebody out."""
    scene = full("Karim").when(command("take a break", by="Tom"), answers("Tom", "yes"))

    assert asked(scene.when(answers("Sam", "yes"), answers("Mei", "yes"))) == ["Ann"]
