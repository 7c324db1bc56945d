"""Words both ways in an encrypted room, and who can read them."""

from __future__ import annotations

import asyncio
import io
import logging
from typing import TYPE_CHECKING

import pytest

from supportd import logs
from supportd.engine import wire
from supportd.matrix import http
from supportd.matrix.http import path
from supportd.matrix.seeds import Seeds
from supportd.sdk.ids import EventId, UserId
from supportd.sdk.rooms import RoomSpec
from tests.matrix.conftest import Killed, devices_change, until

if TYPE_CHECKING:
    from tests.matrix.conftest import Group

pytestmark = [pytest.mark.synapse, pytest.mark.asyncio]


async def test_round_trip(group: Group) -> None:
    """The bot reads a member and the member reads the bot, both with proven authorship, ciphertext on the server."""
    side = await group.opened()
    ann = await group.person()
    room = await group.room(side, ann)

    said = await ann.say(room, "Good evening")
    await until(side, lambda: said in group.inbox.incoming)
    sent = await side.homeserver.perform("reader", wire.SendMessage(room, "t1", "Welcome"))
    await ann.wait_for(lambda one: len(one.timeline) == 2)
    await until(side, lambda: group.inbox.echoes)

    heard = group.inbox.incoming[EventId(said)]
    assert (wire.Said("Good evening"), ann.user_id, True) == (heard.content, heard.sender, heard.verified)
    assert [(seen.text, seen.proven) for seen in ann.timeline] == [("Good evening", True), ("Welcome", True)]
    assert isinstance(sent, wire.Done)
    assert {"t1": sent.event} == group.inbox.echoes
    raw = await ann.api.get(path("rooms", room, "event", str(sent.event)))
    assert raw["type"] == "m.room.encrypted"


async def test_same_transaction_is_one_event(group: Group) -> None:
    """A message sent again with its transaction id, also by a restarted process, is one event."""
    side = await group.opened()
    ann = await group.person()
    room = await group.room(side, ann)
    job = wire.SendMessage(room, "once", "Only once")

    first = await side.homeserver.perform("reader", job)
    second = await side.homeserver.perform("reader", job)
    await side.close()
    third = await (await group.opened()).homeserver.perform("reader", job)

    assert first == second == third
    await ann.wait_for(lambda one: one.timeline)
    await ann.sync_once(0.5)
    assert [seen.text for seen in ann.timeline] == ["Only once"]


async def test_reply_reaction_edit_redaction(group: Group) -> None:
    """Replies, reactions, edits and redactions arrive as what they are; nobody edits another's words."""
    side = await group.opened()
    ann, bo = await group.person(), await group.person("bo")
    room = await group.room(side, ann, bo)
    said = await ann.say(room, "first")
    await bo.wait_for(lambda one: one.timeline)
    reply = await bo.say(room, "an answer", reply_to=said)
    reaction = await bo.react(room, said, "👍")
    edit = await ann.edit(room, said, "second")
    forged = await bo.edit(room, said, "words in her mouth")
    await until(side, lambda: reaction in group.inbox.incoming)
    gone = await bo.redact(room, reaction)

    await until(side, lambda: gone in group.inbox.incoming)

    contents = {one.id: one.content for one in group.inbox.incoming.values()}
    assert contents[EventId(reply)] == wire.Said("an answer", in_reply_to=EventId(said))
    assert contents[EventId(reaction)] == wire.Reacted(EventId(said), "👍")
    assert contents[EventId(edit)] == wire.Edited(EventId(said), "second")
    assert forged not in contents
    assert contents[EventId(gone)] == wire.Redacted(EventId(reaction))


