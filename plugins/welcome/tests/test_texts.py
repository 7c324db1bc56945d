"""What the welcome says, in every language: its tone, that nothing is missing, and that whatever answer it offers is understood."""

from __future__ import annotations

import re
import string
import unicodedata
from typing import TYPE_CHECKING, Final

import pytest
from supportd_welcome import naming, questions
from supportd_welcome.commands import COMMANDS
from supportd_welcome.texts import SENSITIVE, TEXTS

from supportd.sdk.ask import NO, YES, understood
from supportd.sdk.settings import render
from supportd.sdk.text import problems_of, words_in

if TYPE_CHECKING:
    from collections.abc import Iterator

    from supportd.sdk.ask import Answer

LANGUAGES: Final = ("de", "en", "es", "fr", "pa", "ur", "zh")
RIGHT_TO_LEFT: Final = frozenset({"ur"})
#: What the braces hold in the tests; names and rooms of two words, because many have two.
VALUES: Final = {
    "member": "Karim Aziz",
    "name": "Rose Adams",
    "helper": "Jo Miller",
    "group": "Tuesday circle",
    "where": "Tuesday circle",
    "number": "23",
    "answered": "12",
    "hours": "14",
    "reason": "Hello",
    "languages": "\n1 English\n2 Deutsch\n",
    "link": "https://matrix.to/#/!room:example.org/$event",
}
#: Easy read: one main clause a sentence, and no longer than this.
EASY: Final = 12
ENDS: Final = re.compile(r"[.?:\n\u3002\uff1f\uff1a\u06d4\u061f\u0964]+")
QUESTION_MARKS: Final = re.compile(r"[?\uff1f\u061f\u037e]")
#: Signs that turn the direction of the text around them (UAX 9).
TURNING: Final = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")

#: Which answers each question offers in words or by a sign, and which it understands.
OFFERED: Final[dict[str, tuple[tuple[Answer, ...], tuple[str, ...]]]] = {
    "hello": ((questions.STOP,), ("stop",)),
    "started": ((questions.STOP,), ("stop",)),
    "ask_introduce": ((YES, NO), ("yes", "no")),
    "ask_hello": ((YES, NO), ("yes", "no")),
    "crowd": ((YES, NO), ("yes", "no")),
    "ask_alone": ((YES, NO), ("yes", "no")),
    "ask_rules": (questions.USUAL, ("yes", "no", "later")),
    "ask_rules_again": (questions.USUAL, ("yes", "no", "later")),
    "ask_rules_gate": (questions.USUAL, ("yes", "no", "later")),
    "ask_name": ((NO, questions.LATER, questions.STOP), ("no",)),
    "ask_reach": (questions.REACH, ("chat", "mail", "letter", "phone", "low")),
    "ask_mail": (questions.MAIL, ("yes", "nameless", "no")),
    "ask_buddy": (questions.USUAL, ("yes", "no", "later")),
    "ask_checkin": (questions.CHECKIN, ("good", "talk")),
}
_NAMES: Final = ("yes", "no", "later", "stop", "good", "talk", "chat", "mail", "letter", "phone", "low", "nameless")
#: The words by which the texts of each language offer an answer, in the order of the names; consent is asked in checked languages only.
WORDS: Final[dict[str, dict[str, str]]] = {
    language: dict(zip(_NAMES, words.split(", "), strict=False))
    for language, words in {
        "en": "yes, no, later, stop, good, talk, chat, email, letter, phone, little, nameless",
        "de": "ja, nein, später, stopp, gut, reden, Chat, E-Mail, Brief, Telefon, wenig",
        "es": "sí, no, luego, basta, bien, hablar, chat, correo, carta, teléfono, poco",
        "fr": "oui, non, plus tard, stop, bien, parler, ici, e-mail, lettre, téléphone, peu",
        "pa": "ਹਾਂ, ਨਹੀਂ, ਬਾਅਦ ਵਿੱਚ, ਬੰਦ ਕਰੋ, ਚੰਗਾ, ਗੱਲ, ਚੈਟ, ਈਮੇਲ, ਚਿੱਠੀ, ਫ਼ੋਨ, ਘੱਟ",
        "ur": "ہاں, نہیں, بعد میں, بند کریں, اچھا, بات, چیٹ, ای میل, خط, فون, کم",
        "zh": "好, 不用/不行, 以后, 停止, 很好, 聊聊, 聊天, 邮件, 信, 电话, 少一点",
    }.items()
}
#: How the texts of each language tell people to say what they are called.
CALL_ME: Final = {
    "en": "call me",
    "de": "nenn mich",
    "es": "llámame",
    "fr": "appelle-moi",
    "pa": "ਮੈਨੂੰ ਕਹੋ",
    "ur": "مجھے کہیں",
    "zh": "叫我",
}
#: What people can write after a text, the same in every language for now.
WRITTEN: Final = {
    "rules_yes": "rules",
    **dict.fromkeys(("reach_chat", "reach_other", "reach_low"), "how to reach me"),
    **dict.fromkeys(("mail_yes", "mail_nameless", "mail_no"), "words by email"),
    "stopped": "start again",
    "checkin_talk": "I need to talk",
    "tell_buddy": "buddies",
}


