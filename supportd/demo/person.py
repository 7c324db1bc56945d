"""A fictional person with a real encrypted client."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from supportd.matrix.http import Api, path
from supportd.matrix.member import Member

if TYPE_CHECKING:
    from pathlib import Path

    from supportd.matrix.accounts import Login
    from supportd.matrix.member import Seen


async def state_of(api: Api, room: str, type_: str) -> dict[str, Any]:
    """Return a state event's content as somebody in the room gets it; empty when there is none."""
    events = await api.ask("GET", path("rooms", room, "state"))
    found = [one for one in events if one.get("type") == type_ and one.get("state_key") == ""]
    return dict(found[0]["content"]) if found else {}


class Person:
    """Somebody of the evening; what they saw is what their own client decrypted."""

    def __init__(self, member: Member, base_url: str, login: Login) -> None:
        """Take the person's client."""
        self._member = member
        self._api = Api(base_url, login.access_token)
        self.user_id = login.user_id
        #: Rooms they have joined.
        self.joined: set[str] = set()

    @classmethod
    async def sign_up(cls, base_url: str, login: Login, folder: Path) -> Person:
        """Make the device's keys in ``folder`` and cross-sign it."""
        return cls(await Member.sign_up(base_url, login, folder), base_url, login)

    @property
    def timeline(self) -> list[Seen]:
        """What they saw, in the order they saw it."""
        return self._member.timeline

    @property
    def unreadable(self) -> int:
        """How many messages they got and cannot read."""
        return self._member.undecryptable

    @property
    def invites(self) -> tuple[str, ...]:
        """Rooms they are invited to and have not joined."""
        return tuple(room for room in self._member.invites if room not in self.joined)

    async def sync(self, seconds: float) -> None:
        """Sync once, waiting at most ``seconds`` for something new."""
        await self._member.sync_once(seconds)

    async def accept_all(self) -> None:
        """Join every room they are invited to."""
        for room in self.invites:
            await self._member.join(room)
            self.joined.add(room)

    async def say(self, room: str, text: str) -> str:
        """Post words; returns the event's id."""
        return await self._member.say(room, text)

    async def redact(self, room: str, event: str) -> None:
        """Take a message back."""
        await self._member.redact(room, event)

    async def react(self, room: str, event: str, key: str) -> None:
        """React to an event."""
        await self._member.react(room, event, key)

    async def state(self, room: str, type_: str) -> dict[str, Any]:
        """Return a state event's content as this person's client gets it; empty when there is none."""
        return await state_of(self._api, room, type_)

    async def put_state(self, room: str, type_: str, content: dict[str, Any]) -> None:
        """Change a setting of a room."""
        await self._api.put(path("rooms", room, "state", type_, ""), content)

    async def close(self) -> None:
        """Close the client."""
        await self._api.close()
        await self._member.close()
