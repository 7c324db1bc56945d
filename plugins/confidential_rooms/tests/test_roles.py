"""Power in the rooms follows the roles that people have."""

from __future__ import annotations

from supportd_confidential_rooms.plugin import ConfidentialRooms

from supportd.sdk.effects import MendRoom, RemoveMember
from supportd.sdk.testing import Scene, a_group, command, person_added, roles_change, room_is_ready, rooms_are_mended, turned_on


def group() -> Scene:
    """Return a group with its space, circle and two owners, in which Mei is a member."""
    begun = a_group(ConfidentialRooms()).with_key_members("Jo", "Sam")
    return begun.when(turned_on(), room_is_ready("space"), room_is_ready("circle"), person_added("Mei"))


def levels(scene: Scene) -> dict[str, int | None]:
    """Return the level that Mei is to have in each room that is mended."""
    mei = next(one.id for one in scene.group.people if one.name == "Mei")
    return {one.room: dict(one.levels).get(mei) for one in scene.of(MendRoom)}


def test_a_new_key_member_gets_power_and_who_is_none_any_more_loses_it() -> None:
    """Whoever helps to run the group can hide and invite in its rooms; afterwards they are a member among members."""
    scene = group()

    given = levels(scene.when(roles_change("Mei", "key_member")))
    taken = levels(scene.when(rooms_are_mended(), roles_change("Mei")))

    assert given == {"!space": 50, "!circle": 50}
    assert taken == {"!space": None, "!circle": None}


def test_another_role_changes_no_room() -> None:
    """An admin has commands, not power in rooms."""
    assert group().when(roles_change("Mei", "admin")).of(MendRoom) == []


def test_who_is_no_key_member_any_more_leaves_their_room_when_one_agrees() -> None:
    """The key members' room is theirs: the removal goes through the gate, which asks a key member."""
    scene = group().when(roles_change("Mei", "key_member"), command("rooms create", "Jo", template="key_members", called="Desk"))
    scene.when(room_is_ready("desk"))

    scene.when(roles_change("Mei"))

    assert [one.room for one in scene.of(RemoveMember)] == ["!desk"]
