"""The sync loop against a server that is only written down: waits, and what raises twice."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from supportd.engine import wire
from supportd.matrix.cipherstore import CryptoStore
from supportd.matrix.devices import Devices
from supportd.matrix.errors import LoggedOut, MatrixError, Refused, ServerAway, SlowDown
from supportd.matrix.http import Api
from supportd.matrix.intake import Intake, Raw
from supportd.matrix.machine import Machine
from supportd.matrix.member import _Memory
from supportd.matrix.roomstate import Rooms
from supportd.matrix.session import Session
from supportd.matrix.sharing import Sharing
from supportd.matrix.upkeep import Upkeep

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ROOM = "!room"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[CryptoStore]:
    """Yield an encrypted store."""
    one = CryptoStore("@bot:x", "BOT", tmp_path / "crypto", file_key=b"f" * 32, pickle_key=b"p" * 32)
    yield one
    one.close()


@pytest.fixture
def machine(store: CryptoStore) -> Machine:
    """Return a device of ours."""
    return Machine("@bot:x", "BOT", store)


class Script(Api):
    """A fake server: each request to ``sync`` meets the next thing of the script."""

    def __init__(self, script: list[MatrixError | dict[str, Any]]) -> None:
        """Answer with ``script``, then sign out."""
        super().__init__("http://127.0.0.1:1")
        self.script = script

    async def date(self) -> str | None:
        """Say nothing of the time."""
        return None

    async def ask(self, method: str, where: str, body: object = None, **more: Any) -> Any:
        """Answer."""
        if not where.endswith("/sync"):
            return {}
        step = self.script.pop(0) if self.script else LoggedOut(account="reader")
        if isinstance(step, MatrixError):
            raise step
        return step


def session_of(api: Api, machine: Machine) -> tuple[Session, _Memory]:
    """Return a session and its inbox."""
    inbox, rooms, devices = _Memory(), Rooms(), Devices(api, machine)
    sharing = Sharing(api, machine, devices, rooms)
    return Session(api, sharing, Upkeep(api, sharing, inbox, ()), inbox, {"reader": "@bot:x"}), inbox


@pytest.mark.asyncio
async def test_back_off(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that fails is asked ever more slowly, 1 s to 60 s with jitter; a success begins anew; a limit is kept exactly (F4)."""
    waits: list[float] = []

    async def sleep(seconds: float) -> None:
        if seconds:
            waits.append(seconds)

    monkeypatch.setattr("supportd.matrix.session.asyncio.sleep", sleep)
    script: list[MatrixError | dict[str, Any]] = [ServerAway() for _ in range(9)]
    script += [{"next_batch": "t1"}, Refused(code="M_UNKNOWN", http=400), SlowDown(seconds=4.648), {"no": "token"}]
    session, inbox = session_of(Script(script), machine)

    with pytest.raises(LoggedOut):
        await session.run()

    expected = [1, 2, 4, 8, 16, 32, 60, 60, 60, 1]
    assert all(0.75 * wait <= found <= 1.25 * wait for wait, found in zip(expected, waits[:10], strict=True))
    assert len({round(wait / expected[at], 6) for at, wait in enumerate(waits[:10])}) > 5
    assert waits[10] == 4.648
    assert inbox.at == "t1"


