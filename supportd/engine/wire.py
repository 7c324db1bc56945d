"""What crosses between the engine and the Matrix side: plain frozen values, Matrix ids, no library's types."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from supportd.engine.marks import (
    AsideMark,
    ChatMark,
    DevicesMark,
    EchoMark,
    GapMark,
    HereMark,
    KeysMark,
    Mark,
    NewDevice,
    ParkMark,
    PowerMark,
    ReadingMark,
    RoomMark,
    SlowMark,
    TokenMark,
    UnparkMark,
)
from supportd.sdk.events import Media, MessageKind, PollAnswer
from supportd.sdk.ids import EventId, RoomId, UserId
from supportd.sdk.rooms import RoomSpec, Setting

#: Marks lie in a file of their own and are used from here.
__all__ = [
    "AsideMark",
    "ChatMark",
    "DevicesMark",
    "EchoMark",
    "GapMark",
    "HereMark",
    "KeysMark",
    "Mark",
    "NewDevice",
    "ParkMark",
    "PowerMark",
    "ReadingMark",
    "RoomMark",
    "SlowMark",
    "TokenMark",
    "UnparkMark",
]

Account = Literal["creator", "doorkeeper", "reader"]
MembershipState = Literal["invite", "join", "leave", "ban", "knock"]

# ---- inbound -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Said:
    """An ``m.room.message`` with words or a file; ``in_reply_to`` as in ``m.in_reply_to``, ``thread`` the thread's root.

    With ``media``, ``text`` is the caption, empty without one.
    """

    text: str
    in_reply_to: EventId | None = None
    thread: EventId | None = None
    kind: MessageKind = "text"
    media: Media | None = None


@dataclass(frozen=True, slots=True)
class Spoke:
    """Somebody wrote where we read no words: an encrypted message or one in clear, by whom and when; relations as in :class:`Said`."""

    # Without defaults: a waiting event is told from others by its fields.
    thread: EventId | None
    in_reply_to: EventId | None


@dataclass(frozen=True, slots=True)
class Edited:
    """An ``m.replace`` of ``target`` by its own author (the engine checks nothing further)."""

    target: EventId
    text: str


@dataclass(frozen=True, slots=True)
class Reacted:
    """An ``m.annotation`` of ``target`` with ``key``; travels in clear by the specification."""

    target: EventId
    key: str


@dataclass(frozen=True, slots=True)
class Redacted:
    """An ``m.room.redaction`` of ``target``."""

    target: EventId


@dataclass(frozen=True, slots=True)
class Membership:
    """An ``m.room.member`` change of ``subject``; ``previous`` is the state before, ``leave`` when there was none.

    ``reason`` is kept of a knock only.
    """

    subject: UserId
    state: MembershipState
    previous: MembershipState
    display_name: str | None = None
    reason: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Polled:
    """The start of a poll (MSC3381)."""

    question: str = field(repr=False)
    answers: tuple[PollAnswer, ...]
    most_choices: int
    disclosed: bool


@dataclass(frozen=True, slots=True)
class Voted:
    """A choice in ``poll``: ids of answers, none to take an earlier choice back."""

    poll: EventId
    answers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Closed:
    """The end of ``poll``, by whomever."""

    # Not "target": a waiting event is told from a redaction by its fields.
    poll: EventId


@dataclass(frozen=True, slots=True)
class Replaced:
    """An ``m.room.tombstone``: the room ended, ``replacement`` goes on."""

    replacement: RoomId


Content = Said | Spoke | Edited | Reacted | Redacted | Membership | Polled | Voted | Closed | Replaced


@dataclass(frozen=True, slots=True)
class Incoming:
    """One decoded event of a room; ``at`` is aware UTC from ``origin_server_ts``.

    ``verified``: true when authorship is proven by cross-signed keys or, for clear state events, by the server alone
    (``matrix.md`` 1.6); false means that no consent, vote or command may rest on it.
    """

    id: EventId
    room: RoomId
    at: datetime
    sender: UserId
    content: Content
    verified: bool


@dataclass(frozen=True, slots=True)
class SyncBatch:
    """Events and marks that are committed together, oldest first."""

    incoming: tuple[Incoming, ...]
    marks: tuple[Mark, ...]


# ---- outbound ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class SendMessage:
    """Post ``text`` (and ``html`` for clients that show it) as ``m.notice`` with a stored transaction id."""

    room: RoomId
    transaction: str
    text: str = field(repr=False)
    html: str | None = field(default=None, repr=False)
    in_reply_to: EventId | None = None
    mentions: tuple[UserId, ...] = ()
    thread: EventId | None = None


@dataclass(frozen=True, slots=True)
class SendFile:
    """Post a file, encrypted where the room is; ``text`` is its caption."""

    room: RoomId
    transaction: str
    name: str = field(repr=False)
    media_type: str
    data: bytes = field(repr=False)
    text: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class SendPoll:
    """Start a poll."""

    room: RoomId
    transaction: str
    poll: Polled


@dataclass(frozen=True, slots=True)
class SendPollEnd:
    """End the poll ``target``; ``text`` is for clients that know no polls."""

    room: RoomId
    transaction: str
    target: EventId
    text: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class SendReaction:
    """React to ``target`` with ``key``."""

    room: RoomId
    transaction: str
    target: EventId
    key: str


@dataclass(frozen=True, slots=True)
class SendRedaction:
    """Redact ``target``; ``reason`` is shown to members."""

    room: RoomId
    transaction: str
    target: EventId
    reason: str


@dataclass(frozen=True, slots=True)
class MakeRoom:
    """Make a room once: ``marker`` is stored in ``creation_content`` and behind an unguessable alias until it is found.

    ``invite``: people invited in the same step. ``powers``: people -> level (never a version 12 creator). ``replaces``: the room that ends
    with a pointer to this one.
    """

    marker: str
    spec: RoomSpec
    invite: tuple[UserId, ...] = ()
    powers: tuple[tuple[UserId, int], ...] = ()
    replaces: RoomId | None = None


@dataclass(frozen=True, slots=True)
class InvitePerson:
    """Invite ``person`` unless they are invited, joined or banned already; without ``again`` also not who was there and left."""

    room: RoomId
    person: UserId
    again: bool = True


@dataclass(frozen=True, slots=True)
class SettleKnock:
    """Invite who knocked with the event ``knock``, or refuse with ``reason``; nothing where they no longer knock with it."""

    room: RoomId
    knock: EventId
    let_in: bool
    reason: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class RemovePerson:
    """Remove ``person`` (kick) unless they are gone already; a pending invitation is withdrawn."""

    room: RoomId
    person: UserId
    reason: str


@dataclass(frozen=True, slots=True)
class PutPower:
    """Give ``person`` the power ``level`` unless they have it; refused for a version 12 creator."""

    room: RoomId
    person: UserId
    level: int


@dataclass(frozen=True, slots=True)
class TrustKeys:
    """Keep what a person decided on the new keys of ``user``; ``master`` as in :class:`KeysMark`, empty for any."""

    user: UserId
    master: str
    trusted: bool


@dataclass(frozen=True, slots=True)
class PutState:
    """Set a state event unless it has this ``content`` (JSON text) already."""

    room: RoomId
    type: str
    state_key: str
    content: str


@dataclass(frozen=True, slots=True)
class BringRoom:
    """Bring a room to what ``spec`` declares: its state, the levels of ``powers`` and of nobody else, its links, our accounts in it.

    ``links``: the spaces it is to be in (of a space: the rooms it shows), ``None`` for whatever there is. What the doorkeeper has not the
    power for, the creator does.
    """

    room: RoomId
    spec: RoomSpec
    powers: tuple[tuple[UserId, int], ...] = ()
    links: tuple[RoomId, ...] | None = None


@dataclass(frozen=True, slots=True)
class EnterChat:
    """Accept the invitation of ``person`` to a chat of two, and see to it that it is encrypted; or decline it where not ``take``.

    Refused, and left again, where others are in it or invited, or where it stands open or in clear and we cannot change that.
    """

    room: RoomId
    person: UserId
    take: bool


@dataclass(frozen=True, slots=True)
class SweepWords:
    """Redact what was said from ``after_ms`` until before ``before_ms`` (milliseconds since 1970); with ``sender`` theirs only."""

    room: RoomId
    before_ms: int
    after_ms: int
    sender: UserId | None
    reason: str


Sending = SendMessage | SendFile | SendPoll | SendPollEnd | SendReaction | SendRedaction
Job = Sending | MakeRoom | InvitePerson | SettleKnock | RemovePerson | PutPower | PutState | TrustKeys | BringRoom | EnterChat | SweepWords


@dataclass(frozen=True, slots=True)
class Done:
    """It is done; the ids where the job made something, the settings where it brought a room to what is declared.

    ``refused``: who could not be invited all the same, and the server's code; ``failed``: settings that stay as they are, whatever we do.
    ``by``: who had set what had to be changed; an account of ours only where it was not this program.
    """

    event: EventId | None = None
    room: RoomId | None = None
    refused: tuple[tuple[UserId, str], ...] = ()
    mended: tuple[Setting, ...] = ()
    failed: tuple[Setting, ...] = ()
    by: tuple[tuple[Setting, UserId], ...] = ()


@dataclass(frozen=True, slots=True)
class Later:
    """Not now: try the same job again after ``seconds``; ``whole_account`` after a 429: all of its lanes wait.

    ``maybe_done``: the request left and nobody knows whether it was carried out; False: it surely was not.
    """

    seconds: float
    reason: str
    whole_account: bool = False
    maybe_done: bool = True


@dataclass(frozen=True, slots=True)
class Never:
    """The server refuses it for good; ``code`` is its ``errcode`` (for example ``M_FORBIDDEN``, ``M_INVITE_BLOCKED``)."""

    code: str


@dataclass(frozen=True, slots=True)
class More:
    """A part of it is done, the rest after ``seconds``: the job is so long that others of its account must not wait for its end."""

    seconds: float


Outcome = Done | Later | Never | More
