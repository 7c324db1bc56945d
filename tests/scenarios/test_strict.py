"""The bot among people with a client of somebody else's making, which accepts only devices that their owners signed."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

import pytest
import pytest_asyncio

from supportd.engine import wire
from supportd.matrix.http import path
from supportd.sdk.ids import UserId
from supportd.sdk.rooms import RoomSpec
from tests.scenarios.acts import hears, lose_sessions, membership, reads, sends, turns
from tests.support.strict import Strict

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from supportd.matrix.member import Member
    from supportd.matrix.service import MatrixSide
    from tests.matrix.conftest import Group

pytestmark = [pytest.mark.synapse, pytest.mark.asyncio, pytest.mark.slow]

_numbers = itertools.count(1)


@pytest_asyncio.fixture
async def karim(group: Group) -> AsyncIterator[Strict]:
    """Yield a person with such a client."""
    login = await group.synapse.register(f"karim-strict-{next(_numbers)}", "pw", device_id="STRICT")
    strict = await Strict.start(group.synapse.base_url, login, "pw")
    yield strict
    await strict.close()


async def test_strict_both_ways(group: Group, karim: Strict) -> None:
    """In a version 11 room the strict client reads the bot without a warning, the bot reads it, and a second member reads both."""
    side, ann = await group.opened(), await group.person()
    room = await _room(group, side, karim, ann, spec=RoomSpec("Tuesday", room_version="11"))

    heard = await hears(side, group, await karim.ask("say", room=room, text="from Karim"))
    await sends(side, room, "from the bot")
    shown = await karim.until(lambda messages: "from the bot" in _texts(messages))
    await reads(ann, "from Karim", "from the bot")

    assert heard.verified
    assert [(one["encrypted"], one["shield"]) for one in shown if one["text"] == "from the bot"] == [(True, 0)]
    assert None not in _texts(shown)


async def test_strict_and_a_bot_that_starts_anew(group: Group, karim: Strict) -> None:
    """What the strict client says while the bot is down is read after the start, and it reads the bot under the new key."""
    side = await group.opened()
    room = await _room(group, side, karim)
    await sends(side, room, "before")
    await karim.until(lambda messages: "before" in _texts(messages))
    await side.close()
    event = await karim.ask("say", room=room, text="anybody there?")

    again = await group.opened()
    heard = await hears(again, group, event)
    await sends(again, room, "after")
    shown = await karim.until(lambda messages: "after" in _texts(messages))

    assert heard.verified
    assert [one["shield"] for one in shown if one["text"] in {"before", "after"}] == [0, 0]


async def test_strict_reaches_the_bot_by_its_fallback_key(group: Group, karim: Strict) -> None:
    """When the bot's one-time keys are used up, the strict client reaches it by the fallback key, and is read."""
    side, ann, reader = await group.opened(), await group.person(), group.logins["reader"]
    room = await _room(group, side, karim)
    for _ in range(51):
        wanted = {"one_time_keys": {reader.user_id: {reader.device_id: "signed_curve25519"}}}
        claimed = await ann.api.post(path("keys", "claim"), wanted)

    heard = await hears(side, group, await karim.ask("say", room=room, text="by the fallback key"))

    assert "fallback" in str(claimed)
    assert heard.verified


async def test_strict_after_the_bot_lost_its_sessions(group: Group, karim: Strict) -> None:
    """When the bot lost the session in which the strict client's keys come, it mends it, and reads what is said under the next key."""
    side = await group.opened()
    room = await _room(group, side, karim, spec=RoomSpec("Tuesday", rotation_messages=1))
    await sends(side, room, "hello")
    await karim.until(lambda messages: "hello" in _texts(messages))
    await hears(side, group, await karim.ask("say", room=room, text="before"))
    lose_sessions(side.opened.machine, curve := next(iter(side.opened.machine.curves(karim.user_id))))
    # Half a minute later, when a device may be asked for another key.
    side.session.sharing._asked.clear()

    await karim.ask("say", room=room, text="under a lost key")
    await turns(side, lambda: side.opened.machine.olm.session_store.get(curve) is not None)
    await sends(side, room, "mended")
    await karim.until(lambda messages: "mended" in _texts(messages))
    heard = await hears(side, group, await karim.ask("say", room=room, text="after"))

    assert heard.verified
    assert None not in _texts(await karim.messages())


def _texts(messages: list[dict[str, Any]]) -> list[str | None]:
    return [one["text"] for one in messages]


async def _room(group: Group, side: MatrixSide, strict: Strict, *people: Member, spec: RoomSpec | None = None) -> str:
    """Return a new room that everybody has joined."""
    invite = (UserId(strict.user_id), *(UserId(one.user_id) for one in people))
    made = await side.homeserver.perform("creator", wire.MakeRoom(f"strict{next(_numbers)}", spec or RoomSpec("Tuesday"), invite))
    assert isinstance(made, wire.Done)
    assert made.room is not None
    for one in people:
        await one.join(made.room)
        await one.sync_once()
    await strict.join_all(1)
    await turns(side, lambda: membership(group, strict.user_id, made.room) == "join")
    return made.room