def held(language: str) -> Iterator[tuple[str, str, str]]:
    """Yield (key, edition, text) of every text of a language, with its braces as they are."""
    for key, languages in TEXTS.texts.items():
        for edition, text in languages.get(language, {}).items():
            yield key, edition, text


def filled(language: str) -> Iterator[tuple[str, str, str]]:
    """Yield (key, edition, text) of every text of a language as somebody would read it."""
    for key, edition, text in held(language):
        for reads in ("reads", "reads_not"):
            inner = {
                "reads": render(_edition(reads, language, edition)),
                "rules": _edition("rules_text", language, edition),
                "how": _edition("by_letter", language, edition),
            }
            yield key, edition, render(text, **{**VALUES, **inner})


def _edition(key: str, language: str, edition: str) -> str:
    editions = {str(name): text for name, text in (TEXTS.texts[key].get(language) or TEXTS.texts[key]["en"]).items()}
    return editions.get(edition) or editions["normal"]


def sentences(text: str) -> list[str]:
    """Return the sentences of a text; an address is one word of one."""
    return [one.strip() for one in ENDS.split(re.sub(r"\S+://\S+", "link", text)) if one.strip()]


def braces(text: str) -> set[str]:
    """Return the names in braces."""
    return {name for _literal, name, _spec, _conversion in string.Formatter().parse(text) if name is not None}


def has_word(text: str, word: str) -> bool:
    """Tell whether a word stands in a text by itself: between signs that are no letters, in Chinese in quotes or in a list."""
    letters = r"(?<![^\W\d_])%s(?![^\W\d_])"
    signs = "(?<=[\u201c ])%s(?=[\u201d\uff0c\u3002])"
    alone = (signs if "\u4e00" <= word[0] <= "\u9fff" else letters) % re.escape(word)
    return re.search(alone, text, re.IGNORECASE) is not None


# ---- nothing is missing ----------------------------------------------------------------------------------------------------------


def test_the_languages_of_such_groups_are_there() -> None:
    """English, German, Spanish, French, Punjabi, Urdu and Chinese, and no other that these tests would not look at."""
    assert sorted(TEXTS.languages()) == list(LANGUAGES)


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_text_is_missing(language: str) -> None:
    """Every language has every text, but for those of consent where no native speaker has read it."""
    every = set(TEXTS.texts) - (set(SENSITIVE) if language in TEXTS.unchecked else set())

    assert sorted(every) == sorted({key for key, _edition_, _text in held(language)})


@pytest.mark.parametrize("language", LANGUAGES)
def test_nobody_consents_to_words_that_nobody_checked(language: str) -> None:
    """What somebody agrees to exists in no language that no native speaker has read."""
    there = {key for key, _edition_, _text in held(language)} & set(SENSITIVE)

    assert there == (set() if language in TEXTS.unchecked else set(SENSITIVE))


@pytest.mark.parametrize("language", LANGUAGES)
def test_questions_have_their_short_form(language: str) -> None:
    """Who wants little gets the short form of the same texts in every language."""
    closed = set(SENSITIVE) if language in TEXTS.unchecked else set()
    short = {key for key, edition, _text in held("en") if edition == "short"}

    assert sorted(short - closed) == sorted({key for key, edition, _text in held(language) if edition == "short"})


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_braces_are_those_of_the_english_text(language: str) -> None:
    """A text says neither less nor more than the same edition in English; one that English lacks says what its whole text says."""
    for key, edition, text in held(language):
        english = {str(name): braces(one) for name, one in TEXTS.texts[key]["en"].items()}
        wanted = english.get(edition, english["normal"])
        assert braces(text) == wanted, (key, edition)


