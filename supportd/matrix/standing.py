"""What the engine was told of each room, so that only what changed is told again."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, cast

from supportd.engine.wire import HereMark
from supportd.matrix import watching

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from supportd.engine.wire import Account, Mark, PowerMark, RoomMark
    from supportd.matrix.roomstate import Rooms
    from supportd.sdk.ids import RoomId


def here(account: Account, joined: Iterable[str]) -> HereMark:
    """Return which rooms an account is in, as its first sync says."""
    return HereMark(account, frozenset(cast("Iterable[RoomId]", joined)))


class Standing:
    """The marks on the rooms of one account."""

    def __init__(self, rooms: Rooms, accounts: Mapping[Account, str]) -> None:
        """``accounts``: the Matrix ids of our own accounts, whose power is told."""
        self.rooms = rooms
        self.accounts = accounts
        #: Room -> whether it is in the public list, and how many addresses it has, as of the last look.
        self.doors: dict[str, tuple[bool, int]] = {}
        self._power: dict[str, PowerMark] = {}
        #: With the events of which it was seen: the same change twice, with ours between, is told twice.
        self._seen: dict[str, tuple[RoomMark, int]] = {}

    def marks(self, room: str, *, encrypted: bool = False) -> list[Mark]:
        """Return what changed of our power in a room and of the room itself; ``encrypted``: whether it ever was, for all we know."""
        marks: list[Mark] = []
        mark = self.rooms.known[room].mark(self.accounts)
        mark = replace(mark, encrypted=mark.encrypted or encrypted)
        if self._power.get(room) != mark:
            self._power[room] = mark
            marks.append(mark)
        return marks + self.seen(room)

    def seen(self, room: str) -> list[Mark]:
        """Return what one of our rooms is now, where that changed."""
        state = self.rooms.known.get(room)
        if state is None or state.marker is None:
            return []
        mark = watching.mark(state, self.accounts, self.doors.get(room))
        seen = mark, hash(frozenset(state.events.items()))
        if self._seen.get(room) == seen:
            return []
        self._seen[room] = seen
        return [mark]

    def forget(self, room: str) -> None:
        """Forget a room that another account watches from now on, or nobody."""
        self.rooms.known.pop(room, None)
        self._power.pop(room, None)
        self._seen.pop(room, None)

    def forget_all(self) -> None:
        """Forget every room, so that all is told anew."""
        self.rooms.known.clear()
        self._power.clear()
        self._seen.clear()
