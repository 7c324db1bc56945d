"""What somebody wants to be called, in their own words."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from supportd.sdk.ask import plain
from supportd.sdk.effects import ChangePerson, PostDirect
from supportd.sdk.text import name_fits
from supportd_welcome.texts import say

if TYPE_CHECKING:
    from collections.abc import Iterator

    from supportd.sdk.effects import Effect
    from supportd.sdk.facts import Group, Person

#: How people say what they are called, in the languages of the texts.
_PHRASES: Final = re.compile(
    r"(?:please )?(?:call me|my name is|i am called|nenn mich|nennt mich|ich hei(?:ß|ss)e|llámame|llamame|me llamo|appelez-moi|appelle-moi|"
    r"je m'appelle|叫我|我叫|میرا نام|مجھے کہیں|ਮੇਰਾ ਨਾਂ|ਮੈਨੂੰ ਕਹੋ)\s*:?\s*(?P<name>\S.*)",
    re.IGNORECASE,
)
#: A bare answer to the question for a name has at most so many words; more is a sentence about something else.
_WORDS: Final = 2
#: How long after the question a word that stands alone is taken for a name.
FRESH: Final = timedelta(days=3)
#: What people write to the bot that is no name, in the languages of the texts.
_NO_NAMES: Final = frozenset(
    plain(one)
    for one in (
        *("hi", "hello", "hey", "thanks", "thank you", "help", "what", "why", "who", "how", "when", "where", "good", "fine", "hmm", "um"),
        *("maybe", "sorry", "please", "talk", "rules", "not sure", "don't know", "nothing", "none", "good morning", "good night", "bye"),
        *("hallo", "danke", "hilfe", "was", "warum", "wer", "gut", "bitte", "vielleicht", "weiß nicht", "hola", "gracias", "ayuda"),
        *(
            "qué",
            "quién",
            "bien",
            "bonjour",
            "merci",
            "aide",
            "quoi",
            "qui",
            "pardon",
            "你好",
            "谢谢",
            "什么",
            "帮助",
            "سلام",
            "شکریہ",
            "مدد",
        ),
        *("ਸਤਿ ਸ੍ਰੀ ਅਕਾਲ", "ਧੰਨਵਾਦ", "ਮਦਦ", "no name", "i need", "i want", "help me", "test"),
    )
)
#: Punctuation around a name, of all scripts of the texts: “叫我” is often followed by a comma of its own.
_AROUND: Final = " .,;:!?\"'“”„«»\u060c\u061b\u061f\u06d4\u0964\u3001\u3002\uff01\uff0c\uff1a\uff1f"


def said(text: str) -> str | None:
    """Return the name that a sentence gives, ``None`` when it gives none."""
    plain = " ".join(text.replace("\N{RIGHT SINGLE QUOTATION MARK}", "'").split())
    found = _PHRASES.fullmatch(plain)
    return found["name"].strip(_AROUND) if found is not None else None


def bare(text: str) -> str | None:
    """Return a name that stands alone, ``None`` for anything that may be something else."""
    name = " ".join(text.split()).strip(_AROUND)
    fits = len(name.split()) <= _WORDS and not set("?\u061f\uff1f/@#") & set(text) and not name.isdecimal() and name_fits(name)
    return name if fits and plain(name) not in _NO_NAMES else None


def call(group: Group, person: Person, name: str) -> Iterator[Effect]:
    """Call somebody what they said, or say in one sentence why not."""
    taken = group.called(name)
    if not name_fits(name):
        yield PostDirect(to=person.id, text=say("name_unfit", group, person))
    elif taken is not None and taken.id != person.id:
        yield PostDirect(to=person.id, text=say("name_taken", group, person))
    else:
        yield ChangePerson(person=person.id, name=name)
        yield PostDirect(to=person.id, text=say("name_kept", group, person, name=name))
