"""What nobody should send: it is passed over, it changes nothing, and the next words are read."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from supportd.engine import wire
from supportd.matrix.http import path
from supportd.matrix.machine import MEGOLM
from supportd.sdk.ids import EventId
from tests.matrix.conftest import until
from tests.scenarios.acts import encrypts, hears, puts, raw_of, reads, said, sends, turns

if TYPE_CHECKING:
    from supportd.matrix.member import Member
    from tests.matrix.conftest import Group
    from tests.scenarios.between import Between

pytestmark = [pytest.mark.synapse, pytest.mark.asyncio]


@pytest.mark.parametrize("algorithm", ["m.megolm.v2.aes-sha2", "m.olm.v1.curve25519-aes-sha2", "org.example.none", "", None, 5, ["x"]])
async def test_unknown_algorithm(group: Group, algorithm: object) -> None:
    """Words under an algorithm that is not known are not read, not even where the rest would open, and stop nothing."""
    side, ann = await group.opened(), await group.person()
    room = await group.room(side, ann)

    odd = await puts(ann, room, {**await encrypts(ann, room, "odd"), "algorithm": algorithm})
    heard = await hears(side, group, await ann.say(room, "still here"))

    assert heard.verified
    assert odd not in group.inbox.incoming
    assert odd not in group.inbox.waiting


async def test_ciphertext_that_is_none(group: Group) -> None:
    """Ciphertext that is cut off, changed, empty or no text at all is passed over for good, and the same key still opens the rest."""
    side, ann = await group.opened(), await group.person()
    room = await group.room(side, ann)
    content = await encrypts(ann, room, "whole")
    whole = str(content["ciphertext"])
    broken: list[object] = [whole[:-20], "AAAA" + whole[4:], whole[:40] + "AAAA" + whole[44:], "", "!", None, 5, {"x": whole}, whole * 9]

    odd = [await puts(ann, room, {**content, "ciphertext": one}) for one in broken]
    good = await puts(ann, room, content)
    heard = await hears(side, group, good)

    assert (wire.Said("whole"), True) == (heard.content, heard.verified)
    assert not set(odd) & {*group.inbox.incoming, *group.inbox.waiting}
    assert group.inbox.asides == []


@pytest.mark.parametrize("payload", ["no JSON", "[]", "5", '"x"', "{}", '{"type": 5}', '{"room_id": 5}', "\ud7ff", "[" * 20000])
async def test_clear_text_that_is_no_event(group: Group, payload: str) -> None:
    """Ciphertext that opens to something that is no event is passed over, and the same key still opens the rest."""
    side, ann = await group.opened(), await group.person()
    room = await group.room(side, ann)
    await hears(side, group, await ann.say(room, "before"))

    odd = await puts(ann, room, _sealed(ann, room, payload))
    heard = await hears(side, group, await ann.say(room, "after"))

    assert heard.verified
    assert odd not in group.inbox.incoming
    assert odd not in group.inbox.waiting


async def test_words_for_another_room(group: Group) -> None:
    """Words that were encrypted for one room and are sent into another are not read there, whichever room's name the inside bears."""
    side, ann = await group.opened(), await group.person()
    room, other = await group.room(side, ann), await group.room(side, ann)
    await hears(side, group, await ann.say(other, "so that there is a key"))
    moved = await encrypts(ann, room, "meant for one room")
    named = _sealed(ann, other, json.dumps({"type": "m.room.message", "room_id": room, "content": {"msgtype": "m.text", "body": "x"}}))

    odd = [await puts(ann, other, moved), await puts(ann, other, named)]
    await hears(side, group, await ann.say(other, "the end"))

    assert not set(odd) & set(group.inbox.incoming)
    assert group.inbox.texts(room) == []


async def test_state_inside_ciphertext(group: Group) -> None:
    """What looks like a change of the room inside ciphertext changes nothing: nobody joins, leaves or gets power by it."""
    side, ann = await group.opened(), await group.person()
    room = await group.room(side, ann)
    await hears(side, group, await ann.say(room, "before"))
    state = side.session.rooms.known[room]
    members, power = dict(state.members), state.power
    ban = {"type": "m.room.member", "state_key": ann.user_id, "room_id": room, "content": {"membership": "ban"}}
    levels = {"type": "m.room.power_levels", "state_key": "", "room_id": room, "content": {"users": {ann.user_id: 100}}}
    gone = {"type": "m.room.redaction", "room_id": room, "content": {"redacts": "$x"}, "redacts": "$x"}

    odd = [await puts(ann, room, _sealed(ann, room, json.dumps(one))) for one in (ban, levels, gone)]
    await hears(side, group, await ann.say(room, "after"))

    assert not set(odd) & set(group.inbox.incoming)
    assert (members, power) == (state.members, state.power)


async def test_very_long_words(group: Group) -> None:
    """Words near the limit of an event pass both ways; too long ones are refused for good, and the room can still be talked in."""
    side, ann = await group.opened(), await group.person()
    room = await group.room(side, ann)
    long = "a" * 30_000

    heard = await hears(side, group, await ann.say(room, long))
    await sends(side, room, long)
    await reads(ann, long)
    refused = await side.homeserver.perform("reader", said(room, "a" * 80_000))
    await sends(side, room, "shorter")
    await reads(ann, "shorter")

    assert wire.Said(long) == heard.content
    assert wire.Never("M_TOO_LARGE") == refused
    assert ann.undecryptable == 0


