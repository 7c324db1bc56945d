"""The rules of an ask as the kit needs them: words and reactions come by one door, and only last answers are kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

from supportd.sdk import _asking
from supportd.sdk._asking import overlaps

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from supportd.sdk.ask import Answer
    from supportd.sdk.events import AnsweredHow
    from supportd.sdk.ids import PersonId

__all__ = ["meant", "overlaps", "plain", "winner"]


def plain(text: str) -> str:
    """Return a reaction or a short answer without what does not matter: case, signs around it, skin tones."""
    return _asking.plain_word(_asking.plain_reaction(text))


def meant(answers: Iterable[Answer], given: str, *, proof: bool) -> tuple[Answer, AnsweredHow] | None:
    """Return the answer that the whole of ``given`` means, and how it was given; with ``proof`` a reaction means nothing."""
    known = tuple(answers)
    if (word := _asking.by_word(known, given)) is not None:
        return word, "word"
    sign = None if proof else _asking.by_reaction(known, given)
    return None if sign is None else (sign, "reaction")


def winner(answers: Iterable[Answer], given: Mapping[PersonId, str]) -> tuple[Answer, tuple[PersonId, ...]] | None:
    """Return the first answer that enough distinct people gave, with them in order; ``given``: each person's last answer."""
    return _asking.winner(answers, given.items())