async def test_bot_reacts_replies_redacts(group: Group) -> None:
    """The bot's reaction, reply and redaction reach a member."""
    side = await group.opened()
    ann = await group.person()
    room = await group.room(side, ann)
    said = EventId(await ann.say(room, "hello"))

    await side.homeserver.perform("reader", wire.SendReaction(room, "r1", said, "🌱"))
    answer = wire.SendMessage(room, "m1", "hi", html="<b>hi</b>", in_reply_to=said, mentions=(UserId(ann.user_id),))
    await side.homeserver.perform("reader", answer)
    await ann.wait_for(lambda one: len(one.timeline) == 2 and one.reactions)
    await side.homeserver.perform("reader", wire.SendRedaction(room, "x1", said, "asked for"))

    await ann.wait_for(lambda one: said in one.redacted)
    assert [(room, said, group.logins["reader"].user_id, "🌱")] == ann.reactions


async def test_unsigned_device_gets_no_key(group: Group) -> None:
    """A device that its owner did not sign reads nothing of ours, and its words prove nothing."""
    side = await group.opened()
    ann, eve = await group.person(), await group.person("eve", cross_sign=False)
    room = await group.room(side, ann, eve)

    await side.homeserver.perform("reader", wire.SendMessage(room, "t1", "for signed devices"))
    await ann.wait_for(lambda one: one.timeline)
    await eve.wait_for(lambda one: one.undecryptable)
    said = await eve.say(room, "believe me")
    await until(side, lambda: said in group.inbox.incoming)

    assert eve.timeline == []
    assert not group.inbox.incoming[EventId(said)].verified
    assert side.health()["people_with_unsigned_devices"] == 1


async def test_added_device_gets_no_key(group: Group) -> None:
    """A second device that appears in a member's account unsigned gets no key, the signed one still does."""
    side = await group.opened()
    ann = await group.person()
    room = await group.room(side, ann)
    await side.homeserver.perform("reader", wire.SendMessage(room, "t1", "one"))
    name = ann.user_id[1:].partition(":")[0]
    ghost = await group.ghost(name)

    await devices_change(side, ann)
    await side.homeserver.perform("reader", wire.SendMessage(room, "t2", "two"))
    await ann.wait_for(lambda one: len(one.timeline) == 2)
    await ghost.sync_once(1.0)

    assert ghost.timeline == []


async def test_new_master_waits_for_agreement(group: Group) -> None:
    """Somebody whose master key changed gets no keys, and proves nothing, until a key member agreed."""
    side = await group.opened()
    ann = await group.person()
    room = await group.room(side, ann)
    await side.homeserver.perform("reader", wire.SendMessage(room, "t1", "one"))
    await ann.wait_for(lambda one: one.timeline)
    await ann.replace_identity(Seeds.fresh(), "pw")
    await devices_change(side, ann)

    await side.homeserver.perform("reader", wire.SendMessage(room, "t2", "two"))
    await ann.wait_for(lambda one: one.undecryptable == 1)
    await side.session.step()
    asked = {mark.user for batch in group.inbox.batches for mark in batch.marks if isinstance(mark, wire.KeysMark)}
    agreed = await side.homeserver.perform("reader", wire.TrustKeys(UserId(ann.user_id), "", trusted=True))
    await side.homeserver.perform("reader", wire.SendMessage(room, "t3", "three"))
    await ann.wait_for(lambda one: len(one.timeline) == 2)

    assert asked == {ann.user_id}
    assert agreed == wire.Done()
    assert [seen.text for seen in ann.timeline] == ["one", "three"]
    assert side.health()["people_with_new_keys"] == 0


async def test_keys_rotate(group: Group) -> None:
    """A new key comes with the room's own number of messages, and when somebody leaves."""
    side = await group.opened()
    ann, bo = await group.person(), await group.person("bo")
    room = await group.room(side, ann, bo, spec=RoomSpec("Tuesday", rotation_messages=2))

    sessions = []
    for number in range(3):
        await side.homeserver.perform("reader", wire.SendMessage(room, f"t{number}", "x"))
        sessions.append(side.opened.machine.olm.outbound_group_sessions[room].id)
    await bo.leave(room)
    await until(side, lambda: bo.user_id not in side.session.rooms.known[room].joined)
    await side.homeserver.perform("reader", wire.SendMessage(room, "t4", "x"))
    sessions.append(side.opened.machine.olm.outbound_group_sessions[room].id)

    assert sessions[0] == sessions[1]
    assert len(set(sessions)) == 3


