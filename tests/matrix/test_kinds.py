"""Files, polls, threads, knocks and replaced rooms, both ways, on a real homeserver."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any

import pytest
from nio.crypto.attachments import encrypt_attachment

from supportd.engine import wire
from supportd.matrix import http, polls
from supportd.matrix.errors import FileUnusable
from supportd.matrix.http import path, path_v1
from supportd.matrix.media import MatrixMedia
from supportd.matrix.opening import Opener
from supportd.sdk.events import Media, PollAnswer
from supportd.sdk.ids import EventId, RoomId, UserId
from supportd.sdk.rooms import RoomSpec
from tests.matrix.conftest import Killed, until

if TYPE_CHECKING:
    from supportd.matrix.member import Member
    from supportd.matrix.opening import Opened
    from supportd.matrix.service import MatrixSide
    from tests.matrix.conftest import Group

pytestmark = [pytest.mark.synapse, pytest.mark.asyncio]

PICTURE = b"\x89PNG not really" * 1000
PLAIN = RoomSpec("Open evening", encrypted=False)
KNOCKING = RoomSpec("Tuesday", join_rule="knock")
POLL = wire.Polled("Tea or coffee?", (PollAnswer("t", "Tea"), PollAnswer("c", "Coffee")), 1, disclosed=True)


async def post(one: Member, room: str, kind: str, content: dict[str, Any]) -> EventId:
    """Let somebody send an event, encrypted where the room is."""
    return await one.sender.words(room, secrets.token_hex(8), kind, content)


async def upload(one: Member, data: bytes) -> str:
    """Let somebody upload bytes; returns their address."""
    return str((await one.api.upload("_matrix/media/v3/upload", data, "application/octet-stream"))["content_uri"])


async def picture(one: Member, data: bytes = PICTURE, *, encrypted: bool = True, **changes: Any) -> dict[str, Any]:
    """Return the content of somebody's picture with a caption; ``changes`` are made to its ``file``."""
    content = {"msgtype": "m.image", "body": "Our garden", "filename": "garden.png", "info": {"mimetype": "image/png", "size": len(data)}}
    if not encrypted:
        return {**content, "url": await upload(one, data)}
    raw, keys = encrypt_attachment(data)
    return {**content, "file": {**keys, "url": await upload(one, raw), **changes}}


def media_of(side: MatrixSide) -> MatrixMedia:
    """Return the bot's door to files."""
    return MatrixMedia(side._apis["reader"], side.opened.machine, side.opened.devices, side.session.rooms)


def media_for(one: Member) -> MatrixMedia:
    """Return somebody's own door to files."""
    return MatrixMedia(one.api, one.machine, one.devices, one.rooms)


async def seen(one: Member, room: str, event: str) -> Opened:
    """Return what somebody reads in an event."""
    await one.sync_once(0.5)
    opened = await Opener(one.api, one.machine, one.devices).fetch(room, event)
    assert opened is not None
    return opened


def event_of(outcome: wire.Outcome) -> EventId:
    """Return the event of a job that was done."""
    assert isinstance(outcome, wire.Done), outcome
    assert outcome.event is not None
    return outcome.event


# ---- files -----------------------------------------------------------------------------------------------------------


async def test_a_members_picture(group: Group) -> None:
    """A picture with a caption arrives as what it is, and its bytes are read when they are asked for."""
    side = await group.opened()
    ann = await group.person()
    room = await group.room(side, ann)

    sent = await post(ann, room, "m.room.message", await picture(ann))
    await until(side, lambda: sent in group.inbox.incoming)
    found = await media_of(side).read(room, sent)

    expected = wire.Said("Our garden", media=Media(kind="image", name="garden.png", media_type="image/png", size=len(PICTURE)))
    assert (expected, True) == (group.inbox.incoming[sent].content, group.inbox.incoming[sent].verified)
    assert found == PICTURE


async def test_another_file_is_refused(group: Group) -> None:
    """A file that is not the one whose hash was sent, too large, taken back or nowhere is refused with a sentence."""
    side = await group.opened()
    ann = await group.person()
    room = await group.room(side, ann)
    other = await upload(ann, b"something else" * 1000)
    swapped = await post(ann, room, "m.room.message", await picture(ann, url=other))
    missing = await post(ann, room, "m.room.message", await picture(ann, url=f"mxc://{group.synapse.server_name}/nothing"))
    good, gone = [await post(ann, room, "m.room.message", await picture(ann)) for _ in range(2)]
    hidden = await ann.redact(room, gone)
    await until(side, lambda: hidden in group.inbox.incoming)
    media = media_of(side)

    with pytest.raises(FileUnusable, match="not the one that was sent"):
        await media.read(room, swapped)
    with pytest.raises(FileUnusable, match="does not have it"):
        await media.read(room, missing)
    with pytest.raises(FileUnusable, match="more than 100 bytes"):
        await media.read(room, good, most=100)
    with pytest.raises(FileUnusable, match="not there any more"):
        await media.read(room, gone)
    with pytest.raises(FileUnusable, match="not there any more"):
        await media.read(room, EventId("$nothing"))
    assert await media.read(room, good) == PICTURE


