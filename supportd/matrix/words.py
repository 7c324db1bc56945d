"""The one door to members' words that are not in an event just now: fetched, decrypted, never kept."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, cast

from supportd.engine.wire import Edited, Said
from supportd.logs import get_logger
from supportd.matrix.errors import Refused
from supportd.matrix.http import path_v1
from supportd.matrix.opening import Opener
from supportd.matrix.shapes import obj, objects

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from supportd.engine.wire import Incoming
    from supportd.matrix.devices import Devices
    from supportd.matrix.http import Api
    from supportd.matrix.machine import Machine
    from supportd.sdk.ids import EventId, RoomId, UserId

log = get_logger(__name__)

#: Edits of one message that are looked at; the newest come first.
MOST_EDITS: Final = 50


@dataclass(frozen=True, slots=True)
class Found:
    """The present words of one event; implements the port ``WordsFound``."""

    text: str = field(repr=False)
    author: UserId
    at: datetime


class MatrixWords:
    """Implements the port ``Words``."""

    def __init__(self, api: Api, machine: Machine, devices: Devices) -> None:
        """Read as the reader."""
        self.api = api
        self.opener = Opener(api, machine, devices)

    async def read(self, refs: Sequence[tuple[RoomId, EventId]]) -> Mapping[EventId, Found]:
        """Return what can be read now; raises :class:`ServerAway` and its kind when the homeserver cannot be asked."""
        found: dict[EventId, Found] = {}
        for room, event in dict.fromkeys(refs):
            try:
                words = await self._one(room, event)
            except Refused as error:
                log.info("words.refused", code=error.code)
                continue
            if words is not None:
                found[event] = words
        return found

    async def _one(self, room: RoomId, event_id: EventId) -> Found | None:
        opened = await self.opener.fetch(room, event_id)
        # Authors count only where their keys show them, and what is encrypted must have been so.
        if opened is None or not isinstance(opened.incoming.content, Said) or not opened.incoming.verified:
            return None
        original = opened.incoming
        edited = await self._edited(room, event_id, original.sender)
        text = cast("Said", original.content).text if edited is None else edited
        # A file without a caption has no words.
        return Found(text, original.sender, original.at) if text else None

    async def _edited(self, room: RoomId, event_id: EventId, author: UserId) -> str | None:
        """Return the text of the author's last edit."""
        answer = await self.api.get(path_v1("rooms", room, "relations", event_id, "m.replace"), {"limit": str(MOST_EDITS), "dir": "b"})
        newest: Incoming | None = None
        for raw in objects(answer.get("chunk")):
            if raw.get("sender") != author or "redacted_because" in obj(raw, "unsigned"):
                continue
            found = await self.opener.open(room, raw)
            edit = found.incoming if found is not None else None
            if edit is None or not edit.verified or not isinstance(edit.content, Edited) or edit.content.target != event_id:
                continue
            # The last edit is the one with the latest moment, ties by id (specification, "Server-side aggregation of m.replace").
            if newest is None or (edit.at, edit.id) > (newest.at, newest.id):
                newest = edit
        return cast("Edited", newest.content).text if newest is not None else None