async def test_newcomer_reads_from_now_on(group: Group) -> None:
    """Who joins gets the key as it is now: later words open, earlier ones do not."""
    side = await group.opened()
    ann = await group.person()
    room = await group.room(side, ann)
    await side.homeserver.perform("reader", wire.SendMessage(room, "t1", "before"))
    bo = await group.person("bo")
    await side.homeserver.perform("doorkeeper", wire.InvitePerson(room, UserId(bo.user_id)))
    await bo.join(room)
    await until(side, lambda: bo.user_id in side.session.rooms.known[room].joined)

    await side.homeserver.perform("reader", wire.SendMessage(room, "t2", "after"))
    await bo.wait_for(lambda one: one.timeline)

    assert [seen.text for seen in bo.timeline] == ["after"]


async def test_encrypted_for_ever(group: Group) -> None:
    """A room that was encrypted once gets no plain word, whatever the server says of it later."""
    side = await group.opened()
    ann = await group.person()
    room = await group.room(side, ann)
    side.session.rooms.known[room].encrypted = False

    sent = await side.homeserver.perform("reader", wire.SendMessage(room, "t1", "secret"))

    assert isinstance(sent, wire.Done)
    raw = await ann.api.get(path("rooms", room, "event", str(sent.event)))
    assert raw["type"] == "m.room.encrypted"


async def test_removed_reader_is_told_so(group: Group) -> None:
    """Where the reader was removed its words are refused for good, not tried for ever, and the engine hears of the removal."""
    side = await group.opened()
    room = await group.room(side)
    reader = UserId(group.logins["reader"].user_id)
    await side.homeserver.perform("creator", wire.RemovePerson(room, reader, "test"))
    await side.session.step()

    outcome = await side.homeserver.perform("reader", wire.SendMessage(room, "t1", "hello"))
    told = list(group.inbox.incoming.values())
    # What the room is now is the doorkeeper's to tell.
    assert side.opened.door is not None
    await side.opened.door.step()

    assert outcome == wire.Never("M_FORBIDDEN")
    assert "reader" not in dict(group.inbox.power[room].levels)
    last = [one.content for one in told if isinstance(one.content, wire.Membership)][-1]
    assert (last.subject, last.state, last.previous) == (reader, "leave", "join")


async def test_only_the_reader_speaks(group: Group) -> None:
    """The doorkeeper and the creator never post: their words would be plain."""
    side = await group.opened()
    room = await group.room(side)

    outcomes = [await side.homeserver.perform(account, wire.SendMessage(room, "t", "x")) for account in ("doorkeeper", "creator")]

    assert all(isinstance(outcome, wire.Never) for outcome in outcomes)


async def test_cancelled_send_is_not_mute(group: Group) -> None:
    """A send that was cancelled in the middle does not make the room mute (F5)."""
    side = await group.opened()
    ann = await group.person()
    room = await group.room(side, ann)
    for delay in (0.0, 0.002, 0.005, 0.01):
        task = asyncio.create_task(side.homeserver.perform("reader", wire.SendMessage(room, f"cut{delay}", "cut")))
        await asyncio.sleep(delay)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    await side.homeserver.perform("reader", wire.SendMessage(room, "whole", "whole"))

    await ann.wait_for(lambda one: any(seen.text == "whole" for seen in one.timeline))


async def test_words_are_read_again(group: Group) -> None:
    """Words are fetched and decrypted with their last edit; redacted ones are absent."""
    side = await group.opened()
    ann, eve = await group.person(), await group.person("eve", cross_sign=False)
    room = await group.room(side, ann, eve)
    kept, edited, gone = [EventId(await ann.say(room, text)) for text in ("kept", "typo", "regretted")]
    unproven = EventId(await eve.say(room, "who am I"))
    for text in ("second try", "last try"):
        await ann.edit(room, edited, text)
    await ann.redact(room, gone)
    await until(side, lambda: unproven in group.inbox.incoming)

    found = await side.words.read([(room, event) for event in (kept, edited, gone, unproven, EventId("$nothing"))])

    assert {kept: "kept", edited: "last try"} == {event: words.text for event, words in found.items()}
    assert found[kept].author == ann.user_id


