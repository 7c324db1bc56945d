"""How long words stay in a room, who decides it, and that what is older is hidden every night."""

from __future__ import annotations

from datetime import timedelta

from supportd_confidential_rooms.plugin import ConfidentialRooms
from supportd_confidential_rooms.stories import circle_group, talk

from supportd.sdk.effects import MendRoom, PostMessage, Reply, SweepRoom
from supportd.sdk.testing import (
    Scene,
    a_group,
    answers,
    command,
    effect_fails,
    member_joins,
    room_is_ready,
    room_is_swept,
    rooms_are_mended,
    turned_on,
)

NIGHT = timedelta(days=1)


def group() -> Scene:
    """Return a group in whose circle are two key members and Tom."""
    scene = a_group(ConfidentialRooms).with_key_members("Jo", "Sam").with_people("Tom")
    scene.when(turned_on(), room_is_ready("space"), room_is_ready("circle"))
    return scene.when(*[member_joins(name, room) for name in ("Jo", "Sam", "Tom") for room in ("space", "circle")])


def agreed() -> Scene:
    """Return the group after both agreed on thirty days."""
    scene = group().when(command("rooms keep", "Tom", room="circle", days="30"))
    return scene.when(answers("Jo", "yes"), answers("Sam", "yes"))


def test_two_key_members_decide_and_everybody_sees_it() -> None:
    """A member may ask; one yes is not enough; then the room is told honestly, and its topic says it."""
    scene = group()

    scene.when(command("rooms keep", "Tom", room="circle", days="30"), answers("Jo", "yes"))
    assert scene.of(MendRoom) == []
    scene.when(answers("Sam", "yes"))

    assert [one.spec.note.rpartition(". ")[2] for one in scene.of(MendRoom)] == ["What is said here is hidden after 30 days."]
    assert [("copied" in one.text, "server itself keeps" in one.text) for one in scene.of(PostMessage)] == [(True, True)]


def test_what_is_older_is_hidden_at_once_and_then_every_night() -> None:
    """The first look goes back to the beginning, the next ones begin where the last ended, with two days to spare."""
    scene = agreed()

    (first,) = scene.after(timedelta(minutes=1)).of(SweepRoom)
    scene.when(room_is_swept(first.key))
    (second,) = scene.after(NIGHT).of(SweepRoom)

    assert first.after is None
    assert timedelta(days=30) <= scene.group.now - second.before < timedelta(days=31)
    assert second.after == first.before - timedelta(days=2)
    assert "30 days" in second.reason


def test_what_was_not_finished_is_looked_for_again() -> None:
    """A night whose sweep never ended counts for nothing."""
    scene = agreed()
    scene.after(timedelta(minutes=1))

    (second,) = scene.after(NIGHT).of(SweepRoom)

    assert second.after is None


def test_a_template_with_days_begins_by_itself() -> None:
    """A room for one meeting keeps its words for a week from its first day on."""
    scene = group().when(command("rooms create", "Jo", template="meeting", called="Tuesday"), room_is_ready("tuesday"))

    swept = scene.after(NIGHT).of(SweepRoom)

    assert [one.room for one in swept] == ["!tuesday"]
    assert timedelta(days=7) <= scene.group.now - swept[0].before < timedelta(days=8)


def test_words_stay_again() -> None:
    """Back to keeping everything: nobody looks any more."""
    scene = agreed().when(rooms_are_mended(), command("rooms keep", "Jo", room="circle", days="0"))

    scene.when(answers("Jo", "yes"), answers("Sam", "yes"))

    assert scene.after(NIGHT * 2).of(SweepRoom) == []


def test_bad_input_changes_nothing() -> None:
    """One sentence each."""
    scene = group()
    for room, days, said in (
        ("nowhere", "30", "no room “nowhere”"),
        ("space", "30", "Nobody talks in the space"),
        ("circle", "-1", "rooms keep circle 30"),
        ("circle", "99999", "to 3650"),
        ("circle", "soon", "rooms keep circle 30"),
        ("circle", "0", "so already"),
    ):
        scene.when(command("rooms keep", "Jo", room=room, days=days))
        (reply,) = scene.of(Reply)
        assert (reply.status, said in reply.text) == (1, True), (days, reply.text)

    assert scene.open_asks == ()


def test_a_member_asks_for_rooms_they_are_in_only() -> None:
    """Of other rooms nobody learns by trying names."""
    scene = group().when(command("rooms create", "Jo", template="small_circle", called="Four", people="Jo"), room_is_ready("four"))

    scene.when(command("rooms keep", "Tom", room="four", days="30")).then_replies("no room “four”")


def test_in_a_room_of_two_the_two_decide() -> None:
    """Where nobody else hears of a room, nobody else is asked."""
    scene = talk(circle_group(), "Tom", "Sam")

    scene.when(command("rooms keep", "Tom", room="talk-1", days="14")).then_replies("Two of you")
    scene.then_asks("Tom", "14 days").then_asks("Sam", "14 days").then_nothing_to("Jo")
    scene.when(answers("Tom", "yes"), answers("Sam", "yes"))

    assert ["14 days" in one.spec.note for one in scene.of(MendRoom)] == [True]


def test_a_shorter_time_is_looked_for_from_the_beginning() -> None:
    """What was young enough under the old rule may be too old under the new one."""
    scene = agreed()
    (first,) = scene.after(timedelta(minutes=1)).of(SweepRoom)
    scene.when(room_is_swept(first.key), command("rooms keep", "Jo", room="circle", days="7"), answers("Jo", "yes"), answers("Sam", "yes"))

    (second,) = scene.after(timedelta(minutes=1)).of(SweepRoom)

    assert second.after is None
    assert timedelta(days=7) <= scene.group.now - second.before < timedelta(days=8)


def test_what_was_said_before_a_room_was_replaced_is_hidden_too() -> None:
    """The old room is looked through like the new one, each from where it was looked through before; one that is deleted is let be."""
    scene = agreed().with_room("circle:0a1b2c3d", "Jo", "Sam", "Tom")
    swept = scene.after(timedelta(minutes=1)).of(SweepRoom)
    assert [(one.room, one.after) for one in swept] == [("!circle", None), ("!circle:0a1b2c3d", None)]

    scene.when(room_is_swept(swept[1].key))
    assert [one.after is None for one in scene.after(NIGHT).of(SweepRoom)] == [True, False]

    scene.when(effect_fails(SweepRoom, "M_NOT_FOUND", room="circle:0a1b2c3d"))
    assert [one.room for one in scene.after(NIGHT).of(SweepRoom)] == ["!circle"]
