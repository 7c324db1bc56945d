"""Which answer somebody gave to an ask, and when an ask is answered: one set of rules for the engine and the kit."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from supportd.sdk.ask import Answer
    from supportd.sdk.ids import PersonId

#: Emoji variation selectors and skin tones do not change what a reaction means.
_IGNORED = {"\ufe0e", "\ufe0f", *map(chr, range(0x1F3FB, 0x1F400))}


def plain_reaction(key: str) -> str:
    """Return a reaction without variation selectors and skin tones."""
    return "".join(sign for sign in key if sign not in _IGNORED)


def plain_word(text: str) -> str:
    """Return a short answer in lower case, without punctuation around it and with single spaces."""
    folded = unicodedata.normalize("NFKC", text).casefold().replace("\N{RIGHT SINGLE QUOTATION MARK}", "'")
    return " ".join(folded.split()).strip(".,;:!?¡¿…\"'() ")


def by_reaction(answers: Iterable[Answer], key: str) -> Answer | None:
    """Return the answer that the reaction ``key`` means, or ``None``."""
    wanted = plain_reaction(key)
    return next((one for one in answers if wanted in {plain_reaction(known) for known in one.reactions}), None)


def by_word(answers: Iterable[Answer], text: str) -> Answer | None:
    """Return the answer that the whole of ``text`` means; a longer text is never guessed at."""
    wanted = plain_word(text)
    return next((one for one in answers if wanted in {plain_word(known) for known in one.words}), None)


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