async def test_a_file_of_nobody_is_refused(group: Group) -> None:
    """From a device that its owner did not sign, and in clear in an encrypted room, no file is read."""
    side = await group.opened()
    ann, eve = await group.person(), await group.person("eve", cross_sign=False)
    room = await group.room(side, ann, eve)
    unproven = await post(eve, room, "m.room.message", await picture(eve))
    in_clear = await picture(ann, encrypted=False)
    plain = (await ann.api.put(path("rooms", room, "send", "m.room.message", "plain"), in_clear))["event_id"]
    half = await post(ann, room, "m.room.message", in_clear)
    await until(side, lambda: half in group.inbox.incoming)
    media = media_of(side)

    for event, said in ((unproven, "who sent it"), (EventId(plain), "who sent it"), (half, "the file is not")):
        with pytest.raises(FileUnusable, match=said):
            await media.read(room, event)


async def test_the_bots_file(group: Group) -> None:
    """A file of the bot is ciphertext on the server and a file for a member, once, however often it is sent."""
    side = await group.opened()
    ann = await group.person()
    room = await group.room(side, ann)
    job = wire.SendFile(room, "file1", "plan.ics", "text/calendar", PICTURE, "Our plan")

    first = event_of(await side.homeserver.perform("reader", job))
    second = event_of(await side.homeserver.perform("reader", job))
    opened = await seen(ann, room, first)
    found = await media_for(ann).read(room, first)

    assert first == second
    assert found == PICTURE
    expected = wire.Said("Our plan", media=Media(kind="file", name="plan.ics", media_type="text/calendar", size=len(PICTURE)))
    assert (expected, True) == (opened.incoming.content, opened.incoming.verified)
    address = opened.content["file"]["url"].removeprefix("mxc://").split("/")
    stored = await ann.api.download(path_v1("media", "download", *address), most=10**6)
    assert PICTURE[:16] not in stored
    assert "plan" not in str(await ann.api.get(path("rooms", room, "event", first)))


async def test_files_in_a_plain_room(group: Group) -> None:
    """Where a room is not encrypted, files go both ways as they are."""
    side = await group.opened()
    ann = await group.person()
    room = await group.room(side, ann, spec=PLAIN)
    theirs = await post(ann, room, "m.room.message", await picture(ann, encrypted=False))
    await until(side, lambda: theirs in group.inbox.incoming)

    ours = event_of(await side.homeserver.perform("reader", wire.SendFile(room, "f", "tea.png", "image/png", PICTURE, "")))
    opened = await seen(ann, room, ours)

    assert await media_of(side).read(room, theirs) == PICTURE
    assert await media_for(ann).read(room, ours) == PICTURE
    assert (opened.content["msgtype"], opened.content["body"]) == ("m.image", "tea.png")
    assert not opened.encrypted


async def test_a_file_killed_anywhere_is_there_once(group: Group, monkeypatch: pytest.MonkeyPatch) -> None:
    """Killed at every boundary of the network in turn, a new process sends the file: its message is there once, readable."""
    ann, side = await group.person(), await group.opened()
    room = await group.room(side, ann)
    number, killed = 0, True
    events: list[EventId] = []
    while killed:
        number += 1
        job, left = wire.SendFile(room, f"kill{number}", f"{number}.txt", "text/plain", PICTURE, f"file {number}"), number

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
        events.append(event_of(await side.homeserver.perform("reader", job)))

    await ann.wait_for(lambda one: len(one.timeline) >= number)
    assert [f"file {at + 1}" for at in range(number)] == [one.text for one in ann.timeline]
    assert [await media_for(ann).read(room, event) for event in events] == [PICTURE] * number
    assert number > 4


# ---- threads and polls -----------------------------------------------------------------------------------------------