@pytest.mark.asyncio
async def test_every_body_is_survived(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    """Bodies with odd parts everywhere are taken to their token."""
    odd: list[Any] = [
        None,
        5,
        "x",
        [],
        [5],
        {},
        {"events": [None, {}, {"type": 5, "content": []}, {"state_key": [], "type": "m.room.member"}]},
    ]
    bodies: list[MatrixError | dict[str, Any]] = []
    for one in odd:
        for two in odd:
            part = {"timeline": one, "state": two, "invite_state": two}
            rooms = {"join": {ROOM: part}, "leave": {ROOM: part}, "invite": {ROOM: part}}
            bodies.append({"next_batch": f"t{len(bodies)}", "rooms": rooms, "to_device": one, "device_lists": two})
    count = len(bodies)
    session, inbox = session_of(Script(bodies), machine)

    for _ in range(count):
        await session.step()
    await session.settle()

    assert inbox.at == f"t{count - 1}"


def test_what_raises_twice_is_set_aside(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    """One to-device event that raises is set aside, sealed by the engine; the others of its sync are taken, from a clean machine."""
    taken: list[str] = []

    def take(event: dict[str, Any]) -> tuple[str, str] | None:
        taken.append(event["name"])
        if event["name"] == "bad":
            raise RuntimeError("nio did not expect this")
        return ROOM, str(event["name"])

    monkeypatch.setattr(machine, "take", take)
    intake = Intake(machine)

    keys, marks = intake.to_device([{"name": "a"}, {"name": "bad", "words": "x"}, {"name": "b"}])

    assert keys == {(ROOM, "a"), (ROOM, "b")}
    assert taken == ["a", "bad", "a", "bad", "b"]
    assert [type(mark) for mark in marks] == [wire.AsideMark]
    assert isinstance(marks[0], wire.AsideMark)
    assert (marks[0].reason, b'"words"' in marks[0].body) == ("RuntimeError", True)
    assert "words" not in repr(marks[0])


def test_room_event_that_raises_is_set_aside(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    """One event of a room that raises does not stop its neighbours."""
    head = {"sender": "@ann:x", "origin_server_ts": 1_700_000_000_000, "type": "m.room.message"}
    good = {**head, "event_id": "$good", "content": {"msgtype": "m.text", "body": "hello"}}
    bad = {**head, "event_id": "$bad", "type": "m.room.encrypted", "content": {}}

    def decrypt(*_given: object) -> None:
        raise RuntimeError("unexpected")

    monkeypatch.setattr(machine, "decrypt", decrypt)

    found = Intake(machine).read([Raw(ROOM, bad), Raw(ROOM, good)])

    assert [one.id for one in found.incoming] == ["$good"]
    assert [mark.id for mark in found.marks if isinstance(mark, wire.AsideMark)] == ["$bad"]


def test_machine_survives_a_restart(store: CryptoStore, tmp_path: Path) -> None:
    """The device's keys are the same after the store was closed and opened."""
    before = Machine("@bot:x", "BOT", store).identity
    store.close()

    again = CryptoStore("@bot:x", "BOT", tmp_path / "crypto", file_key=b"f" * 32, pickle_key=b"p" * 32)

    assert Machine("@bot:x", "BOT", again).identity == before
    again.close()


def test_replayed_ciphertext_is_refused(machine: Machine) -> None:
    """The same ciphertext under another event id is a replay, also after a restart; the same event may be read again."""
    machine.olm.create_outbound_group_session(ROOM)
    session = machine.olm.outbound_group_sessions[ROOM]
    session.shared = True
    ciphertext = session.encrypt('{"type": "m.room.message", "content": {"body": "x"}, "room_id": "!room"}')
    content = {"algorithm": "m.megolm.v1.aes-sha2", "session_id": session.id, "ciphertext": ciphertext}
    event = {"event_id": "$one", "sender": "@bot:x", "content": content}

    first, again = machine.decrypt(ROOM, event), machine.decrypt(ROOM, event)
    machine.reload()

    assert first == again
    assert machine.proves("@bot:x", first)
    assert not machine.proves("@eve:x", first)
    with pytest.raises(Exception, match=r"^$") as caught:
        machine.decrypt(ROOM, {**event, "event_id": "$two"})
    assert type(caught.value).__name__ == "Unreadable"
    with pytest.raises(Exception, match=r"^$"):
        machine.decrypt("!other", event)


def test_a_worse_copy_of_a_room_key_changes_nothing(machine: Machine) -> None:
    """A member who sends the same room key again, cut off at its start, takes nothing away, not even after a restart."""
    machine.olm.create_outbound_group_session(ROOM)
    session = machine.olm.outbound_group_sessions[ROOM]
    session.shared = True
    ciphertext = session.encrypt('{"type": "m.room.message", "content": {"body": "x"}, "room_id": "!room"}')
    curve, ed = machine.identity
    content = {"algorithm": "m.megolm.v1.aes-sha2", "session_id": session.id, "ciphertext": ciphertext}
    event = {"event_id": "$one", "sender": "@bot:x", "content": content}

    machine.olm.create_group_session(curve, ed, ROOM, session.id, session.session_key)
    machine.olm.create_group_session("another", "person", ROOM, session.id, session.session_key)
    found = machine.decrypt(ROOM, event, frozenset([curve]))
    machine.reload()
    reloaded = machine.decrypt(ROOM, event, frozenset([curve]))

    assert found.curve25519 == reloaded.curve25519 == curve
