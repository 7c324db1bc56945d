"""Who is greeted, when, how often, and who is asked to say hello."""

from __future__ import annotations

import statistics
from datetime import time, timedelta
from time import perf_counter

import pytest
from supportd_welcome import Welcome
from supportd_welcome.stories import plain, tuesday

from supportd.sdk.effects import PostDirect, PostMessage
from supportd.sdk.facts import QuietHours
from supportd.sdk.testing import (
    Asked,
    a_group,
    answers,
    command,
    conformance,
    effect_fails,
    member_joins,
    member_leaves,
    person_added,
    turned_on,
)

HARD_LIMIT_MS = 100
MINUTES = timedelta(minutes=1)
HOURS = timedelta(hours=1)


def test_a_newcomer_is_greeted_in_a_chat_of_their_own() -> None:
    """Who joins the circle for the first time gets one greeting, alone; it says that it is automatic and that nothing is due."""
    scene = plain().when(member_joins("Karim"))

    assert len(scene.of(PostDirect)) == 1
    scene.then_writes_to("Karim", "Hello Karim", "automatic message", "you do not need to write", "this program", "stop")


def test_where_the_program_does_not_read_the_greeting_says_so() -> None:
    """In a room of the listening level doorkeeper the greeting does not claim that the program reads."""
    scene = plain().with_room("circle", "Jo", "Sam", listening="doorkeeper").when(member_joins("Karim"))

    scene.then_writes_to("Karim", "This program cannot")


def test_the_greeting_waits_and_looks_whether_somebody_is_still_there() -> None:
    """With the usual three minutes nothing comes before; who has gone by then is not greeted, and is new when they come again."""
    scene = tuesday(ask_key_member=False, offer_introduction=False).when(member_joins("Karim"), member_joins("Ali"))
    assert scene.of(PostDirect) == []

    scene.after(2 * MINUTES).when(member_leaves("Ali"))
    scene.after(MINUTES).then_writes_to("Karim", "Hello Karim").then_nothing_to("Ali")

    scene.when(member_joins("Ali")).after(3 * MINUTES).then_writes_to("Ali", "Hello Ali.")


def test_coming_back_is_greeted_as_coming_back() -> None:
    """Who left and returns is told that there is nothing to catch up on, once, and asked nothing twice."""
    scene = plain().when(member_joins("Karim"), member_leaves("Karim")).after(2 * HOURS)

    scene.when(member_joins("Karim")).then_writes_to("Karim", "Hello again Karim", "nothing to catch up").then_nothing()


def test_an_app_that_leaves_and_joins_at_once_is_no_return() -> None:
    """A slip of the finger, or an account set up anew, brings no words at all."""
    scene = plain().when(member_joins("Karim"), member_leaves("Karim")).after(5 * MINUTES)

    scene.when(member_joins("Karim")).then_nothing()


def test_the_store_remembers_when_the_server_does_not() -> None:
    """A second first joining (the rooms were made anew) brings no second greeting."""
    scene = plain().when(member_joins("Karim"))

    scene.with_room("circle").when(member_joins("Karim")).then_nothing()


def test_several_rooms_are_one_welcome() -> None:
    """In three rooms of the group that all welcome, somebody is greeted once."""
    scene = plain(room="circle garden, quiet").with_room("garden").with_room("quiet")

    scene.when(member_joins("Karim", "garden")).then_writes_to("Karim").then_nothing_to("Karim")
    scene.when(member_joins("Karim"), member_joins("Karim", "quiet")).then_nothing()


@pytest.mark.parametrize("name", ["Sam", "Jo"])
def test_who_runs_the_group_is_no_newcomer(name: str) -> None:
    """A key member who joins the circle is not greeted."""
    a_group(Welcome).with_admins("Jo").with_key_members("Sam").when(member_joins(name)).then_nothing()


def test_only_the_circle_counts() -> None:
    """Joining or leaving another room brings nothing."""
    plain().with_room("garden").when(member_joins("Karim", "garden"), member_leaves("Karim", "garden")).then_nothing()


# ---- a group that is there already -------------------------------------------------------------------------------------------


def test_on_the_first_start_nobody_is_welcomed() -> None:
    """Whoever is in the room when the plugin is turned on is no newcomer, also when they come back later; the next one is."""
    scene = plain().when(member_leaves("Tom")).after(2 * HOURS).when(member_joins("Tom"))

    scene.then_writes_to("Tom", "Hello again").then_nothing()
    scene.when(member_joins("Karim")).then_writes_to("Karim", "Hello Karim.")


def test_who_is_entered_and_has_not_come_is_still_a_newcomer() -> None:
    """Entering people before turning the plugin on takes nobody's welcome away."""
    scene = plain().when(person_added("Karim"), turned_on())

    scene.when(member_joins("Karim")).then_writes_to("Karim", "Hello Karim.")


