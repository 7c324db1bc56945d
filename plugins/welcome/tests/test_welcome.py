"""How a newcomer is welcomed."""

from __future__ import annotations

import statistics
from datetime import timedelta
from time import perf_counter

import pytest
from supportd_welcome import Welcome

from supportd.sdk.ask import CloseAsk
from supportd.sdk.effects import PostDirect
from supportd.sdk.testing import Asked, Scene, a_group, answers, conformance, member_joins, member_leaves

HARD_LIMIT_MS = 50


def group() -> Scene:
    """Return a group with two key members, a member and a circle; Jo's turn comes first."""
    scene = a_group(Welcome).with_admins("Jo").with_key_members("Sam").with_people("Tom")
    return scene.with_room("circle", "Jo", "Sam", "Tom").with_duty("welcome", "Jo")


def quiet_group(**settings: object) -> Scene:
    """Return the group without the question to the newcomer."""
    return group().with_settings(offer_introduction=False, **settings)


def test_a_newcomer_is_greeted_in_a_chat_of_their_own() -> None:
    """Who joins the circle for the first time gets one greeting, alone; it says that it is automatic and that nothing is due."""
    scene = group().when(member_joins("Karim"))

    assert len(scene.of(PostDirect)) == 1
    scene.then_writes_to("Karim", "Hello Karim", "automatic message", "you do not need to write", "helper program")


def test_a_newcomer_who_returns_is_not_greeted_again() -> None:
    """Leaving and coming back brings no second greeting and no second question."""
    scene = group().when(member_joins("Karim"), member_leaves("Karim"))

    scene.when(member_joins("Karim")).then_nothing()


def test_the_store_remembers_when_the_server_does_not() -> None:
    """A second first joining (the rooms were made anew) brings no second greeting."""
    scene = group().when(member_joins("Karim"))

    scene.with_room("circle").when(member_joins("Karim")).then_nothing()


@pytest.mark.parametrize("name", ["Sam", "Jo"])
def test_who_runs_the_group_is_no_newcomer(name: str) -> None:
    """A key member who joins the circle is not greeted."""
    a_group(Welcome).with_admins("Jo").with_key_members("Sam").when(member_joins(name)).then_nothing()


def test_only_the_circle_counts() -> None:
    """Joining or leaving another room brings nothing."""
    group().with_room("garden").when(member_joins("Karim", "garden"), member_leaves("Karim", "garden")).then_nothing()


def test_a_key_member_is_asked_to_say_hello_and_then_the_next() -> None:
    """Whoever is on duty is asked; after the group's time in silence the next one is asked too."""
    scene = quiet_group(hours_until_next=2).when(member_joins("Karim"))

    scene.then_asks("Jo", "Karim is new", "needs no reason").then_asks_nobody()
    scene.after(timedelta(hours=1, minutes=59)).then_asks_nobody()
    scene.after(timedelta(minutes=1)).then_asks("Sam").then_asks_nobody()


def test_one_yes_ends_the_question() -> None:
    """When a key member says yes, those who were asked are told, and nobody else is asked."""
    scene = quiet_group().when(member_joins("Karim")).after(timedelta(hours=4)).then_asks("Sam")

    scene.when(answers("Sam", "👍")).then_writes_to("Jo", "Somebody else says hello").then_nothing()

    assert scene.open_asks == ()
    scene.after(timedelta(days=2)).then_nothing()


def test_one_no_leaves_the_question_to_the_next() -> None:
    """A no is a full answer for one person; the next one is asked in their turn all the same."""
    scene = quiet_group().when(member_joins("Karim"))

    scene.when(answers("Jo", "no")).then_nothing()

    scene.after(timedelta(hours=4)).then_asks("Sam")
    scene.when(answers("Sam", "no")).then_nothing()
    assert scene.open_asks == ()


def test_nobody_is_asked_when_the_group_does_not_want_it() -> None:
    """With ask_key_member off only the newcomer hears something."""
    quiet_group(ask_key_member=False).when(member_joins("Karim")).then_writes_to("Karim").then_nothing()


def test_a_newcomer_is_introduced_after_their_own_yes() -> None:
    """The room hears the chosen name, and only that, when the newcomer says yes in words."""
    scene = group().with_settings(ask_key_member=False).when(member_joins("Karim")).then_asks("Karim", "May I tell the room")

    scene.when(answers("Karim", "yes")).then_posts("Karim is new here").then_nothing()


