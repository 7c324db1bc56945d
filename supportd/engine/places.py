"""Groups and their rooms as the engine sees them inside a transaction."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from supportd.engine.wire import Account, MembershipState
    from supportd.sdk.facts import Consent, Group, GroupStyle, Signpost
    from supportd.sdk.ids import GroupId, PersonId, RoomId, UserId
    from supportd.sdk.rooms import RoomNow, RoomSpec


class Groups(Protocol):
    """Groups and what plugins may know of them."""

    def add(self, group: GroupId, style: GroupStyle, at: datetime) -> None:
        """Begin a group; nothing happens when it is there."""

    def ids(self) -> tuple[GroupId, ...]:
        """Return all groups."""

    def facts(self, group: GroupId, now: datetime) -> Group:
        """Return the group as plugins see it at ``now``."""

    def add_signpost(self, group: GroupId, signpost: Signpost) -> None:
        """Keep or replace a signpost."""

    def record_consent(self, group: GroupId, consent: Consent) -> None:
        """Keep what somebody said; earlier answers stay as history."""

    def set_duty(self, group: GroupId, kind: str, person: PersonId, start: datetime, end: datetime) -> None:
        """Put somebody on a duty."""

    def end_duty(self, group: GroupId, kind: str, person: PersonId, start: datetime) -> None:
        """Take somebody off a duty."""

    def open_case(self, group: GroupId, plugin: str, key: str, kind: str, refs: tuple[str, ...], at: datetime) -> None:
        """Open a case; the same key again does nothing."""

    def set_shut(self, group: GroupId, since: datetime | None) -> None:
        """Shut a group, or open it again; one that is shut keeps the time it was."""

    def close_case(self, group: GroupId, plugin: str, key: str, outcome: str, at: datetime) -> None:
        """Close a case."""


@dataclass(frozen=True, slots=True)
class StrangerNow:
    """Somebody who is not in the group's people: whether they are in the room or invited, and who let them in.

    ``ours``: one of our own accounts invited them, so they become one of the group when they come.
    """

    state: Literal["invite", "join"]
    name: str = field(repr=False)
    by: PersonId | None = None
    ours: bool = False


class Strangers(Protocol):
    """Who is in a room, or invited, and not in the group's people; sealed, and gone when they go."""

    def put(self, room: RoomId, group: GroupId, user: UserId, stranger: StrangerNow, at: datetime) -> None:
        """Keep what is so now of somebody; nothing is kept where a room has very many."""

    def get(self, room: RoomId, group: GroupId, user: UserId) -> StrangerNow | None:
        """Return what was known of somebody."""

    def drop(self, room: RoomId, group: GroupId, user: UserId) -> None:
        """Forget somebody in one room."""

    def entered(self, group: GroupId, user: UserId) -> tuple[tuple[RoomId, Literal["invite", "join"]], ...]:
        """Forget somebody who is of the group now; returns where they are."""

    def user_of(self, room: RoomId, stranger: str) -> UserId | None:
        """Return the Matrix id of somebody by the id that plugins know."""

    def id_of(self, group: GroupId, user: UserId) -> str:
        """Return the id by which plugins know somebody."""

    def keep_out(self, group: GroupId, user: UserId, at: datetime) -> bool:
        """Remember, as a keyed hash only, that somebody is not to be admitted; False when that was known."""

    def readmit(self, group: GroupId, user: UserId) -> bool:
        """Forget that somebody is not to be admitted; False when they were not."""

    def is_kept_out(self, group: GroupId, user: UserId) -> bool:
        """Tell whether somebody is not to be admitted."""

    def kept_out(self, group: GroupId) -> int:
        """Return how many are not to be admitted; who they are nobody can say."""

    def places_of(self, group: GroupId, user: UserId) -> tuple[RoomId, ...]:
        """Return the rooms in which somebody is a stranger, or to which they are invited."""


class Rooms(Protocol):
    """Rooms and who is in them."""

    def add(self, room: RoomId, group: GroupId, key: str, spec: RoomSpec, direct_with: PersonId | None, plugin: str, at: datetime) -> None:
        """Register a room that was made."""

    def ended(self, room: RoomId, key: str) -> None:
        """Give a room that another one goes on from a ``key`` of its own."""

    def declare(self, room: RoomId, group: GroupId, spec: RoomSpec) -> None:
        """Keep what a room is declared to be from now on."""

    def see(self, room: RoomId, group: GroupId, now: RoomNow) -> int:
        """Keep what a room is now; returns how often that changed, 0 when it is what it was."""

    def group_of(self, room: RoomId) -> GroupId | None:
        """Return the group of a room of ours."""

    def person_of(self, room: RoomId) -> PersonId | None:
        """Return whose direct chat with us this is, ``None`` for any other room."""

    def direct_with(self, group: GroupId, person: PersonId) -> RoomId | None:
        """Return the direct chat with a person, or ``None``."""

    def set_membership(self, room: RoomId, person: PersonId, state: MembershipState, at: datetime) -> tuple[MembershipState | None, bool]:
        """Keep a membership; returns the state before (``None``: never seen) and whether they had ever joined before."""

    def membership(self, room: RoomId, person: PersonId) -> MembershipState | None:
        """Return a person's membership of a room."""

    def power(self, room: RoomId) -> tuple[Mapping[Account, int], Mapping[str, int]] | None:
        """Return our accounts' levels and the levels needed, or ``None`` before they were seen."""
