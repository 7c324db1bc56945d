"""A simulated month: nobody new is left without an answer for two days, although half of what the volunteers are asked is missed.

Thirty members, three newcomers a week, three key members who miss half of what they are asked and sleep at night.
Assumed: a member answers somebody's first words by themself with a chance of 35 % within a day; a key member who says
yes writes within two hours, one time in five not at all; of the thirty, each answers the line in the room with a
chance of 5 % while awake.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from random import Random
from typing import TYPE_CHECKING, Any

import pytest
from supportd_welcome import Welcome, watching
from supportd_welcome.stories import PLAIN

from supportd.sdk.effects import PostMessage
from supportd.sdk.facts import QuietHours
from supportd.sdk.testing import Asked, a_group, answers, member_joins, says, turned_on

if TYPE_CHECKING:
    from supportd.sdk.testing import Scene

HOUR = timedelta(hours=1)
WEEKS = 4
NEWCOMERS_A_WEEK = 3
KEY_MEMBERS = ("Jo", "Sam", "Mei")
MEMBERS = tuple(f"M{number}" for number in range(27))
NIGHT = QuietHours(time(22), time(8))
LONGEST = timedelta(hours=48)

MISSES_AN_ASK = 0.5
FORGETS_A_PROMISE = 0.2
ANSWERS_UNASKED = 0.35
ANSWERS_THE_LINE = 0.05
#: A newcomer writes for the first time within so many hours after coming.
FIRST_WORDS_WITHIN = 30


@dataclass
class Month:
    """One month of a group, hour by hour, and how long each newcomer's first words waited."""

    seed: int
    chance: Random = field(init=False)
    waited: dict[str, timedelta] = field(default_factory=dict)
    wrote: dict[str, datetime] = field(default_factory=dict)
    #: What will happen at which hour: (when, who says something to whom).
    coming: list[tuple[datetime, str, str]] = field(default_factory=list)
    asked: int = 0

    def __post_init__(self) -> None:
        """Draw from the seed alone."""
        self.chance = Random(self.seed)  # noqa: S311 - a story, not a secret

    def run(self) -> Month:
        """Let the month pass, and two days more for the last ones."""
        scene = self._begin()
        begin = scene.group.now
        arrivals = sorted(
            begin + timedelta(weeks=week) + HOUR * self.chance.randrange(7 * 24) for week in range(WEEKS) for _ in range(NEWCOMERS_A_WEEK)
        )
        for number, at in enumerate(arrivals):
            self.coming += [(at, f"N{number}", "joins"), (at + HOUR * self.chance.randint(1, FIRST_WORDS_WITHIN), f"N{number}", "writes")]
        while scene.group.now < begin + timedelta(weeks=WEEKS, days=5):
            scene.after(HOUR)
            self._hear(scene)
            for at, who, what in sorted(self.coming):
                if at <= scene.group.now:
                    self.coming.remove((at, who, what))
                    self._happens(scene, who, what)
        return self

    @staticmethod
    def _begin() -> Scene:
        scene = a_group(Welcome, zone="UTC").with_people(*MEMBERS, quiet=NIGHT).with_people(*KEY_MEMBERS, quiet=NIGHT)
        scene.with_key_members(*KEY_MEMBERS).with_room("circle", *KEY_MEMBERS, *MEMBERS)
        return scene.with_settings(**{**PLAIN, "weekly": False}).when(turned_on())

    def _happens(self, scene: Scene, who: str, what: str) -> None:
        now = scene.group.now
        if what == "joins":
            scene.when(member_joins(who)).with_direct_chat(who)
        elif what == "writes":
            scene.when(says(who, "I am new here, and I do not know how to begin."))
            self.wrote[who] = now
            if self.chance.random() < ANSWERS_UNASKED:
                self._will_write(now + HOUR * self.chance.randrange(24), self.chance.choice(MEMBERS))
        elif what == "answers" and (before := self._open(scene)):
            scene.when(says(who, "Hello, good that you are here."))
            for each in before - self._open(scene):
                self.waited[each] = now - self.wrote[each]
        self._hear(scene)

    @staticmethod
    def _open(scene: Scene) -> set[str]:
        """Return whose first words wait."""
        names: dict[object, str] = {one.id: one.name for one in scene.group.people}
        return {names[row["person_id"]] for row in scene.kept["welcome_alone"]}

    def _hear(self, scene: Scene) -> None:
        """Let people react to what reached them in the last step."""
        facts, seen = scene.group, list(scene.of(Asked))
        lines = [one for one in scene.of(PostMessage) if "no answer yet" in one.text]
        for one in seen:
            self.asked += 1
            who = facts.name_of(one.person)
            awake = facts.awake_at(next(each for each in facts.people if each.id == one.person), facts.now)
            if self.chance.random() < MISSES_AN_ASK:
                continue
            says_yes = awake + HOUR * self.chance.randrange(4)
            if one.key in scene.open_asks:
                scene.when(answers(who, "yes")) if says_yes == facts.now else self.coming.append((says_yes, who, "says yes"))
            if self.chance.random() >= FORGETS_A_PROMISE:
                self._will_write(says_yes + HOUR * self.chance.randrange(3), who)
        for _ in lines:
            for who in MEMBERS:
                if self.chance.random() < ANSWERS_THE_LINE:
                    self._will_write(facts.now + HOUR, who)

    def _will_write(self, at: datetime, who: str) -> None:
        """Somebody will write, not at night."""
        while NIGHT.covers(at.time()):
            at += HOUR
        self.coming.append((at, who, "answers"))


def longest(months: list[Month]) -> timedelta:
    """Return the longest wait, counting who had no answer at all as endless."""
    waits = [month.waited.get(who, timedelta.max) for month in months for who in month.wrote]
    return max(waits)


@pytest.mark.parametrize("first", [1, 101])
def test_no_newcomer_is_left_for_two_days(first: int) -> None:
    """Over many months nobody's first words wait longer than two days, although half of the asks are missed; the figures are printed."""
    months = [Month(seed).run() for seed in range(first, first + 15)]

    waits = sorted(month.waited[who] for month in months for who in month.waited)
    newcomers = sum(len(month.wrote) for month in months)
    within = sum(1 for one in waits if one <= timedelta(hours=24))
    each = sum(month.asked for month in months) / newcomers
    print(  # noqa: T201 - a measurement prints
        f"welcome: {len(months)} months, {newcomers} newcomers: longest wait {longest(months)}, median {waits[len(waits) // 2]},"
        f" answered within a day {within / newcomers:.0%}, {each:.1f} asks a newcomer"
    )
    assert newcomers == len(months) * WEEKS * NEWCOMERS_A_WEEK
    assert longest(months) < LONGEST


def test_without_the_watch_somebody_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    """The month finds what it is for: when nobody is asked, newcomers stay without an answer."""

    def nobody(*_given: Any, **_named: Any) -> tuple[()]:
        return ()

    monkeypatch.setattr(watching, "due", nobody)
    monkeypatch.setattr(watching, "to_room", nobody)

    assert longest([Month(seed).run() for seed in range(3)]) > LONGEST
