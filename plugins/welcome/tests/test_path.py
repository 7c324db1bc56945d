"""The first weeks: one question at a time, each can be skipped, put off or stopped, and a break costs no step."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from supportd_welcome import Welcome
from supportd_welcome.stories import PLAIN, plain, tuesday, with_karim

from supportd.sdk.effects import ChangePerson, PostDirect, RecordConsent
from supportd.sdk.testing import Asked, Told, a_group, answers, command, member_joins, member_leaves, says, turned_on
from supportd.sdk.text import problems_of, words_in

if TYPE_CHECKING:
    from supportd.sdk.testing import Scene

DAY = timedelta(days=1)
#: Where Karim writes to the bot.
CHAT = "direct:Karim"


def to(scene: Scene, name: str) -> list[str]:
    """Return the texts that reached somebody in the last step."""
    person = next(one.id for one in scene.group.people if one.name == name)
    direct = [one.text for one in scene.of(PostDirect) if one.to == person]
    return (
        direct
        + [one.question for one in scene.of(Asked) if one.person == person]
        + [one.text for one in scene.of(Told) if one.person == person]
    )


def diary(scene: Scene, name: str, count: int) -> dict[int, list[str]]:
    """Let days pass and return what reached somebody on each day on which something did; the day is counted from the start of the story."""
    found: dict[int, list[str]] = {}
    for day in range(1, count + 1):
        scene.after(DAY)
        if texts := to(scene, name):
            found[day] = texts
    return found


def test_the_whole_path_by_default() -> None:
    """One message a day at most, on the days of the settings, then nothing more ever; each asks one thing."""
    scene = tuesday(ask_key_member=False, offer_introduction=False).when(member_joins("Karim")).with_direct_chat("Karim")

    found = diary(scene, "Karim", 60)

    wanted = {
        1: "Hello Karim",
        3: "What shall we call you",
        7: "How do you want to hear",
        8: "be emailed",
        14: "buddy",
        28: "last question",
    }
    assert {day: len(texts) for day, texts in found.items() if day != 1} == dict.fromkeys([day for day in wanted if day != 1], 1)
    # The greeting came some minutes after the joining, the ground rules the next morning: both within the first day of the story.
    assert [words in text for text, words in zip(found[1], ("Hello Karim", "ground rules"), strict=True)] == [True, True]
    assert all(wanted[day] in found[day][0] for day in wanted)
    assert all(text.count("?") <= 1 for texts in found.values() for text in texts)


def test_each_message_comes_at_the_hour_of_the_newcomers_clock() -> None:
    """At ten in the morning where they live, also over the change of the clocks."""
    scene = a_group(Welcome, zone="Europe/London").with_admins("Jo").with_people("Karim").with_room("circle", "Jo")
    scene.with_settings(**{**PLAIN, "day_rules": 1, "day_buddy": 200}).when(turned_on(), member_joins("Karim"))

    scene.at(datetime(2026, 6, 3, 8, 59, tzinfo=UTC))
    assert to(scene, "Karim") == []
    scene.at(datetime(2026, 6, 3, 9, 0, tzinfo=UTC))
    assert len(to(scene, "Karim")) == 1
    # London is an hour behind its summer by then.
    scene.at(datetime(2026, 12, 19, 9, 59, tzinfo=UTC))
    assert to(scene, "Karim") == []
    scene.at(datetime(2026, 12, 19, 10, 0, tzinfo=UTC))
    assert len(to(scene, "Karim")) == 1


def test_days_are_the_groups_to_choose() -> None:
    """A step with the day -1 never comes; two steps on the same day come on two days."""
    found = diary(with_karim(day_rules=2, day_buddy=2), "Karim", 30)

    assert sorted(found) == [2, 3]
    assert "ground rules" in found[2][0]
    assert "buddy" in found[3][0]


def test_a_daemon_that_was_away_asks_one_question_a_day() -> None:
    """Whatever fell due meanwhile comes one by one, not at once."""
    scene = with_karim(day_rules=1, day_name=2, day_buddy=3)
    scene.at(scene.group.now + 10 * DAY)
    assert len(to(scene, "Karim")) == 3

    late = with_karim(day_rules=1, day_name=2, day_buddy=3).with_settings(**{**PLAIN, "day_rules": 1, "day_name": 1, "day_buddy": 1})
    assert {day: len(texts) for day, texts in diary(late, "Karim", 9).items()} == {1: 1, 2: 1, 3: 1}


# ---- the ground rules ---------------------------------------------------------------------------------------------------


def test_agreeing_is_kept_with_version_and_how() -> None:
    """A sign agrees as a word does; what was agreed to, when and how is kept."""
    scene = with_karim(day_rules=1, ground_rules="Be kind, says {group}.").after(DAY)
    scene.then_asks("Karim", "Be kind, says Tuesday group.", "Do you agree?")

    scene.when(answers("Karim", "👍")).then_writes_to("Karim", "today's date")

    consent = scene.group.consent(scene.group.people[-1].id, "ground_rules")
    assert consent is not None
    assert (consent.given, consent.how, consent.wording.startswith("rules-")) == (True, "reaction", True)


def test_who_would_rather_talk_first_gets_a_person() -> None:
    """A no is kept as a no and brought to the key member on duty."""
    scene = with_karim(day_rules=1).after(DAY)

    scene.when(answers("Karim", "no")).then_writes_to("Karim", "Jo will get in touch").then_writes_to(
        "Jo", "Karim would like to talk about"
    )
    scene.then_yields(RecordConsent, given=False)


def test_changed_rules_are_asked_again_and_only_of_those_who_had_agreed() -> None:
    """The morning after a change who had agreed is asked; who had not, and who was there before, is not."""
    scene = with_karim(day_rules=1).when(member_joins("Ali")).after(DAY).when(answers("Karim", "yes")).after(DAY)
    scene.with_settings(**{**PLAIN, "day_rules": 1, "ground_rules": "New rules."})

    scene.after(DAY).then_asks("Karim", "have changed", "New rules.").then_asks_nobody()
    # Silence is no reason to ask every day.
    scene.when(answers("Karim", "later")).after(5 * DAY).then_nothing_to("Ali")
    scene.when(answers("Karim", "yes")).after(5 * DAY)
    assert scene.of(Asked) == []


def test_the_same_rules_are_not_asked_twice() -> None:
    """Somebody who agreed, left for good and comes as a new row is not asked for the same words."""
    scene = with_karim(day_rules=1).after(DAY).when(answers("Karim", "yes")).forget("Karim")
    scene.with_room("circle", "Jo", "Sam", "Tom").when(member_joins("Karim"))

    scene.after(2 * DAY).then_asks_nobody()


def test_anybody_can_read_the_rules() -> None:
    """The word brings them, in chat and in a terminal."""
    scene = plain(ground_rules="Be kind.").when(command("rules", by="Tom")).then_replies("Be kind.")

    scene.when(command("rules")).then_replies("Be kind.")


# ---- a name ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("words", ["call me Kay", "Call me: Kay.", "My name is Kay", "please call me “Kay”", "nenn mich Kay", "叫我 Kay"])
def test_a_name_is_given_in_words_at_any_time(words: str) -> None:
    """Whoever writes it in their direct chat is called that from then on."""
    scene = with_karim().when(says("Karim", words, CHAT)).then_writes_to("Karim", "You are Kay here now")

    assert "Kay" in [one.name for one in scene.group.people]


@pytest.mark.parametrize("words", ["Kay", "kay", "Kay B.", "凯", "Müde Maus"])
def test_a_bare_name_answers_the_question(words: str) -> None:
    """In the days after the question one or two words are the name."""
    scene = with_karim(day_name=1).after(DAY).when(says("Karim", words, CHAT))

    scene.then_writes_to("Karim", f"You are {words.strip('.')} here now")


@pytest.mark.parametrize(
    "words", ["hello", "Thank you!", "help", "who are you?", "I am not sure what to say", "1", "@kay", "🎉", "talk", "谢谢"]
)
def test_other_words_are_no_name(words: str) -> None:
    """What people write to a program that is no name stays without consequence."""
    scene = with_karim(day_name=1).after(DAY).when(says("Karim", words, CHAT))

    assert [one for one in scene.effects if isinstance(one, ChangePerson)] == []


def test_without_the_question_a_bare_word_is_nothing() -> None:
    """Before it is asked, and days after it, nobody is renamed by a word."""
    scene = with_karim(day_name=1).when(says("Karim", "Kay", CHAT))
    scene.after(5 * DAY).when(says("Karim", "Kay", CHAT))

    assert [one for one in scene.effects if isinstance(one, ChangePerson)] == []


@pytest.mark.parametrize(("words", "sentence"), [("call me Jo", "has this name already"), (f"call me {'x' * 41}", "up to 40 letters")])
def test_a_name_that_cannot_be_is_answered_kindly(words: str, sentence: str) -> None:
    """Taken, or too long: one sentence, and nothing changes."""
    with_karim().when(says("Karim", words, CHAT)).then_writes_to("Karim", sentence).then_nothing()


def test_no_keeps_the_name() -> None:
    """No is an answer."""
    with_karim(day_name=1).after(DAY).when(answers("Karim", "No!")).then_writes_to("Karim", "That is fine").then_nothing()


def test_an_unproven_message_renames_nobody() -> None:
    """Words whose author is not proven by keys change nothing."""
    with_karim().when(says("Karim", "call me Kay", CHAT, proven=False)).then_nothing()


# ---- how to hear from the group ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("word", "reach"),
    [("1", "chat"), ("💬", "chat"), ("2", "mail"), ("Email", "mail"), ("✉️", "mail"), ("3", "letter"), ("Brief", "letter"), ("4", "phone")],
)
def test_how_somebody_wants_to_hear_from_the_group(word: str, reach: str) -> None:
    """A number, a sign or a word, in any language; for what needs an address a person asks."""
    scene = with_karim(day_reach=1).after(DAY).when(answers("Karim", word))

    scene.then_yields(ChangePerson, reach=reach).then_writes_to("Karim", "Thank you")
    assert bool(to(scene, "Jo")) == (reach != "chat")


@pytest.mark.parametrize("word", ["5", "🔋", "little", "wenig", "少"])
def test_little_is_a_choice(word: str) -> None:
    """Who has little energy gets the shortest form of everything, and answers by signs."""
    scene = (
        with_karim(day_reach=1, day_buddy=2).after(DAY).when(answers("Karim", word)).then_writes_to("Karim", "one sign is a full answer")
    )

    scene.after(DAY).then_asks("Karim", "Would you like a buddy? 👍 yes")
    scene.when(answers("Karim", "👎")).then_writes_to("Karim", "That is fine")


def test_it_can_be_changed_later() -> None:
    """The words bring the question again."""
    scene = with_karim().when(command("how to reach me", by="Karim")).then_asks("Karim", "How do you want to hear")

    scene.when(answers("Karim", "letter")).then_yields(ChangePerson, reach="letter")


# ---- words by email ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("word", "kept"),
    [
        ("yes", (True, True)),
        ("nameless", (True, False)),
        ("without my name", (True, False)),
        ("ohne Namen", (True, False)),
        ("no", (False, False)),
    ],
)
def test_consent_to_email_is_asked_in_words(word: str, kept: tuple[bool, bool]) -> None:
    """Yes, without a name, or no; each is kept with its wording."""
    scene = with_karim(day_mail=1).after(DAY).when(answers("Karim", word)).then_writes_to("Karim", "Thank you")

    karim = scene.group.people[-1].id
    consents = [scene.group.consent(karim, kind) for kind in ("words_by_mail", "name_in_mail")]
    assert tuple(one.given for one in consents if one is not None) == kept
    assert all(one.how == "word" and one.wording.startswith("mail-") for one in consents if one is not None)


def test_a_sign_is_no_consent_to_email() -> None:
    """A reaction can be forged by whoever runs the server."""
    scene = with_karim(day_mail=1).after(DAY)

    with pytest.raises(AssertionError, match="no answer"):
        scene.when(answers("Karim", "👍"))


def test_silence_is_no_consent() -> None:
    """Nobody's words are emailed because they did not answer."""
    scene = with_karim(day_mail=1).after(60 * DAY)

    assert scene.group.consents == ()


