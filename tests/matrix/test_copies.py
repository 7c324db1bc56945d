"""A copy of the bot's keys, and a homeserver that hides that a room is encrypted."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING, Any

import pytest

from supportd.engine import wire
from supportd.matrix.errors import StoreOld
from supportd.sdk.ids import UserId
from supportd.sdk.rooms import RoomSpec

if TYPE_CHECKING:
    from tests.matrix.conftest import Group

pytestmark = [pytest.mark.synapse, pytest.mark.asyncio]


async def test_an_old_copy_of_the_keys_is_refused(group: Group) -> None:
    """Keys from a backup of before the last start would spoil what members read: the daemon does not go on with them; the newest do."""
    side = await group.opened()
    await side.close()
    shutil.copytree(group.folder / "crypto", group.folder / "backup")
    side = await group.opened()
    await side.session.upkeep.tidy()
    await side.close()
    newest = group.folder / "newest"
    (group.folder / "crypto").rename(newest)
    shutil.copytree(group.folder / "backup", group.folder / "crypto")

    with pytest.raises(StoreOld, match="supportd restore"):
        await group.side().open()
    shutil.rmtree(group.folder / "crypto")
    newest.rename(group.folder / "crypto")

    await group.opened()


async def test_a_server_that_hides_encryption_gets_no_words(group: Group, monkeypatch: pytest.MonkeyPatch) -> None:
    """A room that we made encrypted is encrypted for us, also where the homeserver never shows that it is."""
    side, ann = await group.opened(), await group.person()
    api, sent = side._apis["reader"], []
    real = api.ask

    def hidden(value: Any) -> Any:
        if isinstance(value, dict):
            return {name: hidden(one) for name, one in value.items()}
        if isinstance(value, list):
            return [hidden(one) for one in value if not (isinstance(one, dict) and one.get("type") == "m.room.encryption")]
        return value

    async def ask(method: Any, where: str, body: Any = None, **more: Any) -> Any:
        if "/send/" in where:
            sent.append(json.dumps(body))
        return hidden(await real(method, where, body, **more))

    monkeypatch.setattr(api, "ask", ask)
    made = await side.homeserver.perform("creator", wire.MakeRoom("hidden", RoomSpec("Tuesday", kind="direct"), (UserId(ann.user_id),)))
    assert isinstance(made, wire.Done)
    assert made.room is not None
    await side.session.step()

    await side.homeserver.perform("reader", wire.SendMessage(room=made.room, transaction="t", text="about your diagnosis"))

    assert not any("diagnosis" in one for one in sent)
