"""Killed at any moment and started again: everybody reads everything once, and nothing is read twice."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from supportd.engine import wire
from supportd.matrix import http, sharing
from supportd.matrix.errors import ServerAway
from supportd.matrix.http import path
from supportd.sdk.rooms import RoomSpec
from tests.matrix.conftest import Killed, devices_change, until
from tests.scenarios.acts import device, hears, key_of, raw_of, reads, said, sends, turns

if TYPE_CHECKING:
    from supportd.matrix.service import MatrixSide
    from tests.matrix.conftest import Group
    from tests.scenarios.between import Between

pytestmark = [pytest.mark.synapse, pytest.mark.asyncio]

# As ``supportd.matrix.http`` names them: what could be an id is a star.
_SHARE = "PUT */m.room.encrypted/"
_SAY = "PUT rooms/*/send/m.room.encrypted/"


@pytest.mark.parametrize("share", [1, 2])
@pytest.mark.parametrize("when", ["send", "sent"])
async def test_killed_while_a_key_is_shared(group: Group, monkeypatch: pytest.MonkeyPatch, share: int, when: str) -> None:
    """Killed before or after one of two deliveries of a key: after the start all devices read the message, and once."""
    side, ann = await group.opened(), await group.person()
    room = await group.room(side, ann)
    others = [await device(group, ann, f"D{number}") for number in range(3)]
    monkeypatch.setattr(sharing, "AT_ONCE", 2)
    await devices_change(side, ann)
    job = said(room, "once and for all")

    await _killed_at(side, monkeypatch, f"{when} {_SHARE}", share, job)
    again = await group.opened()
    done = await again.homeserver.perform("reader", job)
    for one in (ann, *others):
        await reads(one, "once and for all")

    assert isinstance(done, wire.Done)
    assert all([seen.text for seen in one.timeline] == ["once and for all"] for one in (ann, *others))
    assert [one.undecryptable for one in (ann, *others)] == [0] * 4


@pytest.mark.parametrize("when", ["send", "sent"])
async def test_killed_while_a_message_is_sent(group: Group, monkeypatch: pytest.MonkeyPatch, when: str) -> None:
    """Killed after the message was encrypted, before or after the homeserver had it: the repeat makes one event that is read."""
    side, ann = await group.opened(), await group.person()
    room = await group.room(side, ann)
    job = said(room, "once")

    await _killed_at(side, monkeypatch, f"{when} {_SAY}", 1, job)
    again = await group.opened()
    first, second = [await again.homeserver.perform("reader", job) for _ in range(2)]
    await sends(again, room, "the end")
    await reads(ann, "the end")

    assert first == second
    assert [seen.text for seen in ann.timeline] == ["once", "the end"]
    assert ann.undecryptable == 0


async def test_new_key_after_a_start(group: Group) -> None:
    """A key to send with is never used by two processes: after a start the next message has a new one."""
    side, ann = await group.opened(), await group.person()
    room = await group.room(side, ann)
    before = await sends(side, room, "before")
    await side.close()

    again = await group.opened()
    after = await sends(again, room, "after")
    await reads(ann, "before", "after")

    assert await key_of(ann, room, before) != await key_of(ann, room, after)


async def test_same_sync_twice(group: Group) -> None:
    """A sync that was not committed comes again, keys and words, to the same process and to a new one: each word is read once."""
    side, ann = await group.opened(), await group.person()
    room = await group.room(side, ann, spec=RoomSpec("Tuesday", rotation_messages=1))
    for number in range(3):
        await ann.say(room, f"word {number}")

    group.inbox.fail = 2
    for _ in range(2):
        with pytest.raises(RuntimeError):
            await side.session.step(1000)
    await side.close()
    again = await group.opened()
    await turns(again, lambda: len(group.inbox.texts(room)) == 3)

    assert group.inbox.texts(room) == ["word 0", "word 1", "word 2"]
    assert all(one.verified for one in group.inbox.incoming.values() if isinstance(one.content, wire.Said))
    assert group.inbox.waiting == {}


@pytest.mark.parametrize("restarted", [False, True])
async def test_replayed_words(group: Group, restarted: bool) -> None:  # noqa: FBT001 - a parameter of the test
    """Ciphertext that was read once is refused under another event id, also by a process that was started in between."""
    side, ann = await group.opened(), await group.person()
    room = await group.room(side, ann)
    event = await ann.say(room, "I agree")
    await hears(side, group, event)
    if restarted:
        await side.close()
        side = await group.opened()

    content = (await raw_of(ann, room, event))["content"]
    again = await ann.api.put(path("rooms", room, "send", "m.room.encrypted", "replayed"), content)
    last = await ann.say(room, "the end")
    await hears(side, group, last)

    assert again["event_id"] not in group.inbox.incoming
    assert again["event_id"] not in group.inbox.waiting
    assert group.inbox.texts(room) == ["I agree", "the end"]


async def test_gap_with_many_keys(group: Group) -> None:
    """Of 130 messages under 44 keys that were said while the bot was down none is lost, and all are in order and proven."""
    side, ann = await group.opened(), await group.person()
    room = await group.room(side, ann, spec=RoomSpec("Tuesday", rotation_messages=3))
    await side.close()
    for number in range(130):
        await ann.say(room, str(number))

    again = await group.opened()
    await turns(again, lambda: len(group.inbox.texts(room)) == 130)

    assert [str(number) for number in range(130)] == group.inbox.texts(room)
    assert all(one.verified for one in group.inbox.incoming.values() if isinstance(one.content, wire.Said))
    assert group.inbox.open_gaps == {}


async def test_killed_before_the_first_sync(group: Group) -> None:
    """Killed between the making of its keys and its first sync, the bot reads what was said to it meanwhile."""
    side = await group.opened()
    room = await group.room(side)
    await side.close()
    ann = await group.person()
    opened = group.side()
    await opened.open()
    await opened.homeserver.perform("doorkeeper", wire.InvitePerson(room, ann.user_id))  # type: ignore[arg-type] # an id of a person
    await ann.join(room)
    await ann.sync_once()
    event = await ann.say(room, "anybody there?")
    await opened.close()

    again = await group.opened()
    heard = await hears(again, group, event)

    assert heard.verified


async def test_restart_of_the_homeserver_in_a_sync(group: Group, between: Between) -> None:
    """A homeserver that goes in the middle of a sync and comes back: nothing is lost and nothing is read twice."""
    side, ann = await group.opened(base_url=between.url), await group.person()
    room = await group.room(side, ann)
    await ann.say(room, "before")
    await turns(side, lambda: "before" in group.inbox.texts(room))

    between.lose("GET /_matrix/client/v3/sync", times=2)
    await ann.say(room, "while it was away")
    for _ in range(2):
        with pytest.raises(ServerAway):
            await side.session.step()
    await ann.say(room, "after")
    await until(side, lambda: "after" in group.inbox.texts(room))

    assert group.inbox.texts(room) == ["before", "while it was away", "after"]


async def _killed_at(side: MatrixSide, monkeypatch: pytest.MonkeyPatch, where: str, count: int, job: Any) -> None:
    """Let the bot's process die at the ``count``-th boundary whose name begins with ``where`` while it sends."""
    left = count

    def boundary(name: str) -> None:
        nonlocal left
        left -= name.startswith(where)
        if left == 0:
            raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(http, "boundary", boundary)
        with pytest.raises(Killed):
            await side.homeserver.perform("reader", job)
    await side.close()
