"""Who gets keys, as people come and go: never anything of a time in which they were not there."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from supportd.engine import wire
from supportd.matrix.http import Api, path
from supportd.sdk.ids import RoomId, UserId
from supportd.sdk.rooms import RoomSpec
from tests.matrix.conftest import until
from tests.scenarios.acts import hears, invites, key_of, lets_in, membership, moves, opens, opens_with, raw_of, reads, said, sends

if TYPE_CHECKING:
    from supportd.matrix.member import Member
    from supportd.matrix.service import MatrixSide
    from tests.matrix.conftest import Group
    from tests.scenarios.between import Between

pytestmark = [pytest.mark.synapse, pytest.mark.asyncio]


async def test_who_joins_reads_nothing_earlier(group: Group) -> None:
    """Somebody who joins reads what is said from then on, and not even a homeserver that hands them earlier words changes that."""
    side, ann, bo = await group.opened(), await group.person(), await group.person("bo")
    room = await group.room(side, ann)
    before = await raw_of(ann, room, await sends(side, room, "before"))

    await lets_in(side, group, room, bo)
    await sends(side, room, "after")
    await reads(bo, "after")

    assert [seen.text for seen in bo.timeline] == ["after"]
    assert not opens(bo, room, before)


async def test_invited_people_get_no_key_where_history_begins_with_joining(group: Group) -> None:
    """Under the history ``joined`` somebody invited gets no key, so what was said before they joined stays closed."""
    side, ann, bo = await group.opened(), await group.person(), await group.person("bo")
    room = await group.room(side, ann, spec=RoomSpec("Tuesday", history="joined"))
    await invites(side, room, bo)
    await moves(side, group, bo, "invite")

    while_invited = await raw_of(ann, room, await sends(side, room, "while invited"))
    await bo.sync_once()

    assert bo.machine.olm.inbound_group_store[room] == {}
    assert not opens(bo, room, while_invited)


async def test_invited_people_get_the_key_where_history_begins_with_the_invitation(group: Group) -> None:
    """Under the history ``invited`` somebody reads, once they have joined, what was said since they were invited."""
    side, ann, bo = await group.opened(), await group.person(), await group.person("bo")
    room = await group.room(side, ann, spec=RoomSpec("Tuesday", history="invited"))
    await invites(side, room, bo)
    await moves(side, group, bo, "invite")

    await sends(side, room, "while invited")
    await bo.join(room)
    await reads(bo, "while invited")

    assert [seen.text for seen in bo.timeline] == ["while invited"]


async def test_withdrawn_invitation_ends_the_key(group: Group) -> None:
    """Somebody whose invitation is withdrawn held the key under the history ``invited``: the next message has a new one."""
    side, ann, bo = await group.opened(), await group.person(), await group.person("bo")
    room = await group.room(side, ann, spec=RoomSpec("Tuesday", history="invited"))
    await invites(side, room, bo)
    await moves(side, group, bo, "invite")
    held = await sends(side, room, "while invited")
    await bo.sync_once()

    await _removes(side, room, bo)
    await moves(side, group, bo, "leave")
    after = await sends(side, room, "after")

    assert opens(bo, room, await raw_of(ann, room, held))
    assert not opens(bo, room, await raw_of(ann, room, after))


async def test_stricter_history_ends_the_key(group: Group) -> None:
    """When a room's history becomes stricter, people who are only invited cannot open what is said afterwards with the key they have."""
    side, ann, bo = await group.opened(), await group.person(), await group.person("bo")
    room = await group.room(side, ann, spec=RoomSpec("Tuesday", history="invited"))
    await invites(side, room, bo)
    await moves(side, group, bo, "invite")
    await sends(side, room, "while invited")
    await bo.sync_once()

    await side._apis["creator"].put(path("rooms", room, "state", "m.room.history_visibility", ""), {"history_visibility": "joined"})
    await until(side, lambda: side.session.rooms.known[room].history == "joined")
    after = await sends(side, room, "after")
    await reads(ann, "after")

    assert not opens(bo, room, await raw_of(ann, room, after))


