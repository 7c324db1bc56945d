"""Busy times come out of the calendars of the usual programs, and of hostile ones nothing but a sentence."""

from __future__ import annotations

import asyncio
import os
import sys
from datetime import UTC, datetime, timedelta
from importlib.util import module_from_spec, spec_from_file_location
from itertools import pairwise
from pathlib import Path
from random import Random
from time import perf_counter
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from supportd_rota.calendars import Read, Trouble, read_calendar, reading
from supportd_rota.calendars.reader import answer
from supportd_rota.times import Window

if TYPE_CHECKING:
    from types import ModuleType

FULL = os.environ.get("SUPPORTD_FULL") == "1"
START, END = datetime(2027, 3, 1, tzinfo=UTC), datetime(2027, 4, 12, tzinfo=UTC)


def _samples() -> ModuleType:
    # Tests are no package: the module beside this one is found by its file.
    spec = spec_from_file_location("calendar_samples", Path(__file__).with_name("samples.py"))
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


SAMPLES = _samples()


def _said(found: Read) -> list[str]:
    assert found.trouble is None
    return [f"{one.start:%m-%d %H:%M}/{one.end:%m-%d %H:%M}" for one in found.busy]


def _read(data: bytes, zone: str = "Europe/Berlin") -> Read:
    return asyncio.run(read_calendar(data, START, END, zone))


def _here(data: bytes) -> dict[str, Any]:
    """Answer in this process, for many calendars at once."""
    head = f'{{"start": {int(START.timestamp())}, "end": {int(END.timestamp())}, "zone": "Europe/Berlin"}}\n'
    return answer(head.encode() + data)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        (
            "GOOGLE",
            [
                "03-01 08:00/03-01 09:00",
                "03-08 08:00/03-08 09:00",
                "03-23 10:00/03-23 11:00",
                "03-29 07:00/03-29 08:00",
                "04-05 07:00/04-05 08:00",
            ],
        ),
        (
            "OUTLOOK",
            [
                "03-09 23:00/03-11 23:00",
                "03-26 08:00/03-26 08:30",
                "03-27 08:00/03-27 08:30",
                "03-28 07:00/03-28 07:30",
                "03-29 07:00/03-29 07:30",
            ],
        ),
        ("OUTLOOK_BARE", ["03-20 16:00/03-20 17:00"]),
        ("ICLOUD", ["03-08 13:00/03-08 14:30", "03-09 13:00/03-09 14:00"]),
        ("NEXTCLOUD", ["03-10 17:00/03-10 18:00", "03-30 22:00/04-02 06:00", "04-10 16:00/04-10 17:00"]),
    ],
)
def test_the_usual_calendars_are_read(name: str, expected: list[str]) -> None:
    """Moved, left out, cancelled, free, whole days, odd zone names, lengths, across the change of the clocks."""
    assert _said(_read(getattr(SAMPLES, name))) == expected


def test_whole_days_and_times_without_a_zone_are_the_owners() -> None:
    """Somebody in New York is busy on New York's clock."""
    assert _said(_read(SAMPLES.ICLOUD, "America/New_York"))[1] == "03-09 19:00/03-09 20:00"
    assert _said(_read(SAMPLES.OUTLOOK, "America/New_York"))[0] == "03-10 05:00/03-12 05:00"


def test_busy_times_are_in_order_and_joined() -> None:
    """What overlaps or touches is one time, cut at the weeks asked for."""
    parts = [("0228T230000", "0301T010000"), ("0301T003000", "0301T020000"), ("0301T020000", "0301T030000"), ("0411T230000", "0412T030000")]
    data = SAMPLES.calendar(*(SAMPLES.event(f"DTSTART:2027{one}Z", f"DTEND:2027{two}Z") for one, two in parts))

    assert _read(data).busy == (Window(START, START + timedelta(hours=3)), Window(END - timedelta(hours=1), END))