# ---- what it sounds like ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_text_keeps_the_rules_of_tone(language: str) -> None:
    """With its braces filled no text is too long, has a long sentence, blames, or leaves a brace open."""
    found = [(key, edition, one) for key, edition, text in filled(language) for one in problems_of(text)]

    assert found == []
    assert [key for key, _edition_, text in filled(language) if "{" in text] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_there_is_an_easy_form_of_everything(language: str) -> None:
    """Whoever wants easy read gets sentences of at most twelve words: in the easy form, or in the only one where it is easy already."""
    keys = {key for key, edition, _text in held(language) if edition == "easy"}
    read = [(key, text) for key, edition, text in filled(language) if edition == "easy" or (edition == "normal" and key not in keys)]

    long = [(key, sentence) for key, text in read for sentence in sentences(text) if words_in(sentence) > EASY]

    assert long == []


def test_english_has_no_contractions() -> None:
    """Words are written out, which is easier for whoever learns English."""
    short = re.compile(
        "n['\u2019]t\\b|['\u2019](?:ll|re|ve|m|d)\\b|\\b(?:it|that|there|here|what|who|he|she|let)['\u2019]s\\b", re.IGNORECASE
    )

    assert [(key, text) for key, _edition_, text in held("en") if short.search(text)] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_one_question_a_message(language: str) -> None:
    """No text asks two things, with the question marks of any script."""
    assert [(key, text) for key, _edition_, text in filled(language) if len(QUESTION_MARKS.findall(text)) > 1] == []


# ---- what it offers --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_is_offered_is_understood(language: str) -> None:
    """Each question names each of its answers by a word or a sign, and that word or sign means that answer."""
    for key, edition, text in held(language):
        answers, names = OFFERED.get(key, ((), ()))
        for name in names:
            meant = "yes" if name == "good" else name
            signs = next(one.reactions for one in answers if one.name == meant)
            words = [word for word in _words(language, name) if has_word(text, word)]
            assert words or any(sign in text for sign in signs), (key, edition, name)
            assert [_means(answers, word) for word in words] == [meant] * len(words), (key, edition, words)


def _words(language: str, name: str) -> list[str]:
    return WORDS[language][name].split("/") if name in WORDS[language] else []


def _means(answers: tuple[Answer, ...], word: str) -> str:
    answer = understood(answers, word)
    return answer.name if answer is not None else "nothing"


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_word_of_the_list_is_understood(language: str) -> None:
    """The words of these tests are the language's own, and each means one answer wherever it is offered."""
    for answers, names in OFFERED.values():
        for name in names:
            for word in _words(language, name):
                assert _means(answers, word) == ("yes" if name == "good" else name), word


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_sign_is_an_answer(language: str) -> None:
    """A picture in a question is one that answers it; elsewhere there are none."""
    for key, edition, text in held(language):
        answers, _names = OFFERED.get(key, ((), ()))
        known = {sign for answer in answers for sign in answer.reactions}
        shown = {sign for sign in text if unicodedata.category(sign) == "So"}
        assert shown <= known, (key, edition)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_word_beside_a_sign_means_the_same(language: str) -> None:
    """In the short forms each sign stands before its word, and both are the same answer."""
    seen = 0
    for key, edition, text in held(language):
        for sign, word in (
            re.findall("([\u2300-\u27bf\U0001f300-\U0001faff]) ([^,.\u060c\u06d4\u0964\uff0c\u3002]+)", text) if edition == "short" else ()
        ):
            answers, _names = OFFERED[key]
            meant = next((answer.name for answer in answers if sign in answer.reactions), "")
            if meant and len(word.split()) <= 2:
                assert _means(answers, word) == meant, (key, sign, word)
                seen += 1

    assert seen >= 10


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_number_means_the_way_that_stands_beside_it(language: str) -> None:
    """In the list of ways to hear from the group, number, sign and word mean the same."""
    for edition in ("normal", "easy"):
        text = _edition("ask_reach", language, edition)
        found = re.findall(r"([1-5]) (?:([^\w\s])\ufe0f? )?([^,.:\u060c\u06d4\u0964\uff0c\u3002\u3001\uff1a]+)", text)
        assert [number for number, _sign, _word in found] == list("12345"), edition
        for number, sign, word in found:
            meant = _means(questions.REACH, number)
            assert not sign or sign in next(one.reactions for one in questions.REACH if one.name == meant), (edition, number)
            # As people copy it: the number, the words, or both.
            assert {_means(questions.REACH, one) for one in (word, f"{number} {word}", f"{number}. {word}")} == {meant}, (edition, word)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_name_is_heard_as_the_text_says(language: str) -> None:
    """Every text about a name shows the words of its language that give one, and they do, with a comma or colon of its script too."""
    phrase = CALL_ME[language]
    for key in ("ask_name", "name_taken", "name_unfit"):
        assert all(phrase in text for edition, text in TEXTS.texts[key][language].items()), key

    for between in (" ", ", ", ": ", *{"zh": ("", "\uff0c", "\uff1a"), "ur": ("\u060c ",)}.get(language, ())):
        assert naming.said(f"{phrase}{between}Rose") == "Rose", between


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_can_be_written_stays_as_it_is(language: str) -> None:
    """Commands are the same in every language, and those of the welcome exist."""
    missing = [(key, edition) for key, edition, text in held(language) if key in WRITTEN and not has_word(text, WRITTEN[key])]
    ours = {command.name for command in COMMANDS}

    assert missing == []
    assert set(WRITTEN.values()) - ours == {"I need to talk", "buddies"}


