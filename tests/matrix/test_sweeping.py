"""What was said is taken away: what is old, or one person's, a few at a time and never twice, on a real homeserver."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from supportd.engine import wire
from supportd.matrix.accounts import register
from supportd.matrix.http import path
from supportd.matrix.sweeping import PATIENT
from supportd.sdk.ids import RoomId, UserId
from supportd.sdk.rooms import RoomSpec
from tests.matrix.conftest import Group

if TYPE_CHECKING:
    from pathlib import Path

    from supportd.demo.synapse import Synapse
    from supportd.matrix.member import Member
    from supportd.matrix.service import MatrixSide
    from supportd.sdk.rooms import Listening

pytestmark = [pytest.mark.synapse, pytest.mark.asyncio]

FOR_EVER = 2**52


async def history(member: Member, room: str) -> list[dict[str, Any]]:
    """Return all events of a room, oldest first, as the homeserver has them."""
    page = await member.api.get(path("rooms", room, "messages"), {"dir": "f", "limit": "200"})
    assert isinstance(page["chunk"], list)
    return page["chunk"]


def readable(events: list[dict[str, Any]]) -> set[str]:
    """Return the events that are words and still have their content."""
    return {one["event_id"] for one in events if "state_key" not in one and one["type"] != "m.room.redaction" and one["content"]}


async def swept(side: MatrixSide, job: wire.SweepWords) -> int:
    """Sweep to the end; returns in how many goes."""
    for number in range(1, 50):
        outcome = await side.homeserver.perform("doorkeeper", job)
        if isinstance(outcome, wire.Done):
            return number
        assert isinstance(outcome, wire.More), outcome
    raise AssertionError("The sweep does not end.")


@pytest.mark.parametrize("listening", ["reader", "doorkeeper"])
async def test_old_words_go_and_newer_ones_stay(group: Group, listening: Listening) -> None:
    """Everything said before the moment is gone, reactions too; what came later and the room's state stay; a repeat does nothing."""
    side, ann, bo = await group.opened(), await group.person("ann"), await group.person("bo")
    room = await group.room(side, ann, bo, spec=RoomSpec("Tuesday", listening=listening))
    old = [await one.say(room, f"old {number}") for number in range(5) for one in (ann, bo)]
    old.append(await ann.react(room, old[0], "🌱"))
    new = [await one.say(room, "new") for one in (ann, bo)]
    cut = next(one["origin_server_ts"] for one in await history(ann, room) if one["event_id"] == new[0])
    state = [one["event_id"] for one in await history(ann, room) if "state_key" in one]
    job = wire.SweepWords(RoomId(room), cut, 0, None, "Kept for 30 days.")

    goes = await swept(side, job)
    after = await history(ann, room)
    await swept(side, job)
    again = await history(ann, room)

    assert goes > 1
    assert readable(after) == set(new)
    assert [one["event_id"] for one in after if "state_key" in one] == state
    assert len([one for one in after if one["type"] == "m.room.redaction"]) == len(old)
    assert {one["content"].get("reason") for one in after if one["type"] == "m.room.redaction"} == {"Kept for 30 days."}
    assert len(again) == len(after)


async def test_one_persons_words_go(group: Group) -> None:
    """Whoever wants their own words hidden leaves those of others where they are."""
    side, ann, bo = await group.opened(), await group.person("ann"), await group.person("bo")
    room = await group.room(side, ann, bo)
    others = [await bo.say(room, f"mine {number}") for number in range(3)]
    for number in range(6):
        await ann.say(room, f"gone {number}")

    await swept(side, wire.SweepWords(RoomId(room), FOR_EVER, 0, UserId(ann.user_id), ""))

    assert readable(await history(bo, room)) == set(others)


async def test_where_it_was_looked_at_before_nobody_looks_again(group: Group) -> None:
    """What is older than the end of the search stays as it is."""
    side, ann = await group.opened(), await group.person("ann")
    room = await group.room(side, ann)
    kept = await ann.say(room, "kept")
    after = (await history(ann, room))[-1]["origin_server_ts"] + 1

    await swept(side, wire.SweepWords(RoomId(room), FOR_EVER, after, None, ""))

    assert kept in readable(await history(ann, room))


async def test_a_room_without_the_power_is_refused(group: Group) -> None:
    """Where the doorkeeper may not hide, the job ends with the homeserver's word and nothing is hidden."""
    side, ann = await group.opened(), await group.person("ann")
    room = (await ann.api.post(path("createRoom"), {"invite": [group.logins["doorkeeper"].user_id]}))["room_id"]
    await side._apis["doorkeeper"].post(path("join", room), {})
    said = await ann.say(room, "mine")

    outcome = await side.homeserver.perform("doorkeeper", wire.SweepWords(RoomId(room), FOR_EVER, 0, None, ""))

    assert outcome == wire.Never("M_FORBIDDEN")
    assert said in readable(await history(ann, room))


async def test_the_homeservers_pace_leaves_room_for_what_is_urgent(strict_synapse: Synapse, tmp_path: Path) -> None:
    """With Synapse's own limits a sweep waits long after a 429, and the doorkeeper's other work does not wait with it."""
    # Signing in is limited there too: one account does everything, and who is invited never signs in.
    bot = await strict_synapse.register("sweep-bot", "pw")
    group = Group(strict_synapse, tmp_path, dict.fromkeys(("creator", "doorkeeper", "reader"), bot))
    side = await group.opened()
    people = [await group.person("ann"), await group.person("bo")]
    wanted = {"preset": "private_chat", "invite": [one.user_id for one in people]}
    room = RoomId((await side._apis["doorkeeper"].post(path("createRoom"), wanted))["room_id"])
    for one in people:
        await one.join(room)
        for number in range(7):
            await one.api.put(path("rooms", room, "send", "m.room.message", f"m{number}"), {"msgtype": "m.text", "body": "x"})
    await register(strict_synapse.base_url, strict_synapse.registration_secret, "cy", "pw")
    job = wire.SweepWords(room, FOR_EVER, 0, None, "")

    waits: list[float] = []
    while not waits or (waits[-1] < PATIENT and len(waits) < 10):
        outcome = await side.homeserver.perform("doorkeeper", job)
        assert isinstance(outcome, wire.More), outcome
        waits.append(outcome.seconds)
    quiet = side.health()["accounts_waiting"]
    let_in = await side.homeserver.perform("doorkeeper", wire.InvitePerson(room, UserId(f"@cy:{strict_synapse.server_name}")))

    # Four went at once, the next go met the limit; what else the account does is not put off for that, or by what the server says at most.
    assert waits[0] < PATIENT <= waits[-1]
    assert quiet == 0
    assert isinstance(let_in, wire.Done) or (isinstance(let_in, wire.Later) and let_in.seconds <= 5)
    for one in people:
        await one.close()
    await side.close()
