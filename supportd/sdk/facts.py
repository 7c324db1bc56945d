"""What plugins may know of a group: frozen values, read at the moment of the event."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from supportd.sdk._asking import plain_word
from supportd.sdk.ids import EventId, GroupId, PersonId, RoomId
from supportd.sdk.rooms import Kind, Listening, RoomNow, RoomSpec

Role = Literal["member", "key_member", "admin", "owner"]
Edition = Literal["normal", "easy", "short"]
#: How somebody wants to hear from the group.
Reach = Literal["chat", "mail", "letter", "phone"]


@dataclass(frozen=True, slots=True)
class QuietHours:
    """From ``start`` to ``end`` by the person's own clock, possibly over midnight, nobody is written to."""

    start: time
    end: time

    def covers(self, moment: time) -> bool:
        """Tell whether ``moment`` (local wall-clock time) lies inside."""
        if self.start <= self.end:
            return self.start <= moment < self.end
        return moment >= self.start or moment < self.end


@dataclass(frozen=True, slots=True)
class Address:
    """A way to reach a person that is not Matrix; ``level`` 0 (never) to 4 (words) says what may go there."""

    person: PersonId
    kind: Literal["mail", "post", "phone"]
    value: str = field(repr=False)
    level: int = 1


@dataclass(frozen=True, slots=True)
class Relation:
    """``person`` is the proxy or buddy of ``other``."""

    person: PersonId
    other: PersonId
    kind: Literal["proxy", "buddy"]


@dataclass(frozen=True, slots=True)
class Consent:
    """What a person last said to a ``kind`` of use, to which wording, how and when."""

    person: PersonId
    kind: str
    wording: str
    given: bool
    how: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Signpost:
    """Where to turn outside the group: ``number`` first, then words; ``checked`` is when somebody last tried it."""

    key: str
    number: str
    text: str
    hours: str = ""
    country: str = ""
    checked: datetime | None = None


@dataclass(frozen=True, slots=True)
class DutyHours:
    """The published hours, by the group's clock, in which a person answers on ``weekdays`` (0 is Monday)."""

    weekdays: tuple[int, ...]
    start: time
    end: time


@dataclass(frozen=True, slots=True)
class Duty:
    """``person`` does the duty ``kind`` from ``start`` until ``end`` (aware)."""

    kind: str
    person: PersonId
    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class Case:
    """Something people should look at; ids only."""

    key: str
    plugin: str
    kind: str
    refs: tuple[str, ...]
    opened: datetime


@dataclass(frozen=True, slots=True)
class OpenQuestion:
    """A message that nobody has answered yet: where and since when, never what."""

    room: RoomId
    event: EventId
    author: PersonId
    since: datetime