def test_years_of_old_entries_cost_little() -> None:
    """Entries long over are left out before they are read; one that began long ago and comes back is not."""
    old = [SAMPLES.event(f"DTSTART:20{year}0301T080000Z", f"DURATION:PT{hours}H") for year in range(10, 25) for hours in range(1, 150)]
    back = SAMPLES.event("DTSTART:20100302T080000Z", "DTEND:20100302T090000Z", "RRULE:FREQ=YEARLY")

    assert _said(_read(SAMPLES.calendar(*old, back))) == ["03-02 08:00/03-02 09:00"]


def _bomb(rule: str) -> bytes:
    return bytes(SAMPLES.calendar(SAMPLES.event("DTSTART:20270301T000000Z", "DURATION:PT1S", f"RRULE:{rule}")))


@pytest.mark.parametrize(
    ("data", "trouble"),
    [
        (b"", Trouble.NO_CALENDAR),
        (b"<html>please log in</html>", Trouble.NO_CALENDAR),
        (b"BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\n", Trouble.UNREADABLE),
        (b"BEGIN:VCALENDAR" + b"x" * 1_000_000, Trouble.TOO_BIG),
        (SAMPLES.calendar(*["BEGIN:VEVENT\nEND:VEVENT\n"] * 5001), Trouble.TOO_MANY),
        (_bomb("FREQ=SECONDLY"), Trouble.TOO_OFTEN),
        (_bomb("COUNT=3;FREQ=hourly"), Trouble.TOO_OFTEN),
        (_bomb("FREQ=MINU\n TELY"), Trouble.TOO_OFTEN),
        (_bomb("FREQ=DAILY;INTERVAL=00"), Trouble.TOO_OFTEN),
    ],
)
def test_a_bad_calendar_gives_one_sentence(data: bytes, trouble: Trouble) -> None:
    """Each bound has its own sentence, which says what to do."""
    found = _read(data)

    assert found == Read(trouble=trouble)
    assert found.trouble is not None
    assert found.trouble.sentence.endswith(".")
    assert found.trouble.sentence.count(".") <= 2


def test_what_takes_too_long_is_killed() -> None:
    """A rule that repeats within the day is cut short by time or by count, in a child that is gone afterwards."""
    every = ",".join(map(str, range(60)))
    rule = f"FREQ=DAILY;BYHOUR={','.join(map(str, range(24)))};BYMINUTE={every};BYSECOND={every}"
    start = perf_counter()

    found = _read(_bomb(rule))

    assert found.trouble in {Trouble.TOO_SLOW, Trouble.TOO_MANY}
    assert perf_counter() - start < reading.READING_SECONDS + reading.STARTING_SECONDS


def test_a_child_that_never_answers_is_killed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The bound holds whatever the child does."""
    silent = tmp_path / "silent.py"
    silent.write_text("import sys, time\nsys.stdout.write('+')\nsys.stdout.flush()\ntime.sleep(60)\n")
    monkeypatch.setattr(reading, "_READER", silent)
    monkeypatch.setattr(reading, "READING_SECONDS", 0.2)

    assert _read(SAMPLES.GOOGLE) == Read(trouble=Trouble.TOO_SLOW)


@pytest.mark.parametrize("says", ["", "+", "+nonsense", "+[1]", '+{"busy": [[1]]}', '+{"trouble": "new"}'])
def test_a_child_that_answers_nonsense_is_no_calendar(says: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A child that was ended by its limits says half a sentence or none."""
    broken = tmp_path / "broken.py"
    broken.write_text(f"import sys\nsys.stdout.write({says!r})\n")
    monkeypatch.setattr(reading, "_READER", broken)

    assert _read(SAMPLES.GOOGLE) == Read(trouble=Trouble.UNREADABLE)


