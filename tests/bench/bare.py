"""A bare nio client that does the work itself: ``python -m tests.bench.bare URL USER DEVICE TOKEN FOLDER MODE LIMIT``.

``MODE``: ``answer`` answers every message that begins with a word, ``hide`` redacts every message with a word, ``count`` only counts,
``resume`` counts too and goes on from the sync token that nio has stored. ``LIMIT``: events of a
room in one sync; 0 leaves it to the homeserver (10).
It has no database, no gate, no outbox and no promise; it is the floor.
"""

from __future__ import annotations

import asyncio
import json
import signal
import sys
from collections import Counter

from nio import AsyncClient, AsyncClientConfig, InviteMemberEvent, MatrixRoom, RoomMessageText

from tests.bench.words import ASKED, THEIRS


class Bare:
    """The client and its three ways to react."""

    def __init__(self, client: AsyncClient) -> None:
        """React with ``client``."""
        self.client = client
        self.seen: Counter[str] = Counter()

    async def joined(self, room: MatrixRoom, _event: InviteMemberEvent) -> None:
        """Come where it is invited."""
        await self.client.join(room.room_id)

    async def answer(self, room: MatrixRoom, event: RoomMessageText) -> None:
        """Answer."""
        if event.body.startswith(ASKED):
            content = {"msgtype": "m.notice", "body": f"echo {event.body}"}
            await self.client.room_send(room.room_id, "m.room.message", content, ignore_unverified_devices=True)

    async def hide(self, room: MatrixRoom, event: RoomMessageText) -> None:
        """Redact."""
        if THEIRS in event.body:
            await self.client.room_redact(room.room_id, event.event_id, reason="A flagged word.")

    async def count(self, _room: MatrixRoom, event: RoomMessageText) -> None:
        """Count."""
        self.seen[event.event_id] += 1


async def main(url: str, user: str, device: str, token: str, folder: str, mode: str, limit: str) -> None:
    """Work until told to end, then print how many messages were counted."""
    config = AsyncClientConfig(store_sync_tokens=mode == "resume", pickle_key="k" * 32)
    client = AsyncClient(url, user, device_id=device, store_path=folder, config=config)
    client.restore_login(user, device, token)
    bare = Bare(client)
    client.add_event_callback(bare.joined, InviteMemberEvent)
    what = {"room": {"timeline": {"limit": int(limit)}}} if int(limit) else None
    if mode == "resume":
        client.add_event_callback(bare.count, RoomMessageText)
    await client.sync(full_state=True, sync_filter=what)
    if mode != "resume":
        client.add_event_callback({"answer": bare.answer, "hide": bare.hide, "count": bare.count}[mode], RoomMessageText)
    if client.should_upload_keys:
        await client.keys_upload()
    print("ready", flush=True)
    task = asyncio.create_task(client.sync_forever(timeout=30000, sync_filter=what))
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    await asyncio.wait([task])
    print(json.dumps({"calls": bare.seen.total(), "distinct": len(bare.seen)}), flush=True)
    await client.close()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:8]))
