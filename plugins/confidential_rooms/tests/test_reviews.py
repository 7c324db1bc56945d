"""A review: opened by two key members, for key members, never with the person it is about."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from supportd_confidential_rooms.stories import circle_group

from supportd.sdk.effects import CreateRoom, InviteMember, MendRoom, PostDirect, PostMessage, Reply
from supportd.sdk.testing import (
    Scene,
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

if TYPE_CHECKING:
    from supportd.sdk.facts import Person

WEEK, SOON = timedelta(weeks=1), timedelta(seconds=11)
KEY = "review-1"


def wanted(people: str = "Jo,Sam", who: str = "Tom", by: str | None = "Sam", about: str = "about") -> Scene:
    """Return a group in which somebody wants a review; Pat is a fourth key member."""
    scene = circle_group().with_key_members("Pat")
    return scene.when(command("rooms review", by=by, people=people, about=about, who=who))


def opened(who: str = "Tom", people: str = "Jo,Sam") -> Scene:
    """Return that group with the review open and the first two in it."""
    scene = wanted(people, who)
    named = people.split(",")
    scene.when(*[answers(name, "yes") for name in named[:2]], room_is_ready(KEY))
    return scene.when(*[member_joins(name, KEY) for name in named])


def test_only_who_is_named_is_asked() -> None:
    """Nobody else hears of it; the question says how much is heard there and when it ends."""
    scene = wanted()

    scene.then_replies("Two of them have to agree").then_asks("Jo", "about Tom", "I can read there", "after 7 days").then_asks(
        "Sam"
    ).then_nothing()


def test_one_yes_opens_nothing() -> None:
    """With two named a no ends it; silence does too."""
    assert wanted().when(answers("Sam", "yes")).of(CreateRoom) == []
    scene = wanted().when(answers("Sam", "yes"), answers("Jo", "no"))
    assert scene.open_asks == ()
    scene.after(WEEK).then_nothing()
    wanted().when(answers("Sam", "yes")).after(WEEK).then_nothing()


def test_two_yes_open_it_for_all_who_are_named() -> None:
    """Key members only, nobody owns it, and its name does not say whom it is about."""
    scene = wanted("Jo,Sam,Mei").when(answers("Jo", "yes"), answers("Mei", "yes"))

    made = scene.of(CreateRoom)[0]
    assert {scene.group.name_of(one) for one in made.members} == {"Jo", "Sam", "Mei"}
    assert (made.owners, made.spec.name, made.spec.powers.invite) == ((), "Tuesday group: review", 100)
    assert "can read here" in made.spec.note


@pytest.mark.parametrize("who", ["Tom", "Mei", "Jo"])
def test_the_person_concerned_is_never_in_it(who: str) -> None:
    """Also not when they are a key member or hold the other rooms: not at first, not by hand, not by any filling up or mending."""
    others = ",".join(one for one in ("Jo", "Sam", "Pat") if one != who)
    scene = opened(who, others)
    person = next(one.id for one in scene.group.people if one.name == who)

    scene.when(command("rooms invite", by="Sam", room=KEY, who=who)).then_replies("they cannot be in it").then_nothing()
    scene.when(command("rooms invite", room=KEY, who=who)).then_replies("they cannot be in it").then_nothing()
    scene.when(turned_on(), person_added(who), command("panic", by="Sam"), rooms_are_mended())

    assert not [one for one in scene.effects if isinstance(one, InviteMember) and one.room == f"!{KEY}" and one.person == person]
    made = next(one for one in scene.effects if isinstance(one, CreateRoom) and one.key == KEY)
    assert person not in (*made.members, *made.owners, *made.key_members)
    mended = [one for one in scene.effects if isinstance(one, MendRoom) and one.room == f"!{KEY}"]
    assert mended
    assert not [one for one in mended if dict(one.levels).get(person, 0) > 0]


def test_the_person_concerned_hears_nothing_of_it() -> None:
    """A key member whom a review is about sees it in no list, and cannot touch it."""
    scene = opened("Mei")

    assert KEY not in scene.when(command("rooms list", by="Mei")).of(Reply)[0].text
    assert KEY not in scene.when(command("rooms audit", by="Mei")).of(Reply)[0].text
    scene.when(command("rooms close", by="Mei", room=KEY)).then_replies("There is no room").then_nothing()


def test_another_key_member_can_be_added_and_a_member_cannot() -> None:
    """Who is in it may bring another key member in."""
    opened().when(command("rooms invite", by="Sam", room=KEY, who="Pat")).then_invites("Pat", KEY)
    opened().when(command("rooms invite", by="Sam", room=KEY, who="Ann")).then_replies("for key members").then_nothing()


def test_it_ends_by_itself() -> None:
    """After the days of its template it is announced and closed."""
    scene = opened().after(WEEK - SOON)
    assert (scene.of(PostMessage), scene.of(MendRoom)) == ([], [])
    scene.after(SOON)
    scene.then_posts("This room closes now", room=KEY)

    assert [one.spec.powers.talk for one in scene.after(SOON).of(MendRoom)] == [100]


def test_a_review_can_be_opened_while_the_group_is_shut() -> None:
    """After a panic key members may have to look at something together."""
    scene = circle_group().when(command("panic", by="Sam"), command("rooms review", by="Sam", people="Jo,Sam", about="about", who="Tom"))

    assert len(scene.when(answers("Jo", "yes"), answers("Sam", "yes")).of(CreateRoom)) == 1


def test_it_can_be_ended_before() -> None:
    """Closed by hand, its end comes once."""
    scene = opened().when(command("rooms close", by="Sam", room=KEY)).after(SOON)

    scene.after(2 * WEEK)
    assert (scene.of(PostMessage), scene.of(MendRoom)) == ([], [])


def _member(person: Person) -> Person:
    return replace(person, roles=frozenset({"member"}))


def test_who_lost_the_role_meanwhile_is_not_in_it() -> None:
    """Only who is a key member at that moment comes in; with fewer than two nothing is opened."""
    scene = wanted("Jo,Sam,Mei").when(answers("Jo", "yes"), lambda world: world.people.update(Mei=_member(world.people["Mei"])))

    scene.when(answers("Sam", "yes"))

    assert {scene.group.name_of(one) for one in scene.of(CreateRoom)[0].members} == {"Jo", "Sam"}


@pytest.mark.parametrize(
    ("people", "about", "who", "by", "said"),
    [
        ("Jo,Sam", "on", "Tom", "Sam", "Write: rooms review"),
        ("Jo,Eve", "about", "Tom", "Sam", "nobody called “Eve”"),
        ("Jo,Sam", "about", "Eve", "Sam", "nobody called “Eve”"),
        ("Jo,Sam", "about", "Jo", "Sam", "never with the person"),
        ("Jo,Sam", "about", "Mei", "Mei", "never with the person"),
        ("Jo,Ann", "about", "Tom", "Sam", "key members only"),
        ("Jo", "about", "Tom", "Sam", "two key members at least"),
        ("Jo,Jo", "about", "Tom", None, "two key members at least"),
        ("", "about", "Tom", "Sam", "two key members at least"),
    ],
)
def test_what_is_no_review(people: str, about: str, who: str, by: str | None, said: str) -> None:
    """One sentence, and nobody is asked."""
    scene = wanted(people, who, by, about)

    scene.then_replies(said).then_nothing()
    assert scene.kept["confidential_rooms_plans"] == ()


def test_a_review_about_somebody_who_is_not_in_chat() -> None:
    """Also who takes part by letter can be spoken about; and in German words."""
    wanted(who="Rose", about="über").then_asks("Jo", "Rose").then_asks("Sam")


def test_who_left_it_sees_it_no_more() -> None:
    """A key member who has left a review is outside like the others."""
    scene = opened().when(member_leaves("Sam", KEY))

    assert KEY not in scene.when(command("rooms list", by="Sam")).of(Reply)[0].text


def test_a_yes_counts_only_of_who_is_a_key_member_then() -> None:
    """Jo said yes and lost the role: that is no yes any more, so Sam's alone opens nothing, and Mei's with it does."""
    scene = wanted("Jo,Sam,Mei").when(answers("Jo", "yes"), roles_change("Jo"), answers("Sam", "yes"))
    assert scene.of(CreateRoom) == []

    scene.when(answers("Mei", "yes"))

    assert {scene.group.name_of(one) for one in scene.of(CreateRoom)[0].members} == {"Sam", "Mei"}


def test_a_key_member_is_not_removed_from_a_review_by_a_question_to_others() -> None:
    """The key members who would be asked are those who must not hear of it, the person concerned among them."""
    scene = opened("Mei").when(command("rooms remove", by="Jo", room=KEY, who="Sam"))

    scene.then_replies(f"rooms close {KEY}").then_nothing()


def test_a_review_that_is_gone_is_told_to_its_key_members_only() -> None:
    """The person it is about never heard of it, and does not when its room was deleted on the server."""
    scene = opened("Mei").when(effect_fails(MendRoom, "M_NOT_FOUND", room=KEY))

    assert sorted(scene.group.name_of(one.to) for one in scene.of(PostDirect)) == ["Jo", "Sam"]
