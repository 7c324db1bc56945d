"""Bringing a room to what it is declared to be, whoever changed it: by the doorkeeper, and above its power by the creator."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, cast

from supportd.engine.wire import Done
from supportd.logs import get_logger, short
from supportd.matrix.errors import Refused
from supportd.matrix.http import path
from supportd.matrix.roomstate import WATCHED
from supportd.matrix.shapes import obj, objects, room_identifier
from supportd.matrix.template import MEGOLM, powers, settings, topic_of
from supportd.matrix.watching import SETTING_OF

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Mapping

    from supportd.engine.wire import Account, BringRoom, Outcome
    from supportd.matrix.accounts import Login
    from supportd.matrix.http import Api
    from supportd.matrix.ownhand import OwnHand
    from supportd.sdk.ids import UserId
    from supportd.sdk.rooms import Listening, Setting

log = get_logger(__name__)

#: Which accounts are in a room at which listening level; the creator is in all but the last, without a device and without a sync.
PRESENT: Final[Mapping[Listening, tuple[Account, ...]]] = {
    "reader": ("doorkeeper", "reader"),
    "doorkeeper": ("doorkeeper",),
    "absent": (),
}
_ALIAS_STATE: Final = "m.room.canonical_alias"
#: Addresses that are taken away in one go; more come with the next look.
_MOST_ADDRESSES: Final = 100


class RoomMender:
    """Compares a room with its declaration and changes what differs; a repeat changes nothing."""

    def __init__(self, apis: Mapping[Account, Api], logins: Mapping[Account, Login], server: str, hand: OwnHand) -> None:
        """``server``: the name of our homeserver, which links between rooms have to name; ``hand``: what seals what we set."""
        self.apis = apis
        self.logins = logins
        self.server = server
        self.hand = hand
        #: What hears of a room's doors that were shut (in the public list or not, addresses), so that what is seen is true at once.
        self.shut: Callable[[str, tuple[bool, int]], Awaitable[None]] | None = None

    async def bring(self, job: BringRoom) -> Outcome:
        """Do it; raises what :class:`Api` raises when nothing could be looked at."""
        work = _Work(self, job)
        await work.look()
        await work.each("listening", work.creator)
        # Who may do what comes first: it decides whether all the rest can be kept.
        await work.each("power", work.power)
        await work.each("who may come in", lambda: work.state("m.room.join_rules"))
        await work.each("public list", work.public_list)
        await work.each("addresses", work.addresses)
        for kind in settings(job):
            if kind not in {"m.room.join_rules", "m.room.topic"}:
                await work.each(work.setting_of(kind), lambda kind=kind: work.state(kind))  # type: ignore[misc]  # bound at once
        await work.each("listening" if work.note_is_gone() else "name and topic", work.topic)
        await work.each("links to spaces", work.links)
        await work.each("listening", work.accounts)
        if work.create.get("m.federate", True) != job.spec.federate:
            # That is decided for ever when a room is made.
            work.failed.append("other servers")
        if work.mended or work.failed:
            log.info("room.mended", room=short(job.room), count=len(work.mended), failed=len(work.failed))
        if self.shut is not None and {"public list", "addresses"} & set(work.mended):
            await self.shut(job.room, (job.spec.listed, 0))
        return Done(mended=tuple(dict.fromkeys(work.mended)), failed=tuple(dict.fromkeys(work.failed)), by=tuple(work.by.items()))


class _Work:
    """One room being brought to its declaration."""

    def __init__(self, mender: RoomMender, job: BringRoom) -> None:
        self.apis = mender.apis
        self.logins = mender.logins
        self.server = mender.server
        self.hand = mender.hand
        self.job = job
        self.room = job.room
        self.there: dict[tuple[str, str], dict[str, Any]] = {}
        #: Who set it.
        self.set_by: dict[tuple[str, str], str] = {}
        self.by: dict[Setting, UserId] = {}
        self.now: Setting | None = None
        self.able: list[Account] = []
        self.mended: list[Setting] = []
        self.failed: list[Setting] = []

    @property
    def create(self) -> dict[str, Any]:
        """The content of the room's first event."""
        return self.there.get(("m.room.create", ""), {})

    async def look(self) -> None:
        """Read the whole state by the first account that is in the room, the weakest first."""
        refused: Refused | None = None
        weakest_first: tuple[Account, ...] = ("doorkeeper", "creator")
        for account in weakest_first:
            try:
                self._read(objects(await self.apis[account].ask("GET", path("rooms", self.room, "state"))))
            except Refused as error:
                refused = error
                continue
            # Who was thrown out may still read the state of that moment, in which they are out; of who is in it, it is as it is now.
            if self._membership(self.logins[account].user_id) == "join":
                self.able = [one for one in weakest_first if self._membership(self.logins[one].user_id) == "join"]
                return
        raise refused or Refused(code="M_FORBIDDEN", http=403)

    def _read(self, events: Iterable[Any]) -> None:
        self.there, self.set_by = {}, {}
        for event in events:
            where = str(event.get("type")), str(event.get("state_key"))
            self.there[where] = obj(event.get("content"))
            # Who takes an event's content away by a redaction is not who set it.
            last = obj(event, "unsigned").get("redacted_because") or event
            self.set_by[where] = str(obj(last).get("sender"))

    async def each(self, setting: Setting, act: Callable[[], Awaitable[bool]]) -> None:
        """Bring one setting in order and note what came of it."""
        self.now = setting
        try:
            if await act():
                self.mended.append(setting)
        except Refused as error:
            log.warning("room.not_mended", room=short(self.room), kind=setting, code=error.code)
            self.failed.append(setting)

    async def by_any(self, act: Callable[[Api], Awaitable[Any]], *more: Account) -> Any:
        """Let the first account that has the power do it, those in ``more`` last."""
        refused: Refused | None = None
        for account in dict.fromkeys([*self.able, *more]):
            try:
                return await act(self.apis[account])
            except Refused as error:
                refused = error
        raise refused if refused is not None else Refused(code="M_FORBIDDEN", http=403)

    async def put(self, kind: str, key: str, content: dict[str, Any]) -> bool:
        """Set a state event, and note who had set what stood there."""
        self._note(kind, key)
        sealed = self.hand.sealed(self.create, kind, key, content) if kind in WATCHED else content
        await self.by_any(lambda api: api.put(path("rooms", self.room, "state", kind, key), sealed))
        self.there[kind, key] = content
        return True

    def _note(self, kind: str, key: str) -> None:
        """Note who set what differs: somebody else than us, or somebody who used an account of ours."""
        who = self.set_by.get((kind, key))
        if who is None or self.now is None:
            return
        ours = {login.user_id for login in self.logins.values()}
        if who not in ours or (kind in WATCHED and not self.hand.is_ours(self.create, kind, key, self.there[kind, key])):
            self.by[self.now] = cast("UserId", who)

    # ---- one setting each --------------------------------------------------------------------------------------------

    async def state(self, kind: str) -> bool:
        """Set what is declared, unless it is so."""
        wanted = settings(self.job)[kind]
        found = self.there.get((kind, ""), {})
        if all(found.get(name) == value for name, value in wanted.items()):
            return False
        return await self.put(kind, "", wanted)

    def setting_of(self, kind: str) -> Setting:
        """Return what a state event is about: one that still encrypts differs in how often the key changes."""
        ciphered = kind == "m.room.encryption" and self.there.get((kind, ""), {}).get("algorithm") == MEGOLM
        return "new key after" if ciphered else SETTING_OF[kind]

    def note_is_gone(self) -> bool:
        """Tell whether the topic does not say any more how much the bot hears."""
        note = self.job.spec.note
        return not str(self.there.get(("m.room.topic", ""), {}).get("topic", "")).endswith(note)

    async def topic(self) -> bool:
        """Set the topic, or take one away where none is declared."""
        wanted = topic_of(self.job.spec)
        if str(self.there.get(("m.room.topic", ""), {}).get("topic", "")) == wanted:
            return False
        return await self.put("m.room.topic", "", {"topic": wanted})

    async def power(self) -> bool:
        """Give everybody the level that is declared, and nobody else any."""
        ours = self._ours()
        wanted = powers(self.job, self.logins["creator"].user_id, ours.get("doorkeeper"), ours.get("reader"))
        found = self.there.get(("m.room.power_levels", ""), {})
        # Servers add levels of their own that mean nothing to anybody.
        if {name: found.get(name) for name in wanted} == wanted:
            return False
        return await self.put("m.room.power_levels", "", wanted)

    async def public_list(self) -> bool:
        """Take it out of the public list, or show it there."""
        where = path("directory", "list", "room", self.room)
        wanted = "public" if self.job.spec.listed else "private"
        if (await self.by_any(lambda api: api.get(where))).get("visibility") == wanted:
            return False
        await self.by_any(lambda api: api.put(where, {"visibility": wanted}))
        return True

    async def addresses(self) -> bool:
        """Take away every address."""
        changed = False
        if any(self.there.get((_ALIAS_STATE, ""), {}).values()):
            changed = await self.put(_ALIAS_STATE, "", {})
        for alias in (await addresses_of(self.apis[self.able[0]], self.room))[:_MOST_ADDRESSES]:
            await self.by_any(lambda api, alias=alias: api.delete(path("directory", "room", alias)))  # type: ignore[misc]  # bound at once
            changed = True
        return changed

    async def links(self) -> bool:
        """Link it to the spaces (a space: to the rooms) that are declared, and to no other."""
        wanted = self.job.links
        if wanted is None:
            return False
        kind, flag = ("m.space.child", "suggested") if self.job.spec.kind == "space" else ("m.space.parent", "canonical")
        there = {key: content for (one, key), content in self.there.items() if one == kind and content.get("via") and room_identifier(key)}
        for room in set(there) - set(wanted):
            await self.put(kind, room, {})
        for room in sorted(set(wanted) - set(there)):
            await self.put(kind, room, {"via": [self.server], flag: True})
        return set(there) != set(wanted)

    async def creator(self) -> bool:
        """Bring the creator back: whoever runs the homeserver can let it leave, and nobody else stands above the owners."""
        user = self.logins["creator"].user_id
        if self.job.spec.listening == "absent" or "creator" in self.able or self._membership(user) == "join":
            return False
        await self._call("creator", user)
        # It leaves only what is handed to people for good, so this was somebody else.
        self.by.setdefault("listening", cast("UserId", user))
        self.able.append("creator")
        return True

    async def _call(self, account: Account, user: str) -> None:
        # Ours leave by themselves only: whoever is named here sent them away.
        if self._membership(user) in {"leave", "ban"} and self.set_by.get(("m.room.member", user), user) != user:
            self.by["listening"] = cast("UserId", self.set_by["m.room.member", user])
        if self._membership(user) != "invite":
            # Where an owner took the doorkeeper's power the reader may still have enough to invite.
            await self.by_any(lambda api: api.post(path("rooms", self.room, "invite"), {"user_id": user}), "reader")
        await self.apis[account].post(path("join", self.room), {})
        self.there["m.room.member", user] = {"membership": "join"}

    async def accounts(self) -> bool:
        """Let our accounts come and go as the listening level says; who is not to be here leaves last of all."""
        ours, creator = self._ours(), self.logins["creator"].user_id
        changed = False
        for account, user in ours.items():
            if user == creator or self._membership(user) == "join":
                continue
            await self._call(account, user)
            changed = True
        keep = {*ours.values(), *([] if self.job.spec.listening == "absent" else [creator])}
        for account in ("reader", "doorkeeper", "creator"):
            user = self.logins[account].user_id
            if user not in keep and self._membership(user) in {"join", "invite"}:
                await self.apis[account].post(path("rooms", self.room, "leave"), {})
                self.there["m.room.member", user] = {"membership": "leave"}
                changed = True
        return changed

    def _membership(self, user: str) -> Any:
        return self.there.get(("m.room.member", user), {}).get("membership")

    def _ours(self) -> dict[Account, str]:
        return {account: self.logins[account].user_id for account in PRESENT[self.job.spec.listening]}


async def addresses_of(api: Api, room: str) -> list[str]:
    """Return the addresses of a room on our homeserver; its members may ask for them."""
    found = (await api.get(path("rooms", room, "aliases"))).get("aliases")
    return sorted(one for one in found if isinstance(one, str)) if isinstance(found, list) else []


async def doors_of(api: Api, room: str) -> tuple[bool, int]:
    """Return whether a room is in the public list, and how many addresses it has."""
    listed = (await api.get(path("directory", "list", "room", room))).get("visibility") == "public"
    return listed, len(await addresses_of(api, room))
