"""Who the bot is: cross-signed at the first start, the same at the next, and stopped where somebody meddled."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import pytest

from supportd.matrix import ownkeys
from supportd.matrix.chain import published
from supportd.matrix.cipherstore import CryptoStore
from supportd.matrix.errors import ForeignKeys, LoggedOut, NeedsPassword, StoreBusy, StoreLost, StoreUnreadable, WrongAccount
from supportd.matrix.http import Api, path
from supportd.matrix.machine import Machine
from supportd.matrix.seeds import Seeds, load_or_make

if TYPE_CHECKING:
    from tests.matrix.conftest import Group

pytestmark = [pytest.mark.synapse, pytest.mark.asyncio]


async def test_first_start_cross_signs(group: Group) -> None:
    """After the first start another account can verify master, self-signing key and device."""
    await group.opened()
    reader, ann = group.logins["reader"], await group.person()

    answer = await ann.api.post(path("keys", "query"), {"device_keys": {reader.user_id: []}})

    found = published(reader.user_id, answer)
    assert [device.id for device in found.devices] == [reader.device_id]
    assert found.unsigned == ()


async def test_restart_keeps(group: Group) -> None:
    """A restart publishes nothing new."""
    first = await group.opened()
    api, reader = Api(group.synapse.base_url, group.logins["reader"].access_token), group.logins["reader"]
    before = await api.post(path("keys", "query"), {"device_keys": {reader.user_id: []}})
    await first.close()

    await group.opened()

    after = await api.post(path("keys", "query"), {"device_keys": {reader.user_id: []}})
    await api.close()
    assert before == after


async def test_missing_signature_is_made_again(group: Group) -> None:
    """A start that was cut off before the device was signed is finished by the next one."""
    reader, folder = group.logins["reader"], group.folder / "crypto"
    api = Api(group.synapse.base_url, reader.access_token)
    store = CryptoStore(reader.user_id, reader.device_id, folder, file_key=group.keys[0], pickle_key=group.keys[1])
    await ownkeys.upload(Machine(reader.user_id, reader.device_id, store), api)
    seeds, _fresh = load_or_make(folder / "seeds", group.keys[2])
    await api.post(path("keys", "device_signing", "upload"), seeds.upload(reader.user_id))
    store.close()

    await group.opened()

    answer = await api.post(path("keys", "query"), {"device_keys": {reader.user_id: []}})
    await api.close()
    assert len(published(reader.user_id, answer).devices) == 1


@pytest.mark.parametrize("fresh", [False, True])
async def test_foreign_master_stops(group: Group, fresh: bool) -> None:  # noqa: FBT001 - a parameter of the test
    """Another master key than ours stops the start with a plain sentence; without our seeds it says that they are lost."""
    reader = group.logins["reader"]
    api = Api(group.synapse.base_url, reader.access_token)
    if not fresh:
        side = await group.opened()
        await side.close()
    body = Seeds.fresh().upload(reader.user_id)
    try:
        await api.post(path("keys", "device_signing", "upload"), body)
    except NeedsPassword as asked:
        auth = {
            "type": "m.login.password",
            "identifier": {"type": "m.id.user", "user": reader.user_id},
            "password": "pw",
            "session": asked.session,
        }
        await api.post(path("keys", "device_signing", "upload"), {**body, "auth": auth})
    await api.close()

    with pytest.raises(StoreLost if fresh else ForeignKeys) as caught:
        await group.side().open()

    assert "\n" not in str(caught.value)
    assert str(caught.value).endswith(".")


async def test_foreign_master_while_running_stops(group: Group) -> None:
    """Keys that somebody replaces while we read stop the reading."""
    side = await group.opened()
    reader = group.logins["reader"]
    api = side._apis["reader"]
    body = Seeds.fresh().upload(reader.user_id)
    with pytest.raises(NeedsPassword) as asked:
        await api.post(path("keys", "device_signing", "upload"), body)
    identifier = {"type": "m.id.user", "user": reader.user_id}
    auth = {"type": "m.login.password", "identifier": identifier, "password": "pw", "session": asked.value.session}
    await api.post(path("keys", "device_signing", "upload"), {**body, "auth": auth})

    with pytest.raises(ForeignKeys):
        await side.session.step(2000)


async def test_lost_store_stops(group: Group) -> None:
    """A crypto folder that is gone is not made anew behind everybody's back."""
    side = await group.opened()
    await side.close()

    with pytest.raises(StoreLost):
        await group.side(folder=group.folder / "empty").open()


async def test_wrong_token(group: Group) -> None:
    """A sign-in of another account, or one that ended, is refused with a sentence."""
    mixed = dataclasses.replace(group.logins["reader"], access_token=group.logins["creator"].access_token)
    ended = dataclasses.replace(group.logins["reader"], access_token="nonsense")

    with pytest.raises(WrongAccount):
        await group.side(reader=mixed).open()
    with pytest.raises(LoggedOut):
        await group.side(reader=ended).open()


async def test_one_process_a_store(group: Group) -> None:
    """A second process on the same store is refused."""
    await group.opened()

    with pytest.raises(StoreBusy):
        await group.side().open()


async def test_store_is_sealed(group: Group) -> None:
    """The crypto folder holds no ids in clear, and opens with its own key only."""
    side = await group.opened()
    ann = await group.person()
    room = await group.room(side, ann)
    await ann.say(room, "canary words")
    await side.session.step(2000)
    reader = group.logins["reader"]
    folder = group.folder / "crypto"

    data = b"".join(file.read_bytes() for file in folder.iterdir())

    assert all(file.stat().st_mode & 0o077 == 0 for file in folder.iterdir())
    assert all(word.encode() not in data for word in (ann.user_id, room, reader.user_id, reader.device_id, "canary", "SQLite format"))
    await side.close()
    with pytest.raises(StoreUnreadable):
        CryptoStore(reader.user_id, reader.device_id, folder, file_key=bytes(32), pickle_key=group.keys[1])


async def test_plain_store_on_request(group: Group) -> None:
    """Without a cipher the store is a plain SQLite file, its keys still pickled under ours."""
    await group.opened(cipher=False)

    data = (group.folder / "crypto" / "crypto.db").read_bytes()

    assert data.startswith(b"SQLite format 3")
