"""Groups and their rooms as the engine sees them inside a transaction."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from supportd.engine.wire import Account, MembershipState
    from supportd.sdk.facts import Consent, Group, GroupStyle, Signpost
    from supportd.sdk.ids import GroupId, PersonId, RoomId
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

    def direct_with(self, group: GroupId, person: PersonId) -> RoomId | None:
        """Return the direct chat with a person, or ``None``."""

    def set_membership(self, room: RoomId, person: PersonId, state: MembershipState, at: datetime) -> tuple[MembershipState | None, bool]:
        """Keep a membership; returns the state before (``None``: never seen) and whether they had ever joined before."""

    def membership(self, room: RoomId, person: PersonId) -> MembershipState | None:
        """Return a person's membership of a room."""

    def power(self, room: RoomId) -> tuple[Mapping[Account, int], Mapping[str, int]] | None:
        """Return our accounts' levels and the levels needed, or ``None`` before they were seen."""
