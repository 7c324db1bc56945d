"""What an answer means and when an ask is answered; ``tests/contract`` holds these rules against the engine's."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from supportd.sdk.ask import Answer
    from supportd.sdk.ids import PersonId

# Variation selectors and skin tones do not change what a reaction means.
_IGNORED = {"\ufe0e", "\ufe0f", *map(chr, range(0x1F3FB, 0x1F400))}


def plain(text: str) -> str:
    """Return a reaction or a short answer without what does not matter: case, signs around it, skin tones."""
    kept = "".join(sign for sign in text if sign not in _IGNORED)
    folded = unicodedata.normalize("NFKC", kept).casefold().replace("\N{RIGHT SINGLE QUOTATION MARK}", "'")
    return " ".join(folded.split()).strip(".,;:!?¡¿…\"'() ")


def meant(answers: Iterable[Answer], given: str, *, proof: bool) -> Answer | None:
    """Return the answer that the whole of ``given`` means; with ``proof`` a reaction means nothing."""
    wanted = plain(given)
    return next((one for one in answers if wanted in map(plain, one.words if proof else (*one.words, *one.reactions))), None)


def winner(answers: Iterable[Answer], given: Mapping[PersonId, str]) -> tuple[Answer, tuple[PersonId, ...]] | None:
    """Return the first answer that enough distinct people gave, with them in order; ``given``: each person's last answer."""
    for answer in answers:
        people = tuple(person for person, name in given.items() if name == answer.name)
        if len(people) >= answer.quorum:
            return answer, people[: answer.quorum]
    return None


def overlaps(answers: Iterable[Answer]) -> list[str]:
    """Return each reaction or word that means more than one of ``answers``."""
    seen: dict[str, str] = {}
    signs = [(plain(sign), answer.name) for answer in answers for sign in (*answer.reactions, *answer.words)]
    return [sign for sign, name in signs if seen.setdefault(sign, name) != name]
