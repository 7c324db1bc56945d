"""Somebody asks to be let in: who decides, how many, and what whoever knocked reads."""

from __future__ import annotations

from datetime import timedelta

import pytest
from supportd_welcome import Welcome
from supportd_welcome.stories import PLAIN, plain

from supportd.sdk.effects import AnswerKnock
from supportd.sdk.testing import Asked, a_group, answers, knocks, turned_on

WORDS = "A friend told me about you."


def test_key_members_decide_about_a_knock() -> None:
    """All of them read who it is and what they wrote; one yes in words lets them in, and the others are told."""
    scene = plain().when(knocks(None, WORDS))
    assert {scene.group.name_of(one.person) for one in scene.of(Asked)} == {"Jo", "Sam"}
    scene.then_asks("Jo", "Somebody (@somebody:test)", f"“{WORDS}”", "a sign does not count")

    scene.when(answers("Sam", "yes")).then_lets_in().then_writes_to("Jo", "It is decided").then_nothing()


def test_a_sign_lets_nobody_in() -> None:
    """A reaction can be forged by whoever runs the homeserver."""
    scene = plain().when(knocks(None, WORDS))

    with pytest.raises(AssertionError, match="is no answer"):
        scene.when(answers("Sam", "👍"))


def test_two_vouch_where_the_group_wants_it() -> None:
    """One yes is not enough then; of two different people it is."""
    scene = plain(vouch=2).when(knocks(None, WORDS)).when(answers("Jo", "yes"), answers("Jo", "yes"))
    assert scene.of(AnswerKnock) == []

    scene.when(answers("Sam", "yes")).then_lets_in()


@pytest.mark.parametrize("vouch", [1, 2])
def test_one_no_is_a_no(vouch: int) -> None:
    """It is answered with a kind sentence that says nothing about anybody."""
    scene = plain(vouch=vouch).when(knocks(None, WORDS)).when(answers("Jo", "no"))

    scene.then_lets_nobody_in("Thank you for asking", "says nothing about you")


def test_a_knock_without_words_says_so() -> None:
    """Nothing is quoted where nothing was written."""
    scene = plain().when(knocks(None))

    scene.then_asks("Jo", "They wrote nothing with it")
    assert "“”" not in repr([one.question for one in scene.of(Asked)])


def test_nobody_waits_for_ever() -> None:
    """After five days of silence whoever knocked reads that they may ask again."""
    scene = plain().when(knocks(None, WORDS)).after(timedelta(days=4))
    assert scene.of(AnswerKnock) == []

    scene.after(timedelta(days=1)).then_lets_nobody_in("You can ask again")


def test_a_member_who_knocks_is_named() -> None:
    """Somebody of the group is known by the name they chose; a key member does not decide about themself."""
    scene = plain().when(knocks("Tom", WORDS)).then_asks("Jo", "Tom").then_asks("Sam", "Tom")
    scene.when(answers("Jo", "yes")).then_lets_in()

    scene.when(knocks("Sam", WORDS)).then_asks("Jo", "Sam").then_asks_nobody()


def test_without_enough_key_members_the_answer_comes_at_once() -> None:
    """Where two have to vouch and there is one, nobody is kept waiting for what cannot come."""
    scene = a_group(Welcome).with_admins("Jo").with_room("circle", "Jo").with_settings(**{**PLAIN, "vouch": 2}).when(turned_on())

    scene.when(knocks(None, WORDS)).then_lets_nobody_in("Nobody is let in at the moment").then_asks_nobody()


def test_two_knocks_are_two_questions() -> None:
    """Each is decided by itself."""
    scene = plain().when(knocks(None, "First."), knocks(None, "Second."))
    assert len(scene.open_asks) == 2

    scene.when(answers("Jo", "no")).then_lets_nobody_in()
    assert len(scene.open_asks) == 1
