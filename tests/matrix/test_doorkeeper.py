"""Rooms at the level “doorkeeper” on a real homeserver: who comes, goes and speaks is known, and no word."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import TYPE_CHECKING

import pytest

from supportd.engine import wire
from supportd.matrix.cipherstore import CryptoStore
from supportd.matrix.doors import Doors
from supportd.matrix.errors import LoggedOut
from supportd.matrix.http import path
from supportd.sdk.ids import EventId
from supportd.sdk.rooms import RoomSpec

if TYPE_CHECKING:
    from supportd.matrix.doorsync import DoorSession
    from supportd.matrix.member import Member
    from supportd.matrix.service import MatrixSide
    from supportd.sdk.ids import RoomId
    from tests.matrix.conftest import Group

pytestmark = [pytest.mark.synapse, pytest.mark.asyncio]

READ = RoomSpec("Tuesday")
UNREAD = RoomSpec("Tuesday", listening="doorkeeper")


def door_of(side: MatrixSide) -> DoorSession:
    """Return the doorkeeper's sync."""
    door = side.opened.door
    assert door is not None
    return door


async def both(side: MatrixSide) -> None:
    """Let both accounts sync to the end of what there is."""
    for _round in range(2):
        await side.session.step()
        await side.session.settle()
        await door_of(side).step()
        await door_of(side).settle()


async def together(side: MatrixSide) -> None:
    """Let both accounts sync once at the same time, as they do while they run; the doorkeeper is the first to be asked."""
    handover = door_of(side).handover
    handover.reader_runs = handover.doorkeeper_runs = True
    await asyncio.gather(door_of(side).step(), side.session.step())
    handover.reader_runs = handover.doorkeeper_runs = False


async def unread_room(group: Group, side: MatrixSide, *people: Member, spec: RoomSpec = UNREAD) -> RoomId:
    """Return a room that ``people`` have joined, brought to the level that ``spec`` says."""
    room = await group.room(side, *people, spec=READ)
    await both(side)
    if spec.listening != "reader":
        await bring(side, room, spec)
        await both(side)
    for one in people:
        await one.sync_once()
    return room


async def bring(side: MatrixSide, room: RoomId, spec: RoomSpec) -> None:
    """Bring a room to a level."""
    done = await side.homeserver.perform("doorkeeper", wire.BringRoom(room, spec))
    assert isinstance(done, wire.Done), done


async def comes(side: MatrixSide, room: RoomId, who: Member) -> None:
    """Let somebody be invited and come."""
    await side._apis["creator"].post(path("rooms", room, "invite"), {"user_id": who.user_id})
    await who.join(room)


def happened(group: Group, room: str) -> Counter[str]:
    """Return how often each event of a room was handed over, however many batches it came in."""
    return Counter(one.id for batch in group.inbox.batches for one in batch.incoming if one.room == room)


def meanings(group: Group, room: str) -> dict[str, set[type]]:
    """Return as what each event of a room was handed over: the first of them would be all that plugins ever hear."""
    found: dict[str, set[type]] = {}
    for batch in group.inbox.batches:
        for one in batch.incoming:
            if one.room == room:
                found.setdefault(one.id, set()).add(type(one.content))
    return found


def memberships(group: Group, room: str, who: Member) -> list[str]:
    """Return what became of somebody in a room, in the order of commit."""
    found = [one.content for one in group.inbox.incoming.values() if one.room == room]
    return [one.state for one in found if isinstance(one, wire.Membership) and one.subject == who.user_id]


def of_kind(group: Group, room: str, kind: type[wire.Content]) -> list[wire.Incoming]:
    """Return what of one kind happened in a room, in the order of commit."""
    return [one for one in group.inbox.incoming.values() if one.room == room and isinstance(one.content, kind)]


async def test_the_account_has_no_keys(group: Group) -> None:
    """The server knows no device key of the doorkeeper, and our folder holds no key for a room where only it is."""
    side = await group.opened()
    ann = await group.person()
    room = await unread_room(group, side, ann)
    doorkeeper = group.logins["doorkeeper"].user_id

    await ann.say(room, "for us alone")
    await both(side)
    published = await ann.api.post(path("keys", "query"), {"device_keys": {doorkeeper: []}})
    told = dict(side.opened.machine.olm.outbound_group_sessions)
    await side.close()
    reader = group.logins["reader"]
    store = CryptoStore(reader.user_id, reader.device_id, group.folder / "crypto", file_key=group.keys[0], pickle_key=group.keys[1])
    kept = {session.room_id for session in store.load_inbound_group_sessions()}
    store.close()

    assert published["device_keys"].get(doorkeeper, {}) == {}
    assert doorkeeper not in published.get("master_keys", {})
    assert room not in told
    assert room not in kept
    assert [one.name for one in group.folder.rglob("*") if "doorkeeper" in one.name] == []


