"""Messages, files, polls, reactions, redactions: each with the transaction id that was stored before."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, cast

from supportd.engine.wire import Done, Never, SendFile, SendMessage, SendPoll, SendPollEnd, SendReaction, SendRedaction
from supportd.matrix import media, polls
from supportd.matrix.errors import CannotEncrypt, Refused, ServerAway
from supportd.matrix.http import path
from supportd.matrix.shapes import identifier, objects

if TYPE_CHECKING:
    from supportd.engine.wire import Account, Outcome
    from supportd.matrix.http import Api
    from supportd.matrix.machine import Machine
    from supportd.matrix.roomstate import Rooms, RoomState
    from supportd.matrix.sharing import Sharing
    from supportd.sdk.ids import EventId


#: The key of our own transaction id inside an event's content.
TRANSACTION: Final = "org.supportd.transaction"


class Sender:
    """Sends as the reader."""

    def __init__(self, api: Api, machine: Machine, sharing: Sharing, rooms: Rooms) -> None:
        """Encrypt with ``machine`` and ``sharing``."""
        self.api = api
        self.machine = machine
        self.sharing = sharing
        self.rooms = rooms

    async def message(self, account: Account, job: SendMessage | SendFile | SendPoll | SendPollEnd) -> Outcome:
        """Post words, a file or a poll, encrypted wherever the room is or ever was."""
        if account != "reader":
            # The other accounts have no device keys: their words would be plain.
            return Never("ORG_SUPPORTD_NOT_THE_READER")
        kind, content = "m.room.message", {}
        match job:
            case SendMessage():
                content = content_of(job)
            case SendFile():
                content = await media.uploaded(self.api, job, encrypted=await self.encrypted(job.room))
            case SendPoll():
                kind, content = polls.START, polls.start_of(job)
            case SendPollEnd():
                kind, content = polls.END, polls.end_of(job)
        return Done(event=await self.words(job.room, job.transaction, kind, content))

    async def encrypted(self, room: str) -> bool:
        """Tell whether ``room`` is or ever was encrypted."""
        return (await self.room(room)).encrypted or room in self.machine.encrypted_rooms

    async def words(self, room: str, transaction: str, kind: str, content: dict[str, Any]) -> EventId:
        """Send one event of the room's own words; raises what :class:`Api` raises."""
        # The homeserver remembers a transaction for one device and one day. What stands inside is found by every device, at any time.
        content = {**content, TRANSACTION: transaction}
        state = await self.room(room)
        if state.encrypted or room in self.machine.encrypted_rooms:
            membership = state.members.get(self.machine.user_id)
            if membership != "join":
                # An invitation is answered in a moment; who was removed stays out.
                raise CannotEncrypt if membership == "invite" else Refused(code="M_FORBIDDEN", http=403)
            content, kind = await self.sharing.encrypt(state, kind, content), "m.room.encrypted"
        return event_of(await self.api.put(path("rooms", room, "send", kind, transaction), content))

    async def room(self, room: str) -> RoomState:
        """Return the room's state, from the homeserver where the sync has not told of it yet."""
        known = self.rooms.known.get(room)
        if known is not None and self.machine.user_id in known.joined:
            return known
        answer = await self.api.ask("GET", path("rooms", room, "state"))
        if not isinstance(answer, list):
            raise ServerAway
        # Where the sync was faster meanwhile, both say the same.
        state = self.rooms.fill(room, objects(answer))
        if state.encrypted:
            self.machine.remember_encrypted(room)
        return state


def content_of(job: SendMessage) -> dict[str, Any]:
    """Return the content of an ``m.notice``."""
    content: dict[str, Any] = {
        "msgtype": "m.notice",
        "body": job.text,
        "m.mentions": {"user_ids": list(job.mentions)} if job.mentions else {},
    }
    if job.html is not None:
        content |= {"format": "org.matrix.custom.html", "formatted_body": job.html}
    if job.in_reply_to is not None:
        content["m.relates_to"] = {"m.in_reply_to": {"event_id": job.in_reply_to}}
    if job.thread is not None:
        # Clients without threads show an answer; ``is_falling_back``: to those with threads it is none (specification, "Threading").
        shown = {"m.in_reply_to": {"event_id": job.in_reply_to or job.thread}}
        content["m.relates_to"] = {"rel_type": "m.thread", "event_id": job.thread, "is_falling_back": job.in_reply_to is None, **shown}
    return content


async def react(api: Api, job: SendReaction) -> Outcome:
    """React, once; reactions travel in clear in every client."""
    content = {"m.relates_to": {"rel_type": "m.annotation", "event_id": job.target, "key": job.key}}
    try:
        return Done(event=event_of(await api.put(path("rooms", job.room, "send", "m.reaction", job.transaction), content)))
    except Refused as error:
        if error.code == "M_DUPLICATE_ANNOTATION":
            # It is there already, from another device or from longer ago than the homeserver remembers.
            return Done()
        raise


async def redact(api: Api, job: SendRedaction) -> Outcome:
    """Redact."""
    where = path("rooms", job.room, "redact", job.target, job.transaction)
    return Done(event=event_of(await api.put(where, {"reason": job.reason} if job.reason else {})))


def event_of(answer: dict[str, Any]) -> EventId:
    """Return the event id of an answer."""
    event = identifier(answer.get("event_id"))
    if event is None:
        raise ServerAway
    return cast("EventId", event)