def test_consent_can_be_taken_back() -> None:
    """The words bring the question again; the last answer counts."""
    scene = with_karim(day_mail=1).after(DAY).when(answers("Karim", "yes")).after(DAY)

    scene.when(command("words by email", by="Karim")).when(answers("Karim", "no"))

    consent = scene.group.consent(scene.group.people[-1].id, "words_by_mail")
    assert consent is not None
    assert not consent.given


# ---- a buddy, and the last question -----------------------------------------------------------------------------------------------


def test_a_wish_for_a_buddy_goes_to_a_person() -> None:
    """The key member on duty is told; nothing is arranged by a program."""
    scene = with_karim(day_buddy=1).after(DAY).when(answers("Karim", "yes"))

    scene.then_writes_to("Karim", "ask you both first").then_writes_to("Jo", "Karim would like a buddy").then_nothing()


@pytest.mark.parametrize(("word", "jo"), [("good", 0), ("👍", 0), ("talk", 1), ("📞", 1), ("no", 0)])
def test_the_last_question_is_the_last(word: str, jo: int) -> None:
    """Whatever the answer, nothing is asked afterwards; who would like to talk gets a person."""
    scene = with_karim(day_checkin=1).after(DAY).when(answers("Karim", word))

    assert (len(to(scene, "Jo")), len(to(scene, "Karim"))) == (jo, 1)
    scene.after(90 * DAY).then_nothing_to("Karim")


