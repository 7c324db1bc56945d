"""Texts for people, one file for each language in ``texts/``; a member of the group has the last word on each."""

from __future__ import annotations

from dataclasses import replace
from importlib.resources import files
from typing import TYPE_CHECKING, Final

from supportd.sdk.text import Catalogue

if TYPE_CHECKING:
    from supportd.sdk.facts import Group, Person

#: What somebody agrees to. These texts exist in no language that no native speaker has read.
SENSITIVE: Final = ("rules_text", "ask_rules", "ask_rules_again", "ask_rules_gate", "ask_mail")
TEXTS: Final = Catalogue.read(files("supportd_welcome") / "texts", sensitive=SENSITIVE)


def say(key: str, group: Group, reader: Person | None = None, **values: str) -> str:
    """Return a text in the reader's language; who wants little gets the shortest form."""
    if reader is not None and reader.low_energy:
        reader = replace(reader, edition="short")
    return TEXTS.say(key, group, reader, **{"member": name_of(group, reader), **values})


def name_of(group: Group, person: Person | None) -> str:
    """Return the name somebody chose, or a word for somebody without one."""
    return (person.name if person else "") or TEXTS.say("somebody", group)
