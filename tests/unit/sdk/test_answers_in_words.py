"""One-word answers as people type them: in each language, with typos, on whatever keyboard they have."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from supportd.sdk import _asking
from supportd.sdk.ask import NO, RESERVED, YES, Answer, plain, reserved, understood

MEANINGS = ("yes", "no", "later", "stop")
ALL = tuple(map(reserved, MEANINGS))
LANGUAGES = tuple(sorted(set(RESERVED) - {"reactions"}))
WORDS = [(meaning, word) for language in LANGUAGES for meaning in MEANINGS for word in RESERVED[language][meaning]]


def name(text: str) -> str | None:
    """Return what the reserved answers make of a text."""
    found = understood(ALL, text)
    return found.name if found else None


def test_eight_meanings_in_seven_languages() -> None:
    """Every language has a word for each meaning."""
    assert LANGUAGES == ("de", "en", "es", "fr", "pa", "ur", "zh")
    assert all(RESERVED[language][meaning] for language in LANGUAGES for meaning in MEANINGS)


def test_no_word_means_two_things() -> None:
    """No reserved word of one meaning is a word of another, in any language."""
    assert _asking.overlaps(ALL) == []


@pytest.mark.parametrize(("meaning", "word"), WORDS)
def test_every_word_is_understood_as_people_type_it(meaning: str, word: str) -> None:
    """Capitals, signs around it and blanks do not matter."""
    for typed in (word, word.upper(), f" {word}. ", f"{word}!", f"“{word}”", f"({word})", f"{word}…", f"{word}。", f"{word}؟", f"¡{word}!"):
        assert name(typed) == meaning, typed


@pytest.mark.parametrize(
    ("typed", "meaning"),
    [
        ("spater", "later"),
        ("sí", "yes"),
        ("Mas tarde", "later"),
        ("arreter", "stop"),
        ("stpo", "stop"),
        ("sstop", "stop"),
        ("sto", "stop"),
        ("latr", "later"),
        ("latter", "later"),
        ("lster", "later"),
        ("yse", "yes"),
        ("yess", "yes"),
        ("nien", "no"),
        ("not tody", "no"),
        ("hoy no", "no"),
        ("\u0647\u0627\u06ba", "yes"),
        ("\u062c\u064a", "yes"),
        ("\u062c\u0650\u06cc", "yes"),
    ],
)
def test_one_slip_is_forgiven(typed: str, meaning: str) -> None:
    """Accents that were not typed, one letter too many, too few, another, or two swapped; an Arabic keyboard for Urdu."""
    assert name(typed) == meaning


@pytest.mark.parametrize(
    "typed",
    [
        *(
            "now",
            "nob",
            "yet",
            "step",
            "shop",
            "spot on",
            "water",
            "pater",
            "i kill",
            "jab",
            "sip",
            "nein?nein",
            "yes but later",
            "maybe",
            "",
        ),
        *("?!", "'", "ok then i will think about it", "non-stop", "yesno", "notes", "不好意思", "可", "不客气", "on", "es"),
    ],
)
def test_what_is_another_word_is_not_guessed_at(typed: str) -> None:
    """A short word that is soon another one, a longer sentence and nothing at all answer nothing."""
    assert name(typed) is None


def test_a_slip_that_could_be_two_answers_is_none() -> None:
    """What lies between two answers is neither."""
    both = (Answer(name="letter", words=("letter",)), Answer(name="better", words=("latter",)))

    assert understood(both, "litter") is None
    assert understood((both[0],), "litter") == both[0]


@given(st.text(alphabet="nosaeiy'", min_size=1, max_size=4))
def test_no_slip_turns_a_no_into_a_yes(typed: str) -> None:
    """A word one slip from both no and yes is never taken for a yes."""
    near = {
        one.name for one in (YES, NO) for word in one.words if _asking.is_slip(plain(typed), plain(word)) or plain(word) == plain(typed)
    }

    assert name(typed) != "yes" or near == {"yes"}


def test_no_reserved_word_is_a_slip_of_another_meaning() -> None:
    """One slip never leads from a word of one meaning to a word of another."""
    for (first, one), (second, other) in itertools.permutations(WORDS, 2):
        assert first == second or not _asking.is_slip(plain(one), plain(other)), (one, other)


@given(st.text(max_size=40))
def test_plain_text_stays_as_it_is(said: str) -> None:
    """Making plain what is plain changes nothing."""
    assert plain(plain(said)) == plain(said)


@given(st.text(max_size=40))
def test_anything_at_all_has_an_answer_or_none(said: str) -> None:
    """No text makes it raise."""
    assert name(said) in {None, *MEANINGS}