@pytest.mark.parametrize("content", [{"algorithm": "org.example.none"}, {}, {"algorithm": None, "rotation_period_msgs": "many"}])
async def test_room_stays_encrypted(group: Group, content: dict[str, Any]) -> None:
    """When the room's encryption is changed to an algorithm that is none, words are still encrypted, with the one that is known."""
    side, ann = await group.opened(), await group.person()
    room = await group.room(side, ann)
    creator = side._apis["creator"]
    before = await creator.get(path("rooms", room, "state", "m.room.encryption", ""))

    await creator.put(path("rooms", room, "state", "m.room.encryption", ""), content)
    await ann.sync_once()
    await hears(side, group, await ann.say(room, "after the change"))
    event = await sends(side, room, "still sealed")
    await reads(ann, "still sealed")

    assert before["algorithm"] == MEGOLM
    assert (await raw_of(ann, room, event))["type"] == "m.room.encrypted"


async def test_homeserver_that_hides_the_encryption(group: Group, between: Between) -> None:
    """A homeserver that no longer tells of a room's encryption, after a start of the bot, gets no plain word all the same."""
    side, ann = await group.opened(), await group.person()
    room = await group.room(side, ann)
    await side.close()

    between.change("GET /_matrix/client/v3/", lambda value: _without(value, "m.room.encryption"), times=1000)
    again = await group.opened(base_url=between.url)
    event = await sends(again, room, "still sealed")
    await reads(ann, "still sealed")

    assert not again.session.rooms.known[room].encrypted
    assert (await raw_of(ann, room, event))["type"] == "m.room.encrypted"


async def test_edit_reaction_redaction(group: Group) -> None:
    """An edit, a reaction and a redaction of encrypted words arrive as what they are; the edit is encrypted like the words."""
    side, ann, bo = await group.opened(), await group.person(), await group.person("bo")
    room = await group.room(side, ann, bo)
    event = EventId(await ann.say(room, "first"))
    await hears(side, group, event)
    await reads(bo, "first")

    edit = await hears(side, group, await ann.edit(room, event, "second"))
    reaction = await hears(side, group, await bo.react(room, event, "🌱"))
    gone = await hears(side, group, await ann.redact(room, event))

    assert (wire.Edited(event, "second"), True) == (edit.content, edit.verified)
    assert wire.Reacted(event, "🌱") == reaction.content
    assert wire.Redacted(event) == gone.content
    assert "second" not in str(await raw_of(ann, room, edit.id))


@pytest.mark.parametrize("restarted", [False, True])
async def test_edit_by_somebody_else(group: Group, restarted: bool) -> None:  # noqa: FBT001 - a parameter of the test
    """Nobody puts words into another's mouth: an edit of somebody else's words is passed over, also when a start lay in between."""
    side, ann, eve = await group.opened(), await group.person(), await group.person("eve")
    room = await group.room(side, ann, eve)
    event = EventId(await ann.say(room, "yes"))
    await hears(side, group, event)
    if restarted:
        await side.close()
        side = await group.opened()

    forged = await eve.edit(room, event, "no")
    await hears(side, group, await ann.say(room, "the end"))
    found = await side.words.read([(room, event)])

    assert forged not in group.inbox.incoming
    assert found[event].text == "yes"


async def test_plain_words_in_an_encrypted_room(group: Group) -> None:
    """Words that somebody, or the homeserver, puts plain into an encrypted room count for nothing."""
    side, ann = await group.opened(), await group.person()
    room = await group.room(side, ann)

    event = await puts(ann, room, {"msgtype": "m.text", "body": "I agree"}, "m.room.message")
    await turns(side, lambda: event in group.inbox.incoming)

    assert not group.inbox.incoming[event].verified


async def test_redacted_ciphertext(group: Group) -> None:
    """Encrypted words that were taken away before they were read are not read, and wait for nothing."""
    side, ann = await group.opened(), await group.person()
    room = await group.room(side, ann)
    await side.close()
    event = await ann.say(room, "regretted")
    await ann.redact(room, event)
    last = await ann.say(room, "the end")

    again = await group.opened()
    await until(again, lambda: last in group.inbox.incoming)

    assert event not in group.inbox.incoming
    assert event not in group.inbox.waiting


def _sealed(member: Member, room: str, payload: str) -> dict[str, Any]:
    """Return an event's content that opens to ``payload`` under the key ``member`` uses in ``room``."""
    session = member.machine.olm.outbound_group_sessions[room]
    return {"algorithm": MEGOLM, "session_id": session.id, "ciphertext": session.encrypt(payload)}


def _without(value: Any, kind: str) -> Any:
    """Return ``value`` without the events of type ``kind``, wherever they lie."""
    if isinstance(value, dict):
        return {key: _without(part, kind) for key, part in value.items()}
    if isinstance(value, list):
        return [_without(part, kind) for part in value if not isinstance(part, dict) or part.get("type") != kind]
    return value