def test_turning_on_again_loses_nobody() -> None:
    """Who was about to be greeted when the plugin was turned off is greeted when it is on again, once."""
    scene = tuesday(ask_key_member=False, offer_introduction=False).when(member_joins("Karim"), turned_on())

    scene.after(timedelta(seconds=1)).then_writes_to("Karim", "Hello Karim.")
    scene.after(10 * MINUTES).then_nothing_to("Karim")


# ---- many at once ---------------------------------------------------------------------------------------------------------


def test_a_mass_of_newcomers_is_greeted_when_a_person_says_so() -> None:
    """After the group's number in ten minutes nobody is greeted until a key member has said yes; then everybody is, once."""
    scene = plain(crowd=5).when(*[member_joins(f"N{number}") for number in range(200)])
    assert len(scene.of(PostDirect)) == 5
    scene.then_asks("Jo", "Many people have come at once").then_asks_nobody()

    scene.when(answers("Jo", "yes"))

    assert len(scene.of(PostDirect)) == 195
    greeted = [one.to for one in scene.effects if isinstance(one, PostDirect)]
    assert len(greeted) == len(set(greeted)) == 200


def test_a_mass_that_nobody_wants_is_not_greeted() -> None:
    """After a no nobody of them hears anything; whoever comes later is a newcomer like any other."""
    scene = plain(crowd=2).when(*[member_joins(f"N{number}") for number in range(9)])

    scene.when(answers("Jo", "no")).then_nothing()

    scene.after(timedelta(hours=1)).when(member_joins("Karim")).then_writes_to("Karim").then_asks_nobody()


def test_silence_about_a_mass_forgets_nobody() -> None:
    """The next key member is asked, tomorrow both again; a command greets as well, and takes the question back."""
    scene = plain(crowd=2).when(*[member_joins(f"N{number}") for number in range(9)]).then_asks("Jo")

    scene.after(2 * HOURS).then_asks("Sam")
    scene.after(timedelta(hours=24)).then_asks("Jo").then_asks("Sam")
    scene.when(command("welcome greet", by="Sam"))

    assert len(scene.of(PostDirect)) == 7
    scene.then_replies("Greeted now: 7")
    assert scene.open_asks == ()


def test_a_mass_stops_greetings_that_are_on_their_way() -> None:
    """Who came before the crowd was noticed and has not been greeted waits too."""
    scene = tuesday(crowd=2, ask_key_member=False, offer_introduction=False)
    scene.when(*[member_joins(f"N{number}") for number in range(4)]).after(5 * MINUTES)

    assert scene.of(PostDirect) == []
    scene.when(answers("Jo", "yes"))
    assert len(scene.of(PostDirect)) == 4


def test_who_goes_while_waiting_is_not_greeted() -> None:
    """Who has left before the answer is not written to; with the last of them the question ends."""
    scene = plain(crowd=2).when(*[member_joins(f"N{number}") for number in range(4)])

    scene.when(member_leaves("N2"), member_leaves("N3"))

    assert scene.open_asks == ()


# ---- people say hello ------------------------------------------------------------------------------------------------------


def test_a_key_member_is_asked_to_say_hello_and_then_the_next() -> None:
    """Whoever is on duty is asked; after the group's time in silence the next one is asked too."""
    scene = plain(ask_key_member=True, hours_until_next=2).when(member_joins("Karim"))

    scene.then_asks("Jo", "Karim is new", "needs no reason", "A line you may copy").then_asks_nobody()
    scene.after(timedelta(hours=1, minutes=59)).then_asks_nobody()
    scene.after(MINUTES).then_asks("Sam").then_asks_nobody()


def test_who_sleeps_is_asked_last_and_gets_their_time_in_the_morning() -> None:
    """At 6 pm Jo's quiet hours have begun: Sam is asked first; Jo's four hours begin at 8 in the morning."""
    scene = a_group(Welcome).with_people("Jo", quiet=QuietHours(time(17), time(8))).with_admins("Jo").with_key_members("Sam")
    scene.with_room("circle", "Jo", "Sam").with_duty("welcome", "Jo").when(turned_on())
    scene.with_settings(delay_minutes=0, offer_introduction=False).when(member_joins("Karim"))

    scene.then_asks("Sam").then_asks_nobody()
    scene.after(4 * HOURS).then_asks("Jo").then_asks_nobody()
    # Asked at 10 pm; her four hours end at noon.
    scene.after(13 * HOURS)
    assert "hello:person-karim" in scene.open_asks
    scene.after(2 * HOURS)
    assert "hello:person-karim" not in scene.open_asks


def test_one_yes_ends_the_question() -> None:
    """When a key member says yes, those who were asked are told, and nobody else is asked."""
    scene = plain(ask_key_member=True).when(member_joins("Karim")).after(4 * HOURS).then_asks("Sam")

    scene.when(answers("Sam", "👍")).then_writes_to("Jo", "Somebody else says hello").then_nothing()

    assert scene.open_asks == ()


