"""An owner's app "upgrades" a room: the group goes on in a room as it decided, not in the one that the app opened."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from supportd.matrix.http import path
from tests.rooms.conftest import PROMISED, Circle, until

if TYPE_CHECKING:
    from supportd.matrix.member import Member

pytestmark = [pytest.mark.asyncio, pytest.mark.synapse, pytest.mark.slow]


async def ends_in(who: Member, room: str) -> str:
    """Return where a room points to."""
    return str((await who.api.get(path("rooms", room, "state", "m.room.tombstone", "")))["replacement_room"])


@pytest.mark.parametrize("which", ["circle", "space"])
async def test_an_upgrade_by_an_owner_ends_in_a_room_of_ours(circle: Circle, which: str) -> None:
    """Within ten seconds the old room points to one of ours with everybody invited; the audit is clean and the key members know."""
    jo, names = circle.people["Jo"], {"circle": "Thursday evenings: circle", "space": "Thursday evenings"}
    old = (await circle.ids())[names[which]]
    people = {one.user_id for one in circle.people.values()}

    theirs = (await jo.api.post(path("rooms", old, "upgrade"), {"new_version": "12"}))["replacement_room"]

    async def ours() -> bool:
        new = await ends_in(jo, old)
        if new == theirs or new not in (await jo.api.get(path("joined_rooms")))["joined_rooms"]:
            return False
        return people <= set((await jo.api.get(path("rooms", new, "joined_members")))["joined"])

    seconds = await until(ours, PROMISED)
    print(f"seconds until everybody was in the {which} that follows: {seconds:.1f}")
    new = await ends_in(jo, old)
    create = await jo.api.get(path("rooms", new, "state", "m.room.create", ""))
    assert create["predecessor"] == {"room_id": old}
    assert create["m.federate"] is False

    async def clean() -> bool:
        return not await circle.audit()

    await until(clean, PROMISED, every=0.5)
    await until(lambda: all(told(circle.people[name]) for name in ("Jo", "Sam", "Mei")), 20)
    assert not told(circle.people["Tom"])


def told(member: Member) -> bool:
    """Tell whether somebody has read who replaced the room."""
    return any("replaced by Jo" in seen.text for seen in member.timeline)
