"""Files in messages: fetched, checked and opened for the core; encrypted and uploaded for plugins. Nothing of them is kept."""

from __future__ import annotations

import asyncio
import re
from typing import TYPE_CHECKING, Any, Final

from nio.crypto.attachments import decrypt_attachment, encrypt_attachment

from supportd.engine.wire import Said
from supportd.matrix import attached
from supportd.matrix.errors import FileUnusable, Refused, ServerAway, TooLarge
from supportd.matrix.http import path_v1
from supportd.matrix.opening import Opener
from supportd.matrix.shapes import identifier, room_identifier
from supportd.sdk._bounds import UNKNOWN_TYPE

if TYPE_CHECKING:
    from supportd.engine.wire import SendFile
    from supportd.matrix.attached import Source
    from supportd.matrix.devices import Devices
    from supportd.matrix.http import Api
    from supportd.matrix.machine import Machine
    from supportd.matrix.opening import Opened
    from supportd.matrix.roomstate import Rooms
    from supportd.sdk.ids import EventId, RoomId

#: The most of a file that is read, bytes.
MOST_BYTES: Final = 10 * 1024 * 1024
_ADDRESS: Final = re.compile(r"mxc://[A-Za-z0-9.\-:\[\]]{1,255}/[A-Za-z0-9_-]{1,255}")
_UPLOAD: Final = "_matrix/media/v3/upload"
_GONE: Final = frozenset({"M_NOT_FOUND", "M_NOT_YET_UPLOADED", "M_FORBIDDEN"})


class MatrixMedia:
    """The one door to the files that members send."""

    def __init__(self, api: Api, machine: Machine, devices: Devices, rooms: Rooms) -> None:
        """Read as the reader."""
        self.api = api
        self.machine = machine
        self.rooms = rooms
        self.opener = Opener(api, machine, devices)

    async def read(self, room: RoomId, event_id: EventId, *, most: int = MOST_BYTES) -> bytes:
        """Return the bytes of the file in a message, whose author is proven wherever the room is encrypted.

        Raises :class:`FileUnusable`, or what :class:`Api` raises when the homeserver cannot be asked.
        """
        if room_identifier(room) is None or identifier(event_id) is None:
            raise FileUnusable(problem="this is no message of a room")
        opened = await self._opened(room, event_id)
        found = attached.source(opened.content)
        if opened.encrypted and found.lock is None:
            # Then the homeserver could put any other file in its place.
            raise FileUnusable(problem="the message is encrypted and the file is not")
        raw = await self._fetched(found, most)
        return raw if found.lock is None else await asyncio.to_thread(unlocked, raw, found.lock)

    async def _opened(self, room: RoomId, event_id: EventId) -> Opened:
        try:
            opened = await self.opener.fetch(room, event_id)
        except Refused as error:
            if error.code not in _GONE:
                raise
            opened = None
        if opened is None or not isinstance(opened.incoming.content, Said):
            raise FileUnusable(problem="its message is not there any more, or cannot be opened")
        if not opened.incoming.verified and (opened.encrypted or self._encrypted(room)):
            raise FileUnusable(problem="nobody can tell who sent it")
        return opened

    def _encrypted(self, room: str) -> bool:
        state = self.rooms.known.get(room)
        # In a room we know nothing of, a file in clear is no member's.
        return room in self.machine.encrypted_rooms or state is None or state.encrypted

    async def _fetched(self, source: Source, most: int) -> bytes:
        try:
            return await self.api.download(path_v1("media", "download", source.server, source.id), most=most)
        except TooLarge:
            raise FileUnusable(problem=f"it has more than {most} bytes") from None
        except Refused as error:
            if error.code not in _GONE:
                raise
            raise FileUnusable(problem="the homeserver does not have it any more") from None


def unlocked(raw: bytes, lock: attached.Lock) -> bytes:
    """Return the bytes of an encrypted file; raises :class:`FileUnusable` where they are not the ones that were sent."""
    try:
        # This compares the hash before anything else.
        plain: bytes = decrypt_attachment(raw, lock.key, lock.sha256, lock.counter)
    except Exception:  # noqa: BLE001 - a member may have written anything, and the library's own errors are many
        raise FileUnusable(problem="it is not the one that was sent") from None
    return plain


async def uploaded(api: Api, job: SendFile, *, encrypted: bool) -> dict[str, Any]:
    """Upload a file and return the content of its message; an upload that nobody refers to is harmless."""
    shown = "m.image" if job.media_type.startswith("image/") else "m.file"
    content: dict[str, Any] = {
        "msgtype": shown,
        "body": job.text or job.name,
        "filename": job.name,
        "info": {"mimetype": job.media_type, "size": len(job.data)},
        "m.mentions": {},
    }
    if not encrypted:
        return {**content, "url": _address(await api.upload(_UPLOAD, job.data, job.media_type))}
    raw, keys = encrypt_attachment(job.data)
    # Of an encrypted file the homeserver learns its length only.
    return {**content, "file": {**keys, "url": _address(await api.upload(_UPLOAD, raw, UNKNOWN_TYPE))}}


def _address(answer: dict[str, Any]) -> str:
    address = answer.get("content_uri")
    if not isinstance(address, str) or _ADDRESS.fullmatch(address) is None:
        raise ServerAway
    return address
