"""One event fetched again and decrypted, with whether its author is proven."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from supportd.matrix.decode import decode
from supportd.matrix.http import path
from supportd.matrix.machine import NoKey, Unreadable
from supportd.matrix.shapes import obj

if TYPE_CHECKING:
    from supportd.engine.wire import Incoming
    from supportd.matrix.devices import Devices
    from supportd.matrix.http import Api
    from supportd.matrix.machine import Machine


@dataclass(frozen=True, slots=True)
class Opened:
    """What an event means, and its content as it was written; ``encrypted``: whether it came as ciphertext."""

    incoming: Incoming
    content: dict[str, Any] = field(repr=False)
    encrypted: bool


class Opener:
    """Reads as the reader."""

    def __init__(self, api: Api, machine: Machine, devices: Devices) -> None:
        """Decrypt with ``machine``; ``devices`` says who wrote it."""
        self.api = api
        self.machine = machine
        self.devices = devices

    async def fetch(self, room: str, event_id: str) -> Opened | None:
        """Return one event of ``room``, ``None`` for what was taken back or cannot be read; raises what :class:`Api` raises."""
        raw = await self.api.get(path("rooms", room, "event", event_id))
        if raw.get("event_id") != event_id or raw.get("room_id", room) != room:
            # Another one's words must not stand for these.
            return None
        if "redacted_because" in obj(raw, "unsigned") or not obj(raw, "content"):
            return None
        return await self.open(room, raw)

    async def open(self, room: str, raw: dict[str, Any]) -> Opened | None:
        """Return a raw event opened, ``None`` for what cannot be read."""
        if raw.get("type") != "m.room.encrypted":
            incoming, content = decode(room, raw), obj(raw, "content")
        else:
            sender = str(raw.get("sender"))
            await self.devices.refresh([sender])
            try:
                clear = self.machine.decrypt(room, raw, self.machine.curves(sender))
            except (NoKey, Unreadable):
                return None
            content = clear.content
            incoming = decode(room, raw, (clear.type, content), proven=self.machine.proves(sender, clear))
        return Opened(incoming, content, raw.get("type") == "m.room.encrypted") if incoming is not None else None
