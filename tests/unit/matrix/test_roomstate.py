"""Power by room version, members, and what a room is made of."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from supportd.engine.wire import MakeRoom
from supportd.matrix import watching
from supportd.matrix.roomstate import INFINITE, RoomState
from supportd.matrix.template import creation, powers, settings
from supportd.sdk.ids import UserId
from supportd.sdk.rooms import RoomSpec

if TYPE_CHECKING:
    from supportd.engine.wire import Account


def event(kind: str, content: Any, key: str = "", sender: str = "@c:x") -> dict[str, Any]:
    """Return a state event."""
    return {"type": kind, "state_key": key, "sender": sender, "content": content}


@pytest.mark.parametrize(
    ("version", "power", "expected"),
    [
        ("12", None, {"@c:x": INFINITE, "@d:x": INFINITE, "@m:x": 0}),
        ("12", {"users": {"@m:x": 50}, "users_default": 5}, {"@c:x": INFINITE, "@m:x": 50, "@n:x": 5}),
        ("11", None, {"@c:x": 100, "@m:x": 0}),
        ("11", {"users": {"@m:x": "50"}}, {"@c:x": 0, "@m:x": 50, "@n:x": 0}),
        ("11", {"users": {"@m:x": "many", "@n:x": []}, "users_default": {}}, {"@m:x": 0, "@n:x": 0}),
        ("org.example", None, {"@c:x": 100}),
    ],
)
def test_levels(version: str, power: dict[str, Any] | None, expected: dict[str, int]) -> None:
    """A version 12 creator stands above all levels; in older rooms the list decides; odd levels are none."""
    room = RoomState("!r")
    room.apply(event("m.room.create", {"room_version": version, "additional_creators": ["@d:x", 5]}))
    if power is not None:
        room.apply(event("m.room.power_levels", power))

    assert expected == {user: room.level(user) for user in expected}


def test_mark() -> None:
    """Only accounts that are in the room have a level; event types with their own level are told."""
    room = RoomState("!r")
    for one in (
        event("m.room.create", {"room_version": "12"}),
        event("m.room.power_levels", {"users": {"@r:x": 50}, "events": {"m.room.name": 60, "odd": []}, "kick": 40}),
        event("m.room.member", {"membership": "join"}, "@c:x"),
        event("m.room.member", {"membership": "join"}, "@r:x"),
        event("m.room.member", {"membership": "invite"}, "@d:x"),
        event("m.room.encryption", {}),
    ):
        room.apply(one)

    mark = room.mark({"creator": "@c:x", "doorkeeper": "@d:x", "reader": "@r:x"})

    assert (mark.levels, mark.encrypted) == ((("creator", INFINITE), ("reader", 50)), True)
    assert dict(mark.needed) == {
        "kick": 40,
        "ban": 50,
        "invite": 0,
        "m.room.name": 60,
        "events_default": 0,
        "redact": 50,
        "state_default": 50,
    }


def test_encryption_never_ends() -> None:
    """Rotation is bounded, and an encrypted room stays so."""
    room = RoomState("!r")

    room.apply(event("m.room.encryption", {"rotation_period_msgs": 10**9, "rotation_period_ms": 1}))
    bounded = room.rotation_messages, room.rotation_ms
    room.apply(event("m.room.encryption", {"algorithm": "none"}))

    assert room.encrypted
    assert bounded == (1000, 60_000)
    assert (room.rotation_messages, room.rotation_ms) == (50, 24 * 3600 * 1000)


def test_readers() -> None:
    """Invited people get keys only where the room's history lets them read what was said before they came."""
    room = RoomState("!r")
    room.apply(event("m.room.member", {"membership": "join"}, "@a:x"))
    room.apply(event("m.room.member", {"membership": "invite"}, "@b:x"))
    room.apply(event("m.room.member", {"membership": []}, "@a:x"))

    shared = room.readers
    room.apply(event("m.room.history_visibility", {"history_visibility": "joined"}))

    assert (shared, room.readers) == (("@a:x", "@b:x"), ("@a:x",))


def test_template() -> None:
    """All confidential settings are explicit; nobody takes a level from our own accounts, the creator has none."""
    people = ((UserId("@a:x"), 150), (UserId("@r:x"), 0), (UserId("@c:x"), 100))
    job = MakeRoom("m", RoomSpec("Tuesday"), powers=people)

    levels = powers(job, "@c:x", "@d:x", "@r:x")

    assert creation(job) == {"m.federate": False, "org.supportd.marker": "m", "org.supportd.sealed": True}
    assert levels["users"] == {"@r:x": 50, "@d:x": 100, "@a:x": 150}
    assert {"m.room.join_rules", "m.room.history_visibility", "m.room.guest_access", "m.room.name", "m.room.encryption"} == set(
        settings(job)
    )


