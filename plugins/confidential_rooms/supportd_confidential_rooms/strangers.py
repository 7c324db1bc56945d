"""Who is in a room and not in the group, and sending them away: by key members, of the rooms they are in themselves."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

from supportd.sdk.commands import Command, Parameter
from supportd.sdk.effects import RemoveMember, RemoveStranger, Reply

if TYPE_CHECKING:
    from collections.abc import Iterator

    from supportd.sdk.effects import Effect
    from supportd.sdk.facts import Group, Room, Stranger
    from supportd.sdk.ids import PersonId
    from supportd_confidential_rooms.given import Given

COMMANDS: Final = (
    Command(
        name="rooms strangers",
        help="Show who is in a room, or invited, and not in the group's people.",
        parameters=(Parameter(name="room", help="The room's word; all rooms where you leave it out.", default=""),),
    ),
    Command(
        name="rooms remove",
        help="Remove somebody from a room: at once who is not in the group, after a yes of the key members who is.",
        parameters=(
            Parameter(name="room", help="The room's word, see rooms list."),
            Parameter(name="who", help="A name, or the address that rooms strangers shows."),
        ),
    ),
)
#: What who is removed can read.
_REASON: Final = "This room is for people of the group only."


def shown(given: Given) -> Iterator[Effect]:
    """Answer ``rooms strangers``."""
    wanted = given.arg("room")
    rooms = [one for one in _rooms(given.group, given.event.by) if wanted in {"", one.key}]
    if wanted and not rooms:
        yield _no_room(wanted)
        return
    rows = [_row(given.group, room, one) for room in rooms for one in room.strangers]
    lines = [_line(row) for row in rows]
    text = "\n".join(lines) or "Everybody there is in the group's people."
    yield Reply(text=text, data=json.dumps({"strangers": rows}))


def remove(given: Given) -> Iterator[Effect]:
    """Answer ``rooms remove``."""
    room = next((one for one in _rooms(given.group, given.event.by) if one.key == given.arg("room")), None)
    if room is None:
        yield _no_room(given.arg("room"))
        return
    who = given.arg("who")
    strangers = [one for one in room.strangers if _is(one, who)]
    people = [one for one in given.group.people if one.name.casefold() == who.casefold() and one.id in room.joined | room.invited]
    if len(strangers) + len(people) != 1:
        yield Reply(
            text=f"I do not know for sure who “{who[:40]}” in this room is: write the address that rooms strangers shows.", status=1
        )
    elif strangers:
        yield RemoveStranger(room=room.id, stranger=strangers[0].id, reason=_REASON)
        yield Reply(text=f"{strangers[0].shown} is being removed from the room {room.key}.")
    elif (one := given.room()) is not None and one.template.private:
        # The question would go to key members who must not hear of the room.
        yield Reply(text=f"Nobody of the group is taken out of a private room. Leave it, or say: rooms close {room.key}.", status=1)
    else:
        yield RemoveMember(room=room.id, person=people[0].id, reason="The key members decided it.")
        yield Reply(text=f"{people[0].name} is of the group: the key members are asked first.")


def _rooms(group: Group, by: PersonId | None) -> list[Room]:
    """Return the rooms somebody may ask about: those they are in. That there are others, private ones say, is not theirs to know."""
    return [one for one in group.rooms if one.direct_with is None and (by is None or by in one.joined)]


def _is(one: Stranger, who: str) -> bool:
    # Shown is a name with the address in brackets, or the address alone; names can be chosen to deceive.
    return one.shown == who or one.shown.endswith(f"({who})")


def _row(group: Group, room: Room, one: Stranger) -> dict[str, object]:
    by = group.name_of(one.by) if one.by is not None else ""
    return {"room": room.key, "who": one.shown, "state": "inside" if one.inside else "invited", "by": by, "since": one.since.isoformat()}


def _line(row: dict[str, object]) -> str:
    by = f", invited by {row['by']}" if row["by"] else ""
    return f"{row['room']}: {row['who']}, {row['state']}{by}"


def _no_room(word: str) -> Reply:
    return Reply(text=f"There is no room “{word[:40]}” that you are in: see rooms list.", status=1)
