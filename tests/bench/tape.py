"""A front of the homeserver that keeps what a member sends on a tape, and plays it to a bot as the syncs it missed.

Everything else goes through to the homeserver. So two bots can read the very same bytes, at a speed that no homeserver limits: what is
measured is the bot. The member's client is the real one; its room keys, encrypted for each bot's device, are on the tape where it sent
them.
"""

from __future__ import annotations

import asyncio
import json
import secrets
import time
from collections import defaultdict
from dataclasses import dataclass, field
from time import perf_counter
from typing import TYPE_CHECKING, Any

from aiohttp import web

from tests.bench.proxy import Proxy

if TYPE_CHECKING:
    from collections.abc import Callable

#: Events of a room in one sync: the most that a Synapse gives.
AT_ONCE = 100
_MARK = "tape-"


@dataclass
class Reel:
    """What was sent, in order; a to-device message stands before the event that was sent after it."""

    room: str
    events: list[dict[str, Any]] = field(default_factory=list)
    #: (user, device) -> (how many events came before it, the message).
    keys: defaultdict[tuple[str, str], list[tuple[int, dict[str, Any]]]] = field(default_factory=lambda: defaultdict(list))

    @property
    def ids(self) -> list[str]:
        """The ids of all events."""
        return [str(event["event_id"]) for event in self.events]

    @property
    def room_keys(self) -> int:
        """How many room keys each device got."""
        return max((len(messages) for messages in self.keys.values()), default=0)

    def bodies(self, device: tuple[str, str], extra: dict[str, Any]) -> list[bytes]:
        """Return the syncs of one device."""
        made: list[bytes] = []
        for at in range(0, len(self.events), AT_ONCE):
            part = self.events[at : at + AT_ONCE]
            timeline = {"events": part, "limited": False, "prev_batch": f"{_MARK}before"}
            room = {"timeline": timeline, "state": {"events": []}, "account_data": {"events": []}, "ephemeral": {"events": []}}
            keys = [message for before, message in self.keys[device] if at <= before < at + AT_ONCE]
            body = {
                **extra,
                "next_batch": f"{_MARK}{len(made) + 1}",
                "rooms": {"join": {self.room: room}},
                "to_device": {"events": keys},
            }
            made.append(json.dumps(body).encode())
        return made


class Tape(Proxy):
    """Records while :attr:`recording` is a reel, plays while :attr:`playing` is one."""

    def __init__(self, upstream: str) -> None:
        """Pass on to ``upstream``."""
        super().__init__(upstream)
        self.recording: Reel | None = None
        self.playing: Reel | None = None
        #: Access token -> (user, device) of everybody whose requests are kept or played to.
        self.people: dict[str, tuple[str, str]] = {}
        #: Number of the sync -> when it was asked for; asking for the n-th says that everything before is handled.
        self.asked: dict[int, float] = {}
        self.heard: Callable[[int], None] = lambda _number: None
        self.done = asyncio.Event()
        self._bodies: list[bytes] = []
        self._ended = asyncio.Event()

    def play(self, reel: Reel) -> None:
        """Play ``reel`` to the next bot that asks."""
        self.playing, self.asked, self._bodies = reel, {}, []
        self._ended.clear()
        self.done.clear()

    def stop(self) -> None:
        """Play no longer."""
        self.playing = None
        self._ended.set()

    @property
    def seconds(self) -> float:
        """How long the whole reel took: from the request that gets its first events to the request after its last."""
        return self.asked[len(self._bodies)] - self.asked[0]

    async def _pass(self, request: web.Request) -> web.StreamResponse:
        who = self.people.get(request.headers.get("Authorization", "").removeprefix("Bearer "))
        parts = request.path.split("/")
        if who is not None and self.recording is not None and request.method == "PUT":
            if "send" in parts and parts[-4] == self.recording.room:
                return self._keep_event(self.recording, who[0], parts[-2], await request.json())
            if "sendToDevice" in parts:
                return self._keep_keys(self.recording, who[0], parts[-2], await request.json())
        if who is not None and self.playing is not None and parts[-1] == "sync":
            return await self._play(request, self.playing, who)
        return await super()._pass(request)

    def _keep_event(self, reel: Reel, sender: str, kind: str, content: Any) -> web.Response:
        event_id = "$" + secrets.token_urlsafe(32)
        event = {"type": kind, "sender": sender, "content": content, "event_id": event_id, "unsigned": {"age": 1}}
        reel.events.append({**event, "origin_server_ts": int(time.time() * 1000)})
        return web.json_response({"event_id": event_id})

    def _keep_keys(self, reel: Reel, sender: str, kind: str, body: Any) -> web.Response:
        for user, devices in body["messages"].items():
            for device, content in devices.items():
                message = {"type": kind, "sender": sender, "content": content}
                reel.keys[user, device].append((len(reel.events), message))
        return web.json_response({})

    async def _play(self, request: web.Request, reel: Reel, who: tuple[str, str]) -> web.StreamResponse:
        since = request.query.get("since", "")
        if not since.startswith(_MARK):
            return await self._first(request, reel, who)
        number = int(since.removeprefix(_MARK))
        if number not in self.asked:
            self.asked[number] = perf_counter()
            self.heard(number)
        if number < len(self._bodies):
            return web.Response(body=self._bodies[number], content_type="application/json")
        self.done.set()
        await self._ended.wait()
        return web.json_response({"next_batch": since})

    async def _first(self, request: web.Request, reel: Reel, who: tuple[str, str]) -> web.StreamResponse:
        """Answer the first sync with the homeserver's own answer, and lead to the reel."""
        query = {**request.query, "timeout": "0"}
        headers = {"Authorization": request.headers["Authorization"]}
        async with self._session.get(self.upstream + request.path, params=query, headers=headers) as answer:
            real = await answer.json()
        extra = {name: real[name] for name in ("device_one_time_keys_count", "device_unused_fallback_key_types") if name in real}
        self._bodies = reel.bodies(who, extra)
        return web.json_response({**real, "next_batch": f"{_MARK}0"})
