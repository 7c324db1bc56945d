"""The child that reads a calendar: a program of its own, so that it can be killed, and that titles never leave it.

It is started as a file, imports nothing of ours, and speaks once each way. To it: a line of JSON (``start``, ``end`` in seconds since
1970, ``zone`` of the owner), then the calendar. From it: ``+`` when it is ready, then JSON, either ``{"busy": [[start, end], …]}`` in
seconds since 1970 or ``{"trouble": name}``. Sources: RFC 5545; for Outlook's busy status, MS-OXCICAL 2.1.3.1.1.20.31.
"""

from __future__ import annotations

import json
import re
import resource
import sys
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any, Final
from zoneinfo import ZoneInfo

import icalendar
import recurring_ical_events  # type: ignore[import-untyped]

if TYPE_CHECKING:
    from collections.abc import Iterator

MOST_EVENTS: Final = 5_000
_MEMORY: Final = 512 << 20
_CPU_SECONDS: Final = 10
_LONGEST: Final = timedelta(days=366)
_FREE: Final = {"FREE", "WORKINGELSEWHERE"}
# An interval of nought makes the library below search for ever.
_TOO_OFTEN: Final = re.compile(
    rb"^RRULE[^\r\n]*(?:FREQ=(?:SECONDLY|MINUTELY|HOURLY)|INTERVAL=[+-]?0+(?![0-9]))", re.IGNORECASE | re.MULTILINE
)
_EVENT: Final = re.compile(rb"^BEGIN:VEVENT", re.IGNORECASE | re.MULTILINE)
_WHOLE_EVENT: Final = re.compile(rb"^BEGIN:VEVENT\r?$.*?^END:VEVENT\r?\n?", re.IGNORECASE | re.MULTILINE | re.DOTALL)
_COMES_BACK: Final = re.compile(rb"^(?:RRULE|RDATE|RECURRENCE-ID)[;:]", re.IGNORECASE | re.MULTILINE)
_BEGINS: Final = re.compile(rb"^DTSTART[^\r\n]*:([0-9]{8})(?:T[0-9]{6}Z?)?\r?$", re.IGNORECASE | re.MULTILINE)
_FOLD: Final = re.compile(rb"\r?\n[ \t]")


class Refused(Exception):
    """The calendar is not read; the argument names the trouble."""


def busy(data: bytes, start: datetime, end: datetime, zone: str) -> list[tuple[int, int]]:
    """Return when the owner is busy between two instants, in seconds since 1970, in order and joined where they touch."""
    plain = _FOLD.sub(b"", data)
    if _TOO_OFTEN.search(plain):
        raise Refused("too_often")
    if len(_EVENT.findall(plain)) > MOST_EVENTS:
        raise Refused("too_many")
    calendar = _calendar(_WHOLE_EVENT.sub(lambda one: one.group() if _may_matter(one.group(), start, end) else b"", plain))
    found = []
    for count, event in enumerate(_events(calendar, start, end)):
        if count >= MOST_EVENTS:
            raise Refused("too_many")
        if _keeps_free(event):
            continue
        begins, ends = _instants(event, ZoneInfo(zone))
        begins, ends = max(begins, start), min(ends, end)
        if begins < ends:
            found.append((int(begins.timestamp()), int(ends.timestamp())))
    return joined(found)


def joined(found: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return intervals in order, those that touch or overlap as one."""
    kept: list[tuple[int, int]] = []
    for start, end in sorted(found):
        if kept and start <= kept[-1][1]:
            kept[-1] = (kept[-1][0], max(end, kept[-1][1]))
        else:
            kept.append((start, end))
    return kept


def _may_matter(event: bytes, start: datetime, end: datetime) -> bool:
    """Tell whether an event may lie between two instants; years of old entries would cost most of the time there is."""
    begins = _BEGINS.findall(event)
    if _COMES_BACK.search(event) or len(begins) != 1:
        return True
    earliest, latest = start - _LONGEST - timedelta(days=2), end + timedelta(days=2)
    return bool(f"{earliest:%Y%m%d}".encode() <= begins[0] <= f"{latest:%Y%m%d}".encode())


def _calendar(data: bytes) -> icalendar.Calendar:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = data.decode("latin-1")
    if not text.lstrip().upper().startswith("BEGIN:VCALENDAR"):
        raise Refused("no_calendar")
    calendar = icalendar.Calendar.from_ical(text.strip())
    if not isinstance(calendar, icalendar.Calendar):
        raise Refused("no_calendar")
    return calendar


def _events(calendar: icalendar.Calendar, start: datetime, end: datetime) -> Iterator[Any]:
    # A day more on each side: whole days and floating times are placed in the owner's zone only afterwards.
    day = timedelta(days=1)
    found = recurring_ical_events.of(calendar, skip_bad_series=True, components=["VEVENT"])
    for event in found.after(start - day):
        begins = event.get("DTSTART").dt
        if _day(begins) > (end + day).date():
            return
        yield event


def _day(moment: date) -> date:
    return moment.astimezone(UTC).date() if isinstance(moment, datetime) and moment.tzinfo else date(moment.year, moment.month, moment.day)


def _keeps_free(event: Any) -> bool:
    said = {name: str(event.get(name, "")).strip().upper() for name in ("TRANSP", "STATUS", "X-MICROSOFT-CDO-BUSYSTATUS")}
    return said["TRANSP"] == "TRANSPARENT" or said["STATUS"] == "CANCELLED" or said["X-MICROSOFT-CDO-BUSYSTATUS"] in _FREE


def _instants(event: Any, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """Return start and end as instants; a whole day and a time without a zone are the owner's."""
    begins, ends = event.get("DTSTART").dt, event.get("DTEND")
    start = _instant(begins, zone)
    return start, min(_instant(ends.dt, zone) if ends is not None else start, start + _LONGEST)


def _instant(moment: date, zone: ZoneInfo) -> datetime:
    whole = moment if isinstance(moment, datetime) else datetime.combine(moment, time(), zone)
    return (whole if whole.tzinfo else whole.replace(tzinfo=zone)).astimezone(UTC)


def answer(data: bytes) -> dict[str, Any]:
    """Answer what stands on standard input; whatever goes wrong is one named trouble."""
    head, _, rest = data.partition(b"\n")
    asked = json.loads(head)
    start, end = (datetime.fromtimestamp(asked[name], UTC) for name in ("start", "end"))
    try:
        return {"busy": busy(rest, start, end, asked["zone"])}
    except Refused as refused:
        return {"trouble": str(refused)}
    except MemoryError:
        return {"trouble": "too_big"}
    except Exception:  # noqa: BLE001 - a stranger's file can go wrong in any way; what the error says may be a title, so it is dropped
        return {"trouble": "unreadable"}


def main() -> None:  # pragma: no cover - it runs in the child, where coverage does not look
    """Read one calendar."""
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (_CPU_SECONDS, _CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))
    sys.stdout.write("+")
    sys.stdout.flush()
    sys.stdout.write(json.dumps(answer(sys.stdin.buffer.read())))


if __name__ == "__main__":
    main()
