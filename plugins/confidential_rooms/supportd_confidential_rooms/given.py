"""One command as somebody gave it, and which rooms that person may know of."""

from __future__ import annotations

from typing import TYPE_CHECKING

from supportd.sdk.effects import Reply
from supportd_confidential_rooms import declared

if TYPE_CHECKING:
    from collections.abc import Iterator

    from supportd.sdk.events import CommandGiven
    from supportd.sdk.facts import Group, Person
    from supportd_confidential_rooms.settings import RoomSettings
    from supportd_confidential_rooms.tables import RoomStore


class Given:
    """One command and all that is known at that moment."""

    def __init__(self, event: CommandGiven, group: Group, store: RoomStore, settings: RoomSettings) -> None:
        """Take what the hook gets."""
        self.event, self.group, self.store, self.settings = event, group, store, settings

    def arg(self, name: str) -> str:
        """Return one of the words."""
        return self.event.args.get(name, "").strip()

    def room(self, name: str = "room") -> declared.Declared | None:
        """Return the room that is meant by a word; a private one is there only for who is in it, and for the terminal."""
        found = self.group.room(self.arg(name))
        one = declared.of(self.group, self.store, self.settings, found) if found is not None else None
        return one if one is not None and self.knows(one) else None

    def rooms(self) -> Iterator[declared.Declared]:
        """Yield every room that whoever gave the command may know of."""
        return (one for one in declared.all_of(self.group, self.store, self.settings) if self.knows(one))

    def knows(self, one: declared.Declared) -> bool:
        """Tell whether whoever gave the command may know of a room."""
        by = self.event.by
        return by is None or not one.template.private or by in one.room.joined | one.room.invited

    def no_room(self, name: str = "room") -> Reply:
        """Say that there is no such room."""
        return Reply(text=f"There is no room “{self.arg(name)[:40]}”: see rooms list.", status=1)

    def speaker(self) -> Person | None:
        """Return who gave the command, ``None`` for a terminal."""
        return self.group.person(self.event.by) if self.event.by is not None else None

    def person(self, name: str) -> Person | None:
        """Return somebody of the group who is in chat, by name."""
        wanted = name.strip().casefold()
        return next((one for one in self.group.people if one.has_account and one.name.casefold() == wanted), None)

    def people(self, names: str) -> tuple[list[Person], str]:
        """Return the people that are named with commas, and the first name that is nobody's."""
        found: list[Person] = []
        for name in filter(None, (one.strip() for one in names.split(","))):
            person = self.person(name)
            if person is None:
                return found, name
            found.append(person)
        return list(dict.fromkeys(found)), ""
