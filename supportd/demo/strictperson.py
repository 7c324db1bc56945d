"""Somebody of the evening whose program is of somebody else's making: matrix-js-sdk, which excludes unconfirmed devices."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from supportd.demo.person import state_of
from supportd.demo.strict import Strict
from supportd.matrix.http import Api, path
from supportd.matrix.member import Seen

if TYPE_CHECKING:
    from supportd.matrix.accounts import Login

#: Seconds between two looks at the other program.
_EVERY: Final = 0.1


class StrictPerson:
    """Does what :class:`~supportd.demo.person.Person` does, with the other program."""

    def __init__(self, client: Strict, api: Api) -> None:
        """Use :meth:`sign_up`."""
        self._client = client
        self._api = api
        self.user_id = client.user_id
        self.joined: set[str] = set()
        self.timeline: list[Seen] = []
        #: Messages that it got and cannot read, or before which it warns.
        self.unreadable = 0
        self.invites: tuple[str, ...] = ()

    @classmethod
    async def sign_up(cls, base_url: str, login: Login, password: str) -> StrictPerson:
        """Start the program, which makes its device's keys and signs them."""
        return cls(await Strict.start(base_url, login, password), Api(base_url, login.access_token))

    async def sync(self, seconds: float) -> None:
        """Look once at what the program shows now."""
        await asyncio.sleep(min(seconds, _EVERY))
        invited: list[str] = await self._client.ask("invites")
        self.invites = tuple(room for room in invited if room not in self.joined)
        found = await self._client.ask("seen")
        shown = [one for one in found["messages"] if one["event"] not in found["redacted"]]
        self.timeline = [seen for seen in self.timeline if seen.event not in found["redacted"]]
        known = {seen.event for seen in self.timeline}
        # A coloured shield is the program's warning that this may not be from whom it seems.
        sound = [one for one in shown if one["text"] is not None and one["shield"] in (0, None)]
        self.unreadable = len(shown) - len(sound)
        self.timeline += [
            Seen(one["room"], one["event"], one["sender"], one["text"], datetime.now(UTC), proven=True)
            for one in sound
            if one["event"] not in known
        ]

    async def accept_all(self) -> None:
        """Join every room they are invited to."""
        for room in self.invites:
            await self._client.ask("join", room=room)
            self.joined.add(room)
        encrypted = [room for room in self.joined if await self.state(room, "m.room.encryption")]
        # Before it knows that a room is encrypted it must say nothing there.
        await self._client.wait(lambda: self._client.ask("joined"), lambda found: set(encrypted) <= set(found))

    async def say(self, room: str, text: str) -> str:
        """Post words; returns the event's id."""
        return str(await self._client.ask("say", room=room, text=text))

    async def react(self, room: str, event: str, key: str) -> None:
        """React to an event."""
        await self._client.ask("react", room=room, event=event, key=key)

    async def redact(self, room: str, event: str) -> None:
        """Take a message back."""
        await self._client.ask("redact", room=room, event=event)

    async def state(self, room: str, type_: str) -> dict[str, Any]:
        """Return a state event's content; empty when there is none."""
        return await state_of(self._api, room, type_)

    async def put_state(self, room: str, type_: str, content: dict[str, Any]) -> None:
        """Change a setting of a room."""
        await self._api.put(path("rooms", room, "state", type_, ""), content)

    async def close(self) -> None:
        """End the program."""
        await self._api.close()
        await self._client.close()
