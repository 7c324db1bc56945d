"""A bare nio client that answers every message itself: ``python -m tests.bench.bare URL USER DEVICE TOKEN FOLDER``.

It has no database, no gate, no outbox and no promise; it is the floor.
"""

from __future__ import annotations

import asyncio
import sys

from nio import AsyncClient, AsyncClientConfig, InviteMemberEvent, MatrixRoom, RoomMessageText


async def main(url: str, user: str, device: str, token: str, folder: str) -> None:
    """Answer until killed."""
    client = AsyncClient(
        url, user, device_id=device, store_path=folder, config=AsyncClientConfig(store_sync_tokens=False, pickle_key="k" * 32)
    )
    client.restore_login(user, device, token)

    async def joined(room: MatrixRoom, _event: InviteMemberEvent) -> None:
        await client.join(room.room_id)

    async def answered(room: MatrixRoom, event: RoomMessageText) -> None:
        if event.sender != user:
            content = {"msgtype": "m.notice", "body": f"echo {event.body}"}
            await client.room_send(room.room_id, "m.room.message", content, ignore_unverified_devices=True)

    client.add_event_callback(joined, InviteMemberEvent)
    client.add_event_callback(answered, RoomMessageText)
    await client.sync(full_state=True)
    if client.should_upload_keys:
        await client.keys_upload()
    print("ready", flush=True)
    await client.sync_forever(timeout=30000)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:6]))