# ---- skip, later, stop, a break -------------------------------------------------------------------------------------------------------


def test_later_brings_a_question_again_once() -> None:
    """Three days later it comes again; the second “later” is an end."""
    scene = with_karim(day_buddy=1).after(DAY).when(answers("Karim", "later")).then_writes_to("Karim", "again in a few days")

    found = diary(scene, "Karim", 6)
    assert list(found) == [3]
    scene.when(answers("Karim", "later")).then_writes_to("Karim", "That is fine")
    scene.after(60 * DAY).then_nothing_to("Karim")


@pytest.mark.parametrize("word", ["stop", "Stop.", "stpo", "STOP!", "stopp", "arrête", "停", "ਬੰਦ ਕਰੋ", "بند کریں", "🛑"])
def test_stop_is_for_good(word: str) -> None:
    """One word ends all questions for good, in each language and with a slip; what is open is taken back."""
    scene = (
        with_karim(day_rules=1, day_buddy=2).after(DAY).when(answers("Karim", word)).then_writes_to("Karim", "not ask you anything more")
    )

    assert scene.open_asks == ()
    scene.after(90 * DAY).then_nothing_to("Karim")


def test_stop_needs_no_question() -> None:
    """The word works also when nothing was asked, and is not answered when there is nothing to stop."""
    scene = with_karim(day_buddy=5).when(says("Karim", "stop", CHAT)).then_writes_to("Karim", "not ask you anything more")

    scene.when(says("Karim", "stop", CHAT)).then_nothing()
    scene.after(30 * DAY).then_nothing_to("Karim")


