"""Three people of one group whose clients stay connected and accept every invitation, as people's apps do."""

from __future__ import annotations

import asyncio
import contextlib
from time import perf_counter
from typing import TYPE_CHECKING

from supportd.matrix.errors import Refused, ServerAway, SlowDown
from tests.bench.stage import PASSWORD
from tests.support.reading import heard

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from supportd.matrix.member import Member
    from tests.bench.stage import Stage

#: Seconds until something that does not come is given up.
PATIENCE = 60.0
_STEP = 0.005
#: People of a direct chat, and encrypted rooms of whoever was greeted: the circle and that chat.
BOTH = 2


class Company:
    """Ann (admin and key member), Sam (key member) and Tom."""

    def __init__(self, place: Stage, ann: Member, sam: Member, tom: Member) -> None:
        """Use :func:`company`."""
        self.place, self.ann, self.sam, self.tom = place, ann, sam, tom
        self._entered: dict[str, set[str]] = {one.user_id: set() for one in (ann, sam, tom)}
        #: How many rooms a panic shut.
        self.shut = 0

    def rooms_of(self, one: Member) -> set[str]:
        """Return the encrypted rooms somebody has ever joined; what a client shows of itself may be older for a moment (MSC4222)."""
        return {room for room in self._entered[one.user_id] if one.rooms.of(room).encrypted}

    def entered(self, one: Member, room: str) -> None:
        """Note that somebody is in a room."""
        self._entered[one.user_id].add(room)

    async def live(self, member: Member) -> None:
        """Sync, and accept every invitation, until cancelled."""
        while True:
            with contextlib.suppress(ServerAway, SlowDown):
                await member.sync_once(5.0)
            for room in tuple(member.invites):
                with contextlib.suppress(Refused):
                    await member.join(room)
                    self.entered(member, room)

    @property
    def key_members(self) -> tuple[Member, Member]:
        """Those who are asked."""
        return self.ann, self.sam


async def until(holds: Callable[[], object], seconds: float = PATIENCE) -> float:
    """Wait until ``holds``; returns the moment. Raises :class:`TimeoutError`."""
    async with asyncio.timeout(seconds):
        while not holds():  # noqa: ASYNC110 - what is waited for is what several clients know, which have no event
            await asyncio.sleep(_STEP)
    return perf_counter()


@contextlib.asynccontextmanager
async def company(place: Stage) -> AsyncIterator[Company]:
    """Enter the people, let their clients run and turn the rooms and the greetings on; the daemon runs."""
    sam, tom = [await place.member(await place.synapse.register(name, PASSWORD, device_id=name.upper())) for name in ("sam", "tom")]
    one = Company(place, place.ann, sam, tom)
    tasks = [asyncio.create_task(one.live(member)) for member in (place.ann, sam, tom)]
    try:
        for plugin in ("welcome", "confidential_rooms"):
            await place.say("plugins", "on", plugin)
        for setting, value in (("ask_key_member", "false"), ("offer_introduction", "false"), ("delay_minutes", "0")):
            await place.say("settings", "set", "welcome", setting, value)
        await place.say("people", "add", "Sam", sam.user_id, "key_member")
        await place.say("people", "add", "Tom", tom.user_id)
        await until(lambda: all(one.rooms_of(member) for member in (place.ann, sam)))
        await until(lambda: heard(tom, "Hello") and len(one.rooms_of(tom)) >= BOTH)
        yield one
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