async def test_a_thread_both_ways(group: Group) -> None:
    """The bot's words in a thread are in it for the server and for clients, and a member's are for us."""
    side = await group.opened()
    ann = await group.person()
    room = await group.room(side, ann)
    root = EventId(await ann.say(room, "Shall we walk?"))
    await until(side, lambda: root in group.inbox.incoming)

    ours = event_of(await side.homeserver.perform("reader", wire.SendMessage(room, "t1", "At three", thread=root)))
    shown = {"rel_type": "m.thread", "event_id": root, "is_falling_back": True, "m.in_reply_to": {"event_id": ours}}
    theirs = await post(ann, room, "m.room.message", {"msgtype": "m.text", "body": "Good", "m.relates_to": shown})
    await until(side, lambda: theirs in group.inbox.incoming)

    opened = await seen(ann, room, ours)
    threaded = await ann.api.get(path_v1("rooms", room, "relations", root, "m.thread"))
    assert opened.incoming.content == wire.Said("At three", thread=root, kind="notice")
    assert {ours, theirs} == {one["event_id"] for one in threaded["chunk"]}
    assert group.inbox.incoming[theirs].content == wire.Said("Good", thread=root)
    raw = await ann.api.get(path("rooms", room, "event", ours))
    assert raw["content"]["m.relates_to"] == {**shown, "m.in_reply_to": {"event_id": root}}


async def test_a_members_poll(group: Group) -> None:
    """A poll, a choice, one that is taken back, and an end arrive from proven people, in today's names and in those of the drafts."""
    side = await group.opened()
    ann, bo = await group.person(), await group.person("bo")
    room = await group.room(side, ann, bo)
    content = polls.start_of(wire.SendPoll(room, "x", POLL))
    start = await post(ann, room, polls.START, content)
    await bo.wait_for(lambda one: one.rooms.known)
    reference = {"m.relates_to": {"rel_type": "m.reference", "event_id": start}}

    chosen = await post(bo, room, polls.RESPONSE, {**reference, polls.RESPONSE: {"answers": ["t"]}})
    taken = await post(bo, room, "m.poll.response", {**reference, "m.selections": []})
    ended = await post(ann, room, "m.poll.end", {**reference, "m.text": [{"body": "Tea it is."}]})
    await until(side, lambda: ended in group.inbox.incoming)

    found = {one.id: (one.content, one.sender, one.verified) for one in group.inbox.incoming.values()}
    assert found[start] == (POLL, ann.user_id, True)
    assert found[chosen] == (wire.Voted(start, ("t",)), bo.user_id, True)
    assert found[taken] == (wire.Voted(start, ()), bo.user_id, True)
    assert found[ended] == (wire.Closed(start), ann.user_id, True)


async def test_the_bots_poll(group: Group) -> None:
    """A poll of the bot can be read by a member, comes back to us proven with its id, and ends; sent twice it is there once."""
    side = await group.opened()
    ann = await group.person()
    room = await group.room(side, ann)
    job = wire.SendPoll(room, "p1", POLL)

    start = event_of(await side.homeserver.perform("reader", job))
    again = event_of(await side.homeserver.perform("reader", job))
    end = event_of(await side.homeserver.perform("reader", wire.SendPollEnd(room, "p2", start, "Tea it is.")))
    await until(side, lambda: end in group.inbox.incoming)
    opened = await seen(ann, room, start)

    reader = group.logins["reader"].user_id
    own = {one.id: (one.content, one.sender, one.verified) for one in group.inbox.incoming.values() if one.sender == reader}
    assert start == again
    assert (opened.incoming.content, opened.incoming.verified) == (POLL, True)
    assert (own[start], own[end]) == ((POLL, reader, True), (wire.Closed(start), reader, True))
    assert "Coffee" not in str(await ann.api.get(path("rooms", room, "event", start)))


# ---- doors -----------------------------------------------------------------------------------------------------------


async def knock(one: Member, room: str, reason: str = "") -> None:
    """Let somebody knock."""
    await one.api.post(path("knock", room), {"reason": reason} if reason else {})


async def knock_of(group: Group, side: MatrixSide, one: Member, count: int = 1) -> EventId:
    """Return the event with which somebody knocked, the newest of ``count``."""

    def found() -> list[EventId]:
        changes = [(each.id, each.content) for each in group.inbox.incoming.values() if isinstance(each.content, wire.Membership)]
        return [id_ for id_, content in changes if (content.subject, content.state) == (one.user_id, "knock")]

    await until(side, lambda: len(found()) >= count)
    return found()[-1]


async def membership(side: MatrixSide, room: str, one: Member) -> str:
    """Return what somebody is in a room now."""
    return str((await side._apis["doorkeeper"].get(path("rooms", room, "state", "m.room.member", one.user_id)))["membership"])