def test_one_no_leaves_the_question_to_the_next() -> None:
    """A no is a full answer for one person; the next one is asked in their turn all the same."""
    scene = plain(ask_key_member=True).when(member_joins("Karim"))

    scene.when(answers("Jo", "no")).then_nothing()

    scene.after(4 * HOURS).then_asks("Sam")
    scene.when(answers("Sam", "no")).then_nothing()
    assert scene.open_asks == ()


def test_without_anybody_to_ask_the_newcomer_is_greeted_all_the_same() -> None:
    """A group without key members in chat greets."""
    scene = a_group(Welcome).with_people("Tom").with_settings(offer_introduction=False, delay_minutes=0)

    scene.when(member_joins("Karim")).then_writes_to("Karim").then_asks_nobody()


def test_newcomers_do_not_mix() -> None:
    """Two newcomers have their own greetings and questions; an answer about one leaves the other open."""
    scene = plain(ask_key_member=True).when(member_joins("Karim"), member_joins("Ali"))

    assert [one.question.split()[2] for one in scene.of(Asked)] == ["Karim", "Ali"]
    scene.when(answers("Jo", "yes"))
    assert scene.open_asks == ("hello:person-karim",)


# ---- the introduction ---------------------------------------------------------------------------------------------------------


def test_a_newcomer_is_introduced_after_their_own_yes() -> None:
    """The room hears the chosen name, and only that, when the newcomer says yes in words."""
    scene = plain(offer_introduction=True).when(member_joins("Karim")).then_asks("Karim", "May I tell the room")

    scene.when(answers("Karim", "yes")).then_posts("Karim is new here").then_nothing()


@pytest.mark.parametrize("word", ["No.", None])
def test_no_and_silence_are_no(word: str | None) -> None:
    """After a no, or without an answer, the room hears nothing."""
    scene = plain(offer_introduction=True, days_for_introduction=2).when(member_joins("Karim"))

    if word is None:
        scene.with_direct_chat("Karim").after(timedelta(days=2))
    else:
        scene.when(answers("Karim", word))

    assert scene.of(PostMessage) == []
    assert scene.open_asks == ()


def test_leaving_takes_the_questions_back() -> None:
    """When the newcomer has gone, nobody is asked to greet or introduce them."""
    scene = plain(offer_introduction=True, ask_key_member=True).when(member_joins("Karim"))

    scene.when(member_leaves("Karim"))

    assert scene.open_asks == ()
    scene.after(timedelta(days=3)).then_nothing_to("Jo").then_nothing_to("Karim")


# ---- who takes no direct chat ---------------------------------------------------------------------------------------------------


def test_after_a_day_one_line_in_the_room_for_who_has_not_come() -> None:
    """Who has not taken the invitation to the direct chat finds one line in the room that says nothing else, once."""
    scene = plain().when(member_joins("Karim"))

    scene.after(timedelta(hours=24)).then_posts("Karim", "You do not need to take it")
    scene.after(timedelta(days=9))
    assert [one for one in scene.of(PostMessage) if "invitation" in one.text] == []


def test_who_has_come_finds_no_line() -> None:
    """Who is in their direct chat is left in peace."""
    scene = plain().when(member_joins("Karim")).with_direct_chat("Karim")

    scene.after(timedelta(hours=25))
    assert scene.of(PostMessage) == []


def test_settings_that_let_no_invitation_through() -> None:
    """After M_INVITE_BLOCKED there is the line at once, once, and the path asks nothing."""
    scene = plain(day_rules=1).when(member_joins("Karim"))

    scene.when(effect_fails(PostDirect, "M_INVITE_BLOCKED", "Karim")).then_posts("Karim", "Everything works without it")
    scene.when(effect_fails(PostDirect, "M_INVITE_BLOCKED", "Karim"))
    assert scene.of(PostMessage) == []
    scene.after(timedelta(days=3)).then_nothing_to("Karim")


# ---- the rest --------------------------------------------------------------------------------------------------------------------


def test_a_newcomers_language_counts() -> None:
    """Who reads German is greeted in German, in a group that speaks English."""
    scene = plain().with_people("Karim", language="de")

    scene.when(member_joins("Karim")).then_writes_to("Karim", "Hallo Karim", "automatische Nachricht")


def test_what_is_kept_is_shown_and_forgotten() -> None:
    """The export says when somebody was greeted and where they stand; after forgetting nothing is left."""
    scene = plain().when(member_joins("Karim"), member_joins("Ali"))

    kept = scene.export("Karim")
    assert kept["greeted"] == "2026-06-02T17:00:00+00:00"
    assert kept["path"] == {
        "state": "done",
        "started": "2026-06-02T17:00:00+00:00",
        "done": "",
        "last": "2026-06-02T17:00:00+00:00",
        "wait_until": None,
        "away": None,
        "nudged": 0,
    }
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
        plain().when(member_joins("Karim")).then_writes_to("Karim")
        times.append((perf_counter() - started) * 1000)

    median = statistics.median(times)
    print(f"welcome: one story takes {median:.2f} ms (median of 50)")  # noqa: T201 - a measurement prints
    assert median < HARD_LIMIT_MS
