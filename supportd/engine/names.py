"""Ids and lanes derived from what they stand for, so that the same decision twice is the same row."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from supportd.sdk.ids import EventId

if TYPE_CHECKING:
    from supportd.sdk.ids import GroupId, PersonId, RoomId


def derived(*parts: object) -> str:
    """Return 32 hexadecimal digits that stand for ``parts`` in this order."""
    joined = "\x1f".join(str(part) for part in parts)
    return hashlib.sha256(joined.encode()).hexdigest()[:32]


def room_lane(room: RoomId, *, urgent: bool = False) -> str:
    """Return the lane of what is said in a room, so that words keep their order; the urgent one waits behind no others."""
    return f"{room}#urgent" if urgent else room


def hide_lane(room: RoomId) -> str:
    """Return the lane of redactions in a room: hiding never waits behind words."""
    return f"{room}#hide"


def sweep_lane(room: RoomId) -> str:
    """Return the lane in which old words of a room are taken away, which may take hours."""
    return f"{room}#sweep"


def door_lane(room: RoomId) -> str:
    """Return the lane of invitations, powers and state of a room."""
    return f"{room}#door"


def mend_lane(room: RoomId) -> str:
    """Return the lane in which a room is set back: that never waits behind invitations that have to wait."""
    return f"{room}#mend"


def make_lane(group: GroupId) -> str:
    """Return the lane in which a group's rooms are made, one after the other."""
    return f"{group}#make"


def direct_lane(person: PersonId, *, urgent: bool = False) -> str:
    """Return the lane of what is written to one person; the urgent one has no quiet hours."""
    return f"{person}#urgent" if urgent else f"{person}#direct"


def keys_lane(person: PersonId) -> str:
    """Return the lane of decisions about one person's encryption keys."""
    return f"{person}#keys"


def not_ours(room: RoomId) -> EventId:
    """Return what counts as handled of a room in which we were and did not stay."""
    return EventId(derived("not ours", room))
