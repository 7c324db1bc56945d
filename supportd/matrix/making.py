"""Making a room exactly once, though createRoom has no transaction id (``matrix.md`` section 8)."""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING, Any, cast

from supportd.engine.wire import Done, InvitePerson, Never
from supportd.logs import get_logger, short
from supportd.matrix import people
from supportd.matrix.errors import Refused, ServerAway
from supportd.matrix.http import path
from supportd.matrix.ownhand import OwnHand
from supportd.matrix.shapes import identifier, obj, objects
from supportd.matrix.template import MARKER, creation, powers, settings

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from supportd.engine.wire import Account, MakeRoom, Outcome
    from supportd.matrix.accounts import Login
    from supportd.matrix.cipherstore import CryptoStore
    from supportd.matrix.http import Api
    from supportd.sdk.ids import RoomId, UserId

log = get_logger(__name__)


class RoomMaker:
    """Makes rooms as the creator; doorkeeper and reader join."""

    def __init__(self, apis: Mapping[Account, Api], logins: Mapping[Account, Login], store: CryptoStore, key: bytes, server: str) -> None:
        """``key``: 32 bytes from which unguessable aliases come; any local account can resolve an alias."""
        self.apis = apis
        self.logins = logins
        self.store = store
        self.key = key
        self.hand = OwnHand(key)
        self.server = server
        #: Called with a room that is to be encrypted before anybody can speak in it, whatever the homeserver says of it later.
        self.remember: Callable[[str], None] = lambda _room: None

    async def make(self, job: MakeRoom) -> Outcome:
        """Make the room, or find the one an earlier attempt made, and bring it to its declared state."""
        api = self.apis["creator"]
        alias = self._alias(job.marker)
        room = self.store.made(job.marker)
        if room is not None and await self._left(api, room):
            # A direct chat that was finished: its maker has gone.
            return Done(room=cast("RoomId", room))
        room = room or await self._find(api, alias, job.marker) or await self._create(api, alias, job)
        if room is None:
            return Never("M_ROOM_IN_USE")
        if job.spec.encrypted and job.spec.kind != "space":
            self.remember(room)
        await self._join(room, job)
        await self._audit(api, room, job)
        refused = await self._invite(api, room, job)
        if job.replaces is not None:
            await self._end(job.replaces, room)
        # On our disk before the alias goes: from then on only this finds the room again.
        self.store.set_made(job.marker, room)
        await self._drop(api, alias)
        if job.spec.kind == "direct" and self.logins["creator"].user_id != self.logins["reader"].user_id:
            await api.post(path("rooms", room, "leave"), {})
        log.info("room.made", room=short(room), kind=job.spec.kind)
        return Done(room=cast("RoomId", room), refused=refused)

    def _alias(self, marker: str) -> str:
        return hmac.new(self.key, b"supportd room alias " + marker.encode(), "sha256").hexdigest()[:40]

    async def _find(self, api: Api, alias: str, marker: str) -> str | None:
        try:
            room = identifier((await api.get(path("directory", "room", f"#{alias}:{self.server}"))).get("room_id"))
        except Refused as error:
            if error.code == "M_NOT_FOUND":
                return None
            raise
        if room is None:
            raise ServerAway
        create = await people.state_of(api, room, "m.room.create") or {}
        if create.get(MARKER) != marker:
            raise Refused(code="M_ROOM_IN_USE", http=400)
        log.info("room.adopted", room=short(room))
        return room

    async def _create(self, api: Api, alias: str, job: MakeRoom) -> str | None:
        ours = self._ours(job)
        creator = self.logins["creator"].user_id
        body: dict[str, Any] = {
            "room_version": job.spec.room_version,
            "visibility": "public" if job.spec.listed else "private",
            # A preset only fills what initial_state leaves open; this one makes nobody else a creator.
            "preset": "private_chat",
            "room_alias_name": alias,
            "creation_content": creation(job),
            "initial_state": [
                {"type": kind, "state_key": "", "content": self._sealed(job, kind, one)} for kind, one in settings(job).items()
            ],
            "power_level_content_override": self._sealed(job, "m.room.power_levels", self._levels(job)),
            "invite": sorted({user for user in ours.values() if user != creator}),
            "is_direct": job.spec.kind == "direct",
        }
        try:
            return identifier((await api.post(path("createRoom"), body)).get("room_id"))
        except Refused as error:
            if error.code == "M_ROOM_IN_USE":
                # An earlier attempt is still at work on the server: look again in a moment.
                raise ServerAway from None
            raise

    def _ours(self, job: MakeRoom) -> dict[Account, str]:
        names: dict[str, tuple[Account, ...]] = {"absent": (), "doorkeeper": ("doorkeeper",), "reader": ("doorkeeper", "reader")}
        # A direct chat has two members: the bot and one person.
        wanted: tuple[Account, ...] = ("reader",) if job.spec.kind == "direct" else names[job.spec.listening]
        return {account: self.logins[account].user_id for account in wanted}

    async def _join(self, room: str, job: MakeRoom) -> None:
        creator = self.logins["creator"].user_id
        for account, user in self._ours(job).items():
            if user == creator:
                continue
            now = (await people.state_of(self.apis["creator"], room, "m.room.member", user) or {}).get("membership")
            if now == "join":
                continue
            if now != "invite":
                await self.apis["creator"].post(path("rooms", room, "invite"), {"user_id": user})
            await self.apis[account].post(path("join", room), {})

    async def _audit(self, api: Api, room: str, job: MakeRoom) -> None:
        """Compare everything declared with what is, and repair it; the room may be half made."""
        answer = await api.ask("GET", path("rooms", room, "state"))
        there = {str(event.get("type")): obj(event.get("content")) for event in objects(answer) if event.get("state_key") == ""}
        for kind, wanted in (settings(job) | {"m.room.power_levels": self._levels(job)}).items():
            content = self._sealed(job, kind, wanted)
            if not _holds(there.get(kind, {}), content):
                log.info("room.repaired", room=short(room), kind=kind)
                await api.put(path("rooms", room, "state", kind, ""), content)

    def _levels(self, job: MakeRoom) -> dict[str, Any]:
        ours = self._ours(job)
        return powers(job, self.logins["creator"].user_id, ours.get("doorkeeper"), ours.get("reader"))

    def _sealed(self, job: MakeRoom, kind: str, content: dict[str, Any]) -> dict[str, Any]:
        return self.hand.sealed(creation(job), kind, "", content)

    async def _invite(self, api: Api, room: str, job: MakeRoom) -> tuple[tuple[UserId, str], ...]:
        """Invite everybody and return who could not be, with the server's code."""
        refused: list[tuple[UserId, str]] = []
        direct = job.spec.kind == "direct"
        for person in job.invite:
            # An earlier attempt may have invited them, and they may have left since.
            code = await _refusal(api, InvitePerson(cast("RoomId", room), person, again=False), direct=direct)
            if code is None:
                continue
            if direct:
                # A chat of two without the second is none: the engine has to hear of it.
                raise Refused(code=code, http=403)
            # The room is there for everybody else; the plugin hears of it.
            log.warning("invite.refused", room=short(room), code=code)
            refused.append((person, code))
        return tuple(refused)

    async def _end(self, old: str, room: str) -> None:
        """Let the old room point at the new one, in place of whatever it points at."""
        content = {"body": "This room goes on in another one.", "replacement_room": room}
        for account in ("creator", "doorkeeper"):
            try:
                await people.put_state(self.apis[account], old, "m.room.tombstone", "", content)
            except Refused as error:
                # Everybody is invited to the new one all the same.
                log.warning("room.not_ended", room=short(old), account=account, code=error.code)
            else:
                return

    async def _drop(self, api: Api, alias: str) -> None:
        try:
            await api.delete(path("directory", "room", f"#{alias}:{self.server}"))
        except Refused as error:
            if error.code != "M_NOT_FOUND":
                raise

    async def _left(self, api: Api, room: str) -> bool:
        joined = (await api.get(path("joined_rooms"))).get("joined_rooms")
        return isinstance(joined, list) and room not in joined


async def _refusal(api: Api, job: InvitePerson, *, direct: bool) -> str | None:
    """Invite somebody; returns the code of a refusal."""
    try:
        outcome = await people.invite(api, job, direct=direct)
    except Refused as error:
        return error.code
    return outcome.code if isinstance(outcome, Never) else None


def _holds(there: dict[str, Any], wanted: dict[str, Any]) -> bool:
    # More than declared may stand there: servers add a second form of the topic, key members add their own levels.
    return all(_holds(obj(there.get(key)), value) if isinstance(value, dict) else there.get(key) == value for key, value in wanted.items())
