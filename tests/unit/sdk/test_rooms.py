"""What counts as a difference between what a room is declared to be and what it is."""

from __future__ import annotations

from dataclasses import replace

from supportd.sdk.rooms import RoomSpec, as_declared, differences


def test_an_encrypted_space_is_as_declared() -> None:
    """Where the homeserver encrypts every new room, the space is no drift: it is no less confidential and cannot be undone."""
    spec = RoomSpec("Thursday", kind="space", encrypted=False)
    now = replace(as_declared(spec), encrypted=True, rotation_messages=100, rotation_ms=604_800_000)

    assert differences(spec, now, {}) == ()


def test_a_room_without_its_encryption_is_not_as_declared() -> None:
    """A room in which people talk and which is not encrypted differs in that and in when its key changes."""
    spec = RoomSpec("Thursday")
    now = replace(as_declared(spec), encrypted=False, rotation_messages=None, rotation_ms=None)

    assert [one.setting for one in differences(spec, now, {})] == ["encryption", "new key after"]