@pytest.mark.parametrize("how", ["leave", "kick", "ban"])
async def test_who_goes_reads_nothing_later(group: Group, how: str) -> None:
    """After somebody left, was removed or was banned the next message has a new key, which they do not get and the others do."""
    side, ann, bo = await group.opened(), await group.person(), await group.person("bo")
    room = await group.room(side, ann, bo)
    first = await sends(side, room, "all of us")
    await reads(bo, "all of us")

    if how == "leave":
        await bo.leave(room)
    else:
        await side._apis["doorkeeper"].post(path("rooms", room, how), {"user_id": bo.user_id})
    await moves(side, group, bo, "ban" if how == "ban" else "leave")
    after = await sends(side, room, "without them")
    await reads(ann, "all of us", "without them")
    await bo.sync_once()

    assert await key_of(ann, room, first) != await key_of(ann, room, after)
    assert not opens(bo, room, await raw_of(ann, room, after))


async def test_who_comes_back_missed_something(group: Group) -> None:
    """Somebody who left and came back reads what is said before and after, and nothing of what was said in between."""
    side, ann, bo = await group.opened(), await group.person(), await group.person("bo")
    room = await group.room(side, ann, bo)
    await sends(side, room, "before")
    await reads(bo, "before")
    await bo.leave(room)
    await moves(side, group, bo, "leave")
    between = await raw_of(ann, room, await sends(side, room, "between"))

    await lets_in(side, group, room, bo)
    await sends(side, room, "after")
    await reads(bo, "before", "after")

    assert [seen.text for seen in bo.timeline] == ["before", "after"]
    assert not opens(bo, room, between)


async def test_leaving_and_coming_back_in_one_sync(group: Group) -> None:
    """Even when the bot hears of somebody's leaving and coming back in one breath, the key of the time before is not used again."""
    side, ann, bo = await group.opened(), await group.person(), await group.person("bo")
    room = await group.room(side, ann, bo)
    before = await sends(side, room, "before")
    await reads(bo, "before")

    await bo.leave(room)
    await invites(side, room, bo)
    await bo.join(room)
    await until(side, lambda: _joined(group, bo) == 2)
    after = await sends(side, room, "after")
    await reads(bo, "before", "after")

    assert await key_of(ann, room, before) != await key_of(ann, room, after)


async def test_coming_and_going_while_the_bot_was_away(group: Group) -> None:
    """Who came while the bot was down reads its next message; who left while it was down does not get the key."""
    side, ann = await group.opened(), await group.person()
    bo, cy = await group.person("bo"), await group.person("cy")
    room = await group.room(side, ann, bo)
    await sends(side, room, "before")
    await side.close()
    await bo.leave(room)
    api = Api(group.synapse.base_url, group.logins["doorkeeper"].access_token)
    await api.post(path("rooms", room, "invite"), {"user_id": cy.user_id})
    await api.close()
    await cy.join(room)

    again = await group.opened()
    after = await sends(again, room, "after")
    await reads(cy, "after")
    await reads(ann, "before", "after")
    await bo.sync_once()

    assert not opens(bo, room, await raw_of(ann, room, after))


async def test_leaving_while_the_key_is_on_its_way(group: Group, between: Between) -> None:
    """Somebody who leaves in the moment in which the key is handed out: the message that waits for it goes out under another one."""
    side, ann, bo = await group.opened(base_url=between.url), await group.person(), await group.person("bo")
    room = await group.room(side, ann, bo)
    held = between.hold("PUT /_matrix/client/v3/sendToDevice")
    job = said(room, "without them")

    sending = asyncio.create_task(side.homeserver.perform("reader", job))
    await held.here()
    await bo.leave(room)
    await moves(side, group, bo, "leave")
    held.release.set()
    done = await sending
    await reads(ann, "without them")
    await bo.sync_once()

    assert isinstance(done, wire.Done)
    assert not opens(bo, room, await raw_of(ann, room, str(done.event)))


async def test_invitation_withdrawn_while_the_key_is_on_its_way(group: Group, between: Between) -> None:
    """Somebody invited who has the key, and whose invitation ends while it is handed to others, cannot open the message."""
    side, ann, bo = await group.opened(base_url=between.url), await group.person(), await group.person("bo")
    room = await group.room(side, ann, spec=RoomSpec("Tuesday", history="invited"))
    await invites(side, room, bo)
    await moves(side, group, bo, "invite")
    await sends(side, room, "while invited")
    await bo.sync_once()
    cy = await group.person("cy")
    await lets_in(side, group, room, cy)
    held = between.hold("PUT /_matrix/client/v3/sendToDevice")

    sending = asyncio.create_task(sends(side, room, "without Bo"))
    await held.here()
    await _removes(side, room, bo)
    await moves(side, group, bo, "leave")
    held.release.set()
    event = await sending
    await reads(cy, "without Bo")

    assert not opens(bo, room, await raw_of(ann, room, event))