@dataclass(frozen=True, slots=True)
class GroupStyle:
    """How the group speaks: its name, language (BCP 47), edition and time zone (IANA)."""

    name: str
    language: str = "en"
    edition: Edition = "normal"
    zone: str = "Europe/London"


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody of the group, who may have no Matrix account; ``name`` is the name they chose."""

    id: PersonId
    name: str = field(repr=False)
    roles: frozenset[Role] = frozenset({"member"})
    language: str | None = None
    edition: Edition | None = None
    zone: str | None = None
    quiet: QuietHours | None = None
    has_account: bool = True
    added: datetime | None = None
    reach: Reach = "chat"
    #: They want little: one message a day, answered with one sign.
    low_energy: bool = False
    #: A word of the group's own for what they were invited for, such as a leaflet or a meeting; empty for none.
    occasion: str = ""


@dataclass(frozen=True, slots=True)
class Stranger:
    """Somebody in a room who is not in the group's people; ``shown`` is name and address as key members may read them.

    ``by`` is who of the group invited them, where that is known. Not ``inside``: they are invited and have not come. Their words reach no
    plugin, and the bot's words do not reach them.
    """

    id: str
    shown: str = field(repr=False)
    since: datetime
    by: PersonId | None = None
    inside: bool = True


@dataclass(frozen=True, slots=True)
class Room:
    """A room of the group; ``direct_with`` is the person of a direct chat with the bot."""

    id: RoomId
    key: str
    kind: Kind = "room"
    listening: Listening = "reader"
    direct_with: PersonId | None = None
    #: Who is in it now, as far as the reader has seen.
    joined: frozenset[PersonId] = frozenset()
    #: Who left it, or declined to come; nobody invites them again unasked.
    left: frozenset[PersonId] = frozenset()
    #: Who is invited and has not answered.
    invited: frozenset[PersonId] = frozenset()
    #: Who is there, or invited, and is not in the group's people.
    strangers: tuple[Stranger, ...] = ()
    #: What it was declared to be, and what it is; ``None`` where supportd did not make it, and before it was looked at.
    spec: RoomSpec | None = None
    now: RoomNow | None = None


@dataclass(frozen=True, slots=True)
class Group:
    """One community at one moment; ``now`` is the time of the event being handled (aware, UTC)."""

    id: GroupId
    style: GroupStyle
    now: datetime
    people: tuple[Person, ...] = ()
    rooms: tuple[Room, ...] = ()
    duties: tuple[Duty, ...] = ()
    consents: tuple[Consent, ...] = ()
    relations: tuple[Relation, ...] = ()
    signposts: tuple[Signpost, ...] = ()
    cases: tuple[Case, ...] = ()
    questions: tuple[OpenQuestion, ...] = ()
    hours: tuple[DutyHours, ...] = ()
    #: Since when nobody is let in and nothing is sent out, after a panic; ``None`` on every good day.
    shut: datetime | None = None

    @property
    def name(self) -> str:
        """The group's own name."""
        return self.style.name

    def person(self, person: PersonId) -> Person | None:
        """Return somebody of the group, or ``None``."""
        return next((one for one in self.people if one.id == person), None)

    def name_of(self, person: PersonId) -> str:
        """Return the name somebody chose, or an empty string for somebody unknown."""
        found = self.person(person)
        return found.name if found else ""

    def called(self, name: str) -> Person | None:
        """Return who goes by ``name``, however it is written, or ``None``."""
        return next((one for one in self.people if plain_word(one.name) == plain_word(name)), None)

    def room(self, key: str) -> Room | None:
        """Return the room that was made under ``key``, or ``None``."""
        return next((one for one in self.rooms if one.key == key), None)

    def room_by_id(self, room: RoomId) -> Room | None:
        """Return a room of the group by its Matrix id, or ``None``."""
        return next((one for one in self.rooms if one.id == room), None)

    def with_role(self, role: Role) -> tuple[Person, ...]:
        """Return the people who have ``role``, in the order they were added."""
        return tuple(one for one in self.people if role in one.roles)

    @property
    def key_members(self) -> tuple[Person, ...]:
        """The volunteers who help to run the group, in the order they were added."""
        return self.with_role("key_member")

    def on_duty(self, kind: str) -> Person | None:
        """Return who has the duty ``kind`` now; without one, a key member in turn (a new turn each day)."""
        for duty in self.duties:
            if duty.kind == kind and duty.start <= self.now < duty.end:
                return self.person(duty.person)
        turn = self.in_turn(kind)
        return turn[0] if turn else None

    def in_turn(self, kind: str) -> tuple[Person, ...]:
        """Return all key members who can be reached in chat, beginning with the one whose turn it is for ``kind``."""
        able = [one for one in self.key_members if one.has_account]
        if not able:
            return ()
        first = (self.local(self.now).toordinal() + sum(map(ord, kind))) % len(able)
        ordered = able[first:] + able[:first]
        current = [self.person(d.person) for d in self.duties if d.kind == kind and d.start <= self.now < d.end]
        # Somebody may do a duty without being a key member; what key members decide they do not.
        on_now = [one for one in current if one is not None and one in able]
        return tuple(dict.fromkeys([*on_now, *ordered]))

    def consent(self, person: PersonId, kind: str) -> Consent | None:
        """Return what ``person`` last said to ``kind``, or ``None`` when they were never asked."""
        said = [one for one in self.consents if one.person == person and one.kind == kind]
        return max(said, key=lambda one: one.at) if said else None

    def local(self, moment: datetime, person: Person | None = None) -> datetime:
        """Return ``moment`` by the clock of ``person``, or of the group."""
        return moment.astimezone(ZoneInfo((person.zone if person else None) or self.style.zone))

    def awake_at(self, person: Person, moment: datetime) -> datetime:
        """Return ``moment``, or the end of the person's quiet hours when it falls into them (same instant type, UTC)."""
        local = self.local(moment, person)
        if person.quiet is None or not person.quiet.covers(local.time()):
            return moment
        end = local.replace(hour=person.quiet.end.hour, minute=person.quiet.end.minute, second=0, microsecond=0)
        if end <= local:
            end += timedelta(days=1)
        return end.astimezone(moment.tzinfo)
