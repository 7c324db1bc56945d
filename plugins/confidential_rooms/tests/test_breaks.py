"""A break: out of the rooms at one's own word, places that wait, and one word to come back."""

from __future__ import annotations

from datetime import timedelta

import pytest
from supportd_confidential_rooms.stories import circle_group, talk, with_room

from supportd.sdk.effects import Effect, InviteMember, LetGo, MendRoom, PostDirect, Reply
from supportd.sdk.testing import (
    Asked,
    Scene,
    answers,
    command,
    member_joins,
    member_leaves,
    person_added,
    room_changes,
    rooms_are_mended,
    says,
)

WEEK = timedelta(weeks=1)


def away(scene: Scene, name: str, weeks: str = "") -> Scene:
    """Let somebody take a break, and the homeserver take them out."""
    scene.when(command("take a break", by=name, weeks=weeks), answers(name, "yes"))
    keys = {room.id: room.key for room in scene.group.rooms}
    return scene.when(*[member_leaves(name, keys[one.room], how="removed") for one in scene.of(LetGo)])


def state(scene: Scene, name: str) -> dict[str, str]:
    """Return how somebody stands to each room."""
    person = next(one.id for one in scene.group.people if one.name == name)
    return {str(row["key"]): str(row["state"]) for row in scene.kept["confidential_rooms_places"] if row["person_id"] == person}


@pytest.mark.parametrize("words", ["take a break", "pause"])
def test_a_break_is_asked_about_once_more(words: str) -> None:
    """Nothing happens by a slip of the thumb: the question says how long places wait and how to come back; nobody else hears of it."""
    scene = circle_group().when(command(words, by="Tom"))

    scene.then_replies("One question comes").then_asks("Tom", "wait for you for 8 weeks", "with one word: back").then_nothing()


def test_a_yes_takes_them_out_of_every_room() -> None:
    """The bot takes them out at their own proven word; no key member is asked, and nobody is told."""
    scene = circle_group().when(command("take a break", by="Tom", weeks="3"), answers("Tom", "yes"))

    assert [one.room for one in scene.of(LetGo)] == ["!space", "!circle"]
    assert [(scene.group.name_of(one.to), "write: back" in one.text) for one in scene.of(PostDirect)] == [("Tom", True)]
    assert [scene.group.name_of(one.person) for one in scene.of(Asked)] == ["Tom"]


def test_a_no_changes_nothing() -> None:
    """Who changes their mind stays where they are."""
    scene = circle_group().when(command("take a break", by="Tom"), answers("Tom", "no"))

    assert (scene.of(LetGo), state(scene, "Tom")) == ([], {"space": "in", "circle": "in"})


def test_a_place_waits_for_them() -> None:
    """The place of somebody on a break is not free: who waits goes on waiting, and gets it only after the weeks are over."""
    scene = circle_group().when(command("rooms cap", by="Sam", room="circle", number="5"), person_added("Karim"))
    away(scene, "Tom", "2")
    assert scene.of(InviteMember) == []

    assert scene.after(WEEK).of(InviteMember) == []
    scene.after(WEEK)

    scene.then_invites("Karim", "circle").then_writes_to("Tom", "Your places have gone to others")
    assert state(scene, "Tom") == {"space": "gone", "circle": "gone"}


def test_what_is_kept_of_a_break_can_be_read() -> None:
    """Who asks what is kept about them reads until when their places wait."""
    found = away(circle_group(), "Tom", "2").export("Tom")

    assert found["break"] == {"kind": "break", "place kept until": "2026-06-16T17:00:00+00:00"}


def test_who_comes_during_a_break_waits() -> None:
    """A newcomer does not get the place of somebody on a break."""
    scene = away(circle_group().when(command("rooms cap", by="Sam", room="circle", number="5")), "Tom")

    scene.when(person_added("Lee")).then_invites("Lee", "space")

    assert (scene.of(InviteMember), state(scene, "Lee")["circle"]) == ([], "waiting")


def test_back_invites_them_again_everywhere() -> None:
    """One word and they are invited to every room where they had a place, and to those that were made meanwhile."""
    scene = away(with_room(circle_group(), "Tea", "Tom"), "Tom").after(WEEK)
    scene.when(command("rooms create", by="Jo", template="meeting", called="Walk")).with_room("walk", "Jo")
    assert "person-tom" not in next(one.members for one in scene.effects if getattr(one, "key", "") == "walk")  # type: ignore[attr-defined]

    scene.when(command("back", by="Tom"))

    scene.then_replies("Good to have you back")
    assert sorted(one.room for one in scene.of(InviteMember)) == ["!circle", "!space", "!tea"]
    assert scene.when(command("zurück", by="Tom")).of(Reply)[0].text.startswith("You are not on a break")


