"""Whose words count: only what the speaker's own signed devices made, whatever the event, a member or the homeserver claims."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import vodozemac

from supportd.engine import wire
from supportd.matrix.crosssign import own_device, own_keys, sign
from supportd.matrix.http import path
from supportd.matrix.seeds import Seeds, load_or_make
from supportd.matrix.signing import with_signature
from supportd.sdk.ids import UserId
from tests.matrix.conftest import devices_change, until
from tests.scenarios.acts import (
    Withheld,
    deliver,
    device,
    encrypts,
    hears,
    is_closed_to,
    name_of,
    puts,
    reads,
    seal,
    sends,
    turns,
)  # fmt: skip

if TYPE_CHECKING:
    from supportd.matrix.member import Member
    from supportd.matrix.service import MatrixSide
    from tests.matrix.conftest import Group
    from tests.scenarios.between import Between

pytestmark = [pytest.mark.synapse, pytest.mark.asyncio]


async def test_claimed_names_of_keys_count_for_nothing(group: Group) -> None:
    """An event that names somebody else's key and device as its maker is still the words of who really made it."""
    side, ann, eve = await group.opened(), await group.person(), await group.person("eve")
    room = await group.room(side, ann, eve)
    content = await encrypts(eve, room, "I am Ann")

    claimed = {**content, "sender_key": ann.machine.identity[0], "device_id": ann.login.device_id}
    event = await puts(eve, room, claimed)
    heard = await hears(side, group, event)

    assert (eve.user_id, True) == (heard.sender, heard.verified)


async def test_words_of_another_sent_as_ones_own(group: Group) -> None:
    """Ciphertext that Ann made and Eve sends under her own name is nobody's words: it waits for a key of Eve's that never comes."""
    side, ann, eve = await group.opened(), await group.person(), await group.person("eve")
    room = await group.room(side, ann, eve)
    content = await encrypts(ann, room, "I agree")

    event = await puts(eve, room, content)
    await hears(side, group, await eve.say(room, "my own words"))

    assert event not in group.inbox.incoming
    assert event in group.inbox.waiting


async def test_words_sent_first_by_a_thief(group: Group) -> None:
    """Once Eve has sent Ann's ciphertext as her own, and it counted for nothing, Ann's own words still count when she says them again."""
    side, ann, eve = await group.opened(), await group.person(), await group.person("eve")
    room = await group.room(side, ann, eve)
    stolen = await puts(eve, room, await encrypts(ann, room, "I agree"))
    await until(side, lambda: stolen in group.inbox.waiting)

    heard = await hears(side, group, await ann.say(room, "I agree"))

    assert (ann.user_id, True) == (heard.sender, heard.verified)


async def test_key_that_claims_anothers_fingerprint(group: Group) -> None:
    """A room key that Eve's device sends with the fingerprint of Ann's device proves neither Ann nor Eve."""
    side, ann, eve = await group.opened(), await group.person(), await group.person("eve")
    room = await group.room(side, ann, eve)
    held = Withheld(eve)
    content = await encrypts(eve, room, "whose words are these?")
    held.let_go()
    await _olm(eve, side)

    await deliver(eve, side.opened.machine, seal(eve, side.opened.machine, held.keys[0], {"keys": {"ed25519": ann.machine.identity[1]}}))
    heard = await hears(side, group, await puts(eve, room, content))

    assert (eve.user_id, False) == (heard.sender, heard.verified)


async def test_forwarded_keys_open_nothing(group: Group) -> None:
    """A room key that somebody forwards, asked for or not, is not taken: what it would open stays closed."""
    side, ann, eve = await group.opened(), await group.person(), await group.person("eve")
    room = await group.room(side, ann, eve)
    held = Withheld(ann)
    event = await ann.say(room, "not for the bot")
    held.let_go()
    key = held.keys[0]
    await turns(side, lambda: event in group.inbox.waiting)
    await _olm(eve, side)

    forwarded = {
        **key,
        "session_key": _exported(key["session_key"]),
        "sender_key": ann.machine.identity[0],
        "sender_claimed_ed25519_key": ann.machine.identity[1],
        "forwarding_curve25519_key_chain": [],
    }
    await deliver(eve, side.opened.machine, seal(eve, side.opened.machine, forwarded, {"type": "m.forwarded_room_key"}))
    await hears(side, group, await eve.say(room, "the end"))

    assert event not in group.inbox.incoming
    assert event in group.inbox.waiting


@pytest.mark.parametrize("restarted", [False, True])
@pytest.mark.parametrize("first", ["the maker", "the thief"])
async def test_another_key_under_the_same_id(group: Group, first: str, restarted: bool) -> None:  # noqa: FBT001 - a parameter of the test
    """Eve holds up Ann's room key as hers, before or after Ann's own arrives: Ann's words stay proven to be Ann's, also after a start."""
    side, ann, eve = await group.opened(), await group.person(), await group.person("eve")
    room = await group.room(side, ann, eve)
    held = Withheld(ann)
    content = await encrypts(ann, room, "I agree")
    key = held.keys[0]
    await _olm(eve, side)

    for who in ("the maker", "the thief") if first == "the maker" else ("the thief", "the maker"):
        if who == "the maker":
            await held.release()
        else:
            await deliver(eve, side.opened.machine, seal(eve, side.opened.machine, key))
    await turns(side, lambda: len(_holders(side, room, key["session_id"])) == 2)
    if restarted:
        await side.close()
        side = await group.opened()
    heard = await hears(side, group, await puts(ann, room, content))

    assert (ann.user_id, True) == (heard.sender, heard.verified)


