"""What happens about a group's people, and the base of all events."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from supportd.sdk.ids import EventId, GroupId, PersonId


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
class RolesChanged(Event):
    """``person`` got or lost a role; ``group.person(person).roles`` are those they have now."""

    hook: ClassVar[str] = "roles_changed"

    person: PersonId


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentGiven(Event):
    """``person`` said yes or no to a ``kind`` of use; ``group.consent(person, kind)`` says to which wording, and how."""

    hook: ClassVar[str] = "consent_given"

    person: PersonId
    kind: str
    given: bool