async def test_without_sender_key(group: Group) -> None:
    """Ciphertext without the keys that specification v1.3 made optional is read and proven (F11)."""
    side = await group.opened()
    ann = await group.person()
    room = await group.room(side, ann)
    content = await ann.sharing.encrypt(await ann.sender.room(room), "m.room.message", {"msgtype": "m.text", "body": "short form"})
    bare = {name: content[name] for name in ("algorithm", "session_id", "ciphertext")}

    answer = await ann.api.put(path("rooms", room, "send", "m.room.encrypted", "bare"), bare)
    await until(side, lambda: group.inbox.texts(room))

    assert group.inbox.texts(room) == ["short form"]
    assert group.inbox.incoming[answer["event_id"]].verified


async def test_device_without_one_time_key_is_asked_again(group: Group, monkeypatch: pytest.MonkeyPatch) -> None:
    """A device from which no key could be had is not taken for served: it is asked again for the next message (F13)."""
    side = await group.opened()
    ann = await group.person()
    room = await group.room(side, ann)
    post, sharing = side._apis["reader"].post, side.session.sharing

    async def nothing_left(where: str, body: object) -> dict[str, object]:
        return {"one_time_keys": {}} if where.endswith("keys/claim") else await post(where, body)

    with monkeypatch.context() as patch:
        patch.setattr(sharing.api, "post", nothing_left)
        await side.homeserver.perform("reader", wire.SendMessage(room, "t1", "one"))
    sharing._asked.clear()
    await side.homeserver.perform("reader", wire.SendMessage(room, "t2", "two"))
    await ann.wait_for(lambda one: one.timeline)

    assert [seen.text for seen in ann.timeline] == ["two"]


async def test_killed_anywhere_sends_once(group: Group, monkeypatch: pytest.MonkeyPatch) -> None:
    """Killed at every boundary of the network in turn, a new process sends the message: it is there once, readable."""
    ann, side = await group.person(), await group.opened()
    room = await group.room(side, ann)
    number, killed = 0, True
    while killed:
        number += 1
        job, left = wire.SendMessage(room, f"kill{number}", f"word {number}"), number

        def boundary(_name: str) -> None:
            nonlocal left
            left -= 1
            if left == 0:
                raise Killed

        side.session.sharing.discard([room])
        with monkeypatch.context() as patch:
            patch.setattr(http, "boundary", boundary)
            try:
                await side.homeserver.perform("reader", job)
                killed = False
            except Killed:
                pass
        await side.close()
        side = await group.opened()
        assert isinstance(await side.homeserver.perform("reader", job), wire.Done)

    await ann.wait_for(lambda one: len(one.timeline) >= number)
    assert [f"word {at + 1}" for at in range(number)] == [seen.text for seen in ann.timeline]
    assert number > 4
    assert ann.undecryptable == 0


async def test_logs_say_nothing(group: Group, caplog: pytest.LogCaptureFixture) -> None:
    """No line of ours or of nio's carries an id, a word or a token; nio says nothing at all."""
    written = io.StringIO()
    logs.configure(written, level=logging.DEBUG)
    logging.getLogger().setLevel(logging.DEBUG)
    try:
        side = await group.opened()
        ann, eve = await group.person(), await group.person("eve", cross_sign=False)
        room = await group.room(side, ann, eve)
        said = await ann.say(room, "canary")
        await side.homeserver.perform("reader", wire.SendMessage(room, "t1", "canary"))
        await ann.api.put(path("rooms", room, "send", "m.room.encrypted", "odd"), {"session_id": "x"})
        await until(side, lambda: said in group.inbox.incoming)
    finally:
        logs.configure()

    text = written.getvalue() + caplog.text
    secret = [room, ann.user_id, eve.user_id, "canary", said, *(one.access_token for one in group.logins.values())]
    assert "room.made" in text
    assert all(word not in text for word in secret)
    assert not any(record.name.startswith("nio") for record in caplog.records)
