"""How a newcomer is welcomed."""

from __future__ import annotations

import statistics
from time import perf_counter

import pytest
from supportd_welcome import Welcome
from supportd_welcome.texts import TEXTS

from supportd.sdk.effects import PostDirect
from supportd.sdk.testing import Story, a_group, answers, check_plugin, member_joins, member_leaves

HARD_LIMIT_MS = 50


def group() -> Story:
    """Return a group with two key members, a member and a circle."""
    return a_group(Welcome).with_admins("Jo").with_key_members("Sam").with_people("Tom").with_room("circle")


def test_a_newcomer_is_greeted_in_a_chat_of_their_own() -> None:
    """Who joins the circle for the first time gets one greeting, alone; it says that it is automatic."""
    story = group().when(member_joins("Karim"))

    story.then_writes_to("Karim", "Hello Karim").then_writes_to("Karim", "automatic message")
    assert len(story.of(PostDirect)) == 1


def test_a_newcomer_who_returns_is_not_greeted_again() -> None:
    """Leaving and coming back brings no second greeting and no second question."""
    story = group().when(member_joins("Karim"), member_leaves("Karim"))

    story.when(member_joins("Karim", returned=True)).then_nothing_to("Karim").then_asks_nobody()


def test_the_same_joining_twice_greets_once() -> None:
    """An event that comes again, with another id, brings nothing."""
    story = group().when(member_joins("Karim"))

    story.when(member_joins("Karim")).then_nothing()


def test_who_runs_the_group_is_no_newcomer() -> None:
    """A key member who joins the circle is not greeted."""
    group().when(member_joins("Sam")).then_nothing()


def test_only_the_circle_counts() -> None:
    """Joining another room brings no greeting."""
    group().with_room("garden").when(member_joins("Karim", "garden")).then_nothing()


def test_a_key_member_is_asked_to_say_hello_and_then_the_next() -> None:
    """One key member is asked; after the group's time in silence the next one is asked too."""
    story = group().with_settings(hours_until_next=2, offer_introduction=False).when(member_joins("Karim"))
    first = [name for name in ("Jo", "Sam") if _asked(story, name)]

    story.after(hours=2)

    assert len(first) == 1
    assert _asked(story, "Jo")
    assert _asked(story, "Sam")


def test_one_yes_ends_the_question() -> None:
    """When a key member says yes, nobody else is asked."""
    story = group().with_settings(offer_introduction=False).when(member_joins("Karim"))
    asked = next(name for name in ("Jo", "Sam") if _asked(story, name))

    story.when(answers(asked, "👍")).then_asks_nobody()

    story.after(days=2).then_asks_nobody()


def test_nobody_is_asked_when_the_group_does_not_want_it() -> None:
    """With ask_key_member off only the newcomer hears something."""
    group().with_settings(ask_key_member=False, offer_introduction=False).when(member_joins("Karim")).then_asks_nobody()


def test_a_newcomer_is_introduced_after_their_own_yes() -> None:
    """The room hears the chosen name, and only that, when the newcomer says yes."""
    story = group().with_settings(ask_key_member=False).when(member_joins("Karim")).then_asks("Karim", "May I tell the room")

    story.when(answers("Karim", "yes")).then_posts("Karim is new here")


@pytest.mark.parametrize("said", ["no", "👎"])
def test_no_is_no(said: str) -> None:
    """After a no the room hears nothing."""
    group().with_settings(ask_key_member=False).when(member_joins("Karim")).when(answers("Karim", said)).then_nothing()


def test_silence_is_no() -> None:
    """Without an answer the question ends after the group's days, and the room hears nothing."""
    story = group().with_settings(ask_key_member=False, days_for_introduction=2).when(member_joins("Karim"))

    story.after(days=2).then_nothing().then_asks_nobody()


def test_leaving_takes_the_questions_back() -> None:
    """When the newcomer has gone, nobody is asked to greet them."""
    group().when(member_joins("Karim")).when(member_leaves("Karim")).then_asks_nobody()


def test_a_group_has_its_own_words() -> None:
    """A greeting of the group's own replaces ours, with the name filled in."""
    story = group().with_settings(greeting="Servus {member}, automatic words of {group}.")

    story.when(member_joins("Karim")).then_writes_to("Karim", "Servus Karim, automatic words of Thursday evenings.")


def test_a_greeting_cannot_name_what_is_not_there() -> None:
    """A placeholder that nobody fills is refused with the list of those that exist."""
    with pytest.raises(ValueError, match="use one of"):
        group().with_settings(greeting="Hello {diagnosis}")


def test_without_anybody_to_ask_the_newcomer_is_greeted_all_the_same() -> None:
    """A group without key members in chat greets."""
    story = a_group(Welcome).with_people("Tom").with_room("circle").with_settings(offer_introduction=False)

    story.when(member_joins("Karim")).then_writes_to("Karim").then_asks_nobody()


def test_what_is_kept_is_shown_and_forgotten() -> None:
    """The export says when somebody was greeted; after forgetting nothing is left."""
    story = group().when(member_joins("Karim"))

    assert story.export("Karim") == {"greeted": "2026-01-05T12:00:00+00:00"}
    story.forget("Karim")
    assert story.export("Karim") == {}


def test_texts_keep_the_rules_of_tone() -> None:
    """Every text is short, calm and there in every language."""
    assert TEXTS.problems() == []


def test_the_plugin_conforms() -> None:
    """The conformance suite finds nothing."""
    assert check_plugin(Welcome) == []


def test_a_story_is_quick(record_property: pytest.RecordProperty) -> None:
    """A story takes a few milliseconds; the median is printed, only a hard limit is asserted."""
    times = []
    for _ in range(50):
        started = perf_counter()
        group().when(member_joins("Karim")).then_writes_to("Karim")
        times.append((perf_counter() - started) * 1000)

    median = statistics.median(times)
    record_property("story_median_ms", round(median, 2))
    print(f"welcome: one story takes {median:.2f} ms (median of 50)")
    assert median < HARD_LIMIT_MS


def _asked(story: Story, name: str) -> bool:
    who = story.world.person(name)
    return any(who in one.asked for one in story.world.asks.values())