async def test_who_spoke_and_never_what(group: Group) -> None:
    """Encrypted words and words in clear come as somebody's speaking, with what they answer; a change of them is not told."""
    side = await group.opened()
    ann = await group.person()
    room = await unread_room(group, side, ann)

    said = await ann.say(room, "something secret")
    answer = await ann.say(room, "another secret", reply_to=said)
    await ann.edit(room, said, "a secret changed")
    await ann.api.put(path("rooms", room, "send", "m.room.message", "clear"), {"msgtype": "m.text", "body": "clear secret"})
    await both(side)

    spoke = of_kind(group, room, wire.Spoke)
    assert [one.content for one in spoke] == [wire.Spoke(None, None), wire.Spoke(None, EventId(said)), wire.Spoke(None, None)]
    assert [one.sender for one in spoke] == [ann.user_id] * 3
    assert [one.id for one in spoke][:2] == [said, answer]
    assert not any(one.verified for one in spoke)
    assert group.inbox.texts(room) == []
    assert group.inbox.waiting == {}
    assert "secret" not in repr(group.inbox.batches)


async def test_comings_and_reactions_come_once(group: Group) -> None:
    """Joining, a reaction, a redaction and leaving come once each, by the doorkeeper alone."""
    side = await group.opened()
    ann, bo = await group.person(), await group.person("bo")
    room = await unread_room(group, side, ann)
    before = happened(group, room)

    await comes(side, room, bo)
    said = await ann.say(room, "x")
    await ann.react(room, said, "👍")
    await ann.redact(room, said)
    await bo.leave(room)
    await both(side)

    assert memberships(group, room, bo) == ["invite", "join", "leave"]
    assert [one.content for one in of_kind(group, room, wire.Reacted)] == [wire.Reacted(EventId(said), "👍")]
    assert [one.content for one in of_kind(group, room, wire.Redacted)] == [wire.Redacted(EventId(said))]
    new = happened(group, room) - before
    assert set(new.values()) == {1}
    assert room not in side.session.rooms.known


async def test_a_level_that_changes_loses_and_doubles_nothing(group: Group) -> None:
    """Lowered and raised again, each time with much unread: every coming and reaction comes once, in the order in which it was."""
    side = await group.opened()
    ann, bo, cy = [await group.person(name) for name in ("ann", "bo", "cy")]
    room = await unread_room(group, side, ann, spec=READ)
    said, reacted = await ann.say(room, "x"), list[str]()
    await both(side)

    for person, level in ((bo, UNREAD), (cy, READ)):
        await comes(side, room, person)
        reacted.append(await person.react(room, said, "👍"))
        await bring(side, room, level)
        reacted.append(await person.react(room, said, "👎"))
        await person.leave(room)
        await together(side)
    await both(side)

    assert memberships(group, room, bo) == memberships(group, room, cy) == ["invite", "join", "leave"]
    assert [one.id for one in of_kind(group, room, wire.Reacted)] == reacted
    assert {len(kinds) for kinds in meanings(group, room).values()} == {1}
    assert room not in door_of(side).rooms.known
    assert group.inbox.seen[room].now.accounts == ("creator", "doorkeeper", "reader")


async def test_a_level_that_changes_while_both_sync(group: Group) -> None:
    """Changed step by step while both run: what is said is read at the one level and overheard at the other."""
    side = await group.opened()
    ann = await group.person()
    room = await unread_room(group, side, ann, spec=READ)
    words = []

    for level in (UNREAD, READ, UNREAD, READ):
        await bring(side, room, level)
        await both(side)
        await ann.sync_once()
        words.append(await ann.say(room, level.listening))
        await both(side)

    assert [one.id for one in of_kind(group, room, wire.Spoke)] == [words[0], words[2]]
    assert group.inbox.texts(room) == ["reader", "reader"]
    assert {len(kinds) for kinds in meanings(group, room).values()} == {1}
    assert group.inbox.waiting == {}


