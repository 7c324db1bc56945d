"""Calendars as the usual programs write them, made for these tests; every one of them holds `TITLE` in all that people write."""

from __future__ import annotations

from typing import Final

TITLE: Final = "Oncologie at Dr Mellon"

_WORDS: Final = f"SUMMARY:{TITLE}\nLOCATION:{TITLE}\nDESCRIPTION:{TITLE}\nATTENDEE;CN={TITLE.replace(' ', '_')}:mailto:a@example.org\n"

_BERLIN: Final = """BEGIN:VTIMEZONE
TZID:{name}
BEGIN:DAYLIGHT
TZOFFSETFROM:+0100
TZOFFSETTO:+0200
TZNAME:CEST
DTSTART:19700329T020000
RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU
END:DAYLIGHT
BEGIN:STANDARD
TZOFFSETFROM:+0200
TZOFFSETTO:+0100
TZNAME:CET
DTSTART:19701025T030000
RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU
END:STANDARD
END:VTIMEZONE
"""


def event(*lines: str) -> str:
    """Return an event with these lines, and with words of its owner's in every field that holds words."""
    return "BEGIN:VEVENT\nUID:{uid}@example.org\nDTSTAMP:20270101T000000Z\n" + "\n".join(lines) + "\n" + _WORDS + "END:VEVENT\n"


def calendar(*parts: str, producer: str = "-//Example//EN") -> bytes:
    """Return a calendar of parts; events that bring no identifier of their own are numbered."""
    body = "".join(part.replace("{uid}", f"entry-{number}") for number, part in enumerate(parts))
    text = f"BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:{producer}\n{body}END:VCALENDAR\n"
    return text.replace("\n", "\r\n").encode()


def _one(uid: str, *lines: str) -> str:
    return event(*lines).replace("{uid}", uid)


#: Zone by name without a definition, a moved and a left-out instance, until without Z, free and cancelled entries, a birthday.
GOOGLE: Final = calendar(
    "X-WR-CALNAME:me@example.org\nX-WR-TIMEZONE:Europe/Berlin\n",
    _one(
        "week",
        "DTSTART;TZID=Europe/Berlin:20270301T090000",
        "DTEND;TZID=Europe/Berlin:20270301T100000",
        "RRULE:FREQ=WEEKLY;UNTIL=20270405T235959;BYDAY=MO",
        "EXDATE;TZID=Europe/Berlin:20270315T090000",
    ),
    _one(
        "week",
        "RECURRENCE-ID;TZID=Europe/Berlin:20270322T090000",
        "DTSTART;TZID=Europe/Berlin:20270323T110000",
        "DTEND;TZID=Europe/Berlin:20270323T120000",
    ),
    event("DTSTART:20270303T080000Z", "DTEND:20270303T090000Z", "TRANSP:TRANSPARENT"),
    event("DTSTART:20270304T080000Z", "DTEND:20270304T090000Z", "STATUS:CANCELLED"),
    event("DTSTART;VALUE=DATE:20270305", "DTEND;VALUE=DATE:20270306", "TRANSP:TRANSPARENT"),
    producer="-//Google Inc//Google Calendar 70.9054//EN",
)
#: A zone by its Windows name with a definition, busy status of its own, a whole day away.
OUTLOOK: Final = calendar(
    _BERLIN.format(name="W. Europe Standard Time"),
    event(
        'DTSTART;TZID="W. Europe Standard Time":20270326T090000',
        'DTEND;TZID="W. Europe Standard Time":20270326T093000',
        "RRULE:FREQ=DAILY;COUNT=4",
        "X-MICROSOFT-CDO-BUSYSTATUS:BUSY",
    ),
    event("DTSTART;VALUE=DATE:20270310", "DTEND;VALUE=DATE:20270312", "X-MICROSOFT-CDO-BUSYSTATUS:OOF"),
    event("DTSTART:20270317T090000Z", "DTEND:20270317T100000Z", "X-MICROSOFT-CDO-BUSYSTATUS:FREE"),
    producer="Microsoft Exchange Server 2010",
)
#: A Windows name without a definition.
OUTLOOK_BARE: Final = calendar(
    event("DTSTART;TZID=Pacific Standard Time:20270320T090000", "DTEND;TZID=Pacific Standard Time:20270320T100000"),
    producer="Microsoft Exchange Server 2010",
)
#: A length instead of an end, a time without a zone.
ICLOUD: Final = calendar(
    _BERLIN.format(name="Europe/Berlin"),
    event("DTSTART;TZID=Europe/Berlin:20270308T140000", "DURATION:PT1H30M"),
    event("DTSTART:20270309T140000", "DTEND:20270309T150000"),
    producer="-//Apple Inc.//iCloud//EN",
)
#: A zone under a name of its own, a monthly entry, an entry of several days, a to-do that is no event.
NEXTCLOUD: Final = calendar(
    _BERLIN.format(name="/nextcloud.example/Berlin-custom"),
    event(
        "DTSTART;TZID=/nextcloud.example/Berlin-custom:20270110T180000",
        "DTEND;TZID=/nextcloud.example/Berlin-custom:20270110T190000",
        "RRULE:FREQ=MONTHLY;BYMONTHDAY=10",
        "STATUS:TENTATIVE",
    ),
    event("DTSTART:20270330T220000Z", "DTEND:20270402T060000Z"),
    "BEGIN:VTODO\nUID:t\nDTSTAMP:20270101T000000Z\nDUE:20270311T100000Z\nSUMMARY:x\nEND:VTODO\n",
    producer="-//Nextcloud calendar v4//EN",
)
