"""What happens in a group, as frozen values that hooks receive.

Every event has a stable id: the Matrix event id, or one with the door's name in front (``timer:``, ``cli:``, ``result:``, ``form:``). An id
that was handled is never handled again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar, Literal

from supportd.sdk._people_events import ConsentGiven, Event, PersonAdded, RolesChanged, TurnedOn
from supportd.sdk.ids import EventId, PersonId, RoomId
from supportd.sdk.rooms import SetBy, Setting

__all__ = [
    "AnsweredHow", "AskAnswered", "AskExpired", "CommandGiven", "ConsentGiven", "EffectFailed", "Event", "JoinAsked", "KnockReceived",
    "Leaving", "LinkUsed", "Media", "MediaKind", "MemberInvited", "MemberJoined", "MemberLeft", "MessageAsked", "MessageEdited",
    "MessageKind", "MessagePosted", "MessageRedacted", "PersonAdded", "PollAnswer", "PollAnswered", "PollEnded", "PollStarted",
    "ReactionAdded", "RolesChanged", "RoomChanged", "RoomMended", "RoomReady", "RoomSwept", "RoomUpgraded", "SomebodySpoke",
    "TimerFired", "TurnedOn",
]  # fmt: skip

#: What a file is for people: a voice message is recorded in the chat, other audio is a file.
MediaKind = Literal["image", "file", "audio", "video", "voice"]
#: How words are meant: a notice comes from a program, an emote says what somebody does.
MessageKind = Literal["text", "notice", "emote"]
#: How somebody came to be out of a room.
Leaving = Literal["left", "removed", "declined", "banned"]
#: How somebody answered a question: with a sign, or in words.
AnsweredHow = Literal["reaction", "word"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Media:
    """What a message says of the file that comes with it; ``size`` is in bytes. Nobody has looked whether it is true.

    Where the file lies and how it is opened stays with the core.
    """

    kind: MediaKind
    name: str = field(repr=False)
    media_type: str = "application/octet-stream"
    size: int | None = None


@dataclass(frozen=True, slots=True)
class PollAnswer:
    """One answer people can choose in a poll; ``id`` is what comes back."""

    id: str
    text: str = field(repr=False)


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
class MemberInvited(Event):
    """``member``, who is of the group, was invited to ``room``."""

    hook: ClassVar[str] = "member_invited"

    room: RoomId
    member: PersonId


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberLeft(Event):
    """``member`` left ``room``, was removed or banned from it, or declined an invitation to it.

    ``how``: ``removed`` also says that an invitation was taken back.
    """

    hook: ClassVar[str] = "member_left"

    room: RoomId
    member: PersonId
    how: Leaving = "left"


@dataclass(frozen=True, slots=True, kw_only=True)
class KnockReceived(Event):
    """Somebody asks to be let into ``room``; answer with ``AnswerKnock`` and the same ``knock``.

    ``person`` is ``None`` for somebody who is not in the group's people, and a knock enters nobody. ``reason`` is what they wrote with it,
    ``shown`` is a stranger's name and address as key members may read them.
    """

    hook: ClassVar[str] = "knock_received"

    room: RoomId
    knock: EventId
    person: PersonId | None
    reason: str = field(default="", repr=False)
    shown: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class RoomUpgraded(Event):
    """``room`` was closed and ``replacement`` opened in its place, by ``by`` or somebody who is not in the group's people.

    Settings and people do not come along, and ``replacement`` is no room of the group: ``CreateRoom(replaces=…)`` makes one that is.
    ``account``: the bot's own account that somebody else than this program used for it.
    """

    hook: ClassVar[str] = "room_upgraded"

    room: RoomId
    replacement: RoomId
    by: PersonId | None
    account: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RoomChanged(Event):
    """Something about ``room`` is not what it was; ``group.room_by_id(room).now`` says what it is, and who changed it."""

    hook: ClassVar[str] = "room_changed"

    room: RoomId


@dataclass(frozen=True, slots=True, kw_only=True)
class RoomMended(Event):
    """A ``MendRoom`` of this plugin was carried out: ``mended`` had to be changed, ``failed`` could not be; ``by``: by whom it was set."""

    hook: ClassVar[str] = "room_mended"

    room: RoomId
    mended: tuple[Setting, ...] = ()
    failed: tuple[Setting, ...] = ()
    by: tuple[SetBy, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RoomSwept(Event):
    """The ``SweepRoom`` of this plugin with ``key`` is at its end."""

    hook: ClassVar[str] = "room_swept"

    room: RoomId
    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MessagePosted(Event):
    """``author`` wrote ``text`` in ``room``, or sent a file with or without a caption.

    With ``media``, ``text`` is the caption, empty without one. ``thread`` is the message a thread began with. ``proven``: whether
    cross-signed keys prove the author; no consent, vote or command may rest on a message that is not.
    """

    hook: ClassVar[str] = "message_posted"

    room: RoomId
    author: PersonId
    text: str = field(repr=False)
    in_reply_to: EventId | None = None
    thread: EventId | None = None
    proven: bool = True
    kind: MessageKind = "text"
    media: Media | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SomebodySpoke(Event):
    """``author`` wrote in ``room``, whose words the program does not read: who and when, never what.

    Comes from rooms at the listening level ``doorkeeper``. ``in_reply_to`` and ``thread`` as in :class:`MessagePosted`; changing a message
    is not told.
    """

    hook: ClassVar[str] = "somebody_spoke"

    room: RoomId
    author: PersonId
    in_reply_to: EventId | None = None
    thread: EventId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageEdited(Event):
    """``author`` replaced their own message ``target``; ``text`` is what stands there now, empty for a file without a caption."""

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
class PollStarted(Event):
    """``author`` put a poll to the room; ``author`` is ``None`` for a poll that a plugin's ``StartPoll`` made.

    Everybody may choose up to ``most_choices`` answers. Not ``disclosed``: apps show no result before the end, but whoever wants to can see
    who chose what. A secret vote needs links. The poll's id is ``id``.
    """

    hook: ClassVar[str] = "poll_started"

    room: RoomId
    author: PersonId | None
    question: str = field(repr=False)
    answers: tuple[PollAnswer, ...]
    most_choices: int = 1
    disclosed: bool = True
    proven: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class PollAnswered(Event):
    """``author`` chose ``answers`` (ids) in the poll ``target``; only their last choice counts, and none at all takes it back.

    Nobody has looked whether the ids are the poll's, how many are allowed, or whether it has ended.
    """

    hook: ClassVar[str] = "poll_answered"

    room: RoomId
    author: PersonId
    target: EventId
    answers: tuple[str, ...]
    proven: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class PollEnded(Event):
    """``by`` ended the poll ``target``; that counts only from its author, or from who may hide messages in the room (MSC3381).

    ``by`` is ``None`` when a plugin's ``EndPoll`` did.
    """

    hook: ClassVar[str] = "poll_ended"

    room: RoomId
    by: PersonId | None
    target: EventId
    proven: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class TimerFired(Event):
    """The timer ``key`` that this plugin started is due; it fires once."""

    hook: ClassVar[str] = "timer_fired"

    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AskAnswered(Event):
    """The ask ``key`` of this plugin got its quorum for ``answer``, by these people in the order of their answers.

    ``proven``: the ask had ``proof=True``; else it may rest on reactions, which the homeserver can forge. ``how`` is how the last of them
    answered, as ``RecordConsent`` takes it.
    """

    hook: ClassVar[str] = "ask_answered"

    key: str
    answer: str
    by: tuple[PersonId, ...]
    proven: bool = False
    how: AnsweredHow = "word"


@dataclass(frozen=True, slots=True, kw_only=True)
class AskExpired(Event):
    """The ask ``key`` of this plugin ended in silence, after all its steps."""

    hook: ClassVar[str] = "ask_expired"

    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EffectFailed(Event):
    """An effect of this plugin was refused for good by the gate or by the server.

    ``kind``: the effect's class name; ``reason``: a sentence for people; ``person``, ``room``, ``key``: whom and what it was about.
    ``code`` is the server's own word (``M_INVITE_BLOCKED``), empty when the gate refused.
    """

    hook: ClassVar[str] = "effect_failed"

    kind: str
    reason: str
    person: PersonId | None = None
    code: str = ""
    room: RoomId | None = None
    key: str = ""


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
