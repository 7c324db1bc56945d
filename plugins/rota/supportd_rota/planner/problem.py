"""Reading a problem: who can carry how much, and which duties there are. Everything is checked before anything is planned."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Final

from supportd.errors import SupportdError

#: Larger than any group supportd is for; a file beyond it is a mistake, or meant to do harm.
MOST_MEMBERS, MOST_WEEKS, MOST_SLOTS, MOST_BYTES = 1_000, 520, 50_000, 64 * 2**20
_MOST: Final = 1e9


class BadProblem(SupportdError):
    """{problem}."""

    status = 65


@dataclass(frozen=True, slots=True)
class Member:
    """What somebody offers: ``cap`` spoons in a usual week and a share (0 to 1) for each week; ``carry`` spoons of 4 weeks before."""

    cap: float
    carry: float
    weeks: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Slot:
    """One duty: week, day of the week 0…6, part of the day, load in tenths of a spoon, weight if nobody holds it, who may hold it."""

    week: int
    day: int
    part: int
    load: int
    heavy: bool
    priority: int
    able: frozenset[int]
    duty: str = ""

    @property
    def date(self) -> int:
        """Days since the horizon began."""
        return 7 * self.week + self.day


@dataclass(frozen=True, slots=True)
class Problem:
    """Members and slots by their index."""

    weeks: int
    members: tuple[Member, ...]
    slots: tuple[Slot, ...]


def read(raw: bytes | str) -> Problem:
    """Read a problem from JSON text; raises :class:`BadProblem` with one sentence that names the field."""
    if len(raw) > MOST_BYTES:
        raise BadProblem(problem=f"The problem is larger than {MOST_BYTES // 2**20} MiB: plan fewer weeks at a time")
    return of(parse(raw, "The problem"))


def parse(raw: bytes | str, what: str) -> dict[str, Any]:
    """Return the one JSON object in ``raw``; raises :class:`BadProblem`."""
    try:
        text = raw.decode("utf-8") if isinstance(raw, bytes) else raw
        found = json.loads(text, parse_constant=_no_constant)
    except UnicodeDecodeError as error:
        raise BadProblem(problem=f"{what} is not UTF-8 text (byte {error.start})") from error
    except json.JSONDecodeError as error:
        raise BadProblem(problem=f"{what} is not JSON: line {error.lineno}, column {error.colno}") from error
    except (RecursionError, ValueError) as error:
        raise BadProblem(problem=f"{what} cannot be read as JSON: a number is too large or no number, or it is nested too deep") from error
    if not isinstance(found, dict):
        raise BadProblem(problem=f"{what} must be one JSON object")
    return found


def _no_constant(name: str) -> float:
    raise ValueError(name)


def of(data: dict[str, Any]) -> Problem:
    """Check a problem that was read as JSON; fields that are not known are ignored."""
    kind = data.get("format", 1)
    if isinstance(kind, bool) or kind != 1:
        raise BadProblem(problem="format must be 1: this program reads no other")
    count, weeks = _integer(data, "n", "", 1, MOST_MEMBERS), _integer(data, "weeks", "", 1, MOST_WEEKS)
    members = _list(data, "members", "")
    if len(members) != count:
        raise BadProblem(problem=f"members must be a list of n = {count} members, and it has {len(members)}")
    slots = _list(data, "slots", "")
    if len(slots) > MOST_SLOTS:
        raise BadProblem(problem=f"slots has more than {MOST_SLOTS} duties: plan fewer weeks at a time")
    return Problem(
        weeks,
        tuple(_member(one, place, weeks) for place, one in enumerate(members)),
        tuple(_slot(one, place, weeks, count) for place, one in enumerate(slots)),
    )


def _member(data: Any, place: int, weeks: int) -> Member:
    where = f"members[{place}]"
    _object(data, where)
    _own_index(data, place, where)
    cap = _number(data.get("cap"), f"{where}.cap", 0.0)
    if cap <= 0:
        raise BadProblem(problem=f"{where}.cap must be a number above 0: the spoons offered in a usual week")
    carry = _number(data.get("carry"), f"{where}.carry", 0.0)
    shares = _list(data, "weeks", f"{where}.")
    if len(shares) != weeks:
        raise BadProblem(problem=f"{where}.weeks must have one share for each of the {weeks} weeks, and it has {len(shares)}")
    return Member(cap, carry, tuple(_number(one, f"{where}.weeks[{week}]", 0.0, 1.0) for week, one in enumerate(shares)))


def _slot(data: Any, place: int, weeks: int, count: int) -> Slot:
    where = f"slots[{place}]"
    _object(data, where)
    _own_index(data, place, where)
    heavy = data.get("heavy")
    if heavy not in (0, 1) or not isinstance(heavy, int):
        raise BadProblem(problem=f"{where}.heavy must be 0 or 1")
    able = _list(data, "el", f"{where}.")
    for entry, one in enumerate(able):
        if isinstance(one, bool) or not isinstance(one, int) or not 0 <= one < count:
            raise BadProblem(problem=f"{where}.el[{entry}] must be the id of a member, 0 to {count - 1}")
    duty = data.get("duty", "")
    return Slot(
        _integer(data, "w", f"{where}.", 0, weeks - 1),
        _integer(data, "d", f"{where}.", 0, 6),
        _integer(data, "b", f"{where}.", -int(_MOST), int(_MOST)),
        _integer(data, "load", f"{where}.", 1, int(_MOST)),
        bool(heavy),
        _integer(data, "pr", f"{where}.", 1, int(_MOST)),
        frozenset(able),
        duty if isinstance(duty, str) else "",
    )


def _object(data: Any, where: str) -> None:
    if not isinstance(data, dict):
        raise BadProblem(problem=f"{where} must be a JSON object")


def _own_index(data: dict[str, Any], place: int, where: str) -> None:
    found = data.get("id")
    if isinstance(found, bool) or found != place:
        raise BadProblem(problem=f"{where}.id must be {place}: ids count from 0 in the order of the list")


def _list(data: dict[str, Any], key: str, prefix: str) -> list[Any]:
    found = data.get(key)
    if not isinstance(found, list):
        raise BadProblem(problem=f"{prefix}{key} must be a list")
    return found


def _integer(data: dict[str, Any], key: str, prefix: str, least: int, most: int) -> int:
    found = data.get(key)
    if isinstance(found, bool) or not isinstance(found, int) or not least <= found <= most:
        raise BadProblem(problem=f"{prefix}{key} must be a whole number from {least} to {most}")
    return found


def _number(found: Any, name: str, least: float, most: float = _MOST) -> float:
    # Nothing that is no number is between two numbers, so this also refuses nan and infinity.
    if isinstance(found, bool) or not isinstance(found, int | float) or not least <= found <= most:
        raise BadProblem(problem=f"{name} must be a number from {least:g} to {most:g}")
    return found