def test_no_is_no() -> None:
    """After a no the room hears nothing."""
    group().with_settings(ask_key_member=False).when(member_joins("Karim")).when(answers("Karim", "No.")).then_nothing()


def test_silence_is_no() -> None:
    """Without an answer the question ends after the group's days, and the room hears nothing."""
    scene = group().with_settings(ask_key_member=False, days_for_introduction=2).when(member_joins("Karim"))

    scene.after(timedelta(days=2)).then_nothing()

    assert scene.open_asks == ()


def test_leaving_takes_the_questions_back() -> None:
    """When the newcomer has gone, nobody is asked to greet or introduce them."""
    scene = group().when(member_joins("Karim"))

    scene.when(member_leaves("Karim")).then_yields(CloseAsk).then_yields(CloseAsk).then_nothing()

    assert scene.open_asks == ()
    scene.after(timedelta(days=7)).then_nothing()


def test_a_group_has_its_own_words() -> None:
    """A greeting of the group's own replaces ours, with the names filled in."""
    scene = group().with_settings(greeting="Servus {member}, automatic words of {group}.")

    scene.when(member_joins("Karim")).then_writes_to("Karim", "Servus Karim, automatic words of Tuesday group.")


def test_own_words_can_be_in_two_languages() -> None:
    """Who reads German gets the group's German words, everybody else the others."""
    scene = group().with_settings(greeting="Hello {member}.", greeting_de="Servus {member}.").with_people("Karim", language="de-AT")

    scene.when(member_joins("Karim")).then_writes_to("Karim", "Servus Karim.")
    scene.when(member_joins("Ali")).then_writes_to("Ali", "Hello Ali.")


def test_a_greeting_cannot_name_what_is_not_there() -> None:
    """A placeholder that nobody fills is refused with the list of those that exist."""
    with pytest.raises(ValueError, match="use one of"):
        group().with_settings(greeting="Hello {diagnosis}")


def test_a_newcomers_language_counts() -> None:
    """Who reads German is greeted in German, in a group that speaks English."""
    scene = group().with_people("Karim", language="de")

    scene.when(member_joins("Karim")).then_writes_to("Karim", "Hallo Karim", "automatische Nachricht")


def test_without_anybody_to_ask_the_newcomer_is_greeted_all_the_same() -> None:
    """A group without key members in chat greets."""
    scene = a_group(Welcome).with_people("Tom").with_settings(offer_introduction=False)

    scene.when(member_joins("Karim")).then_writes_to("Karim").then_nothing()


def test_newcomers_do_not_mix() -> None:
    """Two newcomers have their own greetings and questions; an answer about one leaves the other open."""
    scene = quiet_group().when(member_joins("Karim"), member_joins("Ali"))

    assert [one.question.split()[2] for one in scene.of(Asked)] == ["Karim", "Ali"]
    scene.when(answers("Jo", "yes"))
    assert scene.open_asks == ("hello:person-karim",)


def test_what_is_kept_is_shown_and_forgotten() -> None:
    """The export says when somebody was greeted; after forgetting nothing is left."""
    scene = group().when(member_joins("Karim"), member_joins("Ali"))

    assert scene.export("Karim") == {"greeted": "2026-06-02T17:00:00+00:00"}
    scene.forget("Karim")
    assert scene.export("Karim") == {}
    assert scene.export("Ali") != {}


@pytest.mark.parametrize("check", conformance.CHECKS)
def test_the_plugin_conforms(check: str) -> None:
    """The conformance suite finds nothing."""
    assert conformance.run(check, Welcome) == []


def test_a_story_is_quick() -> None:
    """A story takes a few milliseconds; the median is printed, only a hard limit is asserted."""
    times = []
    for _ in range(50):
        started = perf_counter()
        group().when(member_joins("Karim")).then_writes_to("Karim")
        times.append((perf_counter() - started) * 1000)

    median = statistics.median(times)
    print(f"welcome: one story takes {median:.2f} ms (median of 50)")  # noqa: T201 - a measurement prints
    assert median < HARD_LIMIT_MS
