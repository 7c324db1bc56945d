"""What the rooms are, as data."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from supportd.sdk.rooms import RoomSpec
from supportd.sdk.settings import render
from supportd_confidential_rooms.texts import TEXTS

if TYPE_CHECKING:
    from supportd.sdk.facts import Group
    from supportd_confidential_rooms.settings import RoomSettings

#: Keys of the two rooms.
SPACE: Final = "space"
CIRCLE: Final = "circle"


def space(group: Group, settings: RoomSettings) -> RoomSpec:
    """Return the group's space. It holds no words, so it is not encrypted; nobody hears in it."""
    return RoomSpec(name=render(settings.space_name, group=group.name), kind="space", encrypted=False, history="joined")


def circle(group: Group, settings: RoomSettings) -> RoomSpec:
    """Return the group's main room; its topic says how much the bot can hear."""
    return RoomSpec(
        name=render(settings.circle_name, group=group.name),
        topic=TEXTS.get("topic_reader", group.style.language, group.style.edition),
        rotation_messages=settings.rotation_messages,
        rotation_ms=settings.rotation_hours * 3600 * 1000,
    )


def described(spec: RoomSpec) -> tuple[tuple[str, str], ...]:
    """Return the settings that matter, in words."""
    return (
        ("encrypted", "yes" if spec.encrypted else "no"),
        ("who may come in", {"invite": "by invitation", "knock": "by asking", "restricted": "members of the space"}[spec.join_rule]),
        ("later joiners read", "nothing earlier" if spec.history == "joined" else "what was said before"),
        ("guests", "kept out" if spec.guests == "forbidden" else "let in"),
        ("other servers", "take part" if spec.federate else "kept out"),
        ("public list", "shown" if spec.listed else "not shown"),
        ("new key after", f"{spec.rotation_messages} messages or {spec.rotation_ms // 3_600_000} hours"),
        ("room version", spec.room_version),
        ("listening level", spec.listening),
    )
