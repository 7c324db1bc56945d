"""The group that this plugin's stories are about; only tests use it."""

from __future__ import annotations

from typing import Final

from supportd.sdk.testing import Scene, a_group, answers, command, member_joins, room_is_ready, turned_on
from supportd_confidential_rooms.plugin import ConfidentialRooms

#: Who is in chat: an admin, two more key members, two members.
IN_CHAT: Final = ("Jo", "Sam", "Mei", "Tom", "Ann")


def circle_group(*more: str, language: str = "en", **settings: object) -> Scene:
    """Return a group of three key members and two members (and ``more``), all in both rooms, and Rose, who has no computer."""
    scene = a_group(ConfidentialRooms, language=language).with_admins("Jo").with_key_members("Sam", "Mei").with_people("Tom", "Ann", *more)
    scene.with_settings(**settings).with_non_chat_members("Rose").when(turned_on(), room_is_ready("space"), room_is_ready("circle"))
    return scene.when(*[member_joins(name, room) for name in (*IN_CHAT, *more) for room in ("space", "circle")])


def with_room(scene: Scene, called: str, *people: str, template: str = "small_circle") -> Scene:
    """Let a key member make a room that everybody named, and who holds it, comes into."""
    key = called.casefold()
    scene.when(command("rooms create", by="Jo", template=template, called=called, people=",".join(people)), room_is_ready(key))
    room = scene.group.room(key)
    invited = [one.name for one in scene.group.people if room is not None and one.id in room.invited]
    return scene.when(*[member_joins(name, key) for name in invited])


def talk(scene: Scene, who: str, helper: str) -> Scene:
    """Let somebody ask for a private talk, which one key member takes."""
    scene.with_duty("talk", helper, hours=24 * 90).when(command("talk", by=who), answers(helper, "yes"))
    key = next(iter(scene.wanted_rooms))
    return scene.when(room_is_ready(key), member_joins(who, key), member_joins(helper, key))
