"""Marks: what the Matrix side wants kept, or known, in the same commit as the events of a sync."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from supportd.engine.wire import Account
    from supportd.sdk.ids import EventId, RoomId, UserId
    from supportd.sdk.rooms import RoomNow, Setting


@dataclass(frozen=True, slots=True)
class TokenMark:
    """The ``next_batch`` of the account whose sync this batch completes."""

    account: Account
    token: str


@dataclass(frozen=True, slots=True)
class GapMark:
    """A limited timeline of ``room``: walk forward from ``start`` (the old token) to ``end`` (``prev_batch``).

    A mark with the ``id`` of a known gap moves its ``start``; ``closed`` ends it; ``lost``: some of it could not be read.
    """

    id: str
    room: RoomId
    start: str
    end: str
    closed: bool = False
    lost: bool = False


@dataclass(frozen=True, slots=True)
class SlowMark:
    """The walk through the gap ``id`` of ``room`` takes long, so that people should know."""

    id: str
    room: RoomId


@dataclass(frozen=True, slots=True)
class ParkMark:
    """An event that cannot be decrypted yet, kept as the ciphertext it came as (JSON bytes) for at most 72 h from ``at``, when it came."""

    event: EventId
    room: RoomId
    session: str
    ciphertext: bytes = field(repr=False)
    at: datetime


@dataclass(frozen=True, slots=True)
class UnparkMark:
    """A parked event that was decrypted, or is given up."""

    event: EventId


@dataclass(frozen=True, slots=True)
class KeysMark:
    """``user`` published another master key than the pinned one; a person has to decide. May come again.

    ``master`` stands for the new key: 32 hexadecimal digits of its SHA-256.
    """

    user: UserId
    master: str


@dataclass(frozen=True, slots=True)
class NewDevice:
    """A device that nobody had seen before; ``id``: 32 hexadecimal digits that stand for it, ``confirmed``: its owner signed it."""

    id: str
    confirmed: bool


@dataclass(frozen=True, slots=True)
class DevicesMark:
    """New devices signed in to the account of ``user``, the first of them ``at``; for that person alone. May come again."""

    user: UserId
    devices: tuple[NewDevice, ...]
    at: datetime


@dataclass(frozen=True, slots=True)
class ReadingMark:
    """Who in an encrypted ``room`` cannot read us, and whose messages we could not read for some minutes. May come again."""

    room: RoomId
    deaf: tuple[UserId, ...] = ()
    unread: tuple[UserId, ...] = ()


@dataclass(frozen=True, slots=True)
class EchoMark:
    """Our own send seen in the sync, by its transaction id (``unsigned.transaction_id``)."""

    transaction: str
    event: EventId


@dataclass(frozen=True, slots=True)
class AsideMark:
    """Something that raised twice and is set aside, sealed, for the operator; ``body`` is JSON bytes."""

    id: str
    reason: str
    body: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class PowerMark:
    """What our accounts can do in a room, computed by room version (MSC4289: a creator is above all levels).

    ``levels``: account -> its level (creators of version 12: ``2**53``). ``needed``: ``invite``, ``kick``, ``ban``,
    ``redact``, ``events_default``, ``state_default`` and event types with a level of their own.
    """

    room: RoomId
    version: str
    encrypted: bool
    levels: tuple[tuple[Account, int], ...]
    needed: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class RoomMark:
    """What a room is now; its people are still Matrix ids, and our own accounts are not among them.

    ``levels``: people with a level of power of their own; ``senders``: who set a setting last.
    """

    room: RoomId
    now: RoomNow = field(repr=False)
    levels: tuple[tuple[UserId, int], ...] = ()
    senders: tuple[tuple[Setting, UserId], ...] = ()


@dataclass(frozen=True, slots=True)
class HereMark:
    """All rooms that ``account`` is in, told at each start: one that was deleted meanwhile is told of in no other way."""

    account: Account
    rooms: frozenset[RoomId]


@dataclass(frozen=True, slots=True)
class ChatMark:
    """``by`` invited the reader to ``room``; whether it is a chat of two is looked at only when we want to know."""

    room: RoomId
    by: UserId


Mark = (
    TokenMark
    | GapMark
    | SlowMark
    | KeysMark
    | DevicesMark
    | ReadingMark
    | ParkMark
    | UnparkMark
    | EchoMark
    | AsideMark
    | PowerMark
    | RoomMark
    | ChatMark
    | HereMark
)
