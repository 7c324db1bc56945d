"""What a room is declared to be and what it is, as the bytes that are sealed."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from pydantic import TypeAdapter

from supportd.sdk.rooms import RoomNow, RoomSpec

#: Where the sealed bytes may stand.
CONTEXT: Final = "room"
_SPEC: Final = TypeAdapter(RoomSpec)
_NOW: Final = TypeAdapter(RoomNow)


def dump(value: RoomSpec | RoomNow) -> bytes:
    """Return ``value`` as JSON bytes; equal values give equal bytes."""
    return _SPEC.dump_json(value) if isinstance(value, RoomSpec) else _NOW.dump_json(value)


@lru_cache(maxsize=2000)
def spec(body: bytes) -> RoomSpec:
    """Return a declaration."""
    return _SPEC.validate_json(body)


@lru_cache(maxsize=2000)
def now(body: bytes) -> RoomNow:
    """Return what was seen."""
    return _NOW.validate_json(body)