_LINES = [
    "RRULE:FREQ=DAILY;BYHOUR=1,2,3,4,5,6;BYMINUTE=0,1,2,3,4,5",
    "RRULE:FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30",
    "RRULE:FREQ=DAILY;INTERVAL=0",
    "RRULE:FREQ=WEEKLY;BYDAY=XX",
    "RRULE:FREQ=DAILY;UNTIL=00000000",
    "RRULE:FREQ=DAILY;COUNT=99999999999",
    "DTEND:20260101T000000Z",
    "DURATION:P99999999999D",
    "DURATION:-PT1H",
    "DTSTART;TZID=../../etc/passwd:20270301T000000",
    "DTSTART;TZID=" + "Z" * 300 + ":20270301T000000",
    "DTSTART:99991231T235959Z",
    "DTSTART:00010101T000000",
    "DTSTART;VALUE=DATE:20270231",
    "EXDATE:garbage",
    "RDATE;VALUE=PERIOD:20270301T000000Z/P1D",
    "RECURRENCE-ID;RANGE=THISANDFUTURE:20270301T000000Z",
    "BEGIN:VALARM",
    "END:VCALENDAR",
    "ATTACH;ENCODING=BASE64;VALUE=BINARY:" + "A" * 5000,
    "\x00\x01\ufeff\u202e",
    "X" * 20_000,
]


def _hostile(random: Random) -> bytes:
    """Make a calendar of good and bad lines in any order, then damage some of its bytes."""
    parts = []
    for _ in range(random.choice([1, 3, 30])):
        lines = random.sample(_LINES, random.randrange(1, 5))
        if random.random() < 0.7:
            lines.insert(0, f"DTSTART:2027{random.randrange(1, 13):02}{random.randrange(1, 32):02}T{random.randrange(24):02}0000Z")
        parts.append(SAMPLES.event(*lines))
    data = bytearray(SAMPLES.calendar(*parts))
    for _ in range(random.choice([0, 0, 1, 20])):
        data[random.randrange(len(data))] = random.randrange(256)
    return bytes(data[: len(data) if random.random() < 0.8 else random.randrange(len(data))])


def test_hostile_calendars_end_in_time_and_tell_no_titles(capsys: pytest.CaptureFixture[str]) -> None:
    """Of 200 hostile calendars none crashes, lasts, or lets a word out; in full each in a child of its own."""
    random = Random(25)  # noqa: S311 - it draws samples, it keeps no secret
    slowest, read = 0.0, 0
    for number in range(200):
        data = _hostile(random)
        start = perf_counter()
        if FULL or number % 40 == 0:
            found = _read(data)
            said, good = repr(found), found.trouble is None
        else:
            answered = _here(data)
            said, good = repr(answered), "busy" in answered
        slowest, read = max(slowest, perf_counter() - start), read + good
        assert "Mellon" not in said
    with capsys.disabled():
        print(f"\n  200 hostile calendars: {read} read, {200 - read} refused, slowest {slowest:.2f} s with the start of a child")  # noqa: T201

    assert slowest < reading.READING_SECONDS + (reading.STARTING_SECONDS if not FULL else 2)


@given(st.binary(max_size=400))
def test_any_bytes_are_answered(data: bytes) -> None:
    """Nothing that is no calendar raises."""
    assert set(_here(data)) <= {"busy", "trouble"}
    assert set(_here(b"BEGIN:VCALENDAR\r\n" + data)) <= {"busy", "trouble"}


@given(
    st.sampled_from(["GOOGLE", "OUTLOOK", "ICLOUD", "NEXTCLOUD"]),
    st.lists(st.tuples(st.integers(0, 3000), st.binary(max_size=6)), max_size=5),
)
def test_a_damaged_calendar_is_answered(name: str, damage: list[tuple[int, bytes]]) -> None:
    """Whatever some bytes become, there is an answer, in order, within the weeks, and without words."""
    data = bytearray(getattr(SAMPLES, name))
    for at, put in damage:
        data[at : at + len(put)] = put

    found = _here(bytes(data))

    assert "Mellon" not in repr(found)
    busy = found.get("busy", [])
    assert all(START.timestamp() <= one < two <= END.timestamp() for one, two in busy)
    assert all(one[1] < two[0] for one, two in pairwise(busy))
