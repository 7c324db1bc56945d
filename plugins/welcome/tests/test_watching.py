"""Nobody's first words, and no question, stay without an answer."""

from __future__ import annotations

from datetime import timedelta

import pytest
from supportd_welcome import Welcome, watching
from supportd_welcome.stories import plain, with_karim

from supportd.sdk.effects import PostDirect, PostMessage
from supportd.sdk.panels import TablePanel
from supportd.sdk.testing import (
    Asked,
    Scene,
    answers,
    member_joins,
    member_leaves,
    message_hidden,
    reacts,
    says,
    sends_file,
    speaks,
)

HOURS = timedelta(hours=1)
DAYS = timedelta(days=1)
#: From the beginning of a story at 6 pm to the next morning.
NIGHT = timedelta(hours=13, minutes=30)
QUESTION = "had no answer for"


def waits(scene: Scene) -> int:
    """Return how many words wait for an answer."""
    return len(scene.kept["welcome_alone"])


def first_words(**settings: object) -> Scene:
    """Return the group in which Karim has come and has written his first words at half past seven the next morning."""
    return with_karim(**settings).after(NIGHT).when(says("Karim", "I am new here."))


# ---- what waits -------------------------------------------------------------------------------------------------------------


def test_first_words_wait_for_an_answer() -> None:
    """After twelve hours the key member on duty gets a link without a word of it; then the next one."""
    scene = first_words()

    scene.after(12 * HOURS - timedelta(minutes=1)).then_asks_nobody()
    scene.after(timedelta(minutes=1)).then_asks("Jo", QUESTION, "12 hours", "https://matrix.to/#/!circle/$").then_asks_nobody()
    scene.after(4 * HOURS).then_asks("Sam", QUESTION).then_asks_nobody()
    assert all("new here" not in one.question for one in scene.of(Asked))


def test_second_words_do_not_wait() -> None:
    """Who has had an answer to their first words may talk like anybody else."""
    scene = first_words().when(says("Tom", "Hello Karim."), says("Karim", "Thank you."))

    assert waits(scene) == 0
    scene.after(9 * DAYS).then_asks_nobody()


@pytest.mark.parametrize(
    "text",
    [
        *("Does that get better?", "¿Alguien más?", "有人知道吗", "کیا کوئی ہے؟", "has anyone tried that", "Any tips for the nights"),
        *("how do you cope with it", "Should I ask them", "Hat jemand Erfahrung damit", "Quelqu'un connaît un bon médecin"),
    ],
)
def test_a_question_waits(text: str) -> None:
    """Also of somebody who has been here for years, with or without a mark."""
    assert waits(plain().when(says("Tom", text))) == 1


@pytest.mark.parametrize("text", ["Good night.", "Look at https://example.org/?q=1", "How nice.", "I asked them, and they said no.", ""])
def test_other_words_of_somebody_known_do_not_wait(text: str) -> None:
    """What asks nothing waits for nothing; an address with a question mark is no question."""
    assert waits(plain().when(says("Tom", text))) == 0


def test_a_picture_can_be_somebodys_first_words() -> None:
    """A first file waits like words."""
    scene = plain().when(member_joins("Karim"), sends_file("Karim", "garden.jpg", kind="image", media_type="image/jpeg"))

    assert waits(scene) == 1


@pytest.mark.parametrize("name", ["Tom", "Jo"])
def test_who_was_there_before_has_spoken(name: str) -> None:
    """Words of people who were here when the plugin was turned on are no first words; nor are a key member's."""
    assert waits(plain().when(says(name, "Hello all."))) == 0


def test_adding_to_words_that_wait_asks_nobody_twice() -> None:
    """Three lines in a row are one thing that waits, from the first on."""
    scene = first_words().when(says("Karim", "It has been a hard week."), says("Karim", "Is anybody there?"))

    assert waits(scene) == 1
    scene.after(12 * HOURS).then_asks("Jo").then_asks_nobody()


