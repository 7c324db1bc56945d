"""A second device of the bot's own account, as a hot standby will be: it reads everything, and nothing is mixed up."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from supportd.engine import wire
from supportd.matrix.accounts import log_in
from supportd.matrix.chain import published
from supportd.matrix.http import path
from supportd.sdk.ids import EventId
from tests.matrix.conftest import Group, until

if TYPE_CHECKING:
    from supportd.matrix.service import MatrixSide

pytestmark = [pytest.mark.synapse, pytest.mark.asyncio]


async def second(group: Group) -> tuple[Group, MatrixSide]:
    """Return the same installation on another device, with an inbox and a crypto store of its own, and its side."""
    reader = await log_in(group.synapse.base_url, group.logins["reader"].user_id, "pw", "STANDBY")
    other = Group(group.synapse, group.folder / "standby", {**group.logins, "reader": reader}, keys=group.keys)
    (other.folder / "crypto").mkdir(parents=True)
    shutil.copy(group.folder / "crypto" / "seeds", other.folder / "crypto" / "seeds")
    side = await other.opened()
    group.sides.append(side)
    return other, side


async def test_both_read_and_both_are_read(group: Group) -> None:
    """Members see two confirmed devices of one person; each of the two reads the members and the other one, as proven."""
    first = await group.opened()
    other, standby = await second(group)
    ann = await group.person()
    room = await group.room(first, ann)
    await until(standby, lambda: room in standby.session.rooms.known)
    await ann.say(room, "to both")
    await until(first, lambda: group.inbox.texts(room) == ["to both"])
    await first.homeserver.perform("reader", wire.SendMessage(room, "t1", "from the first"))
    await until(standby, lambda: other.inbox.texts(room) == ["to both", "from the first"])
    await standby.homeserver.perform("reader", wire.SendMessage(room, "t2", "from the standby"))
    await until(first, lambda: len(group.inbox.texts(room)) == 3)
    await ann.wait_for(lambda one: len(one.timeline) == 3)

    bot = first.opened.machine.user_id
    seen = published(bot, await ann.api.post(path("keys", "query"), {"device_keys": {bot: []}}))
    assert sorted(one.id for one in seen.devices) == ["STANDBY", "SUPPORTD"]
    assert all(one.proven for one in ann.timeline)
    assert all(one.verified for one in (*group.inbox.incoming.values(), *other.inbox.incoming.values()))


async def test_what_the_first_sent_is_found_by_the_standby(group: Group) -> None:
    """Transaction ids count for one device; the standby finds the first one's sends by what stands inside them, encrypted or not."""
    first = await group.opened()
    other, standby = await second(group)
    ann = await group.person()
    room = await group.room(first, ann)
    await until(standby, lambda: room in standby.session.rooms.known)

    sent = await first.homeserver.perform("reader", wire.SendMessage(room, "effect-1", "once"))
    await until(standby, lambda: "effect-1" in other.inbox.echoes)

    assert sent == wire.Done(event=other.inbox.echoes["effect-1"])  # type: ignore[arg-type] # an id of an event


async def test_a_member_cannot_forge_such_an_echo(group: Group) -> None:
    """A member who puts a transaction id into a message of theirs makes nobody believe that it was sent."""
    side = await group.opened()
    ann = await group.person()
    room = await group.room(side, ann)

    await ann.sender.words(room, "effect-9", "m.room.message", {"msgtype": "m.text", "body": "not the bot's"})
    await until(side, lambda: group.inbox.texts(room) == ["not the bot's"])

    assert group.inbox.echoes == {}


async def test_the_same_reaction_from_both_is_one(group: Group) -> None:
    """What the first reacted with is not an error for the standby that does it again; redacting twice is none either."""
    first = await group.opened()
    _other, standby = await second(group)
    ann = await group.person()
    room = await group.room(first, ann)
    said = EventId(await ann.say(room, "hello"))
    jobs: list[wire.Job] = [wire.SendReaction(room, "r", said, "👍"), wire.SendRedaction(room, "d", said, "")]

    outcomes = [await side.homeserver.perform("reader", job) for job in jobs for side in (first, standby)]

    assert [type(one) for one in outcomes] == [wire.Done] * 4


async def test_one_goes_and_the_other_stays(group: Group) -> None:
    """When the first device is signed out the standby reads on and is read, and the key that the first had is not used any more."""
    first = await group.opened()
    other, standby = await second(group)
    ann = await group.person()
    room = await group.room(first, ann)
    await until(standby, lambda: room in standby.session.rooms.known)
    await standby.homeserver.perform("reader", wire.SendMessage(room, "t1", "before"))
    before = standby.opened.machine.olm.outbound_group_sessions[room].id
    await first._apis["reader"].post(path("logout"), {})
    await until(standby, lambda: standby.opened.machine.devices(standby.opened.machine.user_id) == ())

    await ann.say(room, "are you there")
    await until(standby, lambda: "are you there" in other.inbox.texts(room))
    await standby.homeserver.perform("reader", wire.SendMessage(room, "t2", "after"))
    await ann.wait_for(lambda one: [seen.text for seen in one.timeline] == ["before", "are you there", "after"])

    assert standby.opened.machine.olm.outbound_group_sessions[room].id != before


async def test_a_device_that_somebody_added_to_our_account_gets_no_key(group: Group) -> None:
    """Who has the bot's password and adds a device, without the seeds, reads nothing, and the bot takes none of its words for its own."""
    side = await group.opened()
    ghost = await group.ghost(group.logins["reader"].user_id)
    ann = await group.person()
    room = await group.room(side, ann)
    await ghost.sync_once()

    await ann.say(room, "for the bot")
    await side.homeserver.perform("reader", wire.SendMessage(room, "t1", "for Ann"))
    await ghost.wait_for(lambda one: one.undecryptable == 2)
    await ghost.say(room, "I am the bot")
    await side.session.step(1000)

    heard = [one for one in group.inbox.incoming.values() if one.sender == ghost.user_id and isinstance(one.content, wire.Said)]
    assert ghost.timeline == []
    assert [one.verified for one in heard] == [True]
