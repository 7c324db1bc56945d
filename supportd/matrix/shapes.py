"""Looking into JSON that somebody else wrote: what is not of the expected shape is empty, never an exception."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Collection

#: The longest id of the specification, bytes.
LONGEST_ID = 255
#: Room version 12 and later: no server stands in the id (MSC4291).
_HASHED_ROOM: Final = re.compile(r"![A-Za-z0-9_-]{43}")
_NAMED_ROOM: Final = re.compile(r"![^:\s]{1,200}:[A-Za-z0-9.\-:\[\]]{1,230}")


def obj(value: Any, *names: str) -> dict[str, Any]:
    """Return the object at ``names`` within ``value``, or an empty one."""
    for name in names:
        value = value.get(name) if isinstance(value, dict) else None
    return value if isinstance(value, dict) else {}


def objects(value: Any) -> list[dict[str, Any]]:
    """Return the objects of a list; everything else is left out."""
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def text(value: Any) -> str | None:
    """Return ``value`` if it is a string that can be stored: no NUL, no half of a surrogate pair."""
    if not isinstance(value, str):
        return None
    return value.replace("\0", "").encode("utf-8", "replace").decode()


def identifier(value: Any) -> str | None:
    """Return ``value`` if it can be an id of the specification."""
    if not isinstance(value, str) or not value or not value.isprintable():
        return None
    try:
        return value if len(value.encode()) <= LONGEST_ID else None
    except UnicodeEncodeError:
        return None


def room_identifier(value: Any) -> str | None:
    """Return ``value`` if it can be the id of a room, of an old version or a new one."""
    found = identifier(value)
    return found if found is not None and (_HASHED_ROOM.fullmatch(found) or _NAMED_ROOM.fullmatch(found)) else None


def cut(value: str, most: int) -> str:
    """Return ``value`` with at most so many bytes of UTF-8, whole characters only."""
    return value.encode()[:most].decode("utf-8", "ignore")


def whole(value: Any) -> int | None:
    """Return ``value`` if it is an integer (the specification allows 53 bits), also as text, as old power levels have it."""
    if isinstance(value, bool):
        return None
    if isinstance(value, str):
        try:
            value = int(value[:20])
        except ValueError:
            return None
    return value if isinstance(value, int) and -(2**53) < value < 2**53 else None


def one_of(value: Any, options: Collection[str]) -> str | None:
    """Return ``value`` if it is one of ``options``; it may be a list or an object, which no set can be asked for."""
    return value if isinstance(value, str) and value in options else None