def test_after_a_long_break_one_may_have_to_wait() -> None:
    """When the place went to somebody else, the way back leads over the waiting list, in its order."""
    scene = circle_group().when(command("rooms cap", by="Sam", room="circle", number="5"), person_added("Karim"))
    away(scene, "Tom", "2").after(2 * WEEK).when(member_joins("Karim", "circle"), person_added("Lee"))

    scene.when(command("back", by="Tom")).then_invites("Tom", "space")
    assert (scene.of(InviteMember), state(scene, "Tom")["circle"]) == ([], "waiting")

    scene.when(member_leaves("Ann", "circle")).then_invites("Lee", "circle")
    scene.when(member_leaves("Mei", "circle")).then_invites("Tom", "circle")


def test_somebody_else_holds_the_room_meanwhile() -> None:
    """Who owns the rooms stands above the bot: another key member gets their level first, and they get it back."""
    scene = circle_group().when(command("take a break", by="Jo"), answers("Jo", "yes"))
    kinds = [type(one) for one in scene.of(Effect) if isinstance(one, (MendRoom, LetGo))]
    held = [[scene.group.name_of(who) for who, level in one.levels if level == 150] for one in scene.of(MendRoom)]

    scene.when(command("back", by="Jo"))

    assert kinds == [MendRoom, LetGo] * 2
    assert held == [["Mei", "Sam"]] * 2
    assert [[scene.group.name_of(who) for who, level in one.levels if level == 150] for one in scene.of(MendRoom)] == [["Jo", "Sam"]] * 2


def test_a_private_room_is_left_alone() -> None:
    """A break does not tell the other one of a talk by an empty room."""
    scene = talk(circle_group(), "Tom", "Sam").when(command("take a break", by="Tom"), answers("Tom", "yes"))

    assert "!talk-1" not in [one.room for one in scene.of(LetGo)]


def test_nobody_is_called_to_a_talk_on_a_break() -> None:
    """A key member on a break is not asked, also when they are on duty."""
    scene = away(circle_group().with_duty("talk", "Sam"), "Sam").when(command("talk", by="Tom"))

    scene.then_nothing_to("Sam")
    assert len(scene.of(Asked)) == 1


def test_a_second_break_is_only_said() -> None:
    """Who is away already is told how to come back."""
    away(circle_group(), "Tom").when(command("take a break", by="Tom")).then_replies("on a break already", "back").then_nothing()


@pytest.mark.parametrize("weeks", ["0", "53", "two", "-1", "٣", "9" * 30])
def test_a_break_has_some_weeks(weeks: str) -> None:
    """Anything else gets a sentence with an example."""
    circle_group().when(command("take a break", by="Tom", weeks=weeks)).then_replies("take a break 4").then_nothing()


def test_places_wait_no_longer_than_the_group_decided() -> None:
    """Who asks for a year is told honestly how long their places wait."""
    circle_group(places_kept_weeks=6).when(command("take a break", by="Tom", weeks="40")).then_replies().then_asks("Tom", "for 6 weeks")


def test_nobody_comes_back_while_the_group_is_shut() -> None:
    """After a panic the word is answered honestly, and the places go on waiting."""
    scene = away(circle_group(), "Tom").when(says("Mei", "panic")).when(command("back", by="Tom"))

    scene.then_replies("The group is shut").then_nothing()
    assert state(scene, "Tom") == {"space": "away", "circle": "away"}


def test_where_the_bot_is_not_they_leave_themselves() -> None:
    """In an absent room the bot can take nobody out, and says so."""
    scene = circle_group().with_room("old", "Tom", listening="absent").when(command("take a break", by="Tom"), answers("Tom", "yes"))

    assert any("Please leave it in your app" in one.text for one in scene.of(PostDirect))


def test_a_terminal_takes_no_break() -> None:
    """Both words are for somebody's direct chat."""
    circle_group().when(command("take a break")).then_replies("in their direct chat").then_nothing()
    circle_group().when(command("back")).then_replies("in their direct chat").then_nothing()


def test_who_comes_back_while_a_room_is_locked_is_invited_when_it_is_mended() -> None:
    """A lock is no reason to lose a place: whoever said back meanwhile comes in when an admin has opened the room."""
    scene = away(circle_group(), "Tom").when(room_changes("circle", by="Jo", setting="guests", guests="can_join"))
    scene.when(rooms_are_mended("guests"), command("back", by="Tom")).then_replies().then_invites("Tom", "space")
    assert scene.of(InviteMember) == []

    scene.when(command("rooms unlock", by="Jo", room="circle"), rooms_are_mended())

    scene.then_invites("Tom", "circle")
    assert state(scene, "Tom") == {"space": "in", "circle": "in"}


def test_after_a_long_break_and_a_lock_too() -> None:
    """Their place had gone to nobody else, and the room was locked when they came back."""
    scene = away(circle_group(), "Tom", "2").after(2 * WEEK).when(room_changes("circle", by="Jo", setting="guests", guests="can_join"))
    scene.when(rooms_are_mended("guests"), command("back", by="Tom"))

    scene.when(command("rooms unlock", by="Jo", room="circle"), rooms_are_mended())

    scene.then_invites("Tom", "circle")
