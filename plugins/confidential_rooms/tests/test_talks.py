"""“I need to talk”: the key member on duty is asked, and nobody else learns of it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from supportd_confidential_rooms import ConfidentialRooms
from supportd_confidential_rooms.stories import circle_group, talk

from supportd.sdk.effects import CreateRoom, PostDirect, Reply
from supportd.sdk.testing import Asked, Scene, Told, a_group, answers, command, member_leaves, roles_change, room_is_ready


def on_duty(name: str = "Sam") -> Scene:
    """Return the group with a key member on duty for talks."""
    return circle_group().with_duty("talk", name)


def names(scene: Scene, *people: str) -> tuple[str, ...]:
    """Return the names of some people by their ids."""
    return tuple(scene.group.name_of(one.id) for one in scene.group.people if one.id in people)


@pytest.mark.parametrize("words", ["talk", "i need to talk"])
def test_the_key_member_on_duty_is_asked_alone(words: str) -> None:
    """Tom is thanked, Sam is asked, and no line goes to anybody else."""
    scene = on_duty().when(command(words, by="Tom"))

    scene.then_replies("Thank you for saying so").then_asks("Sam", "Tom would like to talk").then_nothing()


def test_a_yes_makes_a_room_for_the_two() -> None:
    """Only Tom and Sam are in it, nobody holds power in it, the program cannot read it, and the name says nothing."""
    scene = on_duty().when(command("talk", by="Tom"), answers("Sam", "yes"))

    made = scene.of(CreateRoom)[0]
    assert names(scene, *made.members) == ("Sam", "Tom")
    assert (made.owners, made.spec.listening, made.spec.powers.invite) == ((), "doorkeeper", 100)
    assert made.spec.name == "Tuesday group: talk"
    assert {one.person for one in scene.of(Told)} == set()
    assert {one.to for one in scene.of(PostDirect)} == set()


def test_after_a_no_the_next_is_asked() -> None:
    """A no needs no reason and stays between them; the next key member is asked at once, and who said no is not asked again."""
    scene = on_duty().when(command("talk", by="Tom")).when(answers("Sam", "no"))

    first = names(scene, *[one.person for one in scene.of(Asked)])
    scene.when(answers(first[0], "no"))
    second = names(scene, *[one.person for one in scene.of(Asked)])

    assert {*first, *second} == {"Jo", "Mei"}
    assert scene.of(PostDirect) == []
    scene.when(answers(second[0], "yes"))
    assert names(scene, *scene.of(CreateRoom)[0].members) == tuple(one.name for one in scene.group.people if one.name in {second[0], "Tom"})


def test_when_all_say_no_it_is_told_honestly() -> None:
    """Tom hears that nobody can talk now, and that it has nothing to do with him; he may ask again at once."""
    scene = on_duty().when(command("talk", by="Tom"))
    for _ in range(3):
        scene.when(answers(scene.possible_answers[0][0], "no"))

    scene.then_writes_to("Tom", "nobody can talk at the moment", "nothing to do with you").then_nothing()
    scene.when(command("talk", by="Tom")).then_replies("Thank you").then_asks("Sam")


def test_silence_asks_the_next_and_ends_honestly() -> None:
    """After half an hour of silence the next is asked too, after the last Tom hears that nobody answered."""
    scene = on_duty().when(command("talk", by="Tom"))

    assert len(scene.after(timedelta(minutes=31)).of(Asked)) == 1
    assert len(scene.after(timedelta(minutes=30)).of(Asked)) == 1
    scene.after(timedelta(minutes=30)).then_writes_to("Tom", "nobody can talk at the moment").then_nothing()


def test_who_was_silent_and_then_not_needed_is_told_without_a_name() -> None:
    """Sam, whom somebody else spared an answer, hears that it is done, and not who talks with Tom."""
    scene = on_duty().when(command("talk", by="Tom")).after(timedelta(minutes=31))
    other = names(scene, *[one.person for one in scene.of(Asked)])[0]

    scene.when(answers(other, "yes"))

    assert [(names(scene, one.person), other in one.text) for one in scene.of(Told)] == [(("Sam",), False)]


def test_who_asks_twice_gets_one_room() -> None:
    """While the question is open, while the room is made and while it is there, a second wish changes nothing."""
    scene = on_duty().when(command("talk", by="Tom"))
    scene.when(command("talk", by="Tom")).then_replies("Thank you").then_nothing()

    scene.when(answers("Sam", "yes"))
    scene.when(command("talk", by="Tom")).then_replies("is being made").then_nothing()
    scene.when(room_is_ready("talk-1"))
    scene.when(command("talk", by="Tom")).then_replies("You two have a room already").then_nothing()


def test_who_was_left_alone_may_ask_again() -> None:
    """When the key member has left the talk, a new wish is asked anew and gets a new room."""
    scene = talk(circle_group(), "Tom", "Sam").when(member_leaves("Sam", "talk-1"))

    scene.when(command("talk", by="Tom")).then_replies("Thank you").then_asks("Sam").when(answers("Sam", "yes")).then_creates_room("talk-2")


def test_who_is_on_duty_and_needs_to_talk_asks_another() -> None:
    """Sam on duty is never asked to talk with Sam."""
    scene = on_duty().when(command("talk", by="Sam"))

    scene.then_replies("Thank you").then_nothing_to("Sam")
    assert len(scene.of(Asked)) == 1


def test_without_anybody_to_ask_it_is_said() -> None:
    """The only key member who needs to talk hears honestly that there is nobody, and what else there is."""
    scene = a_group(ConfidentialRooms).with_admins("Jo").with_people("Tom")

    scene.when(command("talk", by="Jo")).then_replies("nobody on duty whom I could ask").then_nothing()


def test_a_terminal_cannot_need_to_talk() -> None:
    """The words are for somebody's direct chat."""
    circle_group().when(command("talk")).then_replies("in their direct chat").then_nothing()


