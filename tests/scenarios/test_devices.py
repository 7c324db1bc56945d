"""Devices of members: each gets what is said while it is there and its owner vouches for it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest
import vodozemac

from supportd.matrix.accounts import log_in
from supportd.matrix.crosssign import own_device, own_keys, sign
from supportd.matrix.http import Api, path
from supportd.matrix.seeds import load_or_make
from supportd.matrix.sharing import AT_ONCE
from supportd.matrix.signing import canonical
from tests.matrix.conftest import devices_change
from tests.scenarios.acts import device, hears, is_closed_to, lets_in, moves, name_of, opens, raw_of, reads, sends

if TYPE_CHECKING:
    from supportd.matrix.member import Member
    from tests.matrix.conftest import Group
    from tests.scenarios.between import Between

pytestmark = [pytest.mark.synapse, pytest.mark.asyncio]


async def test_new_device_reads_from_now_on(group: Group) -> None:
    """A second device that its owner signed reads what is said once it is there, and nothing of the time before."""
    side, ann = await group.opened(), await group.person()
    room = await group.room(side, ann)
    before = await sends(side, room, "before")

    tablet = await device(group, ann, "TABLET")
    await devices_change(side, ann)
    await sends(side, room, "after")
    await reads(tablet, "after")
    await reads(ann, "before", "after")

    assert await is_closed_to(tablet, before)
    assert [seen.text for seen in tablet.timeline] == ["after"]


async def test_new_device_while_the_bot_was_away(group: Group) -> None:
    """A device that came while the bot was down reads the bot's next message, and is believed."""
    side, ann = await group.opened(), await group.person()
    room = await group.room(side, ann)
    await sends(side, room, "before")
    await side.close()
    tablet = await device(group, ann, "TABLET")

    again = await group.opened()
    await sends(again, room, "after")
    await reads(tablet, "after")
    heard = await hears(again, group, await tablet.say(room, "from my tablet"))

    assert heard.verified


@pytest.mark.parametrize("away", [False, True])
async def test_device_that_was_signed_out_ends_the_key(group: Group, away: bool) -> None:  # noqa: FBT001 - a parameter of the test
    """After a device was signed out, also while the bot was down, the next message cannot be opened with what it has."""
    side, ann = await group.opened(), await group.person()
    tablet = await device(group, ann, "TABLET")
    room = await group.room(side, ann)
    before = await raw_of(ann, room, await sends(side, room, "before"))
    await reads(tablet, "before")
    if away:
        await side.close()

    await tablet.api.post(path("logout"), {})
    if away:
        side = await group.opened()
    else:
        await devices_change(side, ann)
    after = await raw_of(ann, room, await sends(side, room, "after"))
    await reads(ann, "before", "after")

    assert opens(tablet, room, before)
    assert not opens(tablet, room, after)


async def test_device_signed_out_while_a_key_is_on_its_way(group: Group, between: Between) -> None:
    """A device with the key that is signed out in the moment in which somebody else gets it cannot open the message that waits."""
    side, ann, bo = await group.opened(base_url=between.url), await group.person(), await group.person("bo")
    tablet = await device(group, ann, "TABLET")
    room = await group.room(side, ann)
    await sends(side, room, "before")
    await reads(tablet, "before")
    await lets_in(side, group, room, bo)
    held = between.hold("PUT /_matrix/client/v3/sendToDevice")

    sending = asyncio.create_task(sends(side, room, "without the tablet"))
    await held.here()
    await tablet.api.post(path("logout"), {})
    await devices_change(side, ann)
    held.release.set()
    event = await sending
    await reads(bo, "without the tablet")

    assert not opens(tablet, room, await raw_of(ann, room, event))


async def test_unsigned_device_gets_nothing_until_it_is_signed(group: Group) -> None:
    """A device that its owner has not signed gets no key; once they sign it, it reads what is said from then on."""
    side, ann = await group.opened(), await group.person()
    room = await group.room(side, ann)
    ghost = await device(group, ann, "GHOST", signed=False)
    await devices_change(side, ann)
    closed = await sends(side, room, "for signed devices")
    assert await is_closed_to(ghost, closed)

    seeds, _fresh = load_or_make(group.folder / name_of(ann) / "seeds", (group.folder / name_of(ann) / "key").read_bytes())
    await sign(ghost.api, ghost.login, seeds, own_device(await own_keys(ghost.api, ghost.login), ghost.login) or {})
    await devices_change(side, ann)
    await sends(side, room, "for both")
    await reads(ghost, "for both")

    assert await is_closed_to(ghost, closed)
    assert side.health()["people_with_unsigned_devices"] == 0


