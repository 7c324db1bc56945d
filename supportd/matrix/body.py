"""The body of a sync, taken apart under guard: a missing or odd part is empty (``matrix.md`` 1.4, F12)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from supportd.matrix.errors import ServerAway
from supportd.matrix.shapes import identifier, obj, objects, whole


@dataclass(frozen=True, slots=True)
class RoomPart:
    """What a sync says of one room we are in or have left; events are raw objects."""

    state: tuple[dict[str, Any], ...] = field(repr=False)
    timeline: tuple[dict[str, Any], ...] = field(repr=False)
    limited: bool
    prev_batch: str | None


@dataclass(frozen=True, slots=True)
class Body:
    """One sync; ``one_time_keys`` is ``None`` when the server did not say how many are left."""

    next_batch: str
    to_device: tuple[dict[str, Any], ...] = field(repr=False)
    one_time_keys: int | None
    fallback_used: bool
    changed: frozenset[str]
    left: frozenset[str]
    joined: dict[str, RoomPart] = field(repr=False)
    gone: dict[str, RoomPart] = field(repr=False)
    invited: dict[str, tuple[dict[str, Any], ...]] = field(repr=False)


def parse(raw: dict[str, Any]) -> Body:
    """Take a sync apart; raises :class:`ServerAway` only where it has no ``next_batch``."""
    token = raw.get("next_batch")
    if not isinstance(token, str) or not token:
        raise ServerAway
    counts, rooms, lists = raw.get("device_one_time_keys_count"), obj(raw, "rooms"), obj(raw, "device_lists")
    count = obj(counts).get("signed_curve25519", 0) if isinstance(counts, dict) else None
    unused = raw.get("device_unused_fallback_key_types")
    return Body(
        next_batch=token,
        to_device=tuple(objects(obj(raw, "to_device").get("events"))),
        one_time_keys=whole(count),
        fallback_used=isinstance(unused, list) and "signed_curve25519" not in unused,
        changed=_ids(lists.get("changed")),
        left=_ids(lists.get("left")),
        joined={room: _part(part) for room, part in obj(rooms, "join").items() if identifier(room)},
        gone={room: _part(part) for room, part in obj(rooms, "leave").items() if identifier(room)},
        invited={
            room: tuple(objects(obj(part, "invite_state").get("events"))) for room, part in obj(rooms, "invite").items() if identifier(room)
        },
    )


def _part(value: Any) -> RoomPart:
    timeline = obj(value, "timeline")
    prev = timeline.get("prev_batch")
    return RoomPart(
        state=tuple(objects(obj(value, "state").get("events"))),
        timeline=tuple(objects(timeline.get("events"))),
        limited=timeline.get("limited") is True,
        prev_batch=prev if isinstance(prev, str) else None,
    )


def _ids(value: Any) -> frozenset[str]:
    return frozenset(one for one in value if identifier(one)) if isinstance(value, list) else frozenset()