async def test_member_with_new_keys_waits_for_agreement(group: Group) -> None:
    """A member who made a new identity gets no keys and proves nothing, until a key member agrees; a start in between changes nothing."""
    side, ann = await group.opened(), await group.person()
    room = await group.room(side, ann)
    await sends(side, room, "before")
    await reads(ann, "before")
    await ann.replace_identity(Seeds.fresh(), "pw")
    await devices_change(side, ann)
    closed = await sends(side, room, "while nobody agreed")
    unproven = await hears(side, group, await ann.say(room, "it is me"))
    await side.close()

    side = await group.opened()
    still_closed = await sends(side, room, "after a start")
    assert await is_closed_to(ann, still_closed)
    await side.homeserver.perform("reader", wire.TrustKeys(UserId(ann.user_id), "", trusted=True))
    await sends(side, room, "agreed")
    await reads(ann, "before", "agreed")
    proven = await hears(side, group, await ann.say(room, "it is still me"))

    assert await is_closed_to(ann, closed)
    assert [unproven.verified, proven.verified] == [False, True]


async def test_device_that_the_homeserver_invented(group: Group, between: Between) -> None:
    """A device that the homeserver signs with a self-signing key of its own making gets no key, and the true devices lose none."""
    side, ann = await group.opened(base_url=between.url), await group.person()
    room = await group.room(side, ann)
    ghost = await device(group, ann, "GHOST", signed=False)
    forged = Seeds.fresh()

    def forge(value: dict[str, Any]) -> dict[str, Any]:
        if ann.user_id in value.get("device_keys", {}):
            signing = forged.upload(ann.user_id)["self_signing_key"]
            value["self_signing_keys"][ann.user_id] = signing
            theirs = value["device_keys"][ann.user_id]["GHOST"]
            theirs["signatures"][ann.user_id] |= with_signature(forged.self_signing, theirs, ann.user_id)["signatures"][ann.user_id]
        return value

    between.change("POST /_matrix/client/v3/keys/query", forge, times=1000)
    await devices_change(side, ann)
    event = await sends(side, room, "to true devices only")

    assert await is_closed_to(ghost, event)


async def test_own_keys_that_the_homeserver_exchanged(group: Group, between: Between) -> None:
    """Other device keys published under the name of a member's signed device: the bot's words are not encrypted for them."""
    side, ann = await group.opened(base_url=between.url), await group.person()
    room = await group.room(side, ann)
    ghost = await group.ghost(name_of(ann))
    theirs = (await own_keys(ghost.api, ghost.login))["device_keys"][ann.user_id]["GHOST"]

    def exchange(value: dict[str, Any]) -> dict[str, Any]:
        mine = value.get("device_keys", {}).get(ann.user_id, {}).get("SUPPORTD")
        if mine:
            mine["keys"] = {f"{name}:SUPPORTD": theirs["keys"][f"{name}:GHOST"] for name in ("curve25519", "ed25519")}
        return value

    between.change("POST /_matrix/client/v3/keys/query", exchange, times=1000)
    await devices_change(side, ann)
    await sends(side, room, "for nobody but Ann")
    share = [body for body in between.asked("sendToDevice/m.room.encrypted/") if ann.user_id in body["messages"]]

    assert share == []


async def test_words_before_and_after_signing(group: Group) -> None:
    """What an unsigned device says counts for nothing; once its owner has signed it, what it says then counts."""
    side, ann = await group.opened(), await group.person()
    room = await group.room(side, ann)
    tablet = await device(group, ann, "TABLET", signed=False)
    unproven = await hears(side, group, await tablet.say(room, "not signed yet"))

    folder = group.folder / name_of(ann)
    seeds, _fresh = load_or_make(folder / "seeds", (folder / "key").read_bytes())
    await sign(tablet.api, tablet.login, seeds, own_device(await own_keys(tablet.api, tablet.login), tablet.login) or {})
    await devices_change(side, ann)
    proven = await hears(side, group, await tablet.say(room, "signed"))

    assert [unproven.verified, proven.verified] == [False, True]


async def test_two_people_of_one_name(group: Group) -> None:
    """Two members with the same display name are told apart: each one's words are their own, and the one's going ends only their keys."""
    side, ann, anna = await group.opened(), await group.person(), await group.person("anna")
    for one in (ann, anna):
        await one.api.put(path("profile", one.user_id, "displayname"), {"displayname": "Ann"})
    room = await group.room(side, ann, anna)
    heard = [await hears(side, group, await one.say(room, "I am Ann")) for one in (ann, anna)]

    await anna.leave(room)
    await turns(side, lambda: anna.user_id not in side.session.rooms.known[room].joined)
    await sends(side, room, "to one of them")
    await reads(ann, "to one of them")

    assert [(ann.user_id, True), (anna.user_id, True)] == [(one.sender, one.verified) for one in heard]
    assert {"Ann"} == {
        one.content.display_name
        for one in group.inbox.incoming.values()
        if isinstance(one.content, wire.Membership) and one.content.state == "join" and one.content.subject in {ann.user_id, anna.user_id}
    }


async def _olm(member: Member, side: MatrixSide) -> None:
    """Let ``member`` open an Olm session with the bot."""
    await member.devices.refresh([side.opened.machine.user_id])
    await member.sharing.open_sessions([side.opened.machine.user_id])


def _exported(session_key: str) -> str:
    """Return a room key in the form in which it is forwarded."""
    exported = vodozemac.InboundGroupSession(vodozemac.SessionKey(session_key)).export_at(0)
    assert exported is not None
    return str(exported.to_base64())


def _holders(side: MatrixSide, room: str, session: str) -> set[str]:
    """Return the keys of the devices that have sent the bot the room key ``session``."""
    return {sender for sender, keys in side.opened.machine.olm.inbound_group_store[room].items() if session in keys}