def test_a_program_waits_for_nothing() -> None:
    """A notice comes from a program; nobody has to answer it."""
    assert waits(plain().when(member_joins("Karim"), says("Karim", "Is it working?", kind="notice"))) == 0


def test_only_watched_rooms_are_watched() -> None:
    """Other rooms, direct chats with the bot among them, are not looked at."""
    scene = plain(watched="garden").with_room("garden", "Tom").with_room("quiet", "Tom").with_direct_chat("Tom")

    scene.when(says("Tom", "Anybody?"), says("Tom", "Anybody?", "quiet"), says("Tom", "Anybody?", "direct:Tom"))
    assert waits(scene) == 0
    assert waits(scene.when(says("Tom", "Anybody?", "garden"))) == 1


def test_it_can_be_off() -> None:
    """Without the watch nothing is kept."""
    assert waits(first_words(watch=False)) == 0


# ---- what is an answer -----------------------------------------------------------------------------------------------------------


def test_a_reply_answers_what_it_replies_to() -> None:
    """Of two that wait, the one that was replied to is answered."""
    scene = first_words().when(member_joins("Ali"), says("Ali", "Hello all."), says("Tom", "Hello Ali.", reply=True))

    assert [row["person_id"] for row in scene.kept["welcome_alone"]] == ["person-karim"]


def test_words_without_a_reply_answer_the_newest() -> None:
    """People write without replying; that answers what stands right above."""
    scene = first_words().when(member_joins("Ali"), says("Ali", "Hello all."), says("Tom", "Good that you are here."))

    assert [row["person_id"] for row in scene.kept["welcome_alone"]] == ["person-karim"]


def test_who_said_they_would_look_means_those_words() -> None:
    """Jo was sent to Karim's words and writes without replying: that answers him, though Ali has written since."""
    scene = first_words().after(12 * HOURS).when(answers("Jo", "yes"), member_joins("Ali"), says("Ali", "Hello all."))

    scene.when(says("Jo", "Good that you are here."))

    assert [row["person_id"] for row in scene.kept["welcome_alone"]] == ["person-ali"]


def test_after_the_line_in_the_room_the_next_word_answers_what_it_was_about() -> None:
    """The line stands right above; that somebody newer wrote before it does not matter."""
    scene = first_words().after(30 * HOURS).when(member_joins("Ali"), says("Ali", "Hello all.")).after(6 * HOURS)

    scene.when(says("Tom", "Hello."))

    assert [row["person_id"] for row in scene.kept["welcome_alone"]] == ["person-ali"]


def test_a_question_does_not_answer_a_question() -> None:
    """Somebody else's first words or question leaves what waits open."""
    scene = first_words().when(says("Tom", "When is the next meeting?"))

    assert waits(scene) == 2


def test_a_reply_that_asks_back_is_an_answer() -> None:
    """“How are you?” as a reply is company; it opens nothing new."""
    assert waits(first_words().when(says("Tom", "Hello Karim, how are you?", reply=True))) == 0


def test_a_word_in_the_thread_is_an_answer() -> None:
    """Threads count as replies do."""
    assert waits(first_words().when(says("Tom", "Hello.", thread=True))) == 0


def test_a_sign_is_an_answer_but_not_ones_own() -> None:
    """A reaction of a person closes it; of the author it does not."""
    scene = first_words().when(reacts("Karim", "👍"))
    assert waits(scene) == 1

    assert waits(scene.when(reacts("Tom", "❤️"))) == 0


def test_hidden_words_and_people_who_left_wait_for_nothing() -> None:
    """Nobody is asked to answer what is gone, or somebody who is."""
    assert waits(first_words().when(message_hidden("Karim"))) == 0
    assert waits(first_words().when(member_leaves("Karim"))) == 0


def test_an_answer_takes_the_question_back() -> None:
    """Once somebody has answered, the key member who was asked need not look."""
    scene = first_words().after(12 * HOURS).then_asks("Jo")

    scene.when(says("Tom", "Hello Karim."))

    assert scene.open_asks == ()
    scene.after(9 * DAYS).then_asks_nobody()


