"""Undo disguises in linear time: what a reader sees is what the models read.

No `unicodedata.normalize` on messages (65,536 combining marks take it 1.6 s, and compatibility forms grow a character 18-fold): single
characters go through a table that was made once, and every pattern below either consumes what it has looked at or gives up within a few characters.
The output is at most twice the input and 64 characters more.
"""

import re
import unicodedata
from functools import lru_cache

MARKS = ((0x300, 0x36F), (0x1AB0, 0x1AFF), (0x1DC0, 0x1DFF), (0x20D0, 0x20FF), (0xFE00, 0xFE0F), (0xFE20, 0xFE2F))
# Blocks whose characters stand for plain letters: accents, super- and subscripts, letterlike, circled, full width, mathematical, squared.
FOLDED = ((0xA0, 0x24F), (0x1D00, 0x1DBF), (0x1E00, 0x1EFF), (0x2070, 0x209F), (0x2100, 0x214F), (0x2460, 0x24FF), (0xFF01, 0xFF5E),
          (0x1D400, 0x1D7FF), (0x1F110, 0x1F189))  # fmt: skip
HIDDEN = (0xAD, 0x34F, 0x61C, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x180E, *range(0x200B, 0x2010), *range(0x202A, 0x202F), *range(0x2060, 0x2070), 0x3164,
          0xFEFF, 0xFFA0, *range(0xFFF9, 0xFFFC), *range(0xE0000, 0xE0080))  # fmt: skip
PLAIN = {
    "\u2018": "'", "\u2019": "'", "\u201b": "'", "\u2032": "'", "\u201c": '"', "\u201d": '"', "\u201e": '"', "\u00ab": '"', "\u00bb": '"',
    "\u2010": "-", "\u2011": "-", "\u2012": "-", "\u2013": "-", "\u2014": "-", "\u2212": "-", "\u2026": "...", "\u00df": "ss", "\u00e6": "ae",
    "\u0153": "oe", "\u00f8": "o", "\u0142": "l", "\u0111": "d", "\u0131": "i", "\u00a6": "|", "\u00a1": "!", "\u00bf": "?", "\u00a0": " ",
}  # fmt: skip
# Letters of other scripts that look Latin; used only in words that hold Latin letters too.
LOOKALIKES = dict(zip(
    "авекмнорстухіјѕԁһӏгпьεαορυνικτχηωβσ",
    "abekmhopctyxijsdhlrnbeaopuviktxnwbo", strict=True))  # fmt: skip
_LATIN = re.compile(r"[a-z]")
_WORD = re.compile(r"[^\W\d_]+")
_FOREIGN = re.compile("[\u0370-\u03ff\u0400-\u052f]")
_SPACED = re.compile(r"(?<![^\W_])(?:[^\W\d_] {1,2}){3}(?:[^\W\d_] {1,2})*[^\W\d_](?![^\W_])")
_DOTTED = re.compile(r"(?<![^\W_])(?:[^\W\d_][.\-_*|/+]{1,2}){2}(?:[^\W\d_][.\-_*|/+]{1,2})*[^\W\d_](?![^\W_])")
_JOINTS = re.compile(r"[\s.\-_*|/+]")
_LONG = re.compile(r"(.)\1{2,}", re.DOTALL)
_BLANK = re.compile(r"\s+")
_STARS = re.compile(r"(?<=[a-z])[*#%&]+(?=[a-z])")
_INSIDE = re.compile(r"(?<=[a-z])[0134578@$!|€]{1,2}(?=[a-z])")
_BEFORE = re.compile(r"(?<![a-z0-9])(?:[$€](?=[a-z])|[013457](?=[a-z]{4}))")
_TIMES = re.compile(r"[0134578@$!|€]")
_LEET = {"0": "o", "1": "i", "3": "e", "4": "a", "5": "s", "7": "t", "8": "b", "@": "a", "$": "s", "!": "i", "|": "l", "€": "e"}
_EMOJI = re.compile("[\u2190-\u21ff\u2300-\u27bf\u2b00-\u2bff\U0001f000-\U0001faff]")
_UNITS = (
    "mg",
    "ml",
    "kg",
    "mcg",
    "hours",
    "weeks",
    "days",
    "years",
    "minutes",
    "months",
    "times",
    "tablets",
    "pills",
    "rounds",
    "miles",
    "pounds",
)
# A word for a picture costs more letters than the picture; beyond twice the input the pictures stay.
SPARE = 64


@lru_cache(maxsize=1)
def _table() -> dict[int, str | None]:
    """Return what one character becomes; made once, from about 4,000 characters."""
    table: dict[int, str | None] = {}
    for first, last in FOLDED:
        for code in range(first, last + 1):
            plain = "".join(one for one in unicodedata.normalize("NFKD", chr(code)) if not unicodedata.combining(one))
            if plain and len(plain) <= 2 and plain != chr(code):  # noqa: PLR2004 - twice the input is the bound
                table[code] = plain.lower()
    for code in range(0x20):
        table[code] = " " if code in (9, 10, 11, 12, 13) else None
    for first, last in ((0x7F, 0x9F), *MARKS):
        table.update(dict.fromkeys(range(first, last + 1)))
    table.update(dict.fromkeys(HIDDEN))
    table.update({ord(one): plain for one, plain in PLAIN.items()})
    table.update(dict.fromkeys(range(0xD800, 0xE000)))
    return table


@lru_cache(maxsize=4096)
def _name(picture: str) -> str:
    """Return the words for one picture, or the picture."""
    name = unicodedata.name(picture, "").lower().replace("-", " ")
    for noise in ("emoji modifier ", "face with ", " face", " sign", " symbol"):
        name = name.replace(noise, " ")
    return f" {' '.join(name.split())} " if name else picture


def _pictures(text: str, spare: int) -> str:
    """Name pictures as long as the room for longer words lasts."""
    left = spare

    def named(found: re.Match[str]) -> str:
        nonlocal left
        words = _name(found[0])
        if len(words) - 1 > left:
            return found[0]
        left -= len(words) - 1
        return words

    return _EMOJI.sub(named, text)


def _one_script(found: re.Match[str]) -> str:
    """Write a word in Latin letters if it mixes them with letters that look like them."""
    word = found[0]
    return "".join(LOOKALIKES.get(one, one) for one in word) if _LATIN.search(word) else word


def _leet(text: str) -> str:
    """Read digits and signs inside words as letters: 1d10t, but not 50mg, B12, type 1, day 3, 10/10."""
    text = _INSIDE.sub(lambda found: "".join(_LEET[one] for one in found[0]), text)

    def first(found: re.Match[str]) -> str:
        return found[0] if found.string.startswith(_UNITS, found.end()) else _LEET[found[0]]

    return _BEFORE.sub(first, text)


def normalise(text: str) -> str:
    """Return the text in small letters without disguises; the raw text stays with the caller."""
    plain = text.lower()
    if plain.isascii() and plain.isprintable():
        pass
    else:
        plain = plain.translate(_table())
        if _FOREIGN.search(plain):
            plain = _WORD.sub(_one_script, plain)
        plain = _pictures(plain, len(text) + SPARE)
    plain = _SPACED.sub(lambda found: _JOINTS.sub("", found[0]), plain)
    plain = _DOTTED.sub(lambda found: _JOINTS.sub("", found[0]), plain)
    plain = _LONG.sub(r"\1\1", plain)
    if _TIMES.search(plain):
        plain = _leet(plain)
    plain = _STARS.sub("*", plain)
    return _BLANK.sub(" ", plain).strip()