def test_template_of_an_older_version() -> None:
    """Before version 12 the creator has to stand in the list."""
    job = MakeRoom("m", RoomSpec("Tuesday", room_version="11"))

    assert powers(job, "@c:x", None, "@r:x")["users"] == {"@c:x": 100, "@r:x": 50}


def redacted(target: str, sender: str, *, old: bool = False) -> dict[str, Any]:
    """Return a redaction of ``target``, as rooms before version 11 write it or as later ones do."""
    what = {"redacts": target} if old else {"content": {"redacts": target}}
    return {"type": "m.room.redaction", "sender": sender, "event_id": "$r", **what}


def watched() -> RoomState:
    """Return an encrypted room of @c:x in which @m:x may hide and @n:x may not."""
    room = RoomState("!r")
    for number, one in enumerate(
        (
            event("m.room.create", {"room_version": "12"}),
            event("m.room.power_levels", {"users": {"@m:x": 50}, "invite": 50, "notifications": {"room": 50}}),
            event("m.room.join_rules", {"join_rule": "invite", "more": 1}),
            event("m.room.encryption", {"algorithm": "m.megolm.v1.aes-sha2"}),
            event("m.room.topic", {"topic": "Nobody reads here"}, sender="@n:x"),
        )
    ):
        room.apply({**one, "event_id": f"${number}"})
    return room


@pytest.mark.parametrize("old", [False, True])
def test_a_redaction_takes_settings_away(*, old: bool) -> None:
    """Apps that come later see no encryption there, so it is missing; who took it away is known, and we go on encrypting."""
    room = watched()
    for number in range(5):
        room.apply(redacted(f"${number}", "@m:x", old=old))

    assert room.kept["m.room.encryption", ""] == ({}, "@m:x")
    assert room.kept["m.room.join_rules", ""] == ({"join_rule": "invite"}, "@m:x")
    assert room.kept["m.room.power_levels", ""] == ({"users": {"@m:x": 50}, "invite": 50}, "@m:x")
    assert room.power == {"users": {"@m:x": 50}, "invite": 50}
    assert room.kept["m.room.create", ""] == ({"room_version": "12"}, "@c:x")
    assert room.encrypted


def test_a_redaction_counts_from_who_may() -> None:
    """Of others' events from who has the power, of their own from anybody; of what stands there no more from nobody."""
    room = watched()
    room.apply({**event("m.room.encryption", {"algorithm": "m.megolm.v1.aes-sha2"}), "event_id": "$new"})

    room.redact([redacted("$new", "@n:x"), redacted("$3", "@m:x"), redacted("$4", "@n:x"), {"type": "m.room.redaction", "content": []}])

    assert room.kept["m.room.encryption", ""][0] != {}
    assert room.kept["m.room.topic", ""] == ({}, "@n:x")


@pytest.mark.parametrize(
    ("users", "lost"),
    [
        ({"@d:x": 100, "@r:x": 50}, {}),
        ({"@r:x": 50}, {"our doorkeeper": 0}),
        ({"@d:x": 100, "@r:x": 0}, {"our reader": 0}),
        ({"@d:x": 99}, {"our doorkeeper": 99, "our reader": 0}),
    ],
)
def test_power_that_was_taken_from_us_is_seen(users: dict[str, int], lost: dict[str, int]) -> None:
    """An owner can take our accounts' power, and then nothing would be mended any more; who is not in the room lacks nothing."""
    room = RoomState("!r")
    for one in (
        event("m.room.create", {"room_version": "12"}),
        event("m.room.power_levels", {"users": users}),
        *(event("m.room.member", {"membership": "join"}, who) for who in ("@c:x", "@d:x", "@r:x")),
        event("m.room.member", {"membership": "leave"}, "@s:x"),
    ):
        room.apply(one)

    def found(accounts: dict[Account, str]) -> dict[str, int]:
        return {name: level for name, level in watching.mark(room, accounts, None).now.needs if name.startswith("our ")}

    assert found({"creator": "@c:x", "doorkeeper": "@d:x", "reader": "@r:x"}) == lost
    assert found({"creator": "@c:x", "doorkeeper": "@s:x", "reader": "@s:x"}) == {}
