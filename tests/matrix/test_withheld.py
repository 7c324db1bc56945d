"""Keys that are withheld, on both sides, and what people are told of it."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from supportd.engine import wire
from supportd.matrix import reading, withheld
from supportd.matrix.machine import MEGOLM
from supportd.sdk.ids import EventId
from tests.matrix.conftest import devices_change, until

if TYPE_CHECKING:
    from supportd.matrix.member import Member
    from supportd.matrix.service import MatrixSide
    from tests.matrix.conftest import Group

pytestmark = [pytest.mark.synapse, pytest.mark.asyncio]


async def tell(member: Member, side: MatrixSide, **content: Any) -> None:
    """Let ``member`` tell the bot that they withhold a key."""
    machine = side.opened.machine
    messages = {machine.user_id: {machine.device_id: {"algorithm": MEGOLM, **content}}}
    await member.sharing.send_to_devices(withheld.KIND, messages)


async def test_an_unconfirmed_device_is_told_why(group: Group) -> None:
    """A device that its owner did not confirm gets no key and is told so, once for each key; the owner's own device reads on."""
    side = await group.opened()
    ann = await group.person()
    room = await group.room(side, ann)
    ghost = await group.ghost(ann.user_id)
    await devices_change(side, ann)

    for number in range(2):
        await side.homeserver.perform("reader", wire.SendMessage(room, f"t{number}", f"word {number}"))
    await ghost.wait_for(lambda one: one.undecryptable == 2)
    await ann.wait_for(lambda one: len(one.timeline) == 2)

    (session,) = {mark.session for mark in ghost.memory.waiting.values()}
    bot = side.opened.machine.user_id
    assert ghost.machine.store.keys.withheld(room, session, bot) == withheld.UNVERIFIED
    assert side.opened.session.sharing._told[session] == {(ann.user_id, "GHOST")}


async def test_the_reason_of_a_member_is_kept(group: Group) -> None:
    """A member's app that withholds its key says why: the figures of the room show it, and the key members are told after a while."""
    side = await group.opened()
    ann = await group.person()
    room = await group.room(side, ann)
    group.inbox.waiting[EventId("$x")] = wire.ParkMark(
        EventId("$x"), room, "lost", b'{"sender": "%s"}' % ann.user_id.encode(), datetime.now(UTC)
    )
    await tell(ann, side, room_id=room, session_id="lost", code="m.unverified", sender_key=ann.machine.identity[0])
    await tell(ann, side, room_id=room, session_id="lost", code={"not": "a code"}, sender_key=5)
    await tell(ann, side, room_id=room, session_id="lost", code="m.blacklisted")
    await until(side, lambda: side.opened.machine.store.keys.withheld(room, "lost", ann.user_id) == "m.blacklisted")

    look = side.opened.session.upkeep.reading
    early = await look.look()
    late = await look.look(datetime.now(UTC) + reading.PATIENCE + timedelta(minutes=1))

    assert early == ()
    assert late == (wire.ReadingMark(room, (), (ann.user_id,)),)  # type: ignore[arg-type] # a Matrix id
    assert side.reading()[room] == reading.RoomReading(people=1, can_read_us=1, waiting=1, withheld={"m.blacklisted": 1})


async def test_who_cannot_read_us_is_counted_and_told(group: Group) -> None:
    """Somebody whose device is not confirmed is counted at once, and told at the second look; after they confirmed it they are not."""
    side = await group.opened()
    ann, bo = await group.person(), await group.person("bo", cross_sign=False)
    room = await group.room(side, ann, bo)
    look = side.opened.session.upkeep.reading

    first, second = await look.look(), await look.look()

    assert first == ()
    assert second == (wire.ReadingMark(room, (bo.user_id,), ()),)  # type: ignore[arg-type] # a Matrix id
    assert side.reading()[room] == reading.RoomReading(people=2, can_read_us=1)
    assert side.health()["people_who_cannot_read_us"] == 1


async def test_no_olm_is_answered_with_a_new_session(group: Group) -> None:
    """A member's app that could open no session with the bot says so: the bot opens one, and the next words are read."""
    side = await group.opened()
    ann = await group.person()
    room = await group.room(side, ann)
    await ann.say(room, "before")
    await until(side, lambda: group.inbox.texts(room) == ["before"])
    machine = side.opened.machine
    session = machine.olm.session_store.get(ann.machine.identity[0])
    # A young session is not replaced.
    session.creation_time = session.creation_time - timedelta(hours=2)
    count = len(machine.olm.session_store[ann.machine.identity[0]])

    await tell(ann, side, code=withheld.NO_OLM, sender_key=ann.machine.identity[0])
    await until(side, lambda: len(machine.olm.session_store[ann.machine.identity[0]]) > count)
    await ann.sync_once()
    ann.sharing.discard([room])
    await ann.say(room, "after")

    await until(side, lambda: group.inbox.texts(room) == ["before", "after"])
    assert group.inbox.waiting == {}


async def test_notes_are_bounded(group: Group, monkeypatch: pytest.MonkeyPatch) -> None:
    """Anybody on the homeserver may send such notes: only the newest stay."""
    side = await group.opened()
    rows = side.opened.machine.store.keys
    monkeypatch.setattr("supportd.matrix.keyrows.MOST_WITHHELD", 3)
    now = time.time()

    for number in range(6):
        monkeypatch.setattr(rows, "_clock", lambda number=number: now + number)
        rows.withhold("!r", str(number), "@a:x", "m.other")

    assert [number for number in range(6) if rows.withheld("!r", str(number), "@a:x")] == [2, 3, 4, 5]