async def test_joining_while_the_key_is_on_its_way(group: Group, between: Between) -> None:
    """Somebody who joins while the key is handed out to the others reads the next message; this one was before their time."""
    side, ann, bo = await group.opened(base_url=between.url), await group.person(), await group.person("bo")
    room = await group.room(side, ann)
    held = between.hold("PUT /_matrix/client/v3/sendToDevice")

    sending = asyncio.create_task(sends(side, room, "first"))
    await held.here()
    await lets_in(side, group, room, bo)
    held.release.set()
    await sending
    await sends(side, room, "second")
    await reads(bo, "second")
    await reads(ann, "first", "second")

    assert ann.undecryptable == 0


async def test_the_bot_itself_goes_and_comes_back(group: Group) -> None:
    """What is said while the bot is not in the room is closed to it; once it is back it reads, and is read under a new key."""
    side, ann = await group.opened(), await group.person()
    room = await group.room(side, ann)
    reader = UserId(group.logins["reader"].user_id)
    before = await sends(side, room, "before")
    await hears(side, group, await ann.say(room, "heard"))

    await side.homeserver.perform("creator", wire.RemovePerson(room, reader, "test"))
    await until(side, lambda: membership(group, reader, room) == "leave")
    await ann.sync_once()
    behind = await ann.say(room, "behind its back")
    await side.homeserver.perform("doorkeeper", wire.InvitePerson(room, reader))
    await until(side, lambda: membership(group, reader, room) == "join")
    await ann.sync_once()
    heard = await hears(side, group, await ann.say(room, "welcome back"))
    after = await sends(side, room, "after")
    await reads(ann, "before", "after")

    assert heard.verified
    assert [text for text in group.inbox.texts(room) if text != "after"] == ["before", "heard", "welcome back"]
    assert await key_of(ann, room, before) != await key_of(ann, room, after)
    assert not opens_with(side.opened.machine, room, await raw_of(ann, room, behind))


async def test_a_new_name_keeps_the_key(group: Group) -> None:
    """Somebody who changes their name, or leaves another room, ends no key of this one."""
    side, ann, bo = await group.opened(), await group.person(), await group.person("bo")
    room, other = await group.room(side, ann, bo), await group.room(side, ann, bo)
    before = await sends(side, room, "before")

    await ann.api.put(path("profile", ann.user_id, "displayname"), {"displayname": "Ann the second"})
    await bo.leave(other)
    await until(side, lambda: membership(group, bo.user_id, other) == "leave")
    after = await sends(side, room, "after")
    await reads(bo, "before", "after")

    assert await key_of(bo, room, before) == await key_of(bo, room, after)


async def test_a_knock_gets_no_key(group: Group) -> None:
    """Somebody who knocks at the door gets no key until they are let in and have come."""
    side, ann, bo = await group.opened(), await group.person(), await group.person("bo")
    room = await group.room(side, ann, spec=RoomSpec("Tuesday", join_rule="knock", history="invited"))
    await bo.api.post(path("knock", room), {})
    await moves(side, group, bo, "knock")

    behind_the_door = await raw_of(ann, room, await sends(side, room, "behind the door"))
    await bo.sync_once()

    assert bo.machine.olm.inbound_group_store[room] == {}
    assert not opens(bo, room, behind_the_door)


def _joined(group: Group, member: Member) -> int:
    """Return how often the bot has heard that ``member`` joined."""
    found = [one.content for one in group.inbox.incoming.values() if isinstance(one.content, wire.Membership)]
    return sum(one.subject == member.user_id and one.state == "join" for one in found)


async def _removes(side: MatrixSide, room: str, member: Member) -> None:
    done: Any = await side.homeserver.perform("doorkeeper", wire.RemovePerson(RoomId(room), UserId(member.user_id), "test"))
    assert isinstance(done, wire.Done), done
