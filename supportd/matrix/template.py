"""What a room is made of: every confidential setting explicit, nothing left to a preset (``matrix.md`` 1.2)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from supportd.matrix.shapes import whole
from supportd.sdk.rooms import needed

if TYPE_CHECKING:
    from collections.abc import Mapping

    from supportd.engine.wire import BringRoom, MakeRoom
    from supportd.sdk.rooms import RoomSpec

MARKER: Final = "org.supportd.marker"
#: Stands in the first event of rooms in which all that we set carries a seal.
SEALED: Final = "org.supportd.sealed"
READER_LEVEL: Final = 50
DOORKEEPER_LEVEL: Final = 100
MEGOLM: Final = "m.megolm.v1.aes-sha2"
_V12: Final = 12
#: State events by the names of :class:`~supportd.sdk.rooms.Powers`; those in which a room's safety lies; and the one that replaces it.
ACTS: Final[Mapping[str, tuple[str, ...]]] = {
    "describe": ("m.room.name", "m.room.topic", "m.room.avatar", "m.room.pinned_events"),
    "link": ("m.space.child", "m.space.parent"),
}
SETTLED: Final = (
    "m.room.canonical_alias",
    "m.room.join_rules",
    "m.room.guest_access",
    "m.room.history_visibility",
    "m.room.encryption",
    "m.room.server_acl",
    "m.room.third_party_invite",
    "m.room.power_levels",
)
REPLACE: Final = "m.room.tombstone"


def creation(job: MakeRoom) -> dict[str, Any]:
    """Return the ``creation_content``."""
    content: dict[str, Any] = {"m.federate": job.spec.federate, MARKER: job.marker, SEALED: True}
    if job.replaces is not None:
        content["predecessor"] = {"room_id": job.replaces}
    return content | ({"type": "m.space"} if job.spec.kind == "space" else {})


def settings(job: MakeRoom | BringRoom) -> dict[str, dict[str, Any]]:
    """Return the declared state: type -> content, each with the state key ``""``."""
    spec = job.spec
    found: dict[str, dict[str, Any]] = {
        "m.room.join_rules": {"join_rule": spec.join_rule} | ({"allow": []} if spec.join_rule == "restricted" else {}),
        "m.room.history_visibility": {"history_visibility": spec.history},
        "m.room.guest_access": {"guest_access": spec.guests},
        "m.room.name": {"name": spec.name},
    }
    if topic := topic_of(spec):
        found["m.room.topic"] = {"topic": topic}
    if spec.encrypted and spec.kind != "space":
        found["m.room.encryption"] = {
            "algorithm": MEGOLM,
            "rotation_period_msgs": spec.rotation_messages,
            "rotation_period_ms": spec.rotation_ms,
        }
    return found


def topic_of(spec: RoomSpec) -> str:
    """Return a room's topic: what it is for, then what tells how much the bot hears."""
    return " ".join(one for one in (spec.topic, spec.note) if one)


def powers(job: MakeRoom | BringRoom, creator: str, doorkeeper: str | None, reader: str | None) -> dict[str, Any]:
    """Return the content of ``m.room.power_levels``; members have 0, a version 12 creator does not stand in it."""
    users: dict[str, int] = {}
    if reader is not None:
        users[reader] = READER_LEVEL
    if doorkeeper is not None:
        users[doorkeeper] = DOORKEEPER_LEVEL
    users |= {user: level for user, level in job.powers if user not in users}
    users.pop(creator, None)
    if (whole(job.spec.room_version) or 0) < _V12:
        users[creator] = 100
    needs = needed(job.spec)
    events = {kind: needs[name] for name, kinds in ACTS.items() for kind in kinds}
    return {
        "users": users,
        "users_default": 0,
        "events_default": needs["talk"],
        "state_default": needs["settings"],
        "invite": needs["invite"],
        "kick": needs["remove"],
        "ban": needs["ban"],
        "redact": needs["hide"],
        "events": events | dict.fromkeys(SETTLED, needs["settings"]) | {REPLACE: needs["replace"], "m.reaction": needs["talk"]},
        "notifications": {"room": needs["call_all"]},
    }
