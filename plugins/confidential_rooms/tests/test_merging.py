"""Two small rooms become one, by consent of two key members and then of everybody who comes along."""

from __future__ import annotations

from datetime import timedelta

import pytest
from supportd_confidential_rooms import ConfidentialRooms
from supportd_confidential_rooms.stories import circle_group, talk, with_room

from supportd.sdk.effects import CreateRoom, MendRoom, PostDirect, PostMessage
from supportd.sdk.testing import (
    Asked,
    Scene,
    a_group,
    answers,
    command,
    effect_fails,
    member_leaves,
    roles_change,
    room_is_ready,
    rooms_are_mended,
    turned_on,
)

SOON, WEEK = timedelta(seconds=11), timedelta(weeks=1)


def two() -> Scene:
    """Return a group with two small rooms: Tea with Tom, Cake with Ann, both held by Jo and Sam."""
    return with_room(with_room(circle_group(), "Tea", "Tom"), "Cake", "Ann")


def merging() -> Scene:
    """Return that group after two key members agreed."""
    return two().when(command("rooms merge", by="Mei", room="tea", other="cake"), answers("Mei", "yes")).when(answers("Jo", "yes"))


def test_key_members_are_asked_first() -> None:
    """Nobody in the rooms hears of it before two key members agree."""
    scene = two().when(command("rooms merge", by="Mei", room="tea", other="cake"))

    scene.then_replies("3 are asked now").then_asks("Jo").then_asks("Sam").then_asks("Mei").then_nothing()
    scene.when(answers("Mei", "yes")).then_nothing()


def test_then_everybody_in_both_rooms_is_asked() -> None:
    """Each once, in their direct chat, with what it means."""
    scene = merging()

    assert sorted(scene.group.name_of(one.person) for one in scene.of(Asked)) == ["Ann", "Jo", "Sam", "Tom"]
    assert all("both old rooms close, in 14 days" in one.question for one in scene.of(Asked))


def test_who_said_yes_is_in_the_new_room() -> None:
    """When everybody has answered the new room is made, both old ones are told and closed; who said no is not invited."""
    scene = merging().when(answers("Tom", "yes"), answers("Sam", "yes"), answers("Ann", "no"))
    assert scene.of(CreateRoom) == []

    scene.when(answers("Jo", "yes"))

    made = scene.of(CreateRoom)[0]
    assert (made.key, made.spec.name) == ("tea-cake", "Tea + Cake")
    assert {scene.group.name_of(one) for one in made.members} == {"Tom", "Sam", "Jo"}
    scene.when(room_is_ready("tea-cake")).then_posts("There is a new one: Tea + Cake", room="tea").then_posts("closes now", room="cake")
    assert scene.of(MendRoom) == []
    assert {(one.room, one.spec.powers.talk) for one in scene.after(SOON).of(MendRoom)} == {("!tea", 100), ("!cake", 100)}


def test_after_two_weeks_silence_is_a_no() -> None:
    """Who did not answer is not moved; the rooms close all the same when two want the new one."""
    scene = merging().when(answers("Tom", "yes"), answers("Jo", "yes"))
    assert scene.after(WEEK).of(CreateRoom) == []

    scene.after(WEEK)

    assert {scene.group.name_of(one) for one in scene.of(CreateRoom)[0].members} == {"Tom", "Jo", "Sam"}
    scene.when(room_is_ready("tea-cake"))
    assert {one.room for one in scene.of(PostMessage)} == {"!tea", "!cake"}


def test_when_too_few_want_it_everything_stays() -> None:
    """One yes is no room: nothing is made or closed, and key members are told."""
    scene = merging().when(answers("Tom", "yes"), answers("Ann", "no"), answers("Jo", "no")).when(answers("Sam", "no"))

    assert (scene.of(CreateRoom), scene.of(PostMessage)) == ([], [])
    assert ["Everything stays" in one.text for one in scene.of(PostDirect)] == [True] * 3
    scene.after(3 * WEEK).then_nothing()


def test_key_members_who_do_not_agree_end_it() -> None:
    """Two no, or a week of silence, and the rooms can be thought of anew."""
    scene = two().when(command("rooms merge", by="Mei", room="tea", other="cake"), answers("Mei", "no"), answers("Jo", "no"))
    scene.after(2 * WEEK).then_nothing()

    scene.when(command("rooms merge", by="Mei", room="tea", other="cake")).then_replies("3 are asked now")
    scene.after(2 * WEEK).when(command("rooms merge", by="Mei", room="tea", other="cake")).then_replies("3 are asked now")


def test_a_room_is_merged_once_at_a_time() -> None:
    """While people are asked, neither room can be merged with another."""
    scene = with_room(merging(), "Bread", "Ann").when(command("rooms merge", by="Mei", room="bread", other="tea"))

    scene.then_replies("already").then_nothing()


