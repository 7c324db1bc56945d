"""Kinds of room as data: read, copied and changed by a group, and turned into what a room is declared to be."""

from __future__ import annotations

import tomllib
from dataclasses import asdict, dataclass, fields, replace
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any, Final, Literal, get_args

from supportd.sdk.rooms import Kind, Listening, Powers, RoomSpec

if TYPE_CHECKING:
    from collections.abc import Mapping

People = Literal["everybody", "key members", "asked"]
Join = Literal["invite", "knock"]
History = Literal["joined", "invited", "shared"]

#: Bounds of the numbers: name -> least and most.
BOUNDS: Final[Mapping[str, tuple[int, int]]] = {
    "key_messages": (1, 1000),
    "key_hours": (1, 168),
    "cap": (2, 250),
    "keep_days": (0, 3650),
    "ends_days": (0, 365),
}
_CHOICES: Final[Mapping[str, tuple[str, ...]]] = {
    "people": get_args(People),
    "listening": get_args(Listening),
    "join": get_args(Join),
    "history": get_args(History),
}
#: What a copy or a change never touches: it would make another kind of thing.
FIXED: Final = frozenset({"key", "base", "kind", "private", "power", "room_version"})
#: What a private room's kind promises to who is in it: nobody else is brought in, and nobody else reads.
PROMISED: Final = frozenset({"people", "owners", "listening", "join", "cap"})
LONGEST: Final = 200
MOST_QUESTIONS: Final = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """One kind of room; the words of each field stand in ``templates.toml``."""

    key: str
    #: The shipped template it comes from; its own key for a shipped one.
    base: str
    title: str
    about: str
    kind: Kind
    people: People
    #: Whether nobody hears of such a room but who is in it.
    private: bool
    listening: Listening
    encrypted: bool
    join: Join
    history: History
    guests: bool
    other_servers: bool
    public_list: bool
    room_version: str
    key_messages: int
    key_hours: int
    cap: int
    keep_days: int
    owners: bool
    power: Powers
    #: Days after which such a room ends by itself.
    ends_days: int = 0
    #: What whoever may knock reads before they do.
    questions: str = ""

    def spec(self, name: str, *, topic: str = "", note: str = "") -> RoomSpec:
        """Return what a room of this kind, called ``name``, is declared to be."""
        return RoomSpec(
            name=name,
            topic=topic,
            kind=self.kind,
            listening=self.listening,
            encrypted=self.encrypted,
            history=self.history,
            join_rule=self.join,
            guests="can_join" if self.guests else "forbidden",
            federate=self.other_servers,
            listed=self.public_list,
            rotation_messages=self.key_messages,
            rotation_ms=self.key_hours * 3_600_000,
            room_version=self.room_version,
            powers=self.power,
            note=note,
        )

    def rows(self) -> tuple[tuple[str, str], ...]:
        """Return every field in words, for people."""
        plain = {name: _word(value) for name, value in asdict(self).items() if name not in {"key", "base", "power"}}
        power = {f"power to {one.name.replace('_', ' ')}": str(getattr(self.power, one.name)) for one in fields(Powers)}
        return tuple((plain | power).items())


class CannotChange(ValueError):
    """Why a template cannot be changed like this, in one sentence."""


@cache
def shipped() -> Mapping[str, Template]:
    """Return the templates that come with the plugin, by key."""
    read = tomllib.loads(resources.files(__package__).joinpath("templates.toml").read_text(encoding="utf-8"))
    return {key: Template(key=key, base=key, **(values | {"power": Powers(**values["power"])})) for key, values in read.items()}


def changed(template: Template, field: str, value: str) -> Template:
    """Return ``template`` with one field changed as people write it; raises :class:`CannotChange`."""
    field = field.replace("-", "_").casefold()
    able = [one.name for one in fields(Template) if one.name not in FIXED]
    if field not in able:
        raise CannotChange(f"There is no “{field}” to change here; there are: {', '.join(able)}.")
    if template.private and field in PROMISED:
        raise CannotChange(f"Who is in a room of the kind {template.key} was promised that nobody else is: “{field}” stays as it is.")
    made: Any = _value(template, field, value.strip())
    found = replace(template, **{field: made})
    if found.guests or found.public_list or found.other_servers or found.history == "shared":
        what = next(
            name
            for name in ("guests", "public_list", "other_servers", "history")
            if getattr(found, name) not in (False, "joined", "invited")
        )
        raise CannotChange(f"“{what} {value}” would let people read who are not of the group: a confidential room cannot have that.")
    if not found.encrypted and found.kind != "space":
        raise CannotChange("A room in which people talk is always encrypted here: leave “encrypted” at yes.")
    return found


def _value(template: Template, field: str, value: str) -> object:
    now = getattr(template, field)
    if isinstance(now, bool):
        if value.casefold() not in {"yes", "no"}:
            raise CannotChange(f"“{field}” is yes or no.")
        return value.casefold() == "yes"
    if isinstance(now, int):
        least, most = BOUNDS[field]
        if not value.isascii() or not value.isdecimal() or not least <= int(value[:9]) <= most:
            raise CannotChange(f"“{field}” is a number from {least} to {most}.")
        return int(value)
    if field == "questions" and value.count("?") > MOST_QUESTIONS:
        raise CannotChange(f"Ask at most {MOST_QUESTIONS} questions: whoever knocks has little room to answer.")
    if field in _CHOICES:
        if value not in _CHOICES[field]:
            raise CannotChange(f"“{field}” is one of: {', '.join(_CHOICES[field])}.")
        return value
    if not value or len(value) > LONGEST or not value.isprintable():
        raise CannotChange(f"“{field}” is one line of at most {LONGEST} characters.")
    return value


def _word(value: object) -> str:
    return ("yes" if value else "no") if isinstance(value, bool) else str(value)
