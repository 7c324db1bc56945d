"""Texts for people, in languages and editions, and the rules every text keeps."""

from __future__ import annotations

import re
import string
import tomllib
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Final, get_args

from supportd.sdk._names import name_fits as name_fits  # noqa: PLC0414 - plugins find it here
from supportd.sdk.facts import Edition
from supportd.sdk.settings import render

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable

    from supportd.sdk.facts import Group, Person

#: Words that no text of ours uses (``docs/glossary.md``): they blame, rush or sound like a machine.
BANNED: Final = frozenset(
    {
        *("user", "failed", "invalid", "error", "violation", "policy", "submit", "unfortunately", "kindly", "journey", "battle", "just"),
        *("please note", "suffer from"),
    }
)
MAX_WORDS = 80
MAX_SENTENCE = 20


#: What an average sentence has at most, in words.
MEAN_SENTENCE: Final = 15
#: Ends of sentences: full stops, question marks and colons of all scripts that texts are written in.
_ENDS: Final = re.compile(r"[.?:\n\u3002\uff1f\uff1a\u06d4\u061f\u0964]+")
#: An address is no sentence.
_ADDRESS: Final = re.compile(r"\b[a-z]+://\S+")
#: Writing without blanks between words (Han); one and a half signs are about a word.
_HAN: Final = re.compile("[\u3400-\u4dbf\u4e00-\u9fff]")
_SIGNS_A_WORD: Final = 1.5


class Catalogue:
    """The texts of one plugin: key, then language, then edition; ``en`` and ``normal`` are always there.

    A language in ``unchecked`` was not yet read by a native speaker. Texts of ``sensitive`` keys (crisis, threat, consent) exist in no such
    language: who reads it gets them in English.
    """

    def __init__(
        self,
        texts: Mapping[str, Mapping[str, Mapping[Edition, str]]],
        *,
        unchecked: frozenset[str] = frozenset(),
        sensitive: frozenset[str] = frozenset(),
    ) -> None:
        """Take ``texts[key][language][edition]``; braces are filled by :meth:`get`."""
        self.texts = texts
        self.unchecked = unchecked
        self.sensitive = sensitive

    @classmethod
    def read(cls, folder: Traversable, *, sensitive: Iterable[str] = ()) -> Catalogue:
        """Read one TOML file for each language, ``en.toml`` among them, from a package's folder.

        A file holds ``checked`` (whether a native speaker read it) and a table for each key with ``normal``, ``easy`` and ``short``. Raises
        ``ValueError`` with the file's name for what is no text.
        """
        texts: dict[str, dict[str, Mapping[Edition, str]]] = {}
        unchecked: set[str] = set()
        for file in sorted(folder.iterdir(), key=lambda one: one.name):
            language, dot, ending = file.name.partition(".")
            if not dot or ending != "toml":
                continue
            held = tomllib.loads(file.read_text(encoding="utf-8"))
            if not held.pop("checked", False):
                unchecked.add(language)
            for key, editions in held.items():
                texts.setdefault(key, {})[language] = _editions(file.name, key, editions)
        return cls(texts, unchecked=frozenset(unchecked), sensitive=frozenset(sensitive))

    def get(self, key: str, language: str = "en", edition: Edition = "normal", **values: str) -> str:
        """Return the text in the language and edition, or the nearest there is, with its braces filled."""
        editions = self._editions(key, language) or self.texts[key]["en"]
        return render(editions.get(edition) or editions["normal"], **values)

    def say(self, key: str, group: Group, reader: Person | None = None, **values: str) -> str:
        """Return the text for ``reader`` (none: for the group) in their language, else the group's, else English."""
        editions = self._for(key, group, reader)
        edition: Edition = (reader.edition if reader else None) or group.style.edition
        return render(editions.get(edition) or editions["normal"], **{"group": group.name, **values})

    def language_of(self, key: str, group: Group, reader: Person | None = None) -> str:
        """Return the language in which :meth:`say` would say it."""
        editions = self._for(key, group, reader)
        return next(language for language, known in self.texts[key].items() if known is editions)

    def _for(self, key: str, group: Group, reader: Person | None) -> Mapping[Edition, str]:
        for language in ((reader.language if reader else None), group.style.language):
            editions = self._editions(key, language) if language else None
            if editions:
                return editions
        return self.texts[key]["en"]

    def _editions(self, key: str, language: str) -> Mapping[Edition, str] | None:
        languages = self.texts[key]
        return languages.get(language) or languages.get(language.split("-", maxsplit=1)[0])

    def languages(self) -> frozenset[str]:
        """Return every language in which at least one text exists."""
        return frozenset(language for languages in self.texts.values() for language in languages)

    def problems(self) -> list[str]:
        """Return one sentence for each text that breaks a rule of tone, is missing in a language or holds other braces than in English."""
        found: list[str] = []
        for key, languages in self.texts.items():
            closed = self.unchecked if key in self.sensitive else frozenset[str]()
            found += [f"{key} is missing in {language}." for language in sorted(self.languages() - set(languages) - closed)]
            found += [f"{key} is sensitive and may not exist unchecked in {language}." for language in sorted(closed & set(languages))]
            for language, editions in languages.items():
                for edition, text in editions.items():
                    where = f"{key} ({language}, {edition})"
                    found += [f"{where}: {one}" for one in problems_of(text)]
                    odd = _braces(text) - _braces(languages.get("en", {}).get("normal", text))
                    found += [f"{where}: has {{{name}}}, which the English text does not have." for name in sorted(odd)]
        return found


def _editions(file: str, key: str, editions: object) -> Mapping[Edition, str]:
    known = set(get_args(Edition))
    if not isinstance(editions, dict) or "normal" not in editions or set(editions) - known:
        raise ValueError(f"{file}: “{key}” is a table with normal, easy or short.")
    return {edition: text.strip() for edition, text in editions.items()}


def _braces(text: str) -> set[str]:
    return {name for _literal, name, _spec, _conversion in string.Formatter().parse(text) if name is not None}


def words_in(text: str) -> int:
    """Return how many words ``text`` has; of writing without blanks one and a half signs count as a word."""
    signs = len(_HAN.findall(text))
    return len(_HAN.sub(" ", text).split()) + round(signs / _SIGNS_A_WORD) if signs else len(text.split())


def problems_of(text: str) -> list[str]:
    """Return what is wrong with the tone of one text: length, long sentences, banned words, exclamation marks."""
    found: list[str] = []
    text = _ADDRESS.sub("link", text)
    words = words_in(text)
    if words > MAX_WORDS:
        found.append(f"has {words} words; use at most {MAX_WORDS}.")
    lengths = [count for sentence in _ENDS.split(text) if (count := words_in(sentence))]
    found += [f"has a sentence of {length} words; use at most {MAX_SENTENCE}." for length in lengths if length > MAX_SENTENCE]
    if lengths and sum(lengths) / len(lengths) > MEAN_SENTENCE and len(lengths) > 1:
        found.append(f"has sentences of {sum(lengths) / len(lengths):.0f} words on average; use at most {MEAN_SENTENCE}.")
    lowered = f" {re.sub(r'[^a-z ]', ' ', text.lower())} "
    found += [f"says “{word}”." for word in sorted(BANNED) if f" {word} " in lowered]
    if "!" in text or "\uff01" in text:
        found.append("has an exclamation mark.")
    return found