def test_a_talk_can_be_asked_for_while_the_group_is_shut() -> None:
    """After a panic people may need to talk most."""
    scene = on_duty().when(command("panic", by="Mei"))

    scene.when(command("talk", by="Tom")).then_replies("Thank you").then_asks("Sam")


def test_two_talks_stay_apart() -> None:
    """Ann's wish does not touch Tom's."""
    scene = on_duty().when(command("talk", by="Tom"), command("talk", by="Ann"), answers("Sam", "yes"))

    made = scene.of(CreateRoom)[0]
    assert names(scene, *made.members) == ("Sam", "Ann")
    assert scene.open_asks == ("talk:person-tom",)
    assert [one.status for one in scene.when(command("talk", by="Tom")).of(Reply)] == [0]


def test_no_more_than_four_are_asked_for_one_talk() -> None:
    """In a group with many key members four no are enough; then it is told honestly."""
    scene = circle_group().with_key_members("Pat", "Kim", "Lou").when(command("talk", by="Tom"))
    asked = {one.person for one in scene.of(Asked)}
    for _ in range(3):
        scene.when(answers(scene.possible_answers[0][0], "no"))
        asked |= {one.person for one in scene.of(Asked)}
    assert len(asked) == 4

    scene.when(answers(scene.possible_answers[0][0], "no")).then_writes_to("Tom", "nobody can talk at the moment").then_asks_nobody()


def test_who_lost_the_role_meanwhile_takes_no_talk() -> None:
    """Sam was asked, and is no key member any more: the yes makes no room, and the next key member is asked in turn."""
    scene = circle_group().with_duty("talk", "Sam").when(command("talk", by="Tom"), roles_change("Sam"), answers("Sam", "yes"))
    assert scene.of(CreateRoom) == []

    assert len(scene.after(timedelta(minutes=31)).of(Asked)) == 1
