"""Duties that come back, on the clocks of the group and of whoever reads."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from supportd_rota.times import Cell, Pattern, Span, Wall, Window, cell, expand, minutes, tiled

LONDON = "Europe/London"
ZONES = st.sampled_from(
    ["Europe/London", "America/New_York", "Australia/Lord_Howe", "Africa/Casablanca", "Asia/Kathmandu", "America/Scoresbysund"]
)
WALLS = st.datetimes(datetime(2020, 1, 1), datetime(2037, 12, 1)).map(lambda one: one.replace(second=0, microsecond=0))  # noqa: DTZ001


def _wall(text: str, zone: str = LONDON) -> Wall:
    return Wall(datetime.fromisoformat(text), zone)


def _utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def _pattern(begins: str, ends: str, **more: object) -> Pattern:
    given_ = {"days": frozenset(range(7)), "zone": LONDON, "since": date(2019, 1, 7), **more}
    return Pattern(f"{begins}", begins=time.fromisoformat(begins), ends=time.fromisoformat(ends), **given_)  # type: ignore[arg-type]


def test_an_hour_that_comes_twice_is_shared_once() -> None:
    """Alone a span has its ambiguous end late; before another of its chain both meet at the first of the two instants."""
    early = Span(_wall("2027-10-31 00:30"), _wall("2027-10-31 01:30"))
    late = Span(_wall("2027-10-31 01:30"), _wall("2027-10-31 02:30"))
    other = Span(late.start, late.end, "another kind")

    alone, beside, (one, two) = tiled([early]), tiled([early, other]), tiled([early, late])

    assert alone == beside[:1] == [Window(_utc("2027-10-30 23:30"), _utc("2027-10-31 01:30"))]
    assert (one.end, two.start) == (_utc("2027-10-31 00:30"), _utc("2027-10-31 00:30"))
    assert (minutes(one), minutes(two)) == (60, 120)


def test_a_wall_time_has_no_offset() -> None:
    """An instant given as a wall time would be resolved twice."""
    with pytest.raises(ValueError, match="no offset"):
        Wall(_utc("2027-03-28 01:30"), LONDON)


def test_what_the_clocks_skip_has_no_minutes() -> None:
    """A span inside the spring gap is at the change and lasts no time; one around it lasts an hour less."""
    inside = Span(_wall("2027-03-28 01:10"), _wall("2027-03-28 01:50"))
    night = Span(_wall("2027-03-27 22:00"), _wall("2027-03-28 06:00"))

    found = tiled([inside, night])

    assert found[0] == Window(_utc("2027-03-28 01:00"), _utc("2027-03-28 01:00"))
    assert minutes(found[1]) == 7 * 60


@given(
    ZONES, st.lists(WALLS, min_size=2, max_size=2, unique=True), st.lists(st.integers(0, 60 * 24 * 3), min_size=2, max_size=8, unique=True)
)
def test_tiles_meet_wherever_they_lie(zone: str, walls: list[datetime], cuts: list[int]) -> None:
    """Boundaries at any minutes are in order, and their windows make up the real time between the first and the last."""
    points = [Wall(min(walls) + timedelta(minutes=one), zone) for one in sorted(cuts)]

    found = tiled([Span(start, end) for start, end in pairwise(points)])

    assert all(one.start <= one.end for one in found)
    assert all(one.end == later.start for one, later in pairwise(found))
    assert sum(map(minutes, found)) == (points[-1].ends() - points[0].starts()) // timedelta(minutes=1)


@given(ZONES, WALLS)
def test_a_promised_time_is_what_the_clock_shows(zone: str, wall: datetime) -> None:
    """A start shows its wall time again, unless the clocks skip it; the end is never before the start."""
    one = Wall(wall, zone)
    there = one.starts().astimezone(ZoneInfo(zone)).replace(tzinfo=None)

    assert there == wall or (one.starts() == one.ends() and there > wall)
    assert one.starts() <= one.ends()


@given(ZONES, WALLS, st.sets(st.integers(0, 23), min_size=2, max_size=4), st.integers(1, 4))
def test_duties_round_the_clock_leave_no_gap(zone: str, wall: datetime, hours: set[int], weeks: int) -> None:
    """Duties that follow each other every day tile every week, whatever the clocks do."""
    first = wall.date() - timedelta(days=wall.weekday())
    at = sorted(hours)
    duties = [_pattern(f"{one:02}:30", f"{two:02}:30", zone=zone) for one, two in zip(at, (*at[1:], at[0]), strict=True)]

    found = expand(duties, first, weeks)

    assert all(one.window.end == later.window.start for one, later in pairwise(found))
    assert len(found) == len(duties) * 7 * weeks


def test_a_duty_comes_back_as_said() -> None:
    """Every second week, from and until a date, over midnight."""
    duty = _pattern("22:00", "06:00", days=frozenset({0, 2}), since=date(2027, 1, 6), until=date(2027, 2, 1), every=2)

    found = expand([duty], date(2027, 1, 4), 6)

    assert [one.day.isoformat() for one in found] == ["2027-01-06", "2027-01-18", "2027-01-20", "2027-02-01"]
    assert {minutes(one.window) for one in found} == {8 * 60}


def test_a_boundary_is_the_same_whichever_weeks_are_asked_for() -> None:
    """The last duty of one horizon ends when the first of the next starts, also in an hour that comes twice."""
    duties = [_pattern("00:30", "01:30"), _pattern("01:30", "00:30")]

    # These weeks begin on the Sunday on which the clocks go back, so that their very edge comes twice.
    night = [_pattern("01:30", "22:00"), _pattern("22:00", "01:30")]
    before, after = expand(night, date(2027, 10, 24), 1)[-1], expand(night, date(2027, 10, 31), 1)[0]
    short, long = expand(duties, date(2027, 10, 25), 1), expand(duties, date(2027, 10, 18), 2)

    assert before.window.end == after.window.start == _utc("2027-10-31 00:30")
    assert short == long[-len(short) :]


@pytest.mark.parametrize("wrong", [{"days": frozenset({7})}, {"every": 0}])
def test_a_duty_that_no_week_has_is_refused(wrong: dict[str, object]) -> None:
    """Days are 0 to 6, and nothing comes back every zeroth week."""
    with pytest.raises(ValueError, match=r"Days|comes back"):
        _pattern("09:00", "10:00", **wrong)


@pytest.mark.parametrize(
    ("wall", "start", "end"),
    [
        ("2027-03-28 00:59", "2027-03-28 00:59", "2027-03-28 00:59"),
        ("2027-03-28 01:30", "2027-03-28 01:00", "2027-03-28 01:00"),  # skipped: the change itself
        ("2027-10-31 01:30", "2027-10-31 00:30", "2027-10-31 01:30"),  # twice: first start, last end
        ("2027-10-31 02:00", "2027-10-31 02:00", "2027-10-31 02:00"),
    ],
)
def test_london_when_the_clocks_change(wall: str, start: str, end: str) -> None:
    """The days on which libraries were seen to go wrong."""
    found = datetime.fromisoformat(wall)

    assert Wall(found, LONDON).starts() == datetime.fromisoformat(start).replace(tzinfo=UTC)
    assert Wall(found, LONDON).ends() == datetime.fromisoformat(end).replace(tzinfo=UTC)


def test_a_night_is_as_long_as_it_really_is() -> None:
    """22:00 to 06:00 are seven hours in the night in which the clocks go on, and nine when they go back."""
    nights = [
        one.window
        for first, night in ((date(2027, 3, 22), date(2027, 3, 27)), (date(2027, 10, 25), date(2027, 10, 30)))
        for one in expand([_pattern("22:00", "06:00")], first, 1)
        if one.day == night
    ]

    assert [(one.end - one.start) / timedelta(hours=1) for one in nights] == [7, 9]


def test_a_meeting_alone_ends_at_its_last_instant() -> None:
    """Where nothing of its kind follows, an ambiguous end is the later one: rather an overlap than a gap."""
    (found,) = [one.window for one in expand([_pattern("00:30", "01:30", days=frozenset({6}))], date(2027, 10, 25), 1)]

    assert found.end - found.start == timedelta(hours=2)


@pytest.mark.parametrize(
    ("start", "expected"),
    [
        ("2027-07-05 00:30", Cell(0, 0, 3)),
        ("2027-07-05 06:00", Cell(0, 0, 0)),
        ("2027-07-06 12:00", Cell(0, 1, 1)),
        ("2027-07-12 17:00", Cell(1, 0, 2)),
        ("2027-07-18 22:00", Cell(1, 6, 3)),
        ("2027-07-04 12:00", Cell(-1, 6, 1)),
    ],
)
def test_a_window_has_a_cell(start: str, expected: Cell) -> None:
    """Week, day and part of the day are those of the group's clock at the start."""
    moment = _wall(start).starts()

    assert cell(Window(moment, moment + timedelta(hours=1)), LONDON, date(2027, 7, 5)) == expected
