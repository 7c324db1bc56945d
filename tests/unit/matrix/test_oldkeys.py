"""Room keys end with the window in which their words may be read again."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
import vodozemac

from supportd.matrix import oldkeys
from supportd.matrix.cipherstore import CryptoStore
from supportd.matrix.machine import MEGOLM, Machine, NoKey, Unreadable

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.asyncio

ROOM = "!room"
WINDOW = timedelta(hours=72)
HOUR = 3600.0
DAY = 24 * HOUR


@dataclass
class Days:
    """The store, its clock, and somebody who writes."""

    folder: Path
    now: float = 1_000_000_000.0
    opened: list[CryptoStore] = field(default_factory=list)

    def machine(self) -> Machine:
        """Return our device, as it is after a start."""
        for store in self.opened:
            store.close()
        store = CryptoStore("@bot:x", "BOT", self.folder, file_key=b"f" * 32, pickle_key=b"p" * 32, clock=lambda: self.now)
        self.opened.append(store)
        return Machine("@bot:x", "BOT", store)


class Sender:
    """A device of somebody else with one room key."""

    def __init__(self, machine: Machine, curve: str = "A" * 43) -> None:
        """Give the key to ``machine``."""
        self.group = vodozemac.GroupSession()
        self.curve = curve
        self.count = 0
        machine.olm.create_group_session(curve, "E" * 43, ROOM, self.group.session_id, self.group.session_key.to_base64())

    def say(self) -> dict[str, Any]:
        """Return the next message."""
        self.count += 1
        clear = f'{{"type": "m.room.message", "content": {{"body": "{self.count}"}}, "room_id": "{ROOM}"}}'
        content = {
            "algorithm": MEGOLM,
            "sender_key": self.curve,
            "session_id": self.group.session_id,
            "ciphertext": self.group.encrypt(clear.encode()).to_base64(),
        }
        return {"event_id": f"$e{self.group.session_id[:6]}{self.count}", "type": "m.room.encrypted", "content": content}


@pytest.fixture
def days(tmp_path: Path) -> Iterator[Days]:
    """Yield a store with a clock of its own."""
    one = Days(tmp_path / "crypto")
    yield one
    for store in one.opened:
        store.close()


def read(machine: Machine, event: dict[str, Any]) -> str:
    """Return the words of ``event``."""
    return str(machine.decrypt(ROOM, event).content["body"])


async def test_read_again_within_the_window(days: Days) -> None:
    """Two days later nothing is forgotten: the words can be read again."""
    machine = days.machine()
    event = Sender(machine).say()
    read(machine, event)
    days.now += 2 * DAY

    found = await oldkeys.forget(machine, WINDOW)

    assert found == oldkeys.Forgotten(0, 0)
    assert read(days.machine(), event) == "1"


async def test_a_key_in_use_is_wound_forward(days: Days) -> None:
    """What was read before the window can never be read again, also from the file; what comes with the same key can."""
    machine = days.machine()
    ann = Sender(machine)
    old = [ann.say(), ann.say()]
    for event in old:
        read(machine, event)
    days.now += 2 * DAY
    young = ann.say()
    read(machine, young)
    days.now += 1.5 * DAY

    found = await oldkeys.forget(machine, WINDOW)

    assert found == oldkeys.Forgotten(0, 1)
    for one in (machine, days.machine()):
        for event in old:
            with pytest.raises(NoKey):
                read(one, event)
        assert read(one, young) == "3"
    assert read(days.machine(), ann.say()) == "4"
    assert await oldkeys.forget(days.machine(), WINDOW) == oldkeys.Forgotten(0, 0)


async def test_a_key_that_was_followed_is_deleted(days: Days) -> None:
    """The same device has had a newer key for longer than the window: the old one is gone from memory and from the file."""
    machine = days.machine()
    first = Sender(machine)
    event = first.say()
    read(machine, event)
    days.now += HOUR
    second = Sender(machine)
    days.now += 4 * DAY

    found = await oldkeys.forget(machine, WINDOW)

    assert found.deleted == 1
    again = days.machine()
    assert [one.id for one in again.room_keys()] == [second.group.session_id]
    assert again.store.keys.uses(days.now) == {}
    with pytest.raises(NoKey):
        read(again, event)


async def test_a_newer_key_within_the_window_ends_nothing(days: Days) -> None:
    """A late message with the earlier key may still come as long as the newer one is young."""
    machine = days.machine()
    first = Sender(machine)
    days.now += 4 * DAY
    Sender(machine)
    days.now += HOUR

    found = await oldkeys.forget(machine, WINDOW)

    assert found.deleted == 0
    assert read(days.machine(), first.say()) == "1"


async def test_somebody_who_keeps_one_key_for_a_week(days: Days) -> None:
    """A client that does not renew its key is read until the longest time that clients have for it, and the window, are over."""
    machine = days.machine()
    ann = Sender(machine)
    read(machine, ann.say())
    days.now += 6 * DAY
    await oldkeys.forget(machine, WINDOW)
    assert read(machine, ann.say()) == "2"
    days.now += 9 * DAY

    found = await oldkeys.forget(machine, WINDOW)

    assert found.deleted == 1
    assert days.machine().room_keys() == ()


async def test_somebody_elses_newer_key_ends_nothing(days: Days) -> None:
    """Only a newer key of the same device ends the earlier one."""
    machine = days.machine()
    Sender(machine)
    days.now += HOUR
    Sender(machine, "B" * 43)
    days.now += 4 * DAY

    assert (await oldkeys.forget(machine, WINDOW)).deleted == 0


async def test_replay_is_refused_after_winding(days: Days) -> None:
    """Marks of live keys stay: old ciphertext under a new event id is refused inside the window, and unreadable outside of it."""
    machine = days.machine()
    ann = Sender(machine)
    old = ann.say()
    read(machine, old)
    days.now += 2 * DAY
    young = ann.say()
    read(machine, young)
    days.now += 1.5 * DAY
    await oldkeys.forget(machine, WINDOW)

    again = days.machine()

    with pytest.raises(Unreadable):
        read(again, {**young, "event_id": "$replayed"})
    with pytest.raises(NoKey):
        read(again, {**old, "event_id": "$replayed"})


async def test_nothing_of_it_stays_on_the_disk(tmp_path: Path) -> None:
    """A deleted key is in no file any more, not even in the write-ahead log."""
    now = [1_000_000_000.0]
    store = CryptoStore("@bot:x", "BOT", tmp_path / "crypto", file_key=None, pickle_key=b"p" * 32, clock=lambda: now[0])
    machine = Machine("@bot:x", "BOT", store)
    ann = Sender(machine)
    read(machine, ann.say())
    name = ann.group.session_id.encode()
    assert any(name in file.read_bytes() for file in (tmp_path / "crypto").iterdir())
    now[0] += 20 * DAY

    await oldkeys.forget(machine, WINDOW)

    assert [file.name for file in (tmp_path / "crypto").iterdir() if name in file.read_bytes()] == []
    store.close()


async def test_uses_of_an_older_version_get_their_moment(tmp_path: Path) -> None:
    """A file of an earlier version, without moments, is opened and its marks count as old."""
    store = CryptoStore("@bot:x", "BOT", tmp_path / "crypto", file_key=None, pickle_key=b"p" * 32)
    store.database.execute_sql("DROP TABLE supportd_used")
    store.database.execute_sql("CREATE TABLE supportd_used (session TEXT, number INTEGER, event TEXT, PRIMARY KEY (session, number))")
    store.database.execute_sql("INSERT INTO supportd_used VALUES ('s', 1, '$e')")
    store.close()

    store = CryptoStore("@bot:x", "BOT", tmp_path / "crypto", file_key=None, pickle_key=b"p" * 32)

    assert store.keys.first_use("s", 1, "$other") is False
    assert store.keys.uses(1.0)["s"].read_before == 1
    store.close()
