"""What a plugin may ask for: plain frozen values that hooks yield and the engine carries out.

An effect never acts by itself. The gate checks it against the plugin's grants, the group's people and rooms, power levels, rates and quiet
hours; what it accepts is committed together with the plugin's own rows and the fact that the event is handled.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import ClassVar

from supportd.sdk.events import PollAnswer
from supportd.sdk.facts import Edition, Reach
from supportd.sdk.ids import EventId, PersonId, RoomId
from supportd.sdk.rooms import RoomSpec


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """The base of all effects; yields of anything else count as a failure of the plugin."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PostMessage(Effect):
    """Post ``text`` in a room of this group, as the reader account; ``mention`` notifies one person.

    ``thread`` is the message with which a thread began, or begins now. ``urgent`` (crisis, threat, panic): it does not wait for what the
    plugin did in the last minute.
    """

    room: RoomId
    text: str = field(repr=False)
    in_reply_to: EventId | None = None
    mention: PersonId | None = None
    thread: EventId | None = None
    urgent: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PostFile(Effect):
    """Post a file of at most 256 KiB in a room of this group, as the reader account; ``text`` is its caption.

    Where the room is encrypted, so is the file.
    """

    #: How the bytes stand in a row that waits.
    __pydantic_config__: ClassVar[dict[str, str]] = {"ser_json_bytes": "base64", "val_json_bytes": "base64"}

    room: RoomId
    name: str = field(repr=False)
    media_type: str
    data: bytes = field(repr=False)
    text: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class StartPoll(Effect):
    """Put a poll to a room; it comes back as ``PollStarted`` without an author, from which on its id is known.

    You choose the ids of the answers, so that you know your poll by them. Not ``disclosed`` hides the result in people's apps until the
    end, and nowhere else: a secret vote needs links.
    """

    room: RoomId
    question: str = field(repr=False)
    answers: tuple[PollAnswer, ...]
    most_choices: int = 1
    disclosed: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class EndPoll(Effect):
    """End the poll ``target`` that a plugin started; ``text`` is what apps without polls show, best the result."""

    room: RoomId
    target: EventId
    text: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class PostDirect(Effect):
    """Write to one person in their direct chat with the bot, which is made when there is none.

    Waits for the end of the person's quiet hours unless ``urgent`` (crisis, threat, panic).
    """

    to: PersonId
    text: str = field(repr=False)
    urgent: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class React(Effect):
    """React to a message with ``key``; everybody in the room and the homeserver can see it."""

    room: RoomId
    target: EventId
    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Redact(Effect):
    """Hide a message for everybody; ``reason`` is shown. It may have been seen briefly before."""

    room: RoomId
    target: EventId
    reason: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateRoom(Effect):
    """Make a room once; ``key`` is unique in the group and comes back in ``RoomReady``.

    ``members`` are invited at once; ``owners`` get power 150 and ``key_members`` 50 in it. ``replaces``: the room of this ``key`` that ends
    here and points to the new one (``m.room.tombstone``), which has its ``key`` from then on.
    """

    key: str
    spec: RoomSpec
    members: tuple[PersonId, ...] = ()
    owners: tuple[PersonId, ...] = ()
    key_members: tuple[PersonId, ...] = ()
    replaces: RoomId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MendRoom(Effect):
    """Bring ``room`` to what ``spec`` declares, and keep that as its declaration; what it is already is left alone.

    ``levels``: the people with a level of power of their own (-1, who may not write, to 150); everybody else loses theirs. ``links``: the
    spaces it is to be shown in (of a space: the rooms it shows), ``None`` for whatever there is. Also the bot's accounts come and go as the
    listening level says. Comes back as ``RoomMended``.
    """

    room: RoomId
    spec: RoomSpec
    levels: tuple[tuple[PersonId, int], ...] = ()
    links: tuple[RoomId, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SweepRoom(Effect):
    """Hide whatever was said in ``room`` before ``before`` (aware), by the person ``by`` only if given; ``after`` where to stop looking.

    It takes its time: the homeserver lets few pass at once, and what is urgent goes first. ``reason`` is shown. Comes back as ``RoomSwept``
    with ``key``. What people have copied stays theirs, and the homeserver keeps what it hid for some days.
    """

    key: str
    room: RoomId
    before: datetime
    after: datetime | None = None
    by: PersonId | None = None
    reason: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkRoom(Effect):
    """Show ``room`` inside ``space`` (``m.space.child`` and ``m.space.parent``)."""

    space: RoomId
    room: RoomId


@dataclass(frozen=True, slots=True, kw_only=True)
class InviteMember(Effect):
    """Invite ``person`` to ``room``; nothing happens when they are there or invited already.

    Without ``again`` nothing happens either when they were there and left, also if that was a moment ago and nobody has heard of it yet.
    """

    room: RoomId
    person: PersonId
    again: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerKnock(Effect):
    """Invite who knocked with the event ``knock``, or refuse with a ``reason`` they can read; nothing happens when they knock no more."""

    room: RoomId
    knock: EventId
    let_in: bool
    reason: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoveMember(Effect):
    """Remove ``person`` from ``room``. Removal is a person's decision: the gate asks a key member first."""

    room: RoomId
    person: PersonId
    reason: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoveStranger(Effect):
    """Remove somebody who is not in the group's people from ``room``, or take their invitation back, at once; ``stranger`` is their id.

    Yield it only because a key member said so: who it is, no plugin knows.
    """

    room: RoomId
    stranger: str
    reason: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class LetGo(Effect):
    """Take ``person`` out of ``room`` at their own wish, or take back their invitation; no key member is asked.

    Passes only as the answer to their own yes to an ``Ask`` with ``proof=True``, in ``ask_answered``.
    """

    room: RoomId
    person: PersonId


@dataclass(frozen=True, slots=True, kw_only=True)
class ForgetPerson(Effect):
    """Forget ``person`` at their own wish, in all plugins and the core, when what is on its way for them has left.

    Passes as ``LetGo`` does.
    """

    person: PersonId


@dataclass(frozen=True, slots=True, kw_only=True)
class SetPower(Effect):
    """Give ``person`` the power ``level`` (0 to 100) in ``room``."""

    room: RoomId
    person: PersonId
    level: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ShutGroup(Effect):
    """Shut the group at once: until ``OpenGroup`` nobody is invited or let in, no link works, and those offered before never will again.

    ``group.shut`` says since when; a plugin that sends words out of the rooms waits while it is set.
    """


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenGroup(Effect):
    """Open the group again; two key members have to agree to that, which the plugin sees to with an ``Ask``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StartTimer(Effect):
    """Call this plugin's ``timer_fired`` at ``at`` (aware); a timer with the same ``key`` is moved."""

    key: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelTimer(Effect):
    """Forget the timer ``key`` of this plugin; nothing happens when there is none."""

    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordConsent(Effect):
    """Keep that ``person`` said yes or no to the ``kind`` of use, with the version of the wording they saw.

    A yes in chat is consent only as the answer to an ``Ask`` with ``proof=True``; nobody checks that for you.
    """

    person: PersonId
    kind: str
    wording: str
    given: bool
    #: How they said it: ``reaction``, ``word``, ``mail``, ``slip``, ``form`` or ``proxy``.
    how: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangePerson(Effect):
    """Keep what ``person`` wishes about themself; ``None`` leaves a thing as it is.

    Passes only at the person's own answer to an ``Ask``, or at their own proven words in their direct chat. Their ``name`` needs proven
    words, fits :func:`supportd.sdk.text.name_fits`, and is nobody else's in the group. ``language`` is a BCP 47 tag.
    """

    person: PersonId
    name: str | None = field(default=None, repr=False)
    reach: Reach | None = None
    low_energy: bool | None = None
    language: str | None = None
    edition: Edition | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SetDuty(Effect):
    """Put ``person`` on the duty ``kind`` from ``start`` to ``end`` (aware)."""

    kind: str
    person: PersonId
    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class EndDuty(Effect):
    """Take ``person`` off the duty ``kind`` that begins at ``start``."""

    kind: str
    person: PersonId
    start: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenCase(Effect):
    """Open a case (flag, hold, bounce, appeal) for people to look at; it holds ids only, never words."""

    key: str
    kind: str
    refs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CloseCase(Effect):
    """Close the case ``key`` of this plugin with a short ``outcome`` (a word, not a story)."""

    key: str
    outcome: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferLink(Effect):
    """Write to one person with a single-purpose link: ``{link}`` in ``text`` becomes its address.

    The link works once, for this person, until ``expires``; opening it shows ``button``, pressing it is the ``LinkUsed`` of ``key``.
    """

    key: str
    to: PersonId
    text: str = field(repr=False)
    button: str
    expires: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply(Effect):
    """Answer the command being handled: ``text`` for a person, ``data`` (JSON text) for ``--json``, ``status`` (0 to 125) for the shell."""

    text: str
    data: str = "{}"
    status: int = 0