def test_a_stop_can_be_undone() -> None:
    """At their own wish the questions go on where they stopped."""
    scene = with_karim(day_rules=1, day_buddy=2).after(DAY).when(answers("Karim", "stop"))

    scene.when(command("start again", by="Karim")).then_replies("one at a time")

    found = diary(scene, "Karim", 9)
    assert ["buddy" in texts[0] for texts in found.values()] == [True]


def test_a_break_moves_the_days() -> None:
    """Five days away move what is to come by five days; nothing is asked meanwhile, and the first day back is quiet."""
    scene = with_karim(day_rules=1, day_buddy=3).after(DAY)
    scene.when(member_leaves("Karim"))
    assert scene.open_asks == ()
    scene.after(5 * DAY).then_nothing_to("Karim")

    scene.when(member_joins("Karim")).then_writes_to("Karim", "Hello again")

    assert list(diary(scene, "Karim", 9)) == [2]


def test_a_stop_outlives_a_break() -> None:
    """Who has stopped the questions and comes back is greeted as coming back and asked nothing."""
    scene = with_karim(day_buddy=3).when(says("Karim", "stop", CHAT), member_leaves("Karim")).after(DAY)

    scene.when(member_joins("Karim")).then_writes_to("Karim", "Hello again")

    assert diary(scene, "Karim", 30) == {}


