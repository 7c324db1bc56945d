"""Invitations, removals, power and state: look at what is, compare, act."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from supportd.engine.wire import Done, InvitePerson, Never, PutPower, PutState, RemovePerson, SettleKnock
from supportd.matrix.errors import Refused
from supportd.matrix.http import path
from supportd.matrix.roomstate import INFINITE, RoomState
from supportd.matrix.shapes import identifier, obj, whole

if TYPE_CHECKING:
    from supportd.engine.wire import Outcome
    from supportd.matrix.http import Api
    from supportd.matrix.ownhand import OwnHand

_NOT_FOUND = "M_NOT_FOUND"
#: Our word for a refusal that the homeserver gives none of its own for.
OTHER_SERVER = "ORG_SUPPORTD_OTHER_SERVER"


async def state_of(api: Api, room: str, kind: str, key: str = "") -> dict[str, Any] | None:
    """Return the content of a state event, ``None`` where there is none."""
    try:
        return await api.get(path("rooms", room, "state", kind, key))
    except Refused as error:
        if error.code == _NOT_FOUND:
            return None
        raise


async def put_state(api: Api, room: str, kind: str, key: str, content: dict[str, Any]) -> bool:
    """Set a state event unless it has this content; tells whether it was set."""
    if await state_of(api, room, kind, key) == content:
        return False
    await api.put(path("rooms", room, "state", kind, key), content)
    return True


async def invite(api: Api, job: InvitePerson, *, direct: bool = False) -> Outcome:
    """Invite; somebody banned stays out. ``direct``: the person's app is to list the room among their chats of two."""
    now = (await state_of(api, job.room, "m.room.member", job.person) or {}).get("membership")
    if now in ("invite", "join") or (now == "leave" and not job.again):
        return Done()
    if now == "ban":
        return Never("M_FORBIDDEN")
    try:
        if direct:
            # Only this way of inviting carries the flag into the event that the invited app sees.
            await api.put(path("rooms", job.room, "state", "m.room.member", job.person), {"membership": "invite", "is_direct": True})
        else:
            await api.post(path("rooms", job.room, "invite"), {"user_id": job.person})
    except Refused as error:
        if error.code == "M_FORBIDDEN" and await _is_elsewhere(api, job):
            return Never(OTHER_SERVER)
        raise
    return Done()


async def _is_elsewhere(api: Api, job: InvitePerson) -> bool:
    """Tell whether somebody lives on another server than a room that keeps other servers out."""
    create = await api.get(path("rooms", job.room, "state", "m.room.create", ""), {"format": "event"})
    homes = {user.partition(":")[2] for user in (str(create.get("sender")), job.person)}
    return obj(create, "content").get("m.federate") is False and len(homes) > 1


async def settle_knock(api: Api, job: SettleKnock) -> Outcome:
    """Invite or refuse who knocked; where they knock no more, or knocked again since, nothing is done."""
    try:
        knock = await api.get(path("rooms", job.room, "event", job.knock))
    except Refused as error:
        if error.code == _NOT_FOUND:
            return Never(_NOT_FOUND)
        raise
    person = identifier(knock.get("state_key"))
    if person is None or knock.get("type") != "m.room.member" or knock.get("sender") != person:
        return Never(_NOT_FOUND)
    now = await api.get(path("rooms", job.room, "state", "m.room.member", person), {"format": "event"})
    if obj(now, "content").get("membership") != "knock" or now.get("event_id") != job.knock:
        return Done()
    reason = {"reason": job.reason} if job.reason else {}
    await api.post(path("rooms", job.room, "invite" if job.let_in else "kick"), {"user_id": person, **reason})
    return Done()


async def remove(api: Api, job: RemovePerson) -> Outcome:
    """Remove, or withdraw an invitation."""
    now = (await state_of(api, job.room, "m.room.member", job.person) or {}).get("membership")
    if now in ("invite", "join", "knock"):
        await api.post(path("rooms", job.room, "kick"), {"user_id": job.person, "reason": job.reason})
    return Done()


async def power(api: Api, job: PutPower, hand: OwnHand) -> Outcome:
    """Give a level of power; a version 12 creator stands above all levels and must not be listed."""
    levels = await state_of(api, job.room, "m.room.power_levels") or {}
    room = RoomState(job.room)
    # Only the whole event says who made the room.
    create = await api.get(path("rooms", job.room, "state", "m.room.create", ""), {"format": "event"})
    room.apply(create)
    if room.level(job.person) == INFINITE:
        return Never("ORG_SUPPORTD_CREATOR")
    users = obj(levels, "users")
    default = whole(levels.get("users_default")) or 0
    now = whole(users.get(job.person))
    if (default if now is None else now) == job.level:
        return Done()
    content = hand.sealed(obj(create, "content"), "m.room.power_levels", "", {**levels, "users": {**users, job.person: job.level}})
    await api.put(path("rooms", job.room, "state", "m.room.power_levels", ""), content)
    return Done()


async def state(api: Api, job: PutState, hand: OwnHand) -> Outcome:
    """Set a state event."""
    try:
        content = json.loads(job.content)
    except ValueError:
        content = None
    if not isinstance(content, dict):
        return Never("M_BAD_JSON")
    create = await state_of(api, job.room, "m.room.create") or {}
    await put_state(api, job.room, job.type, job.state_key, hand.sealed(create, job.type, job.state_key, content))
    return Done()
