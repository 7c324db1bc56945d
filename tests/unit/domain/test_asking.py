"""What somebody meant by a reaction or a word, and when a question is decided."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from supportd.domain import asking
from supportd.sdk.ask import NO, RESERVED, YES, Answer, reserved
from supportd.sdk.ids import PersonId

ANN, BO, CY = PersonId("ann"), PersonId("bo"), PersonId("cy")
BOTH = (reserved("yes", quorum=2), NO)


@pytest.mark.parametrize(
    ("said", "plain"),
    [
        ("Yes!", "yes"),
        ("  YES.  ", "yes"),
        ("“yes”", "yes"),
        ('"yes"', "yes"),
        ("(ok)", "ok"),
        ("not   today…", "not today"),
        ("¡No!", "no"),
        ("Später", "spater"),
        ("SPÄTER!", "spater"),
        ("spa\u0308ter", "spater"),
        ("I\N{RIGHT SINGLE QUOTATION MARK}m in", "i'm in"),
        ("Straße", "strasse"),
        ("\uff39\uff25\uff33", "yes"),
        ("", ""),
        ("?!", ""),
    ],
)
def test_a_word_is_compared_without_what_does_not_matter(said: str, plain: str) -> None:
    """Capital letters, spaces, signs around it and the way an umlaut is typed do not change a word."""
    assert asking.plain_word(said) == plain


@given(st.text(max_size=30))
def test_a_plain_word_stays_as_it_is(said: str) -> None:
    """Making a plain word plain again changes nothing, or else a word given by a plugin could never be met."""
    once = asking.plain_word(said)

    assert asking.plain_word(once) == once


@pytest.mark.parametrize("key", ["👍", "👍🏻", "👍🏽", "👍🏿", "👍\ufe0f", "👍🏾\ufe0e"])
def test_a_reaction_means_the_same_in_every_skin_tone(key: str) -> None:
    """Skin tones and the signs that choose between text and picture do not change a reaction."""
    assert asking.by_reaction((YES, NO), key) is YES


@pytest.mark.parametrize("key", ["🎉", "", "yes", "👍👍", "\ufe0f"])
def test_another_sign_is_no_answer(key: str) -> None:
    """What was not declared means nothing; it is never guessed at."""
    assert asking.by_reaction((YES, NO), key) is None


@pytest.mark.parametrize(("said", "name"), [("ja", "yes"), ("Mache ich!", "yes"), ("nein.", "no"), ("Heute nicht", "no"), ("OKAY", "yes")])
def test_words_of_every_language_answer(said: str, name: str) -> None:
    """A person answers in their own language, whatever the question was written in."""
    found = asking.by_word((YES, NO), said)

    assert found is not None
    assert found.name == name


@pytest.mark.parametrize("said", ["yes but later", "yes no", "yesterday", "", "?", "no way, yes", "oh yes"])
def test_a_longer_text_is_no_answer(said: str) -> None:
    """Only a whole message that is the word counts."""
    assert asking.by_word((YES, NO), said) is None


def test_an_answer_without_signs_is_not_met_by_silence() -> None:
    """An answer that has no words or reactions cannot be given, also not with an empty message."""
    empty = Answer(name="nothing")

    assert asking.by_word((empty,), "") is None
    assert asking.by_reaction((empty,), "") is None


def test_the_first_answer_with_its_quorum_wins() -> None:
    """One no decides while two are needed for yes; those who gave it are named in order."""
    assert asking.winner(BOTH, [(ANN, "yes")]) is None
    assert asking.winner(BOTH, [(ANN, "yes"), (BO, "no")]) == (NO, (BO,))
    assert asking.winner(BOTH, [(BO, "yes"), (ANN, "yes")]) == (BOTH[0], (BO, ANN))


def test_one_person_is_one_voice() -> None:
    """The same person twice does not make two, and who changes their mind counts with the last answer only."""
    assert asking.winner(BOTH, [(ANN, "yes"), (ANN, "yes")]) is None
    assert asking.winner((reserved("yes", quorum=2), reserved("no", quorum=2)), [(ANN, "yes"), (BO, "yes"), (ANN, "no")][::2]) is None
    assert asking.winner(BOTH, [(ANN, "yes"), (ANN, "no")]) == (NO, (ANN,))


def test_a_changed_mind_goes_to_the_end() -> None:
    """The order of those who decided is the order of the answers that count."""
    given_answers = [(ANN, "yes"), (ANN, "later"), (BO, "yes"), (ANN, "yes")]

    assert asking.winner(BOTH, given_answers) == (BOTH[0], (BO, ANN))


def test_an_unknown_answer_decides_nothing() -> None:
    """A name that is not among the answers is as if nothing were said."""
    assert asking.winner(BOTH, [(ANN, "perhaps"), (BO, "perhaps")]) is None
    assert asking.winner((), [(ANN, "yes")]) is None


@given(st.lists(st.tuples(st.sampled_from([ANN, BO, CY]), st.sampled_from(["yes", "no"])), max_size=12), st.integers(1, 4))
def test_a_winner_has_as_many_distinct_people_as_its_quorum(given_answers: list[tuple[PersonId, str]], quorum: int) -> None:
    """Whatever was said in whatever order, nobody is counted twice and everybody counted last said just that."""
    answers = (reserved("yes", quorum=quorum), reserved("no", quorum=quorum))

    won = asking.winner(answers, given_answers)

    last = dict(given_answers)
    if won is None:
        assert all(list(last.values()).count(answer.name) < quorum for answer in answers)
    else:
        assert len(won[1]) == len(set(won[1])) == quorum
        assert {last[person] for person in won[1]} == {won[0].name}


def test_reserved_meanings_do_not_overlap() -> None:
    """No word or sign means two of the reserved answers in any language."""
    assert asking.overlaps([reserved(name) for name in RESERVED["reactions"]]) == []


def test_overlaps_are_found_in_their_plain_form() -> None:
    """Two answers that differ only in what does not matter are one; the same sign twice in one answer is none."""
    one = Answer(name="one", reactions=("👍", "👍🏽"), words=("Sure!", "sure"))
    two = Answer(name="two", reactions=("👍🏿",), words=("SURE", "never"))

    assert asking.overlaps([one]) == []
    assert asking.overlaps([one, two]) == ["👍", "sure"]
