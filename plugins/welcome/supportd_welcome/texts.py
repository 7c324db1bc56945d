"""Texts for people, one file for each language in ``texts/``; a member of the group has the last word on each."""

from __future__ import annotations

from dataclasses import replace
from importlib.resources import files
from typing import TYPE_CHECKING, Final

from supportd.sdk.settings import render
from supportd.sdk.text import Catalogue

if TYPE_CHECKING:
    from supportd.sdk.facts import Group, Person

#: What somebody agrees to. These texts exist in no language that no native speaker has read.
#: In front of the word for an occasion, where words are for a room or an occasion.
OCCASION: Final = "invited:"
SENSITIVE: Final = ("rules_text", "ask_rules", "ask_rules_again", "ask_rules_gate", "ask_mail")
TEXTS: Final = Catalogue.read(files("supportd_welcome") / "texts", sensitive=SENSITIVE)


def say(key: str, group: Group, reader: Person | None = None, *, room: str = "", **values: str) -> str:
    """Return a text for a reader: in their language, else the group's, else English; in each the group's own words before ours.

    What somebody was invited for has words of its own first, then ``room``. Who wants little gets the shortest form of ours.
    """
    if reader is not None and reader.low_energy:
        reader = replace(reader, edition="short")
    filled = {"member": name_of(group, reader), **values}
    own = getattr(group, "own", {})
    for language in _languages(group, reader):
        places = ([f"{OCCASION}{reader.occasion}"] if reader is not None and reader.occasion else []) + [room, ""]
        found = next((own[key, place, language] for place in places if (key, place, language) in own), None)
        if found is not None:
            return render(found, **{"group": group.name, **filled})
        if language in TEXTS.texts[key]:
            break
    return TEXTS.say(key, group, reader, **filled)


def _languages(group: Group, reader: Person | None) -> list[str]:
    """Return the languages in which something may be said, the reader's first; each also without its region."""
    tags = [(reader.language if reader else None) or "", group.style.language, "en"]
    return list(dict.fromkeys(one for tag in tags if tag for one in (tag, tag.split("-", maxsplit=1)[0])))


def name_of(group: Group, person: Person | None) -> str:
    """Return the name somebody chose, or a word for somebody without one."""
    return (person.name if person else "") or TEXTS.say("somebody", group)
