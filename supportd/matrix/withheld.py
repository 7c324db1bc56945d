"""Room keys that somebody withholds from us, and why; and the same told to devices that get none of ours.

Such a message is not encrypted, so the homeserver may have made it up: it explains, and decides nothing. Source: specification, "Reporting
that decryption keys are withheld".
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from supportd.matrix.shapes import identifier, obj, one_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from supportd.matrix.machine import Machine

MEGOLM: Final = "m.megolm.v1.aes-sha2"
KIND: Final = "m.room_key.withheld"
NO_OLM: Final = "m.no_olm"
UNVERIFIED: Final = "m.unverified"
#: The specification's codes; any other one is kept as the last.
CODES: Final = frozenset({"m.blacklisted", UNVERIFIED, "m.unauthorised", "m.unavailable", NO_OLM, "m.history_not_shared", "m.other"})


def hear(machine: Machine, event: Mapping[str, Any]) -> None:
    """Take one ``m.room_key.withheld``; odd ones are passed over."""
    content, sender = obj(event.get("content")), identifier(event.get("sender"))
    if sender is None or content.get("algorithm") != MEGOLM:
        return
    code = one_of(content.get("code"), CODES) or "m.other"
    if code == NO_OLM:
        # They could not open an Olm session with us: we open one, and they learn of it by our first message.
        curve = identifier(content.get("sender_key"))
        if curve is not None and curve in machine.curves(sender):
            machine.reopen(sender, curve)
        return
    room, session = identifier(content.get("room_id")), identifier(content.get("session_id"))
    if room is not None and session is not None:
        machine.store.keys.withhold(room, session, sender, code)


def unverified(machine: Machine, room: str, session: str) -> dict[str, Any]:
    """Return what a device is told whose owner did not sign it."""
    return {
        "algorithm": MEGOLM,
        "room_id": room,
        "session_id": session,
        "sender_key": machine.identity[0],
        "code": UNVERIFIED,
        "reason": "This device was not confirmed by its owner, so it gets no keys.",
    }


def no_olm(machine: Machine) -> dict[str, Any]:
    """Return what a device is told that had no one-time key left."""
    return {
        "algorithm": MEGOLM,
        "sender_key": machine.identity[0],
        "code": NO_OLM,
        "reason": "Unable to establish a secure channel.",
    }
