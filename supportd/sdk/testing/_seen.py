"""What people in a story see besides a plugin's own effects."""

from __future__ import annotations

from dataclasses import dataclass, field

from supportd.sdk.ids import PersonId


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """The ask ``key`` was put to ``person``: by its first step, or by a later one after silence."""

    person: PersonId
    key: str
    question: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """``person`` got an ask's ``told`` line, because somebody else answered first."""

    person: PersonId
    key: str
    text: str = field(repr=False)