async def test_a_knock_is_let_in(group: Group) -> None:
    """Who knocks is heard with their reason, and invited by the doorkeeper, once; they come in."""
    side = await group.opened()
    dan = await group.person("dan")
    room = await group.room(side, spec=KNOCKING)
    await knock(dan, room, "A friend told me")
    event = await knock_of(group, side, dan)
    job = wire.SettleKnock(room, event, let_in=True, reason="")

    outcomes = [await side.homeserver.perform("doorkeeper", job) for _ in range(2)]
    invited = await membership(side, room, dan)
    await dan.join(room)
    outcomes.append(await side.homeserver.perform("doorkeeper", wire.SettleKnock(room, event, let_in=False, reason="too late")))

    heard = group.inbox.incoming[event]
    assert heard.content == wire.Membership(UserId(dan.user_id), "knock", "leave", heard.content.display_name, "A friend told me")  # type: ignore[union-attr]  # it is one
    assert outcomes == [wire.Done()] * 3
    assert (invited, await membership(side, room, dan)) == ("invite", "join")


async def test_a_knock_is_refused(group: Group) -> None:
    """Who is not let in is told why; an answer to a knock that was taken back, or to an older one, does nothing."""
    side = await group.opened()
    dan = await group.person("dan")
    room = await group.room(side, spec=KNOCKING)
    await knock(dan, room)
    first = await knock_of(group, side, dan)
    no = wire.SettleKnock(room, first, let_in=False, reason="We are full at the moment.")

    outcomes = [await side.homeserver.perform("doorkeeper", no) for _ in range(2)]
    refused = await side._apis["doorkeeper"].get(path("rooms", room, "state", "m.room.member", dan.user_id))
    await knock(dan, room)
    second = await knock_of(group, side, dan, 2)
    outcomes.append(await side.homeserver.perform("doorkeeper", no))
    still = await membership(side, room, dan)
    await dan.leave(room)
    outcomes.append(await side.homeserver.perform("doorkeeper", wire.SettleKnock(room, second, let_in=True, reason="")))

    assert outcomes == [wire.Done()] * 4
    assert (refused["membership"], refused["reason"]) == ("leave", "We are full at the moment.")
    assert (still, await membership(side, room, dan)) == ("knock", "leave")


async def test_a_knock_that_is_none(group: Group) -> None:
    """An event that is no knock lets nobody in."""
    side = await group.opened()
    ann = await group.person()
    room = await group.room(side, ann, spec=KNOCKING)
    said = EventId(await ann.say(room, "hello"))

    outcomes = [
        await side.homeserver.perform("doorkeeper", wire.SettleKnock(room, event, let_in=True, reason=""))
        for event in (said, EventId("$nothing"))
    ]

    assert outcomes == [wire.Never("M_NOT_FOUND")] * 2


async def test_who_blocks_invitations(group: Group) -> None:
    """Somebody who takes no invitations is not invited, and the code says so."""
    side = await group.opened()
    dan = await group.person("dan")
    room = await group.room(side)
    where = path("user", dan.user_id, "account_data", "m.invite_permission_config")
    await dan.api.put(where, {"default_action": "block"})

    outcome = await side.homeserver.perform("doorkeeper", wire.InvitePerson(room, UserId(dan.user_id)))

    assert outcome == wire.Never("M_INVITE_BLOCKED")


async def test_a_replaced_room(group: Group) -> None:
    """A room that is upgraded says which room takes its place, by an id without a server."""
    side = await group.opened()
    ann = await group.person()
    room = await group.room(side, ann)

    answer = await side._apis["creator"].post(path("rooms", room, "upgrade"), {"new_version": "12"})
    await until(side, lambda: any(isinstance(one.content, wire.Replaced) for one in group.inbox.incoming.values()))

    (found,) = [one for one in group.inbox.incoming.values() if isinstance(one.content, wire.Replaced)]
    assert (found.room, found.content, found.verified) == (room, wire.Replaced(RoomId(answer["replacement_room"])), True)
    assert ":" not in answer["replacement_room"]


async def test_who_left_is_called_back_only_where_that_is_meant(group: Group) -> None:
    """An invitation that was under way when somebody left does nothing; one that means them anew invites them."""
    side = await group.opened()
    ann = await group.person()
    room = await group.room(side, ann)
    await ann.api.post(path("rooms", room, "leave"), {})

    late = await side.homeserver.perform("doorkeeper", wire.InvitePerson(room, UserId(ann.user_id), again=False))
    assert (late, await membership(side, room, ann)) == (wire.Done(), "leave")

    await side.homeserver.perform("doorkeeper", wire.InvitePerson(room, UserId(ann.user_id)))
    assert await membership(side, room, ann) == "invite"
