"""Effects, events and asks as bytes and back, for rows that wait."""

from __future__ import annotations

import json
from functools import cache
from typing import TYPE_CHECKING, TypeVar

from supportd.engine import wire
from supportd.errors import SupportdError
from supportd.sdk import _wire, ask, effects, events

if TYPE_CHECKING:
    from supportd.sdk.effects import Effect
    from supportd.sdk.events import Event


class UnknownKind(SupportdError):
    """A waiting row is of the kind “{kind}”, which this version does not know; install the version that wrote it."""


T = TypeVar("T")


def _subclasses(base: type[T]) -> dict[str, type[T]]:
    return {one.__name__: one for one in base.__subclasses__()}


@cache
def effect_kinds() -> dict[str, type[Effect]]:
    """Return every kind of effect by its name."""
    return {**_subclasses(effects.Effect), "Ask": ask.Ask}


@cache
def event_kinds() -> dict[str, type[Event]]:
    """Return every kind of event by its name."""
    return _subclasses(events.Event)


def dump(value: object) -> bytes:
    """Return a frozen value of a known kind as JSON bytes ``{"kind": …, "value": …}``."""
    kind = type(value)
    body = _wire.dump(value)
    return b'{"kind":"' + kind.__name__.encode() + b'","value":' + body + b"}"


def _load(data: bytes, kinds: dict[str, type[T]]) -> T:
    parsed = json.loads(data)
    kind = kinds.get(parsed["kind"])
    if kind is None:
        raise UnknownKind(kind=parsed["kind"])
    # JSON text again: pydantic reads tuples, frozen sets and instants from JSON, not from Python lists and strings.
    found: T = _wire.adapter(kind).validate_json(json.dumps(parsed["value"]))
    return found


def load_effect(data: bytes) -> Effect:
    """Return the effect that :func:`dump` wrote."""
    return _load(data, effect_kinds())


def load_event(data: bytes) -> Event | wire.Incoming:
    """Return the event, or the incoming wire event, that :func:`dump` wrote."""
    kinds: dict[str, type[Event | wire.Incoming]] = {**event_kinds(), "Incoming": wire.Incoming}
    return _load(data, kinds)


def load_ask(data: bytes) -> ask.Ask:
    """Return the ask that :func:`dump` wrote."""
    return _load(data, {"Ask": ask.Ask})
