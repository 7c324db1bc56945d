"""Chats that people open with the bot: whose invitation is told to the engine, and what a chat must be before we stay in it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, cast

from supportd.engine.wire import ChatMark, Done, Never
from supportd.logs import get_logger, short
from supportd.matrix.errors import Refused
from supportd.matrix.http import path, path_v1
from supportd.matrix.machine import MEGOLM
from supportd.matrix.roomstate import RoomState
from supportd.matrix.shapes import obj, objects, room_identifier, whole
from supportd.matrix.template import MARKER

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from supportd.engine.wire import EnterChat, Outcome
    from supportd.matrix.http import Api
    from supportd.sdk.ids import RoomId, UserId
    from supportd.sdk.rooms import Setting

log = get_logger(__name__)

#: People whose invitations of one sync are looked at; strangers may send any number.
MOST_INVITERS: Final = 100
#: Others are in the room or invited, or it is none for talking.
NO_CHAT: Final = "ORG_SUPPORTD_NO_CHAT"
#: What is said there could be read by others, and we cannot change that.
OPEN: Final = "ORG_SUPPORTD_OPEN_CHAT"
_TURNED_ON: Final[tuple[Setting, ...]] = ("encryption",)


def asked(invited: Mapping[str, Collection[Mapping[str, Any]]], me: str, ours: Collection[str]) -> list[ChatMark]:
    """Return who of our homeserver invites us, by the stripped state: of each person the last invitation, and not of endlessly many."""
    _name, _colon, server = me.partition(":")
    found: dict[str, str] = {}
    for room, events in invited.items():
        sender = next((str(event.get("sender")) for event in events if _invites(event, me)), "")
        if sender in ours or sender.partition(":")[2] != server or not room_identifier(room):
            continue
        if any(event.get("type") == "m.room.create" and _is_special(obj(event.get("content"))) for event in events):
            continue
        if sender in found or len(found) < MOST_INVITERS:
            found[sender] = room
    return [ChatMark(cast("RoomId", room), cast("UserId", sender)) for sender, room in found.items()]


def _invites(event: Mapping[str, Any], me: str) -> bool:
    ours = event.get("type") == "m.room.member" and event.get("state_key") == me
    return ours and obj(event.get("content")).get("membership") == "invite"


def _is_special(create: Mapping[str, Any]) -> bool:
    # A space, say, or a room that one of our accounts made.
    return "type" in create or MARKER in create


async def enter(api: Api, job: EnterChat, me: str, remember: Callable[[str], None]) -> Outcome:
    """Do ``job``; ``remember`` is told of the room before anything can be said in it. A repeat looks first."""
    if not job.take:
        await _leave(api, job.room)
        return Done()
    if not await _inside(api, job.room):
        if await _joined_now(api, job.room) != 1:
            await _leave(api, job.room)
            return Never(NO_CHAT)
        await api.post(path("join", job.room), {})
    state = await api.ask("GET", path("rooms", job.room, "state"))
    room = RoomState(job.room)
    for event in objects(state):
        room.apply(event)
    problem = _problem(room, objects(state), {me, job.person})
    mended: tuple[Setting, ...] = ()
    if not problem and room.kept.get(("m.room.encryption", ""), ({}, ""))[0].get("algorithm") != MEGOLM:
        kind = "m.room.encryption"
        if room.level(me) >= (needed := room.needed()).get(kind, needed["state_default"]):
            await api.put(path("rooms", job.room, "state", kind, ""), {"algorithm": MEGOLM})
            mended = _TURNED_ON
        else:
            problem = OPEN
    if problem:
        await _leave(api, job.room)
        log.info("chat.left", room=short(job.room), code=problem)
        return Never(problem)
    remember(job.room)
    log.info("chat.entered", room=short(job.room))
    return Done(room=job.room, mended=mended)


def _problem(room: RoomState, state: Collection[Mapping[str, Any]], two: set[str]) -> str:
    """Return why this is no chat of two people whom nobody overhears, or an empty text."""
    there = {user for user, membership in room.members.items() if membership in {"join", "invite", "knock"}}
    ended = any(event.get("type") == "m.room.tombstone" for event in state)
    if there != two or ended or any(room.members[user] != "join" for user in two):
        return NO_CHAT
    rule = room.kept.get(("m.room.join_rules", ""), ({}, ""))[0].get("join_rule", "invite")
    return OPEN if rule not in {"invite", "knock"} or room.history == "world_readable" else ""


async def _inside(api: Api, room: str) -> bool:
    try:
        await api.get(path("rooms", room, "joined_members"))
    except Refused:
        return False
    return True


async def _joined_now(api: Api, room: str) -> int | None:
    """Return how many are in a room to which we are invited, without coming in: who is there would see us."""
    answer = await api.get(path_v1("rooms", room, "hierarchy"), {"limit": "1", "max_depth": "1"})
    found = objects(answer.get("rooms"))
    return whole(found[0].get("num_joined_members")) if found and found[0].get("room_id") == room else None


async def _leave(api: Api, room: str) -> None:
    try:
        await api.post(path("rooms", room, "leave"), {})
    except Refused as error:
        # The invitation was taken back, or the room is gone.
        log.info("chat.not_left", room=short(room), code=error.code)