@pytest.mark.parametrize(
    ("room", "other", "said"),
    [
        ("tea", "tea", "two different rooms"),
        ("tea", "soup", "There is no room “soup”"),
        ("soup", "tea", "There is no room “soup”"),
        ("tea", "circle", "Only rooms for a few people"),
        ("space", "tea", "Only rooms for a few people"),
    ],
)
def test_what_cannot_be_merged(room: str, other: str, said: str) -> None:
    """One sentence, and nobody is asked."""
    two().when(command("rooms merge", by="Mei", room=room, other=other)).then_replies(said).then_nothing()


def test_a_private_room_is_never_merged() -> None:
    """For who is not in it a talk is not there; for who is in it, it is for two."""
    scene = talk(two(), "Tom", "Sam")

    scene.when(command("rooms merge", by="Mei", room="tea", other="talk-1")).then_replies("There is no room “talk-1”").then_nothing()
    scene.when(command("rooms merge", by="Sam", room="tea", other="talk-1")).then_replies("not private ones").then_nothing()


def test_too_many_for_one_room() -> None:
    """Two rooms whose people have no place in one are left as they are."""
    scene = two().when(command("rooms change", by="Jo", template="small_circle", field="cap", value="3"))

    scene.when(command("rooms merge", by="Mei", room="tea", other="cake")).then_replies("Together they are 4 people").then_nothing()


def test_a_closed_room_is_not_merged() -> None:
    """What ended stays ended; also when it ends while people are asked."""
    scene = two().when(command("rooms close", by="Jo", room="cake")).after(SOON)
    scene.when(command("rooms merge", by="Mei", room="tea", other="cake")).then_replies("have to be open").then_nothing()

    scene = merging().when(command("rooms close", by="Jo", room="cake")).after(SOON)
    scene.when(*[answers(name, "yes") for name in ("Tom", "Ann", "Jo", "Sam")])
    assert scene.of(CreateRoom) == []


def test_who_left_meanwhile_holds_nobody_up() -> None:
    """Silence of somebody who is gone ends with the two weeks."""
    scene = merging().when(member_leaves("Ann", "cake"), answers("Tom", "yes"), answers("Sam", "yes"), answers("Jo", "yes"))

    assert len(scene.after(2 * WEEK + SOON).of(CreateRoom)) == 1


def test_a_merge_needs_two_who_can_agree() -> None:
    """With one key member in chat nobody is asked, and the sentence says what to do."""
    scene = a_group(ConfidentialRooms).with_admins("Jo").with_people("Tom", "Ann")
    scene.when(turned_on(), room_is_ready("space"), room_is_ready("circle"))
    for called in ("Tea", "Cake"):
        with_room(scene, called, "Tom", "Ann")

    scene.when(command("rooms merge", by="Jo", room="tea", other="cake")).then_replies("there are not two who could").then_nothing()


def test_a_yes_counts_only_of_who_is_a_key_member_then() -> None:
    """Mei said yes and lost the role: Jo's yes alone asks nobody, Sam's with it does."""
    scene = two().when(command("rooms merge", by="Mei", room="tea", other="cake"), answers("Mei", "yes"), roles_change("Mei"))
    assert scene.when(answers("Jo", "yes")).of(Asked) == []

    assert len(scene.when(answers("Sam", "yes")).of(Asked)) == 4


def test_nothing_is_closed_before_the_new_room_is_there() -> None:
    """A homeserver that does not make the room takes nothing away: the old ones stay open, and can be merged later."""
    scene = merging().when(*[answers(name, "yes") for name in ("Tom", "Ann", "Jo", "Sam")])
    assert (scene.of(PostMessage), scene.after(SOON).of(MendRoom)) == ([], [])

    scene.when(effect_fails(CreateRoom, "M_FORBIDDEN", room="tea-cake")).after(SOON)

    assert (scene.of(PostMessage), scene.of(MendRoom)) == ([], [])
    scene.when(command("rooms merge", by="Mei", room="tea", other="cake")).then_replies("3 are asked now")


def test_the_new_room_hears_and_keeps_no_more_than_the_old_ones() -> None:
    """What two yes made quieter in one of them stays so: nobody said yes to being read again, or to words that stay for ever."""
    scene = two().when(command("rooms listening", by="Jo", room="cake", level="doorkeeper"), answers("Jo", "yes"), answers("Sam", "yes"))
    scene.after(SOON).when(rooms_are_mended())
    scene.when(command("rooms keep", by="Jo", room="tea", days="30"), answers("Jo", "yes"), answers("Sam", "yes"))
    scene.when(command("rooms merge", by="Mei", room="tea", other="cake"), answers("Mei", "yes")).when(answers("Jo", "yes"))

    scene.when(*[answers(name, "yes") for name in ("Tom", "Ann", "Jo", "Sam")])

    made = scene.of(CreateRoom)[0]
    assert made.spec.listening == "doorkeeper"
    assert "after 30 days" in made.spec.note


def test_while_the_group_is_shut_nothing_is_merged() -> None:
    """The last yes comes after a panic: no room is made, and key members hear that everything stays."""
    scene = merging().when(*[answers(name, "yes") for name in ("Tom", "Ann", "Jo")], command("panic", by="Mei"))

    scene.when(answers("Sam", "yes"))

    assert scene.of(CreateRoom) == []
    assert all("Everything stays" in one.text for one in scene.of(PostDirect))
