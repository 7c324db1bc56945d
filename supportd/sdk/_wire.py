"""Effects as JSON and back: whether one can be kept in a row that waits, for the engine and for the kit."""

from __future__ import annotations

from functools import cache
from typing import Any, Final

from pydantic import TypeAdapter

from supportd.sdk import ask, effects

_adapters: dict[type, TypeAdapter[Any]] = {}


def adapter(kind: type) -> TypeAdapter[Any]:
    """Return what writes and reads values of ``kind``."""
    found = _adapters.get(kind)
    if found is None:
        found = _adapters[kind] = TypeAdapter(kind)
    return found


@cache
def kinds() -> frozenset[type[effects.Effect]]:
    """Return the kinds of effect that a plugin may name in its grants."""
    named = [*vars(effects).values(), *vars(ask).values()]
    return frozenset(one for one in named if isinstance(one, type) and issubclass(one, effects.Effect) and one is not effects.Effect)


def dump(value: object) -> bytes:
    """Return ``value`` as JSON; raises for what is not of the type that its field declares."""
    written: bytes = adapter(type(value)).dump_json(value, warnings="error")
    return written


def problem(value: object) -> str | None:
    """Return what is wrong with a value that a plugin yielded as an effect, ``None`` when it can be kept and read again.

    A wrong value found only when the row is sent would stop everything behind it.
    """
    if type(value) not in kinds():
        return None
    try:
        same = adapter(type(value)).validate_json(dump(value)) == value
    except _UNFIT:
        same = False
    return None if same else f"it yielded a {type(value).__name__} with a wrong value"


#: What pydantic raises for a value of another type: its own errors, lone surrogates and warnings among them.
_UNFIT: Final = (ValueError, TypeError, Warning)
