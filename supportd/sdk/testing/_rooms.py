"""What may happen to a room in a story: somebody changes it, and the homeserver carries out what the plugin wants it to be."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from supportd.sdk import events as ev
from supportd.sdk.facts import Stranger
from supportd.sdk.rooms import RoomNow, SetBy, as_declared, differences

if TYPE_CHECKING:
    from supportd.sdk.rooms import Setting
    from supportd.sdk.testing._acts import Act
    from supportd.sdk.testing._world import World


def room_changes(room: str | None = None, by: str | None = None, setting: Setting | None = None, **now: Any) -> Act:
    """Let somebody (``None``: not of the group) change what a room (the circle) is; ``now`` are fields of ``RoomNow``."""

    def act(world: World) -> None:
        place = world.room(room)
        before = place.now or (as_declared(place.spec) if place.spec is not None else RoomNow())
        person = world.person(by).id if by is not None else None
        changed_by = dict(before.changed_by) | ({setting: person} if setting is not None else {})
        seen = replace(before, **now, changed_by=tuple(changed_by.items()))
        world.rooms[place.key] = replace(place, now=seen)
        world.tell(ev.RoomChanged(id=world.next_id("seen:"), group=world.group, at=world.now, room=place.id))

    return act


def stranger_comes(shown: str, room: str | None = None, by: str | None = None, *, inside: bool = True) -> Act:
    """Let somebody who is not in the group's people come into a room (the circle), or be invited to it; ``by``: who of the group did so."""

    def act(world: World) -> None:
        place = world.room(room)
        person = world.person(by).id if by is not None else None
        one = Stranger(id=f"stranger-{len(place.strangers) + 1}", shown=shown, since=world.now, by=person, inside=inside)
        world.rooms[place.key] = replace(place, strangers=(*place.strangers, one))

    return act


def rooms_are_mended(*failed: Setting, account: str = "") -> Act:
    """Let the homeserver bring the rooms to what the plugin wants, all but the settings in ``failed``.

    ``account``: the bot's own account that was used by somebody else for what is set back now.
    """

    def act(world: World) -> None:
        wanted, world.mends = world.mends, []
        for one in wanted:
            place = next(room for room in world.rooms.values() if room.id == one.room)
            before = place.now or RoomNow()
            odd = [each.setting for each in differences(one.spec, before, dict(one.levels), one.links)]
            links = before.links if one.links is None else one.links
            seen = before if failed else as_declared(one.spec, one.levels, links)
            world.rooms[place.key] = replace(place, spec=one.spec, listening=one.spec.listening, now=seen)
            mended = tuple(each for each in odd if each not in failed)
            id_ = world.next_id("result:")
            who = dict(before.changed_by)
            by = tuple(SetBy(each, who.get(each), account) for each in mended if account or each in who)
            told = ev.RoomMended(id=id_, group=world.group, at=world.now, room=place.id, mended=mended, failed=tuple(failed), by=by)
            world.tell(told)

    return act