# ---- who is asked ------------------------------------------------------------------------------------------------------------------


def test_who_says_yes_has_time_and_is_asked_again_when_nothing_comes() -> None:
    """A yes stops the asking for four hours; if the words still wait then, everybody is asked at once."""
    scene = first_words().after(12 * HOURS).when(answers("Jo", "yes"))

    scene.after(4 * HOURS - timedelta(minutes=1)).then_asks_nobody()
    scene.after(timedelta(minutes=1)).then_asks("Jo").then_asks("Sam")


def test_after_silence_everybody_is_asked_at_once_and_then_the_room() -> None:
    """Duty, next, all; after a day and a half one line in the room, as a reply, without a word of it."""
    scene = first_words().after(20 * HOURS)
    assert {one.person for one in scene.of(Asked)} == {"person-jo", "person-sam"}
    scene.after(16 * HOURS - timedelta(minutes=1))
    assert scene.of(PostMessage) == []

    scene.after(timedelta(minutes=1)).then_posts("Automatic message", "A short word or a sign")
    scene.after(30 * DAYS)
    assert scene.of(PostMessage) == []


def test_nobody_is_asked_without_an_end() -> None:
    """Tired volunteers are asked about the same words four times at most."""
    scene = first_words().after(30 * DAYS)

    assert len(scene.of(Asked)) == 8


@pytest.mark.parametrize(("wrote", "asked"), [(0, 12), (4, 9), (9, 4), (10, 15), (13, 12), (20, 12)])
def test_what_would_come_at_night_comes_the_evening_before(wrote: int, asked: int) -> None:
    """Hours after 7 am at which somebody wrote, and hours until a key member is asked: never from 8 pm to 8 am, never within four hours."""
    begin = timedelta(hours=13)
    scene = with_karim().after(begin + wrote * HOURS).when(says("Karim", "I am new here."))

    scene.after(asked * HOURS - timedelta(minutes=1)).then_asks_nobody()
    scene.after(timedelta(minutes=1)).then_asks("Jo", f"no answer for {asked} hours")


def test_a_no_leaves_it_to_the_next() -> None:
    """A no is a full answer; the next one is asked in their turn."""
    scene = first_words().after(12 * HOURS).when(answers("Jo", "no"))

    scene.after(4 * HOURS).then_asks("Sam").then_asks_nobody()


def test_the_author_and_who_is_not_in_the_room_are_not_asked() -> None:
    """A key member's own question goes to another; who is not in the room could not answer there."""
    scene = plain().with_key_members("Mei").after(NIGHT).when(says("Jo", "Does anybody have the key?"))

    scene.after(12 * HOURS).then_asks("Sam").then_asks_nobody()
    scene.after(4 * HOURS)
    assert {one.person for one in scene.of(Asked)} == {"person-sam"}


# ---- where the program does not read -----------------------------------------------------------------------------------------------


def test_who_spoke_when_is_enough_for_first_words() -> None:
    """In a room at the level doorkeeper first words wait too, and the next person who speaks answers them."""
    scene = plain().with_room("circle", "Jo", "Sam", "Tom", listening="doorkeeper").after(NIGHT)
    scene.when(member_joins("Karim"), speaks("Karim"))
    assert waits(scene) == 1
    scene.after(12 * HOURS).then_asks("Jo", QUESTION)

    assert waits(scene.when(speaks("Tom"))) == 0


def test_where_the_program_does_not_read_it_writes_nothing() -> None:
    """There is no line in such a room: the bot has no voice there."""
    scene = plain().with_room("circle", "Jo", "Sam", "Tom", listening="doorkeeper").when(member_joins("Karim"), speaks("Karim"))

    scene.after(9 * DAYS)
    assert scene.of(PostMessage) == []


# ---- the number of the week ---------------------------------------------------------------------------------------------------------


