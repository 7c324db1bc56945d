"""One-time and fallback keys: none is handed out twice, and there is always one left."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from supportd.engine import wire
from supportd.matrix import http
from supportd.matrix.http import path
from supportd.sdk.rooms import RoomSpec
from tests.matrix.conftest import Killed
from tests.scenarios.acts import hears, is_closed_to, reads, said, sends, turns

if TYPE_CHECKING:
    from supportd.matrix.accounts import Login
    from supportd.matrix.http import Api
    from supportd.matrix.service import MatrixSide
    from tests.matrix.conftest import Group
    from tests.scenarios.between import Between

pytestmark = [pytest.mark.synapse, pytest.mark.asyncio]

_UPLOAD = "POST /_matrix/client/v3/keys/upload"


async def test_bot_uses_a_members_fallback_key(group: Group) -> None:
    """A member whose one-time keys are used up is reached by their fallback key, and reads."""
    side, ann, bo = await group.opened(), await group.person(), await group.person("bo")
    room = await group.room(side, ann)
    taken = await _claim(bo.api, ann.login, 51)

    await sends(side, room, "by the fallback key")
    await reads(ann, "by the fallback key")

    assert [fallback for _name, _key, fallback in taken] == [False] * 50 + [True]


async def test_members_use_the_bots_fallback_key(group: Group) -> None:
    """While the bot has no one-time key left, members reach it by its fallback key, two of them by the same one; a new one follows."""
    side, ann, bo = await group.opened(), await group.person(), await group.person("bo")
    room = await group.room(side, ann, bo)
    used_up = await _claim(ann.api, group.logins["reader"], 51)

    said_by = [await one.say(room, f"by {number}") for number, one in enumerate((ann, bo))]
    for event in said_by:
        await hears(side, group, event)
    renewed = await _claim(ann.api, group.logins["reader"], 51)

    assert sorted(group.inbox.texts(room)) == ["by 0", "by 1"]
    assert used_up[-1][2]
    assert renewed[-1][2]
    assert used_up[-1][1] != renewed[-1][1]


@pytest.mark.parametrize("when", ["before", "after"])
async def test_no_one_time_key_twice(group: Group, monkeypatch: pytest.MonkeyPatch, when: str) -> None:
    """Killed before or after the homeserver took new one-time keys: none of them is ever handed out twice."""
    side, ann = await group.opened(), await group.person()
    reader = group.logins["reader"]
    first = await _claim(ann.api, reader, 30)
    await _killed_at(side, monkeypatch, "send POST keys/upload" if when == "before" else "sent POST keys/upload")
    second = await _claim(ann.api, reader, 20 if when == "before" else 45)

    again = await group.opened()
    await again.session.step()
    await again.session.settle()
    third = await _claim(ann.api, reader, 50)

    handed_out = [key for _name, key, fallback in (*first, *second, *third) if not fallback]
    assert len(handed_out) == len(set(handed_out))
    assert not any(fallback for _name, _key, fallback in third)


async def test_fallback_key_survives_uploads_that_fail(group: Group, between: Between) -> None:
    """While no new keys can be uploaded, whoever uses the fallback key that is still published is read all the same."""
    side, ann, bo = await group.opened(base_url=between.url), await group.person(), await group.person("bo")
    room = await group.room(side, ann, bo)
    await _claim(ann.api, group.logins["reader"], 51)
    failing = between.refuse(_UPLOAD, times=1000)
    await turns(side, lambda: failing.met == 4)

    heard = await hears(side, group, await bo.say(room, "by the old one"))

    assert (wire.Said("by the old one"), True) == (heard.content, heard.verified)


async def test_uploads_that_fail_do_not_pile_up(group: Group, between: Between) -> None:
    """However often an upload fails, the next one carries no more keys than are missing."""
    side, ann = await group.opened(base_url=between.url), await group.person()
    await _claim(ann.api, group.logins["reader"], 40)
    before = len(between.asked(_UPLOAD))

    between.refuse(_UPLOAD, times=3)
    await turns(side, lambda: len(between.asked(_UPLOAD)) == before + 4)

    assert [len(body["one_time_keys"]) for body in between.asked(_UPLOAD)[before:]] == [40] * 4


async def test_badly_signed_one_time_key(group: Group, between: Between) -> None:
    """A one-time key that is not signed by the device it is said to be of is not used: that device gets no key, the others do."""
    side, ann, bo = await group.opened(base_url=between.url), await group.person(), await group.person("bo")
    room = await group.room(side, ann, bo)

    def exchange(value: dict[str, Any]) -> dict[str, Any]:
        mine, hers = value["one_time_keys"][bo.user_id], value["one_time_keys"][ann.user_id]
        one, other = next(iter(mine["SUPPORTD"].values())), next(iter(hers["SUPPORTD"].values()))
        one["key"] = other["key"]
        return value

    between.change("POST /_matrix/client/v3/keys/claim", exchange)
    event = await sends(side, room, "not for a stranger's key")
    await reads(ann, "not for a stranger's key")

    assert await is_closed_to(bo, event)


async def test_claim_that_fails(group: Group, between: Between) -> None:
    """While one-time keys cannot be had nothing is sent; afterwards the same message goes out once, and everybody reads it."""
    side, ann, bo = await group.opened(base_url=between.url), await group.person(), await group.person("bo")
    room = await group.room(side, ann, bo)
    job = said(room, "at last")

    between.refuse("POST /_matrix/client/v3/keys/claim", times=2)
    failed = [await side.homeserver.perform("reader", job) for _ in range(2)]
    sent_meanwhile = between.asked("/send/m.room.encrypted/")
    done = await side.homeserver.perform("reader", job)
    for one in (ann, bo):
        await reads(one, "at last")

    assert all(isinstance(outcome, wire.Later) for outcome in failed)
    assert sent_meanwhile == []
    assert isinstance(done, wire.Done)


@pytest.mark.parametrize("answer", [{}, {"one_time_keys": []}, {"one_time_keys": 5}, "per device: 5", "per device: {}", "per key: []"])
async def test_claim_with_a_nonsense_answer(group: Group, between: Between, answer: object) -> None:
    """A claim that is answered with nonsense gives nobody a key and breaks nothing; who was left out is asked again and then reads."""
    side, ann = await group.opened(base_url=between.url), await group.person()
    room = await group.room(side, ann)
    inner: dict[object, object] = {"per device: 5": {ann.user_id: {"SUPPORTD": 5}}, "per device: {}": {ann.user_id: {"SUPPORTD": {}}}}
    inner["per key: []"] = {ann.user_id: {"SUPPORTD": {"signed_curve25519:AAAA": []}}}

    between.change(
        "POST /_matrix/client/v3/keys/claim", lambda _value: {"one_time_keys": inner[answer]} if isinstance(answer, str) else answer
    )
    event = await sends(side, room, "not for Ann yet")
    # Half a minute later, when a device may be asked for another key.
    side.session.sharing._asked.clear()
    await sends(side, room, "at last")
    await reads(ann, "at last")

    assert await is_closed_to(ann, event)


async def test_claim_whose_answer_is_lost(group: Group, between: Between) -> None:
    """Keys that were claimed though the answer never came are given up; new ones are claimed and everybody reads."""
    side, ann = await group.opened(base_url=between.url), await group.person()
    room = await group.room(side, ann, spec=RoomSpec("Tuesday"))
    job = said(room, "at the second try")

    between.lose("POST /_matrix/client/v3/keys/claim")
    lost = await side.homeserver.perform("reader", job)
    done = await side.homeserver.perform("reader", job)
    await reads(ann, "at the second try")

    assert isinstance(lost, wire.Later)
    assert isinstance(done, wire.Done)
    assert len(between.asked("POST /_matrix/client/v3/keys/claim")) == 2


async def _claim(api: Api, owner: Login, times: int) -> list[tuple[str, str, bool]]:
    """Claim keys of a device one after the other: name, public key, whether it is the fallback key."""
    wanted = {"one_time_keys": {owner.user_id: {owner.device_id: "signed_curve25519"}}}
    found = []
    for _ in range(times):
        answer = await api.post(path("keys", "claim"), wanted)
        name, value = next(iter(answer["one_time_keys"][owner.user_id][owner.device_id].items()))
        found.append((name, value["key"], value.get("fallback") is True))
    return found


async def _killed_at(side: MatrixSide, monkeypatch: pytest.MonkeyPatch, where: str) -> None:
    """Let the bot's process die at the boundary ``where``, while it uploads keys beside the sync."""

    def boundary(name: str) -> None:
        if name == where:
            raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(http, "boundary", boundary)
        await side.session.step()
        with pytest.raises(Killed):
            await side.session.beside.tasks["upkeep"]
    await side.session.beside.rest()
    await side.close()
