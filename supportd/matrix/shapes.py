"""Looking into JSON that somebody else wrote: what is not of the expected shape is empty, never an exception."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Collection

#: The longest id of the specification, bytes.
LONGEST_ID = 255


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
