"""Taking a sync apart, and keeping order."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from supportd.engine.wire import Edited, Incoming, Said
from supportd.matrix.body import parse
from supportd.matrix.errors import ServerAway
from supportd.matrix.gaps import gap_of
from supportd.matrix.intake import in_order, own_edits
from supportd.sdk.ids import EventId, RoomId, UserId


def test_missing_blocks() -> None:
    """Rooms without inner keys are empty rooms (F12)."""
    rooms = {"invite": {"!i": {}}, "leave": {"!l": {}}, "join": {"!j": {"timeline": {"limited": True}}}}

    body = parse({"next_batch": "t", "rooms": rooms})

    assert body.invited == {"!i": ()}
    assert body.gone["!l"].timeline == ()
    assert body.joined["!j"].limited
    assert body.one_time_keys is None


@pytest.mark.parametrize(
    ("raw", "count", "used"),
    [
        ({"device_one_time_keys_count": {}}, 0, False),
        ({"device_one_time_keys_count": {"signed_curve25519": 7}, "device_unused_fallback_key_types": []}, 7, True),
        ({"device_unused_fallback_key_types": ["signed_curve25519"]}, None, False),
        ({"device_one_time_keys_count": 5, "device_unused_fallback_key_types": 5}, None, False),
    ],
)
def test_key_counts(raw: dict[str, Any], count: int | None, used: bool) -> None:  # noqa: FBT001 - a parameter of the test
    """No number under the algorithm is 0 (F10); no list of fallback keys says nothing."""
    body = parse({"next_batch": "t", **raw})

    assert (count, used) == (body.one_time_keys, body.fallback_used)


@pytest.mark.parametrize("value", [None, 5, "x", [], [[]], {"events": 5}, {"events": [5, None, {}]}, {"!r": 5}])
@pytest.mark.parametrize("key", ["to_device", "rooms", "device_lists", "presence"])
def test_odd_bodies(key: str, value: object) -> None:
    """Odd parts are empty parts."""
    body = parse({"next_batch": "t", key: value, "rooms2": {"join": value}})

    assert body.joined == {}


@pytest.mark.parametrize("raw", [{}, {"next_batch": ""}, {"next_batch": 5}])
def test_no_token(raw: dict[str, Any]) -> None:
    """Without a token there is nothing to commit."""
    with pytest.raises(ServerAway):
        parse(raw)


def test_gap_has_a_stable_id() -> None:
    """The same gap, seen again after a crash with a later end, is the same mark; it is walked from the old token on."""
    assert gap_of("!r", "later", "b").id == gap_of("!r", "a", "b").id
    assert gap_of("!r", "a", "b").id != gap_of("!r", "a", "").id
    assert (gap_of("!r", "a", "b").start, gap_of("!r", "a", "b").end) == ("b", "a")


NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)


def incoming(room: str, name: str, seconds: int, content: Said | Edited | None = None, sender: str = "@a:x") -> Incoming:
    """Return an event."""
    at = NOON + timedelta(seconds=seconds)
    return Incoming(EventId(name), RoomId(room), at, UserId(sender), content or Said(name), verified=True)


def test_order_of_rooms() -> None:
    """Oldest first over rooms; within a room the server's order stays, whatever a clock said."""
    one = [incoming("!1", "a", 10), incoming("!1", "b", 5), incoming("!1", "c", 30)]
    two = [incoming("!2", "d", 7), incoming("!2", "e", 20)]

    found = in_order([one, two])

    assert [event.id for event in found] == ["d", "a", "b", "e", "c"]


def test_edits_of_others_are_dropped() -> None:
    """Only an author edits their words."""
    mine, theirs, unknown = (incoming("!1", "e", 1, Edited(EventId(target), "x"), "@a:x") for target in ("$mine", "$theirs", "$unknown"))

    found = own_edits([mine, theirs, unknown, incoming("!1", "s", 2)], {("!1", "$mine"): "@a:x", ("!1", "$theirs"): "@b:x"})

    assert [EventId("e"), EventId("s")] == [event.id for event in found]
    assert mine in found
