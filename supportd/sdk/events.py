"""What happens in a group, as frozen values that hooks receive.

Every event has a stable id: the Matrix event id, or one with the door's name in front (``timer:``, ``cli:``, ``result:``, ``form:``). An id
that was handled is never handled again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import ClassVar, Literal

from supportd.sdk.ids import EventId, GroupId, PersonId, RoomId


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something that happened in ``group`` at the instant ``at`` (aware, UTC)."""

    #: The hook that receives this kind of event.
    hook: ClassVar[str] = ""

    id: EventId
    group: GroupId
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnedOn(Event):
    """This plugin was turned on (or set to shadow) for the group; only this plugin is told."""

    hook: ClassVar[str] = "turned_on"


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonAdded(Event):
    """A person was entered in the group's people, with or without a Matrix account."""

    hook: ClassVar[str] = "person_added"

    person: PersonId


@dataclass(frozen=True, slots=True, kw_only=True)
class RoomReady(Event):
    """A room that a plugin asked for exists; ``key`` is the key of its ``CreateRoom``."""

    hook: ClassVar[str] = "room_ready"

    room: RoomId
    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberJoined(Event):
    """``member`` joined ``room``; ``returned`` when they had been in this room before."""

    hook: ClassVar[str] = "member_joined"

    room: RoomId
    member: PersonId
    returned: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberLeft(Event):
    """``member`` left ``room``, was removed from it, or declined an invitation to it."""

    hook: ClassVar[str] = "member_left"

    room: RoomId
    member: PersonId


@dataclass(frozen=True, slots=True, kw_only=True)
class MessagePosted(Event):
    """``author`` wrote ``text`` in ``room``.

    ``proven``: whether cross-signed keys prove the author; no consent, vote or command may rest on a message that is not.
    """

    hook: ClassVar[str] = "message_posted"

    room: RoomId
    author: PersonId
    text: str = field(repr=False)
    in_reply_to: EventId | None = None
    thread: EventId | None = None
    proven: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageEdited(Event):
    """``author`` replaced their own message ``target``; ``text`` is what stands there now."""

    hook: ClassVar[str] = "message_edited"

    room: RoomId
    author: PersonId
    target: EventId
    text: str = field(repr=False)
    proven: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageRedacted(Event):
    """``by`` redacted the message ``target``."""

    hook: ClassVar[str] = "message_redacted"

    room: RoomId
    by: PersonId
    target: EventId


@dataclass(frozen=True, slots=True, kw_only=True)
class ReactionAdded(Event):
    """``author`` reacted to ``target`` with ``key``; reactions are visible to the homeserver."""

    hook: ClassVar[str] = "reaction_added"

    room: RoomId
    author: PersonId
    target: EventId
    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TimerFired(Event):
    """The timer ``key`` that this plugin started is due; it fires once."""

    hook: ClassVar[str] = "timer_fired"

    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AskAnswered(Event):
    """The ask ``key`` of this plugin got its quorum for ``answer``, by these people in the order of their answers."""

    hook: ClassVar[str] = "ask_answered"

    key: str
    answer: str
    by: tuple[PersonId, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AskExpired(Event):
    """The ask ``key`` of this plugin ended in silence, after all its steps."""

    hook: ClassVar[str] = "ask_expired"

    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EffectFailed(Event):
    """An effect of this plugin was refused for good by the gate or by the server.

    ``kind`` is the effect's class name, ``reason`` a sentence or the server's code (``M_INVITE_BLOCKED``), ``person`` whom it was about.
    """

    hook: ClassVar[str] = "effect_failed"

    kind: str
    reason: str
    person: PersonId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkUsed(Event):
    """``person`` opened the single-purpose link ``key`` of this plugin and pressed its button."""

    hook: ClassVar[str] = "link_used"

    key: str
    person: PersonId


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandGiven(Event):
    """A declared command of this plugin, given in a terminal (``by`` is ``None``) or in a direct chat with the bot."""

    hook: ClassVar[str] = "command_given"

    name: str
    args: Mapping[str, str]
    by: PersonId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class JoinAsked(Event):
    """Somebody is about to join or to be invited to ``room``; ``person`` is ``None`` for somebody who is not in the group's people."""

    hook: ClassVar[str] = "admit"

    room: RoomId
    person: PersonId | None
    door: Literal["join", "invite"]


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageAsked(Event):
    """Somebody is about to say ``text`` in a room that is not encrypted; ``person`` is ``None`` for somebody who is not of the group."""

    hook: ClassVar[str] = "admit_message"

    room: RoomId
    person: PersonId | None
    text: str = field(repr=False)
