"""Ask: the one way to put a question to people, with answers, a quorum, steps and an end."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from supportd.sdk import _asking
from supportd.sdk.effects import Effect
from supportd.sdk.facts import Role
from supportd.sdk.ids import PersonId

Channel = Literal["direct"]

#: Reactions and words that mean the same in every plugin, by language; the conformance suite refuses overlaps between meanings.
RESERVED: dict[str, dict[str, tuple[str, ...]]] = {
    "reactions": {"yes": ("👍", "✅"), "no": ("👎", "❌"), "later": ("⏰",), "stop": ("🛑",)},
    "en": {
        "yes": ("yes", "ok", "okay", "i will", "yes please", "yep", "yeah", "y", "sure"),
        "no": ("no", "not today", "no thanks", "no thank you", "nope", "n"),
        "later": ("later", "not now", "another time"),
        "stop": ("stop", "stop it", "please stop"),
    },
    "de": {
        "yes": ("ja", "mache ich", "ja bitte", "gerne", "gern", "j"),
        "no": ("nein", "heute nicht", "nein danke"),
        "later": ("später", "jetzt nicht"),
        "stop": ("stopp", "aufhören", "bitte aufhören"),
    },
    "es": {
        "yes": ("sí", "si", "vale", "sí por favor", "de acuerdo"),
        "no": ("no", "hoy no", "no gracias"),
        "later": ("luego", "más tarde", "ahora no"),
        "stop": ("para", "basta", "detener"),
    },
    "fr": {
        "yes": ("oui", "d'accord", "oui merci", "ouais"),
        "no": ("non", "non merci", "pas aujourd'hui"),
        "later": ("plus tard", "pas maintenant"),
        "stop": ("arrêter", "arrête", "arrêtez"),
    },
    "zh": {
        "yes": ("是", "好", "好的", "可以", "是的", "行", "同意"),
        "no": ("不", "不是", "不用", "不要", "不行", "不可以"),
        "later": ("以后", "稍后", "晚点", "以後", "稍後"),
        "stop": ("停", "停止", "别发了", "別發了"),
    },
    "ur": {
        "yes": ("ہاں", "جی", "جی ہاں", "ٹھیک ہے", "haan", "ji", "ji haan"),
        "no": ("نہیں", "جی نہیں", "nahi", "nahin"),
        "later": ("بعد میں", "baad mein"),
        "stop": ("بند کریں", "رکو", "رک جاؤ", "بند کرو"),
    },
    "pa": {
        "yes": ("ਹਾਂ", "ਹਾਂ ਜੀ", "ਜੀ", "ਠੀਕ ਹੈ", "ہاں جی"),
        "no": ("ਨਹੀਂ", "ਨਾਂਹ", "ਨਹੀਂ ਜੀ"),
        "later": ("ਬਾਅਦ ਵਿੱਚ", "ਫਿਰ ਕਦੇ"),
        "stop": ("ਬੰਦ ਕਰੋ", "ਰੁਕੋ"),
    },
}  # fmt: skip


def plain(text: str) -> str:
    """Return a short answer without what does not matter: case, accents, punctuation, doubled spaces."""
    return _asking.plain_word(text)


def understood(answers: Iterable[Answer], text: str) -> Answer | None:
    """Return the answer that the whole of ``text`` means, as the engine understands it; ``None`` for anything else."""
    return _asking.by_word(answers, text)


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