async def test_killed_before_the_commit(group: Group) -> None:
    """A commit that raises: nothing is acknowledged, and all of it comes again, once, in the same process and in the next."""
    side = await group.opened()
    ann, bo = await group.person(), await group.person("bo")
    room = await unread_room(group, side, ann)
    before, token = happened(group, room), group.inbox.tokens["doorkeeper"]

    await comes(side, room, bo)
    await ann.say(room, "x")
    group.inbox.fail = 1
    with pytest.raises(RuntimeError):
        await door_of(side).step()
    unmoved = group.inbox.tokens["doorkeeper"]
    await both(side)
    await side.close()
    again = await group.opened()
    await both(again)

    assert unmoved == token
    assert memberships(group, room, bo) == ["invite", "join"]
    assert len(of_kind(group, room, wire.Spoke)) == 1
    assert set((happened(group, room) - before).values()) == {1}


async def test_away_for_long(group: Group) -> None:
    """Of 150 things that happened while nobody ran, all come, oldest first; those at the other level come from the reader."""
    side = await group.opened()
    ann = await group.person()
    room = await unread_room(group, side, ann)
    other = await unread_room(group, side, ann, spec=READ)
    before = happened(group, room)
    await side.close()
    said = [await ann.say(room, str(number)) for number in range(150)]
    for number in range(120):
        await ann.say(other, str(number))

    again = await group.opened()
    await both(again)

    assert [one.id for one in of_kind(group, room, wire.Spoke)] == said
    assert len(group.inbox.texts(other)) == 120
    assert of_kind(group, other, wire.Spoke) == []
    assert group.inbox.open_gaps == {}
    assert set((happened(group, room) - before).values()) == {1}


async def test_lowered_within_a_long_absence(group: Group) -> None:
    """The reader is put out in the middle of what was missed: it reads up to there, the doorkeeper overhears the rest."""
    side = await group.opened()
    ann = await group.person()
    room = await unread_room(group, side, ann, spec=READ)
    await side.close()
    read = [await ann.say(room, str(number)) for number in range(120)]
    leaving = group.side()
    await leaving.open()
    await bring(leaving, room, UNREAD)
    await leaving.close()
    overheard = [await ann.say(room, str(number)) for number in range(120)]

    again = await group.opened()
    await both(again)

    assert group.inbox.texts(room) == [str(number) for number in range(120)]
    assert [one.id for one in of_kind(group, room, wire.Said)] == read
    assert [one.id for one in of_kind(group, room, wire.Spoke)] == overheard
    assert {len(kinds) for kinds in meanings(group, room).values()} == {1}
    assert group.inbox.open_gaps == {}


async def test_a_change_and_an_open_door_are_seen(group: Group) -> None:
    """In a room where only the doorkeeper is, a new name and an address make a mark each."""
    side = await group.opened()
    ann = await group.person()
    room = await unread_room(group, side, ann)
    alone = group.inbox.seen[room].now.accounts

    await group.sides[0]._apis["creator"].put(path("rooms", room, "state", "m.room.name", ""), {"name": "Cancer group"})
    await both(side)
    renamed = group.inbox.seen[room].now.name
    alias = f"#open{room[1:9].lower()}:{group.synapse.server_name}"
    await ann.api.put(path("directory", "room", alias), {"room_id": room})
    doors = Doors(side._apis["doorkeeper"], side.session, door_of(side))
    await doors.look(room)

    assert alone == ("creator", "doorkeeper")
    assert renamed == "Cancer group"
    assert group.inbox.seen[room].now.addresses == 1
    assert room in doors._rooms()
    assert group.inbox.power[room].encrypted


async def test_it_runs_beside_the_reader(group: Group) -> None:
    """While the daemon runs, both levels are read; a sign-in that ended stops everything with its own name."""
    side = await group.opened()
    ann = await group.person()
    room = await unread_room(group, side, ann)
    running = asyncio.create_task(side.run())
    group.running.append(running)

    await ann.say(room, "x")
    async with asyncio.timeout(20):
        while not of_kind(group, room, wire.Spoke):  # noqa: ASYNC110 - the inbox tells nobody
            await asyncio.sleep(0.05)
    health = side.health()
    await side._apis["doorkeeper"].post(path("logout"), {})

    assert (health["doorkeeper_synced"], health["doorkeeper_failures"]) == (True, 0)
    with pytest.raises(LoggedOut):
        async with asyncio.timeout(40):
            await running


async def test_one_account_syncs_once(group: Group) -> None:
    """Where one account does everything there is no second sync."""
    reader = group.logins["reader"]

    side = group.side(creator=reader, doorkeeper=reader)
    await side.open()

    assert side.opened.door is None
    assert side.session.handover is None
    assert "doorkeeper_synced" not in side.health()
