"""Texts for people, in languages and editions, and the rules every text keeps."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from supportd.sdk._names import name_fits as name_fits  # noqa: PLC0414 - plugins find it here
from supportd.sdk.facts import Edition
from supportd.sdk.settings import render

#: Words that no text of ours uses (``docs/glossary.md``): they blame, rush or sound like a machine.
BANNED: Final = frozenset(
    {
        *("user", "failed", "invalid", "error", "violation", "policy", "submit", "unfortunately", "kindly", "journey", "battle", "just"),
        *("please note", "suffer from"),
    }
)
MAX_WORDS = 80
MAX_SENTENCE = 20


class Catalogue:
    """The texts of one plugin: key, then language, then edition; ``en`` and ``normal`` are always there."""

    def __init__(self, texts: Mapping[str, Mapping[str, Mapping[Edition, str]]]) -> None:
        """Take ``texts[key][language][edition]``; braces are filled by :meth:`get`."""
        self.texts = texts

    def get(self, key: str, language: str = "en", edition: Edition = "normal", **values: str) -> str:
        """Return the text in the language and edition, or the nearest there is, with its braces filled."""
        languages = self.texts[key]
        editions = languages.get(language) or languages.get(language.split("-", maxsplit=1)[0]) or languages["en"]
        return render(editions.get(edition) or editions["normal"], **values)

    def languages(self) -> frozenset[str]:
        """Return every language in which at least one text exists."""
        return frozenset(language for languages in self.texts.values() for language in languages)

    def problems(self) -> list[str]:
        """Return one sentence for each text that breaks a rule of tone or is missing in a language."""
        found: list[str] = []
        for key, languages in self.texts.items():
            found += [f"{key} is missing in {language}." for language in sorted(self.languages() - set(languages))]
            found += [
                f"{key} ({language}, {edition}): {one}"
                for language, editions in languages.items()
                for edition, text in editions.items()
                for one in problems_of(text)
            ]
        return found


def problems_of(text: str) -> list[str]:
    """Return what is wrong with the tone of one text: length, long sentences, banned words, exclamation marks."""
    found: list[str] = []
    words = text.split()
    if len(words) > MAX_WORDS:
        found.append(f"has {len(words)} words; use at most {MAX_WORDS}.")
    lengths = [len(sentence.split()) for sentence in re.split(r"[.?:\n]+", text)]
    found += [f"has a sentence of {length} words; use at most {MAX_SENTENCE}." for length in lengths if length > MAX_SENTENCE]
    lowered = f" {re.sub(r'[^a-z ]', ' ', text.lower())} "
    found += [f"says “{word}”." for word in sorted(BANNED) if f" {word} " in lowered]
    if "!" in text:
        found.append("has an exclamation mark.")
    return found
