"""Which answer somebody gave to an ask, and when an ask is answered: one set of rules for the engine and the kit."""

from __future__ import annotations

import unicodedata
from functools import lru_cache
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

    from supportd.sdk.ask import Answer
    from supportd.sdk.ids import PersonId

#: Emoji variation selectors and skin tones do not change what a reaction means.
_IGNORED = {"\ufe0e", "\ufe0f", *map(chr, range(0x1F3FB, 0x1F400))}


def plain_reaction(key: str) -> str:
    """Return a reaction without variation selectors and skin tones."""
    return "".join(sign for sign in key if sign not in _IGNORED)


#: What phones and keyboards write differently and means the same: apostrophes, and Arabic letters as on Arabic and on Urdu keyboards.
_SAME: Final = str.maketrans(
    {
        "\u2019": "'",
        "\u02bc": "'",
        # yeh and alef maksura, kaf, heh goal, heh doachashmee, teh marbuta, hamza on yeh
        "\u064a": "\u06cc",
        "\u0649": "\u06cc",
        "\u0643": "\u06a9",
        "\u0647": "\u06c1",
        "\u0629": "\u06c1",
        "\u0640": None,
    }
)
#: A word of this many letters may be mistyped by one letter of any kind; shorter ones in fewer ways.
LONG: Final = 5
SHORTEST: Final = 3


def plain_word(text: str) -> str:
    """Return a short answer without what does not matter: case, accents, punctuation of any script, doubled spaces.

    Accents (Latin) and vowel signs (Arabic) are often not typed; marks that are letters of their script (Gurmukhi) stay.
    """
    # Folded after the letters of formulas became letters too, or they would not be folded.
    folded = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold().translate(_SAME)).translate(_SAME)
    kept = "".join(sign for sign in folded if not unicodedata.combining(sign) or not _is_ornament(sign))
    kept = unicodedata.normalize("NFKC", kept)
    spaced = "".join(" " if _is_punctuation(sign) else sign for sign in kept)
    return " ".join(word for each in spaced.split() if (word := each.strip("'")))


def _is_ornament(mark: str) -> bool:
    """Tell whether a combining mark is an accent of Latin or a vowel sign of Arabic."""
    return "\u0300" <= mark <= "\u036f" or "\u064b" <= mark <= "\u065f" or mark == "\u0670"


def _is_punctuation(sign: str) -> bool:
    return sign != "'" and unicodedata.category(sign).startswith("P")


def by_reaction(answers: Iterable[Answer], key: str) -> Answer | None:
    """Return the answer that the reaction ``key`` means, or ``None``."""
    wanted = plain_reaction(key)
    return next((one for one in answers if wanted in {plain_reaction(known) for known in one.reactions}), None)


def by_word(answers: Iterable[Answer], text: str) -> Answer | None:
    """Return the answer that the whole of ``text`` means; a longer text is never guessed at.

    One slip in a word of Latin letters is forgiven where it leads to one answer only.
    """
    wanted = plain_word(text)
    if not wanted:
        return None
    known = tuple(answers)
    exact = next((one for one in known if wanted in _known(one.words)), None)
    if exact is not None:
        return exact
    near = [one for one in known if any(is_slip(wanted, word) for word in _known(one.words))]
    return near[0] if len(near) == 1 else None


@lru_cache(maxsize=256)
def _known(words: tuple[str, ...]) -> frozenset[str]:
    return frozenset(map(plain_word, words))


def is_slip(typed: str, word: str) -> bool:
    """Tell whether ``typed`` is ``word`` with one slip of the finger.

    From five letters on: one letter more, less, other, or two swapped. With four: no other letter. With three: only two swapped or one
    doubled, because so short a word is soon another (no, now). The first letter has to be right: the wrong one makes other words (later,
    water). Letters of other scripts than Latin are not guessed at: there one sign may be a whole word.
    """
    if not (typed.isascii() and word.isascii()) or min(len(typed), len(word)) < SHORTEST or typed[0] != word[0]:
        return False
    if _swapped(typed, word) or _doubled(typed, word):
        return True
    if len(word) < LONG - 1:
        return False
    if _dropped(typed, word) or _dropped(word, typed):
        return True
    # In several words another letter is soon another sentence.
    if len(word) < LONG or len(typed) != len(word) or " " in word:
        return False
    return sum(a != b for a, b in zip(typed, word, strict=True)) == 1


def _swapped(typed: str, word: str) -> bool:
    differ = [at for at, (a, b) in enumerate(zip(typed, word, strict=False)) if a != b]
    if len(typed) != len(word) or len(differ) != 2:  # noqa: PLR2004 - two letters swapped
        return False
    first, second = differ
    return second == first + 1 and typed[first] == word[second] and typed[second] == word[first]


def _doubled(typed: str, word: str) -> bool:
    return len(typed) == len(word) + 1 and any(typed == word[: at + 1] + word[at:] for at in range(len(word)))


def _dropped(shorter: str, longer: str) -> bool:
    return len(shorter) + 1 == len(longer) and any(shorter == longer[:at] + longer[at + 1 :] for at in range(len(longer)))


def winner(answers: Iterable[Answer], given: Iterable[tuple[PersonId, str]]) -> tuple[Answer, tuple[PersonId, ...]] | None:
    """Return the first answer that has its quorum of distinct people, with them in order, or ``None``.

    ``given``: (person, answer name) in the order given; a person's last answer counts.
    """
    last: dict[PersonId, str] = {}
    for person, name in given:
        last.pop(person, None)
        last[person] = name
    for answer in answers:
        people = tuple(person for person, name in last.items() if name == answer.name)
        if len(people) >= answer.quorum:
            return answer, people[: answer.quorum]
    return None


def overlaps(answers: Iterable[Answer]) -> list[str]:
    """Return every reaction or word that means more than one of ``answers``."""
    seen: dict[str, str] = {}
    doubled: list[str] = []
    for answer in answers:
        signs = (*map(plain_reaction, answer.reactions), *map(plain_word, answer.words))
        doubled += [sign for sign in signs if seen.setdefault(sign, answer.name) != answer.name]
    return doubled
