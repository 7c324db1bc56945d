"""What a room is now, for comparing it with what it was declared to be."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, cast

from supportd.engine.wire import RoomMark
from supportd.matrix.shapes import obj, room_identifier, text, whole
from supportd.matrix.template import ACTS, DOORKEEPER_LEVEL, MEGOLM, READER_LEVEL, REPLACE, SETTLED
from supportd.sdk.rooms import RoomNow

if TYPE_CHECKING:
    from collections.abc import Mapping

    from supportd.engine.wire import Account
    from supportd.matrix.roomstate import RoomState
    from supportd.sdk.ids import RoomId, UserId
    from supportd.sdk.rooms import Setting

#: The most of a name, a topic and of a word such as a join rule that is kept, characters.
LONGEST_NAME: Final = 255
LONGEST_TOPIC: Final = 2000
_LONGEST_WORD: Final = 50
#: People with a level of their own that are looked at.
_MOST_LEVELS: Final = 500

#: Which setting a state event belongs to.
SETTING_OF: Final[Mapping[str, Setting]] = {
    "m.room.join_rules": "who may come in",
    "m.room.guest_access": "guests",
    "m.room.history_visibility": "later joiners read",
    "m.room.encryption": "encryption",
    "m.room.create": "other servers",
    "m.room.power_levels": "power",
    "m.room.name": "name and topic",
    "m.room.topic": "name and topic",
    "m.space.child": "links to spaces",
    "m.space.parent": "links to spaces",
}


def mark(state: RoomState, accounts: Mapping[Account, str], doors: tuple[bool, int] | None) -> RoomMark:
    """Return what a room is now; ``doors``: whether it is in the public list and how many addresses it has, where somebody looked."""
    ours = set(accounts.values())
    levels = obj(state.power, "users") if state.power is not None else {}
    listed, addresses = doors if doors is not None else (None, None)
    encryption = _kept(state, "m.room.encryption")
    now = RoomNow(
        name=_words(_kept(state, "m.room.name").get("name"), LONGEST_NAME),
        topic=_words(_kept(state, "m.room.topic").get("topic"), LONGEST_TOPIC),
        listed=listed,
        addresses=addresses,
        join_rule=_words(_kept(state, "m.room.join_rules").get("join_rule"), _LONGEST_WORD) or "invite",
        guests=_words(_kept(state, "m.room.guest_access").get("guest_access"), _LONGEST_WORD) or "forbidden",
        history=_words(_kept(state, "m.room.history_visibility").get("history_visibility"), _LONGEST_WORD) or "shared",
        encrypted=encryption.get("algorithm") == MEGOLM,
        rotation_messages=whole(encryption.get("rotation_period_msgs")),
        rotation_ms=whole(encryption.get("rotation_period_ms")),
        federate=_kept(state, "m.room.create").get("m.federate") is not False,
        needs=(*_needs(state), *_lost_power(state, accounts)),
        everybody=(whole(state.power.get("users_default")) or 0) if state.power is not None else 0,
        links=_links(state),
        accounts=tuple(account for account, user in accounts.items() if state.members.get(user) == "join"),
    )
    own = [
        (cast("UserId", user), level)
        for user, value in levels.items()
        if user not in ours and user not in state.creators and (level := whole(value)) is not None
    ]
    return RoomMark(cast("RoomId", state.id), now, tuple(sorted(own)[:_MOST_LEVELS]), _senders(state, ours))


def _kept(state: RoomState, kind: str) -> dict[str, Any]:
    return state.kept.get((kind, ""), ({}, ""))[0]


def _words(value: Any, most: int) -> str:
    return (text(value) or "")[:most]


def _lost_power(state: RoomState, accounts: Mapping[Account, str]) -> tuple[tuple[str, int], ...]:
    """Return how little power an account of ours has left that watches the room; an owner can take it, and then nothing is mended."""
    due = {"doorkeeper": DOORKEEPER_LEVEL, "reader": READER_LEVEL}
    found = [
        (f"our {account}", state.level(user))
        for account, user in accounts.items()
        if account in due and state.members.get(user) == "join" and state.level(user) < due[account]
    ]
    return tuple(found) if state.power is not None else ()


def _needs(state: RoomState) -> tuple[tuple[str, int], ...]:
    """Return which level it takes for what; of several events that belong together the one that is easiest to send counts."""
    needed = state.needed()
    events = obj(state.power, "events") if state.power is not None else {}
    base, talk = needed["state_default"], needed["events_default"]
    found = {
        "talk": min([talk, *[needed[kind] for kind in ("m.room.message", "m.room.encrypted") if kind in events]]),
        "invite": needed["invite"],
        "remove": needed["kick"],
        "ban": needed["ban"],
        "hide": needed["redact"],
        **{name: min(needed.get(kind, base) for kind in kinds) for name, kinds in ACTS.items()},
        "call_all": whole(obj(state.power, "notifications").get("room")) or 0 if state.power is not None else 50,
        "settings": min([base, *[needed.get(kind, base) for kind in SETTLED]]),
        "replace": needed.get(REPLACE, base),
    }
    known = {REPLACE, *SETTLED, "m.reaction", "m.room.message", "m.room.encrypted", *[kind for kinds in ACTS.values() for kind in kinds]}
    odd = [needed[kind] for kind in events if kind in needed and kind not in known]
    return tuple((found | ({"other": min(odd)} if odd else {})).items())


def _links(state: RoomState) -> tuple[RoomId, ...]:
    kind = "m.space.child" if _kept(state, "m.room.create").get("type") == "m.space" else "m.space.parent"
    found = [key for (one, key), (content, _sender) in state.kept.items() if one == kind and content.get("via") and room_identifier(key)]
    return tuple(sorted(cast("list[RoomId]", found)))


def _senders(state: RoomState, ours: set[str]) -> tuple[tuple[Setting, UserId], ...]:
    found: dict[Setting, UserId] = {}
    for (kind, _key), (_content, sender) in state.kept.items():
        if sender and sender not in ours:
            found[SETTING_OF[kind]] = cast("UserId", sender)
            if kind == "m.room.encryption":
                found["new key after"] = cast("UserId", sender)
    return tuple(sorted(found.items()))
