"""Ask: the one way to put a question to people, with answers, a quorum, steps and an end."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from supportd.sdk.effects import Effect
from supportd.sdk.facts import Role
from supportd.sdk.ids import PersonId

Channel = Literal["direct"]

#: Reactions and words that mean the same in every plugin, by language; the conformance suite refuses overlaps between meanings.
RESERVED: dict[str, dict[str, tuple[str, ...]]] = {
    "reactions": {"yes": ("👍", "✅"), "no": ("👎", "❌"), "later": ("⏰",), "stop": ("🛑",)},
    "en": {"yes": ("yes", "ok", "okay", "i will"), "no": ("no", "not today"), "later": ("later",), "stop": ("stop",)},
    "de": {"yes": ("ja", "mache ich"), "no": ("nein", "heute nicht"), "later": ("später",), "stop": ("stopp",)},
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One possible answer: its ``name`` (comes back in ``AskAnswered``), and the reactions and words that mean it."""

    name: str
    reactions: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    #: How many distinct people must give it; 1 for most, 2 for what two key members decide.
    quorum: int = 1


def reserved(name: str, *, quorum: int = 1) -> Answer:
    """Return the :class:`Answer` for a reserved meaning (``yes``, ``no``, ``later``, ``stop``) in all languages."""
    words = tuple(word for language, table in RESERVED.items() if language != "reactions" for word in table[name])
    return Answer(name=name, reactions=RESERVED["reactions"][name], words=words, quorum=quorum)


YES = reserved("yes")
NO = reserved("no")


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """After the silence of the step before, ask these people too; ``until`` is when this step's silence ends."""

    to: tuple[PersonId, ...]
    until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask(Effect):
    """Put ``question`` to people; the first answer that has its quorum of distinct people ends it.

    ``key`` is unique per plugin and group; asking again with an open key does nothing. Each ``steps`` entry is asked when the one before
    stayed silent. ``urgent`` breaks quiet hours, for crisis, threat and panic only. ``told``: the line each asked person gets when somebody
    else answered first (empty: nothing).

    ``channels``: where the question is put and answered; there is only the person's direct chat with the bot. ``proof``: only words in an
    encrypted chat count, whose author is proven by cross-signed keys. Without it a reaction answers too, and a reaction is the homeserver's
    word: whoever runs the server can forge it. Whatever needs consent needs ``proof=True``.

    ``role``: only answers of people count who have this role when the ask is decided; whoever lost it meanwhile decides
    nothing.
    """

    key: str
    question: str = field(repr=False)
    answers: tuple[Answer, ...] = (YES, NO)
    steps: tuple[Step, ...]
    channels: tuple[Channel, ...] = ("direct",)
    urgent: bool = False
    proof: bool = False
    role: Role | None = None
    told: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class CloseAsk(Effect):
    """End the open ask ``key`` of this plugin without an answer; nothing happens when it is closed."""

    key: str