async def test_device_in_the_bots_own_account_gets_nothing(group: Group) -> None:
    """A device that somebody signs in to the bot's account, without its keys, gets no key of any room."""
    side, ann = await group.opened(), await group.person()
    room = await group.room(side, ann)
    reader = group.logins["reader"]
    ghost = await group.ghost(reader.user_id[1:].partition(":")[0])

    closed = await sends(side, room, "not for thieves")
    await reads(ann, "not for thieves")

    assert await is_closed_to(ghost, closed)


async def test_device_with_the_key_of_another(group: Group) -> None:
    """A member who publishes another's identity key as the key of their own device does not cut the other off from the bot's words."""
    side, ann, eve = await group.opened(), await group.person(), await group.person("eve")
    await (await _bare_device(group, eve, "COPY", curve25519=ann.machine.identity[0])).close()
    room = await group.room(side, ann, eve)

    await sends(side, room, "for all of you")

    await reads(ann, "for all of you")
    await reads(eve, "for all of you")


async def test_person_who_was_not_seen_for_a_while(group: Group) -> None:
    """Whose devices changed while they shared no room with the bot is asked for again, and read on what they have now."""
    side, ann, bo = await group.opened(), await group.person(), await group.person("bo")
    room = await group.room(side, ann, bo)
    await sends(side, room, "one")
    await reads(bo, "one")
    await bo.leave(room)
    await moves(side, group, bo, "leave")
    await bo.api.post(path("logout"), {})

    phone = await device(group, bo, "PHONE")
    await lets_in(side, group, room, phone)
    await sends(side, room, "two")
    await reads(phone, "two")
    heard = await hears(side, group, await phone.say(room, "on a new phone"))

    assert heard.verified


async def test_fifty_devices(group: Group) -> None:
    """In a room with 50 devices each gets the key exactly once, in as few requests as the limit of one allows."""
    side, ann = await group.opened(), await group.person()
    room = await group.room(side, ann)
    apis = await asyncio.gather(*(_bare_device(group, ann, f"D{number}") for number in range(49)))
    await devices_change(side, ann)

    await sends(side, room, "one")
    await sends(side, room, "two")
    await reads(ann, "one", "two")
    got = await asyncio.gather(*(_to_device(api) for api in apis))

    assert got == [["m.room.encrypted"]] * 49
    assert AT_ONCE == 20
    for api in apis:
        await api.close()


async def _bare_device(group: Group, owner: Member, device_id: str, *, curve25519: str | None = None) -> Api:
    """Publish a signed device of ``owner``, with one one-time key and no program behind it, on its own identity key or on the one given."""
    login = await log_in(group.synapse.base_url, name_of(owner), "pw", device_id)
    account = vodozemac.Account()
    account.generate_one_time_keys(1)

    def signed(value: dict[str, Any]) -> dict[str, Any]:
        signature = account.sign(canonical(value))
        return {**value, "signatures": {owner.user_id: {f"ed25519:{device_id}": _text(signature)}}}

    keys = {f"curve25519:{device_id}": curve25519 or _text(account.curve25519_key), f"ed25519:{device_id}": _text(account.ed25519_key)}
    algorithms = ["m.olm.v1.curve25519-aes-sha2", "m.megolm.v1.aes-sha2"]
    name, key = next(iter(account.one_time_keys.items()))
    published = signed({"algorithms": algorithms, "device_id": device_id, "user_id": owner.user_id, "keys": keys})
    api = Api(group.synapse.base_url, login.access_token)
    await api.post(
        path("keys", "upload"), {"device_keys": published, "one_time_keys": {f"signed_curve25519:{name}": signed({"key": _text(key)})}}
    )
    folder = group.folder / name_of(owner)
    seeds, _fresh = load_or_make(folder / "seeds", (folder / "key").read_bytes())
    await sign(api, login, seeds, published)
    return api


def _text(key: Any) -> str:
    return str(key.to_base64())


async def _to_device(api: Api) -> list[str]:
    found = await api.get(path("sync"), {"timeout": "0"})
    return [event["type"] for event in found.get("to_device", {}).get("events", [])]
