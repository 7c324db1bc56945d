"""Somebody's own duties as a calendar to subscribe to: neutral words, nobody's name, and identifiers that stay.

A calendar lies on other people's servers and on screens that others see, so an entry says one word that the caller gives, and when. A time
that its clock shows for the second time cannot be said in a zone (RFC 5545, 3.3.5, takes the first), so it is written in UTC.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final
from uuid import UUID, uuid5
from zoneinfo import ZoneInfo

from icalendar import Calendar, Event, vDuration

if TYPE_CHECKING:
    from collections.abc import Iterable

    from supportd_rota.times import Window

_SPACE: Final = UUID("6f9c1d4e-8f0b-5d0e-9a53-6c1f5b7f2a10")
#: How often a calendar program should look again.
REFRESH: Final = timedelta(hours=4)


@dataclass(frozen=True, slots=True)
class Entry:
    """A duty of the feed's owner.

    ``duty`` is its identifier and ``version`` grows with each change of it, from 0; ``changed`` (aware) is when it last changed.
    """

    duty: str
    window: Window
    zone: str
    version: int
    changed: datetime


def written(entries: Iterable[Entry], feed: str, word: str = "Duty") -> bytes:
    """Return the calendar of a person's own duties; ``feed`` names the feed, so that two groups' duties never are the same."""
    calendar = Calendar()
    calendar.add("prodid", "-//supportd//rota//")
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    calendar.add("name", word)
    calendar.add("x-wr-calname", word)
    calendar.add("refresh-interval", vDuration(REFRESH), parameters={"VALUE": "DURATION"})
    calendar.add("x-published-ttl", vDuration(REFRESH))
    for entry in sorted(entries, key=lambda one: (one.window.start, one.duty)):
        calendar.add_component(_event(entry, feed, word))
    calendar.add_missing_timezones()
    return bytes(calendar.to_ical())


def _event(entry: Entry, feed: str, word: str) -> Event:
    event = Event()
    event.add("uid", str(uuid5(_SPACE, f"{feed}/{entry.duty}")))
    event.add("dtstamp", entry.changed.astimezone(UTC))
    event.add("last-modified", entry.changed.astimezone(UTC))
    event.add("sequence", entry.version)
    event.add("summary", word)
    event.add("class", "PRIVATE")
    event.add("transp", "OPAQUE")
    event.add("dtstart", _said(entry.window.start, entry.zone))
    event.add("dtend", _said(entry.window.end, entry.zone))
    return event


def _said(moment: datetime, zone: str) -> datetime:
    local = moment.astimezone(ZoneInfo(zone))
    return moment.astimezone(UTC) if local.fold else local
