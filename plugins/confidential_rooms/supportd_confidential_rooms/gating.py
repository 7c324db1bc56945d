"""A gate in front of a room's words: who came after it was set reads, and writes when they have agreed to the ground rules.

Only those who have not agreed yet have a level of their own (-1) in the room's power levels: one entry for each of
them, gone with their yes. Who was there before is not asked to prove anything.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from supportd.sdk.commands import Command, Parameter
from supportd.sdk.effects import Reply
from supportd_confidential_rooms import declared

if TYPE_CHECKING:
    from collections.abc import Iterator

    from supportd.sdk.effects import Effect
    from supportd.sdk.facts import Group
    from supportd_confidential_rooms.given import Given
    from supportd_confidential_rooms.settings import RoomSettings
    from supportd_confidential_rooms.tables import RoomStore

COMMANDS: Final = (
    Command(
        name="rooms gate",
        help="Let newcomers read in a room and write only when they have agreed to the ground rules: on or off.",
        parameters=(
            Parameter(name="room", help="The room's word, see rooms list."),
            Parameter(name="state", help="on or off."),
        ),
    ),
)


def wanted(given: Given) -> Iterator[Effect]:
    """Set or take away the gate of a room."""
    one, state = given.room(), given.arg("state").casefold()
    if one is None:
        yield given.no_room()
    elif state not in {"on", "off"}:
        yield Reply(text=f"Write on or off: rooms gate {one.room.key} on.", status=1)
    elif one.template.kind == "space" or one.template.private:
        yield Reply(text="A gate is for rooms in which the group talks: this one has none.", status=1)
    elif one.spec.listening == "absent":
        yield Reply(text="supportd is not in this room any more, so it can hold no gate there.", status=1)
    elif (given.store.fact(declared.GATE + one.room.key) is not None) == (state == "on"):
        yield Reply(text="It is so already.")
    else:
        on = state == "on"
        given.store.set_fact(declared.GATE + one.room.key, given.group.now.isoformat() if on else None, given.group.now)
        again = declared.of(given.group, given.store, given.settings, one.room)
        if again is not None:
            yield again.mend()
        yield Reply(text=_SET if on else _TAKEN)


_SET: Final = (
    "Whoever is added to the group from now on reads in this room, and writes when they have agreed to the ground rules. "
    "The plugin welcome asks them; it has to be on. Nothing changes for those who are here."
)
_TAKEN: Final = "Everybody in this room may write again."


def refresh(group: Group, store: RoomStore, settings: RoomSettings) -> Iterator[Effect]:
    """Bring the rooms with a gate to what they are to be now that somebody came, or has agreed."""
    for one in declared.all_of(group, store, settings):
        if store.fact(declared.GATE + one.room.key) is not None and one.spec.listening != "absent" and _differs(one):
            yield one.mend()


def _differs(one: declared.Declared) -> bool:
    """Tell whether somebody's level is not what it is to be; before the room was looked at, everything is."""
    return one.room.now is None or dict(one.room.now.levels) != dict(one.levels)
