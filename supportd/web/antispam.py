"""Answers at the homeserver's door, for ``synapse-http-antispam`` (``matrix.md`` section 5).

Any answer but a refusal means "allow"; when we are late we allow, because a member in need must never wait for us.
"""

from __future__ import annotations

import asyncio
import hmac
from typing import TYPE_CHECKING, Final, Literal, cast

from aiohttp import web

from supportd.logs import get_logger

if TYPE_CHECKING:
    from collections.abc import Coroutine, Iterable, Mapping

    from supportd.sdk.findings import Refusal
    from supportd.sdk.ids import RoomId, UserId
    from supportd.web.doors import Doors

log = get_logger(__name__)

#: After this long we allow, seconds.
PATIENCE: Final = 0.2
#: Callback -> the fields that name the room and whoever wants to come in, and by which door.
_DOORS: Final[Mapping[str, tuple[str, str, Literal["join", "invite"]]]] = {
    "user_may_join_room": ("room", "user", "join"),
    "user_may_invite": ("room_id", "invitee", "invite"),
}


def routes(doors: Doors) -> Iterable[web.RouteDef]:
    """Return the address under which Synapse asks."""

    async def asked(request: web.Request) -> web.Response:
        shown = request.headers.get("Authorization", "").removeprefix("Bearer ")
        if not hmac.compare_digest(shown.encode(errors="replace"), doors.antispam_token.encode()):
            return web.json_response({"errcode": "M_FORBIDDEN", "error": "Show the token of the settings."}, status=401)
        try:
            body = await request.json()
        except (ValueError, LookupError, RecursionError):
            body = None
        if not isinstance(body, dict):
            return web.json_response({"errcode": "M_NOT_JSON", "error": "Send a JSON object."}, status=400)
        return await _answer(doors, request.match_info["callback"], body)

    return (web.post("/antispam/{callback}", asked),)


async def _answer(doors: Doors, callback: str, body: Mapping[str, object]) -> web.Response:
    if callback == "ping":
        return web.json_response({"id": body.get("id"), "status": "ok"})
    asked = _question(doors, callback, body)
    # What we do not know, and encrypted words, are for the homeserver's own rules.
    refusal = await _in_time(asked, callback) if asked is not None else None
    if refusal is None:
        return web.json_response({})
    return web.json_response({"errcode": "M_FORBIDDEN", "error": refusal.sentence}, status=403)


def _question(doors: Doors, callback: str, body: Mapping[str, object]) -> Coroutine[object, object, Refusal | None] | None:
    """Return what is to be asked, not begun yet; ``None`` when it is not for us."""
    if callback == "check_event_for_spam":
        return _message(doors, body.get("event"))
    if callback not in _DOORS:
        return None
    room_field, user_field, door = _DOORS[callback]
    room, user = body.get(room_field), body.get(user_field)
    if not isinstance(room, str) or not isinstance(user, str):
        return None
    return doors.admit(cast("RoomId", room), cast("UserId", user), door)


def _message(doors: Doors, event: object) -> Coroutine[object, object, Refusal | None] | None:
    content = event.get("content") if isinstance(event, dict) else None
    if not isinstance(event, dict) or event.get("type") != "m.room.message" or not isinstance(content, dict):
        return None
    room, user, text = event.get("room_id"), event.get("sender"), content.get("body")
    if not isinstance(room, str) or not isinstance(user, str) or not isinstance(text, str):
        return None
    return doors.admit_message(cast("RoomId", room), cast("UserId", user), text)


async def _in_time(asked: Coroutine[object, object, Refusal | None], callback: str) -> Refusal | None:
    try:
        async with asyncio.timeout(PATIENCE):
            return await asked
    except TimeoutError:
        log.warning("verdict.late", kind=callback)
        return None
