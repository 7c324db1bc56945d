"""Ways into a room that no event of the room tells of: its place in the public list, and addresses that anybody inside can give it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from supportd.engine.wire import SyncBatch
from supportd.logs import get_logger, short
from supportd.matrix.errors import MatrixError, Refused
from supportd.matrix.mending import doors_of

if TYPE_CHECKING:
    from supportd.matrix.doorsync import DoorSession
    from supportd.matrix.http import Api
    from supportd.matrix.session import Session

log = get_logger(__name__)

#: Seconds in which each room is looked at once, while there are few enough; and the least between two rooms.
ROUND: Final = 5.0
LEAST: Final = 0.1


class Doors:
    """Looks at one room after the other, for ever."""

    def __init__(self, api: Api, session: Session, *more: DoorSession, seconds: float = ROUND) -> None:
        """Ask by ``api``, the account that is in every room we keep; tell what changed where the room is watched."""
        self.api = api
        self.session = session
        self.sessions: tuple[Session | DoorSession, ...] = (session, *more)
        self.seconds = seconds

    async def run(self) -> None:
        """Look until cancelled; raises what the inbox raises."""
        await self.session.synced.wait()
        while True:
            rooms = self._rooms()
            for room in rooms:
                await self.look(room)
                await asyncio.sleep(max(self.seconds / len(rooms), LEAST))
            if not rooms:
                await asyncio.sleep(self.seconds)

    def _rooms(self) -> list[str]:
        """Return the rooms of our making in which we are; a direct chat has no door."""
        known = {room: state for one in self.sessions for room, state in one.rooms.known.items()}
        doorkeeper = self.session.accounts["doorkeeper"]
        return [room for room, state in known.items() if state.marker is not None and state.members.get(doorkeeper) == "join"]

    async def look(self, room: str) -> None:
        """Look at one room, and tell when something changed."""
        try:
            found = await doors_of(self.api, room)
        except Refused:
            return
        except MatrixError as error:
            log.warning("doors.unknown", room=short(room), error=error)
            return
        await self._tell(room, found)

    async def shut(self, room: str, made: tuple[bool, int]) -> None:
        """Take it that a room's doors are as we made them, then look: who opened them again meanwhile is seen to have done so."""
        await self._tell(room, made)
        await self.look(room)

    async def _tell(self, room: str, found: tuple[bool, int]) -> None:
        for one in self.sessions:
            if room in one.rooms.known and one.standing.doors.get(room) != found:
                one.standing.doors[room] = found
                marks = one.standing.seen(room)
                if marks:
                    await one.inbox.accept(SyncBatch((), tuple(marks)))
                break
