"""Whose words count: not the homeserver's."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

import pytest
import vodozemac

from supportd.engine import wire
from supportd.matrix.chain import Device
from supportd.matrix.cipherstore import CryptoStore
from supportd.matrix.intake import Intake, Raw, own_edits
from supportd.matrix.keyrows import LATE
from supportd.matrix.machine import MEGOLM, Machine
from tests.unit.matrix.test_session import Script, session_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ROOM: Final = "!r:x"
DAY: Final = 24 * 3600.0


class Clock:
    """A clock that a test turns."""

    now = 1_000_000.0

    def __call__(self) -> float:
        """Return where it stands."""
        return self.now


@pytest.fixture
def clock() -> Clock:
    """Return a clock."""
    return Clock()


@pytest.fixture
def machine(tmp_path: Path, clock: Clock) -> Iterator[Machine]:
    """Yield our device."""
    store = CryptoStore("@bot:x", "BOT", tmp_path / "c", file_key=b"f" * 32, pickle_key=b"p" * 32, clock=clock)
    yield Machine("@bot:x", "BOT", store)
    store.close()


class Phone:
    """A device of Ann's with a room key that we have."""

    def __init__(self, machine: Machine) -> None:
        """Make it known."""
        account = vodozemac.Account()
        self.machine = machine
        self.curve, self.ed = account.curve25519_key.to_base64(), account.ed25519_key.to_base64()
        self.group = vodozemac.GroupSession()
        machine.know("@ann:x", (Device("@ann:x", "PHONE", self.curve, self.ed),))
        key = self.group.session_key.to_base64()
        machine.olm.create_group_session(self.curve, self.ed, ROOM, self.group.session_id, key)
        machine.store.keys.arrive(self.group.session_id)

    def says(self, name: str, at: float) -> dict[str, Any]:
        """Return an encrypted message as the homeserver gives it."""
        clear = json.dumps({"type": "m.room.message", "room_id": ROOM, "content": {"msgtype": "m.text", "body": name}})
        sealed = {"algorithm": MEGOLM, "session_id": self.group.session_id, "ciphertext": self.group.encrypt(clear.encode()).to_base64()}
        return {
            "event_id": f"${name}",
            "sender": "@ann:x",
            "type": "m.room.encrypted",
            "origin_server_ts": int(at * 1000),
            "content": sealed,
        }

    def believed(self, event: dict[str, Any]) -> bool:
        """Read it and tell whether it is proven."""
        return self.machine.proves("@ann:x", self.machine.decrypt(ROOM, event))


def test_a_device_that_was_removed_is_not_believed_for_ever(machine: Machine, clock: Clock) -> None:
    """What was read, or sent, before its owner removed a device is hers; what comes later is not, whatever time the server gives it."""
    phone = Phone(machine)
    read = phone.says("read", clock.now)
    phone.believed(read)
    late, stolen, forged = phone.says("late", clock.now), phone.says("stolen", clock.now + DAY), phone.says("forged", clock.now)
    clock.now += 60
    machine.know("@ann:x", ())

    clock.now += DAY
    soon = [phone.believed(one) for one in (read, late, stolen)]
    clock.now += LATE
    found = [phone.believed(one) for one in (read, late, forged)]

    assert soon == [True, True, False]
    assert found == [True, False, False]


def raw(id_: str, room: str, content: dict[str, Any], *, sender: str = "@ann:x", kind: str = "m.room.message") -> Raw:
    """Return an event in clear."""
    return Raw(room, {"type": kind, "event_id": id_, "sender": sender, "origin_server_ts": 5, "content": content})


def test_an_edit_stays_in_its_room(machine: Machine) -> None:
    """Words of one room are not edited from another."""
    new = {"msgtype": "m.text", "body": "b"}
    edit = {**new, "m.new_content": new, "m.relates_to": {"rel_type": "m.replace", "event_id": "$a"}}
    intake = Intake(machine)

    taken = intake.read([raw("$a", "!one:x", {"msgtype": "m.text", "body": "hi"}), raw("$b", "!two:x", edit), raw("$c", "!one:x", edit)])
    found = own_edits(taken.incoming, intake.authors)

    assert [one.id for one in found if isinstance(one.content, wire.Edited)] == ["$c"]


def test_what_only_the_server_says_is_ours_is_not(machine: Machine) -> None:
    """A poll in clear in a room that was ever encrypted is not our own, whichever of our accounts it names."""
    machine.remember_encrypted("!one:x")
    poll = {"m.poll": {"question": {"m.text": [{"body": "Tea?"}]}, "answers": [{"m.id": "y", "m.text": [{"body": "Yes"}]}]}}
    intake = Intake(machine, ("@bot:x", "@doorkeeper:x"))

    taken = intake.read(
        [
            raw("$1", "!one:x", poll, sender="@bot:x", kind="m.poll.start"),
            raw("$2", "!one:x", poll, sender="@doorkeeper:x", kind="m.poll.start"),
            raw("$3", "!two:x", poll, sender="@bot:x", kind="m.poll.start"),
        ]
    )

    assert [one.id for one in taken.incoming] == ["$3"]


def test_strangers_cannot_crowd_out_our_own_invitations(machine: Machine) -> None:
    """However many invitations a stranger sends, one by our own accounts is seen."""
    session, _inbox = session_of(Script([]), machine)
    upkeep = session.upkeep
    upkeep.hosts = frozenset({"@creator:x"})

    def invited(by: str) -> list[dict[str, Any]]:
        return [{"type": "m.room.member", "state_key": "@bot:x", "sender": by, "content": {"membership": "invite"}}]

    upkeep.invited({f"!{number}:x": invited("@stranger:x") for number in range(1000)})
    upkeep.invited({"!ours:x": invited("@creator:x")})

    assert upkeep.invites == {"!ours:x": "@creator:x"}