# ---- how it is written -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", LANGUAGES)
def test_nothing_turns_the_text(language: str) -> None:
    """No text holds signs that cannot be seen and turn what stands around them, and each letter is written in one way (NFC)."""
    assert [key for key, _edition_, text in held(language) if TURNING.search(text)] == []
    assert [key for key, _edition_, text in held(language) if unicodedata.normalize("NFC", text) != text] == []


@pytest.mark.parametrize("language", sorted(RIGHT_TO_LEFT))
def test_right_to_left_begins_on_the_right(language: str) -> None:
    """An app finds the direction by the first letter, so that one is of the language, or somebody's name; no sentence begins in Latin."""
    for key, edition, text in held(language):
        begins = "R" if text.startswith("{") else _direction(text)
        assert begins in {"R", "AL"}, (key, edition)
        later = [one for one in re.split("[\u06d4\u061f]", text) if not one.strip().startswith("{") and _direction(one) == "L"]
        assert later == [], (key, edition)


def _direction(text: str) -> str:
    """Return the direction of the first letter, an empty text where there is none."""
    return next((found for sign in text if (found := unicodedata.bidirectional(sign)) in {"L", "R", "AL"}), "")


@pytest.mark.parametrize("language", ["pa", "ur", "zh"])
def test_other_scripts_hold_only_commands_in_latin(language: str) -> None:
    """Whoever does not read Latin letters meets them only in what has to be typed as it is."""
    for key, edition, text in held(language):
        latin = " ".join(re.findall("[A-Za-z]+", re.sub(r"\{\w+\}", "", text)))
        assert latin in {"", WRITTEN.get(key)}, (key, edition)


@pytest.mark.parametrize(("language", "script"), [("pa", "GURMUKHI"), ("ur", "ARABIC"), ("zh", "CJK UNIFIED")])
def test_letters_are_of_the_script(language: str, script: str) -> None:
    """A letter that looks the same and is of another script would not be found, read aloud or understood."""
    for key, edition, text in held(language):
        letters = [sign for sign in text if sign.isalpha() and not sign.isascii()]
        assert letters, (key, edition)
        assert [sign for sign in letters if not unicodedata.name(sign).startswith(script)] == [], (key, edition)


def test_chinese_is_simplified() -> None:
    """Every sign is one of the simplified set (GB 2312, which holds no traditional ones)."""
    for key, edition, text in held("zh"):
        signs = [sign for sign in text if unicodedata.category(sign) == "Lo"]
        assert [sign for sign in signs if not _encodes(sign, "gb2312")] == [], (key, edition)


def _encodes(sign: str, encoding: str) -> bool:
    try:
        sign.encode(encoding)
    except UnicodeEncodeError:
        return False
    return True


def test_urdu_has_the_letters_of_urdu() -> None:
    """Yeh, kaf and heh are those of Urdu, not the Arabic ones that look alike or break in Urdu fonts."""
    arabic = re.compile("[\u064a\u0649\u0643\u0647\u0629]")

    assert [(key, edition) for key, edition, text in held("ur") if arabic.search(text)] == []