def test_the_number_of_the_week() -> None:
    """On Monday the key members read how many wrote for the first time and had an answer within a day; no names."""
    scene = plain().when(*[member_joins(name) for name in ("Karim", "Ali", "Bea")])
    scene.when(says("Karim", "Hello."), says("Tom", "Hello Karim.", reply=True), says("Ali", "Hello.")).after(30 * HOURS)
    scene.when(says("Tom", "Hello Ali.", reply=True), says("Bea", "Hi all."), says("Tom", "Hi Bea.")).after(4 * DAYS)

    told = [one for one in scene.of(PostDirect) if "wrote here for the first time" in one.text]
    assert told == []
    scene.after(DAYS)
    told = [one for one in scene.of(PostDirect) if "wrote here for the first time" in one.text]
    assert {one.to for one in told} == {"person-jo", "person-sam"}
    assert all("3 people" in one.text and "2 of them" in one.text for one in told)
    assert not any(name in one.text for one in told for name in ("Karim", "Ali", "Bea", "Tom"))


@pytest.mark.parametrize(("answered", "words"), [(True, "They had an answer"), (False, "They had no answer")])
def test_a_week_with_one_newcomer(answered: bool, words: str) -> None:  # noqa: FBT001 - a row of the table
    """One person is no share."""
    scene = first_words()
    if answered:
        scene.when(says("Tom", "Hello."))

    scene.after(6 * DAYS)

    assert [one.text for one in scene.of(PostDirect) if "for the first time" in one.text and words in one.text] != []


def test_words_that_need_no_answer_are_not_counted() -> None:
    """A first message that is a reply, a key member's, one that was hidden, and one of somebody who left count in no number."""
    scene = plain().when(*[member_joins(name) for name in ("Karim", "Ali", "Bea")], says("Tom", "When do we meet?"))
    scene.when(says("Karim", "At six.", reply=True), says("Jo", "Hello all."), says("Ali", "Hi."), message_hidden("Ali"))
    scene.when(says("Bea", "Hello."), member_leaves("Bea")).after(2 * DAYS)

    never, _ = Welcome().panels(scene.group, scene.store, Welcome.settings())

    assert isinstance(never, TablePanel)
    assert never.rows[0] == ("last week", "0", "0")


def test_a_quiet_week_is_no_news() -> None:
    """Without first words nothing is said."""
    scene = plain().after(14 * DAYS)

    assert scene.of(PostDirect) == []


def test_the_page_shows_numbers_without_names() -> None:
    """The panels count weeks, what waits now and who is where; what is about somebody stands in their own export."""
    scene = first_words().after(2 * DAYS)

    never, weeks = Welcome().panels(scene.group, scene.store, Welcome.settings())

    assert isinstance(never, TablePanel)
    assert isinstance(weeks, TablePanel)
    assert never.rows[0] == ("last week", "1", "0")
    assert never.rows[-1] == ("now", "1 wait for an answer", "")
    assert weeks.rows == (("done", "1"),)
    assert "Karim" not in repr((never, weeks))
    (waiting,) = scene.kept["welcome_alone"]
    assert scene.export("Karim")["waiting_for_an_answer"] == [
        {"event": waiting["event"], "room": "!circle", "since": "2026-06-03T06:30:00+00:00", "rounds": waiting["rounds"]}
    ]


def test_after_three_months_only_that_somebody_has_spoken_is_kept() -> None:
    """Where and when they first spoke is forgotten, and they are still no newcomer."""
    scene = first_words().when(says("Tom", "Hello.")).after(92 * DAYS)

    (row,) = [row for row in scene.kept["welcome_spoken"] if row["person_id"] == "person-karim"]
    assert (row["room"], row["event"], row["answered"]) == (None, None, None)
    assert waits(scene.when(says("Karim", "Still here."))) == 0


@pytest.mark.parametrize("size", [1_000, 64_000])
def test_long_words_take_no_time(size: int) -> None:
    """However long somebody writes, a look at it is quick; what stands far behind is not looked at."""
    assert not watching.asks_something("does " * size)
    assert not watching.asks_something("a" * size + "?" * (size > watching.LOOKED_AT))
