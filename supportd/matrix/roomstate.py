"""What we know of a room's state: members, power by room version, encryption that never ends."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, cast

from supportd.engine.wire import PowerMark
from supportd.matrix.shapes import identifier, obj, one_of, whole

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from supportd.engine.wire import Account, MembershipState
    from supportd.sdk.ids import RoomId

#: Stands for the power of a version 12 creator, above every level (MSC4289).
INFINITE: Final = 2**53
#: State that is watched, kept as it came with who sent it; the last two have a key for each room they name.
WATCHED: Final = frozenset(
    {
        "m.room.create",
        "m.room.join_rules",
        "m.room.guest_access",
        "m.room.history_visibility",
        "m.room.encryption",
        "m.room.power_levels",
        "m.room.name",
        "m.room.topic",
        "m.space.child",
        "m.space.parent",
    }
)
#: What a redaction leaves of such an event (specification, room version 11, "Redactions"); of all others nothing is left.
LEFT: Final[Mapping[str, tuple[str, ...]]] = {
    "m.room.join_rules": ("join_rule", "allow"),
    "m.room.history_visibility": ("history_visibility",),
    "m.room.power_levels": (*("ban", "events", "events_default", "invite", "kick", "redact", "state_default", "users", "users_default"),),
}
#: Links of a room that are kept; a space with more is nobody's group.
MOST_LINKS: Final = 500
MEMBERSHIPS: Final = frozenset({"invite", "join", "leave", "ban", "knock"})
#: Rotation where the room says nothing, and the bounds within which we believe it (``matrix.md`` 1.4, F15).
ROTATION_MESSAGES: Final = 50
ROTATION_MS: Final = 24 * 3600 * 1000
_MOST_MESSAGES: Final = 1000
_LONGEST_MS: Final = 7 * 24 * 3600 * 1000
_SHORTEST_MS: Final = 60 * 1000
_DEFAULTS: Final = {"invite": 0, "kick": 50, "ban": 50, "redact": 50, "events_default": 0, "state_default": 50}
_V12: Final = 12


@dataclass(slots=True)
class RoomState:
    """One room; changed only by :meth:`apply`."""

    id: str
    version: str = "1"
    creators: frozenset[str] = frozenset()
    marker: str | None = None
    members: dict[str, MembershipState] = field(default_factory=dict)
    encrypted: bool = False
    rotation_messages: int = ROTATION_MESSAGES
    rotation_ms: int = ROTATION_MS
    history: str = "shared"
    power: dict[str, Any] | None = None
    #: Type and state key -> content and sender, of :data:`WATCHED`.
    kept: dict[tuple[str, str], tuple[dict[str, Any], str]] = field(default_factory=dict)
    #: Type and state key -> the event that stands there.
    events: dict[tuple[str, str], str] = field(default_factory=dict)
    #: Whether ``members`` may be older than the truth; then ask the homeserver before a key is shared.
    doubtful: bool = False

    def are_in(self, users: Collection[str]) -> None:
        """Take the homeserver's word on who is in the room now (``joined_members``)."""
        for user, state in tuple(self.members.items()):
            if state == "join" and user not in users:
                self.members[user] = "leave"
        self.members.update(dict.fromkeys(users, "join"))
        self.doubtful = False

    def apply(self, event: Mapping[str, Any]) -> bool:
        """Take a state event, or a redaction of one; tells whether it changed what :meth:`mark` says. Other events change nothing."""
        key, content = event.get("state_key"), obj(event.get("content"))
        if not isinstance(key, str):
            return event.get("type") == "m.room.redaction" and self._redact(event)
        self._keep(event, key, content)
        match event.get("type"):
            case "m.room.member":
                return self._member(key, content)
            case "m.room.create" if key == "":
                return self._create(str(event.get("sender")), content)
            case "m.room.power_levels" if key == "":
                changed, self.power = self.power != content, content
                return changed
            case "m.room.encryption" if key == "":
                return self._encryption(content)
            case "m.room.history_visibility" if key == "":
                self.history = str(content.get("history_visibility", "shared"))
        return False

    def redact(self, events: Iterable[Mapping[str, Any]]) -> None:
        """Take redactions of what stands here out of older events, whose state is known already."""
        for event in events:
            if "state_key" not in event:
                self.apply(event)

    def _keep(self, event: Mapping[str, Any], key: str, content: dict[str, Any]) -> None:
        kind, sender = event.get("type"), event.get("sender")
        if not isinstance(kind, str) or kind not in WATCHED or len(self.kept) > MOST_LINKS:
            return
        if kind.startswith("m.space.") == bool(key):
            self.kept[kind, key] = (content, sender if isinstance(sender, str) else "")
            self.events[kind, key] = str(event.get("event_id"))

    def _redact(self, event: Mapping[str, Any]) -> bool:
        """Take away what a state event says: no new one tells of it, and apps that come later see nothing there."""
        # Room version 11 moved ``redacts`` into the content.
        target = obj(event.get("content")).get("redacts") or event.get("redacts")
        kind, key = next((where for where, one in self.events.items() if one == target), ("", ""))
        if kind in {"", "m.room.create"}:
            return False
        content, sender = self.kept[kind, key]
        by = str(event.get("sender"))
        if by != sender and self.level(by) < self.needed()["redact"]:
            return False
        left = {name: content[name] for name in LEFT.get(kind, ()) if name in content}
        self.kept[kind, key] = (left, by)
        if kind == "m.room.power_levels":
            changed, self.power = self.power != left, left
            return changed
        return False

    def _member(self, user: str, content: dict[str, Any]) -> bool:
        state = one_of(content.get("membership"), MEMBERSHIPS)
        if state is not None and identifier(user):
            before = self.members.get(user)
            self.members[user] = cast("MembershipState", state)
            return (before == "join") != (state == "join")
        return False

    def _create(self, sender: str, content: dict[str, Any]) -> bool:
        self.version = str(content.get("room_version", "1"))
        more = content.get("additional_creators")
        self.creators = frozenset([sender, *(one for one in (more if isinstance(more, list) else ()) if isinstance(one, str))])
        marker = content.get("org.supportd.marker")
        self.marker = marker if isinstance(marker, str) else None
        return True

    def _encryption(self, content: dict[str, Any]) -> bool:
        messages, period = whole(content.get("rotation_period_msgs")), whole(content.get("rotation_period_ms"))
        self.rotation_messages = min(max(messages or ROTATION_MESSAGES, 1), _MOST_MESSAGES)
        self.rotation_ms = min(max(period or ROTATION_MS, _SHORTEST_MS), _LONGEST_MS)
        changed, self.encrypted = not self.encrypted, True
        return changed

    @property
    def joined(self) -> tuple[str, ...]:
        """Who is in the room."""
        return tuple(user for user, state in self.members.items() if state == "join")

    @property
    def readers(self) -> tuple[str, ...]:
        """Who may read what is said now: invited people only where the room's history lets them."""
        allowed = {"join"} if self.history == "joined" else {"join", "invite"}
        return tuple(user for user, state in self.members.items() if state in allowed)

    @property
    def creators_above_all(self) -> bool:
        """Whether creators stand above every level and must not stand in ``users`` (room version 12 on)."""
        return (whole(self.version) or 0) >= _V12

    def level(self, user: str) -> int:
        """Return the power of ``user`` (nio gives the creator 0, matrix-nio#546)."""
        if self.creators_above_all and user in self.creators:
            return INFINITE
        if self.power is None:
            return 100 if user in self.creators else 0
        users = obj(self.power, "users")
        level = whole(users.get(user))
        return level if level is not None else whole(self.power.get("users_default")) or 0

    def needed(self) -> dict[str, int]:
        """Return the level each action needs."""
        power = self.power if self.power is not None else {"state_default": 0}
        found = {name: _or(whole(power.get(name)), default) for name, default in _DEFAULTS.items()}
        events = {name: level for name, value in obj(power, "events").items() if (level := whole(value)) is not None and identifier(name)}
        return found | events

    def mark(self, accounts: Mapping[Account, str]) -> PowerMark:
        """Return what our accounts, as far as they are in the room, can do here."""
        levels = tuple((account, self.level(user)) for account, user in accounts.items() if self.members.get(user) == "join")
        return PowerMark(
            room=cast("RoomId", self.id),
            version=self.version,
            encrypted=self.encrypted,
            levels=levels,
            needed=tuple(sorted(self.needed().items())),
        )


class Rooms:
    """All rooms of one account."""

    def __init__(self) -> None:
        """Know none."""
        self.known: dict[str, RoomState] = {}

    def fill(self, room: str, events: Iterable[Mapping[str, Any]]) -> RoomState:
        """Make ``room`` known by its full state."""
        state = RoomState(room)
        for event in events:
            state.apply(event)
        self.known[room] = state
        return state

    def of(self, room: str) -> RoomState:
        """Return ``room``, an empty one where it is new."""
        return self.known.setdefault(room, RoomState(room))

    def with_reader(self, user: str) -> tuple[str, ...]:
        """Return the rooms ``user`` is in or invited to."""
        return tuple(room for room, state in self.known.items() if state.members.get(user) in {"join", "invite"})


def _or(value: int | None, default: int) -> int:
    return default if value is None else value
