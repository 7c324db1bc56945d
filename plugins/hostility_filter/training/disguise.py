"""Disguise a text as people do who want to get past a filter, or write as tired, dyslexic and hurried people do."""

import random
from collections.abc import Callable

_LEET = {"a": "4@", "e": "3", "i": "1!", "o": "0", "s": "5$", "t": "7"}
_SOUND = (
    ("you", "u"),
    ("are", "r"),
    ("for", "4"),
    ("to", "2"),
    ("ck", "k"),
    ("ph", "f"),
    ("th", "d"),
    ("c", "k"),
    ("er", "a"),
    ("ing", "in"),
    ("s", "z"),
)
_ALIKE = {"a": "а", "e": "е", "o": "о", "i": "і", "c": "с", "p": "р", "x": "х", "y": "у"}


def _letters(text: str, rng: random.Random, share: float, change: Callable[[str], str]) -> str:
    return "".join(change(one) if one.isalpha() and rng.random() < share else one for one in text)


def _words(text: str, rng: random.Random, share: float, change: Callable[[str], str]) -> str:
    return " ".join(change(word) if len(word) > 2 and rng.random() < share else word for word in text.split(" "))


def _typo(word: str, rng: random.Random) -> str:
    at = rng.randrange(len(word) - 1)
    return rng.choice((word[:at] + word[at + 1] + word[at] + word[at + 2 :], word[:at] + word[at + 1 :], word[:at] + word[at] + word[at:]))


def _starred(word: str, rng: random.Random) -> str:
    places = [at for at, one in enumerate(word) if one in "aeiouAEIOU" and at]
    if not places:
        return word
    at = rng.choice(places)
    return word[:at] + rng.choice("***#%-.") + word[at + 1 :]


def _sounded(text: str, rng: random.Random) -> str:
    for written, heard in _SOUND:
        if rng.random() < 0.5:
            text = text.replace(written, heard)
    return text


def disguised(text: str, rng: random.Random) -> str:
    """Return the text disguised in one of thirteen ways; the hard four come twice as often."""
    kinds: tuple[Callable[[], str], ...] = (
        lambda: _letters(text, rng, 0.4, lambda one: rng.choice(_LEET.get(one.lower(), one))),
        lambda: _letters(text, rng, 0.15, lambda one: one * rng.randint(2, 5)),
        lambda: _words(text, rng, 0.3, " ".join),
        lambda: _words(text, rng, 0.3, ".".join),
        lambda: _letters(text, rng, 0.3, lambda one: one + "\u200b"),
        lambda: _letters(text, rng, 0.3, lambda one: _ALIKE.get(one, one)),
        lambda: text.upper(),
        lambda: text.replace("'", "").lower(),
        lambda: text.replace(",", "").replace(".", "").lower(),
        *(lambda: _words(text, rng, 0.5, lambda word: _starred(word, rng)),) * 2,
        *(lambda: "".join("" if one == " " and rng.random() < 0.5 else one for one in text),) * 2,
        *(lambda: _words(text, rng, 0.35, lambda word: _typo(word, rng)),) * 2,
        *(lambda: _sounded(text, rng),) * 2,
    )
    return rng.choice(kinds)()
