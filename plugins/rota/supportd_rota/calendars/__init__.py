"""Calendars of the rota: when somebody is busy comes in, their own duties go out.

- ``reading``: bytes become busy times in a child process, within bounds (1 MB, 5,000 entries, nothing more often than daily, 2 s, 512 MiB).
- ``reader``: the child; titles, places and people never leave it.
- ``fetching``: https only, nothing inside, every address looked at before it is connected to.
- ``feeds``: what is kept of a feed; a bad try keeps the last good copy, and its owner is told once.
- ``writing``: a person's own feed, in neutral words.

Busy is what a calendar holds busy: not what is marked free, cancelled or taken out. What is only tentative is busy. A whole day is busy in
the zone of its owner unless it is marked free, and so is a time without a zone.
"""

from supportd_rota.calendars.feeds import FeedState, after, to_tell
from supportd_rota.calendars.fetching import Fetched, fetch
from supportd_rota.calendars.reading import Read, Trouble, read_calendar
from supportd_rota.calendars.writing import Entry, written

__all__ = ["Entry", "FeedState", "Fetched", "Read", "Trouble", "after", "fetch", "read_calendar", "to_tell", "written"]
