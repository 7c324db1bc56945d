"""Conformance of texts and answers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from supportd.sdk import effects as fx
from supportd.sdk.ask import RESERVED, Answer, Ask
from supportd.sdk.testing import _answers
from supportd.sdk.testing._tour import begin, tour
from supportd.sdk.text import problems_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from supportd.sdk.facts import Edition
    from supportd.sdk.hooks import Plugin

#: Every plugin speaks these.
LANGUAGES: Final = ("en", "de")
EDITIONS: Final[tuple[Edition, ...]] = ("normal", "easy")


def texts(plugin: type[Plugin]) -> Iterator[str]:
    """Check that the catalogue is whole and keeps the rules of tone."""
    if plugin.texts is None:
        return
    yield from plugin.texts.problems()
    for key, languages in plugin.texts.texts.items():
        # A sensitive text is not there in a language that no native speaker has read.
        closed = plugin.texts.unchecked if key in plugin.texts.sensitive else frozenset[str]()
        yield from (f"{key} is missing in {language}." for language in LANGUAGES if language not in {*languages, *closed})
        yield from (f"{key} ({language}) has no normal edition." for language, all_of in languages.items() if "normal" not in all_of)


def written(plugin: type[Plugin]) -> Iterator[str]:
    """Check that what people read on a tour keeps the rules of tone, in every language and edition."""
    found: dict[str, None] = {}
    for language in LANGUAGES:
        for edition in EDITIONS:
            for effect in tour(begin(plugin, language=language, edition=edition)).effects:
                for text in _read_by_people(effect):
                    found.update({f"{type(effect).__name__} ({language}, {edition}): {one}": None for one in problems_of(text)})
                    if "{" in text.replace("{link}", ""):
                        found[f"{type(effect).__name__} ({language}, {edition}): leaves a brace unfilled."] = None
    yield from found


def answers(plugin: type[Plugin]) -> Iterator[str]:
    """Check that no word or reaction means two answers of an ask, or something else than its reserved meaning."""
    found: dict[str, None] = {}
    for effect in tour(begin(plugin)).effects:
        if isinstance(effect, Ask):
            found.update({f"“{sign}” means two answers of one ask.": None for sign in _answers.overlaps(effect.answers)})
            for answer in effect.answers:
                found.update(dict.fromkeys(_against_reserved(answer)))
    yield from found


def _against_reserved(answer: Answer) -> Iterator[str]:
    for table in RESERVED.values():
        for meaning, signs in table.items():
            taken = set(map(_answers.plain, signs))
            for sign in (*answer.reactions, *answer.words):
                if meaning != answer.name and _answers.plain(sign) in taken:
                    yield f"“{sign}” means {meaning} everywhere; the answer {answer.name} cannot have it."


def _read_by_people(effect: fx.Effect) -> Iterator[str]:
    if isinstance(effect, Ask):
        yield from (effect.question, effect.told)
    elif isinstance(effect, (fx.PostMessage, fx.PostDirect, fx.OfferLink, fx.PostFile, fx.EndPoll)):
        yield effect.text
    elif isinstance(effect, fx.CreateRoom):
        yield effect.spec.topic
    elif isinstance(effect, fx.StartPoll):
        yield from (effect.question, *[one.text for one in effect.answers])
