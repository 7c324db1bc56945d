"""A room that somebody closed and replaced: supportd opens its own in its place, as the group decided, and invites everybody there.

What was opened by others is not of the group: nobody knows who can read it, and who made it can never be shut out (rooms of version 12).
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from supportd.sdk.effects import CreateRoom, PostDirect
from supportd.sdk.rooms import KEY_MEMBER_LEVEL, OWNER_LEVEL
from supportd_confidential_rooms import declared
from supportd_confidential_rooms.declared import SPACE
from supportd_confidential_rooms.texts import say

if TYPE_CHECKING:
    from collections.abc import Iterator

    from supportd.sdk.effects import Effect
    from supportd.sdk.events import RoomUpgraded
    from supportd.sdk.facts import Group
    from supportd_confidential_rooms.settings import RoomSettings
    from supportd_confidential_rooms.tables import RoomStore


def upgraded(group: Group, store: RoomStore, settings: RoomSettings, event: RoomUpgraded) -> Iterator[Effect]:
    """Lock what was left behind and open a room of our own in its place."""
    room = group.room_by_id(event.room)
    one = declared.of(group, store, settings, room) if room is not None else None
    if one is None or one.row["state"] == "closed" or one.spec.listening == "absent":
        return
    # Whoever goes on writing in the old one would not be heard.
    yield replace(one.mend(), spec=declared.shut(one.spec, talk=True))
    levels = dict(one.levels)
    inside = tuple(sorted({*one.room.joined, *one.room.invited, *store.places(one.room.key, "in")}))
    # Whoever used an account of ours may have brought in whom a review is about: they come along into no room of ours.
    concerned = one.row["about"] if one.template.base == "review" else None
    able = {each.id for each in group.people if each.has_account and each.id != concerned}
    yield CreateRoom(
        key=one.room.key,
        spec=one.spec,
        members=tuple(each for each in inside if each in able),
        owners=tuple(each for each in inside if levels.get(each) == OWNER_LEVEL),
        key_members=tuple(each for each in inside if levels.get(each) == KEY_MEMBER_LEVEL),
        replaces=one.room.id,
    )
    who = group.name_of(event.by) if event.by is not None else ""
    for helper in declared.who_is_told(group, one):
        used = say(group, helper, "own_account", account=event.account) if event.account else ""
        text = say(group, helper, "upgraded", room=one.room.key, who=used or who or say(group, helper, "somebody"))
        yield PostDirect(to=helper.id, text=text)


def shown_again(group: Group, store: RoomStore, settings: RoomSettings) -> Iterator[Effect]:
    """Show the rooms of everybody in a new space."""
    for one in declared.all_of(group, store, settings):
        if one.room.key != SPACE and one.links:
            yield one.mend()
