"""What a room is made of: every confidential setting explicit, nothing left to a preset (``matrix.md`` 1.2)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from supportd.matrix.shapes import whole

if TYPE_CHECKING:
    from supportd.engine.wire import MakeRoom

MARKER: Final = "org.supportd.marker"
READER_LEVEL: Final = 50
DOORKEEPER_LEVEL: Final = 100
_MEGOLM: Final = "m.megolm.v1.aes-sha2"
_V12: Final = 12


def creation(job: MakeRoom) -> dict[str, Any]:
    """Return the ``creation_content``."""
    content: dict[str, Any] = {"m.federate": job.spec.federate, MARKER: job.marker}
    return content | ({"type": "m.space"} if job.spec.kind == "space" else {})


def settings(job: MakeRoom) -> dict[str, dict[str, Any]]:
    """Return the declared state: type -> content, each with the state key ``""``."""
    spec = job.spec
    found: dict[str, dict[str, Any]] = {
        "m.room.join_rules": {"join_rule": spec.join_rule} | ({"allow": []} if spec.join_rule == "restricted" else {}),
        "m.room.history_visibility": {"history_visibility": spec.history},
        "m.room.guest_access": {"guest_access": spec.guests},
        "m.room.name": {"name": spec.name},
    }
    if spec.topic:
        found["m.room.topic"] = {"topic": spec.topic}
    if spec.encrypted and spec.kind != "space":
        found["m.room.encryption"] = {
            "algorithm": _MEGOLM,
            "rotation_period_msgs": spec.rotation_messages,
            "rotation_period_ms": spec.rotation_ms,
        }
    return found


def powers(job: MakeRoom, creator: str, doorkeeper: str | None, reader: str | None) -> dict[str, Any]:
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
    # In a space nobody talks: it is never encrypted.
    talk = 50 if job.spec.kind == "space" else 0
    return {
        "users": users,
        "users_default": 0,
        "events_default": talk,
        "state_default": 50,
        "invite": 50,
        "kick": 50,
        "ban": 50,
        "redact": 50,
        "events": {
            "m.room.name": 50,
            "m.room.topic": 50,
            "m.room.avatar": 50,
            "m.room.canonical_alias": 100,
            "m.room.join_rules": 100,
            "m.room.guest_access": 100,
            "m.room.history_visibility": 100,
            "m.room.encryption": 100,
            "m.room.server_acl": 100,
            "m.room.power_levels": 100,
            "m.room.tombstone": 150,
            "m.space.child": 50,
            "m.space.parent": 50,
            "m.reaction": talk,
        },
        "notifications": {"room": 50},
    }