def test_about_oneself_only() -> None:
    """From a terminal nobody's own questions are asked."""
    for name in ("how to reach me", "words by email", "start again"):
        plain().when(command(name)).then_replies("asked in a chat with the bot").then_nothing()


# ---- language and easy words ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("word", "language", "kept"), [("2", "de", "auf Deutsch"), ("Deutsch", "de", "auf Deutsch"), ("اردو", "ur", "اردو")]
)
def test_a_language_can_be_chosen(word: str, language: str, kept: str) -> None:
    """By number or by its own name; the answer is in that language already, and so is whatever comes later."""
    scene = with_karim(day_buddy=1).when(command("my language", by="Karim")).then_asks("Karim", "Which language", "2 Deutsch")

    scene.when(answers("Karim", word)).then_yields(ChangePerson, language=language).then_writes_to("Karim", kept)

    assert scene.after(DAY).of(Asked)[0].question != ""
    assert "buddy" not in scene.of(Asked)[0].question


def test_easy_words_can_be_chosen_and_left_again() -> None:
    """The next question comes in easy sentences, and after a no in the usual ones again."""
    scene = with_karim(day_buddy=1).when(command("easy words", by="Karim")).when(answers("Karim", "yes"))
    scene.then_yields(ChangePerson, edition="easy")
    scene.after(DAY).then_asks("Karim", "Would you like a buddy, one member to talk to?")

    scene.when(command("easy words", by="Karim")).when(answers("Karim", "no")).then_yields(ChangePerson, edition="normal")


# ---- what it sounds like ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", ["en", "de"])
@pytest.mark.parametrize("low", [False, True])
def test_whatever_is_written_on_the_way_is_short(language: str, low: bool) -> None:  # noqa: FBT001 - a row of the table
    """Every message of the path keeps the rules of tone with its braces filled: at most 80 words, one question, no long sentences."""
    settings: dict[str, Any] = {"day_rules": 1, "day_name": 2, "day_reach": 3, "day_mail": 4, "day_buddy": 5, "day_checkin": 6}
    scene = plain(**settings).with_people("Karim", language=language).when(member_joins("Karim")).with_direct_chat("Karim")
    texts = to(scene, "Karim")
    for word in ("yes", "no", "low" if low else "2", "yes", "yes", "talk"):
        scene.after(DAY)
        texts += to(scene, "Karim")
        scene.when(answers("Karim", word))
        texts += to(scene, "Karim") + to(scene, "Jo")

    assert len(texts) >= 14
    assert [(text, found) for text in texts if (found := problems_of(text))] == []
    assert max(map(words_in, texts)) <= 80
    assert all(text.count("?") <= 1 for text in texts)
