"""Once a day and once a week: changed ground rules are asked again, and a number says how many first words had an answer."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from supportd.sdk.effects import PostDirect, StartTimer
from supportd.sdk.panels import Panel, TablePanel
from supportd_welcome import path, questions
from supportd_welcome.texts import say

if TYPE_CHECKING:
    from collections.abc import Iterator

    from supportd.sdk.effects import Effect
    from supportd.sdk.facts import Group
    from supportd_welcome.settings import WelcomeSettings
    from supportd_welcome.tables import WelcomeStore

DAILY: Final = "daily"
#: An answer within a day is what counts (people.md, 7).
IN_TIME: Final = timedelta(hours=24)
WEEK: Final = timedelta(days=7)
#: After so long only that somebody has spoken is kept, not where.
KEPT: Final = timedelta(days=90)
MONDAY: Final = 0
HOUR: Final = 9


def begin(group: Group) -> Iterator[Effect]:
    """Set the timer for the next morning, by the group's clock."""
    local = group.local(group.now)
    morning = datetime(local.year, local.month, local.day, HOUR, tzinfo=local.tzinfo)
    if morning <= local:
        after = local.date() + timedelta(days=1)
        morning = datetime(after.year, after.month, after.day, HOUR, tzinfo=local.tzinfo)
    yield StartTimer(key=DAILY, at=morning.astimezone(group.now.tzinfo))


def due(group: Group, store: WelcomeStore, settings: WelcomeSettings) -> Iterator[Effect]:
    """Do what a morning brings."""
    yield from begin(group)
    yield from _ask_rules_again(group, settings)
    for row in store.first_words():
        if group.now - row["at"] > KEPT:
            store.unlink(row["person_id"])
    if settings.weekly and group.local(group.now).weekday() == MONDAY:
        yield from _tell(group, store)


def _ask_rules_again(group: Group, settings: WelcomeSettings) -> Iterator[Effect]:
    """Ask those who agreed to other words than today's; an open question with the same words stays as it is."""
    if settings.day_rules < 0:
        return
    version = questions.rules_version(settings)
    for person in group.people:
        agreed = group.consent(person.id, questions.RULES)
        if person.has_account and agreed is not None and agreed.given and agreed.wording != version and _is_in(group, settings, person.id):
            yield from path.ask(group, settings, person, "rules")


def _is_in(group: Group, settings: WelcomeSettings, who: str) -> bool:
    return any((room := group.room(key)) is not None and who in room.joined for key in settings.rooms())


def share(group: Group, store: WelcomeStore, *, weeks: int = 1) -> tuple[int, int]:
    """Return how many people wrote for the first time in the last weeks (of whom a day has passed), and how many had an answer in time."""
    since, until = group.now - WEEK * weeks - IN_TIME, group.now - IN_TIME
    rows = [row for row in store.first_words() if since <= row["at"] < until]
    return len(rows), sum(1 for row in rows if row["answered"] is not None and row["answered"] - row["at"] <= IN_TIME)


def _tell(group: Group, store: WelcomeStore) -> Iterator[Effect]:
    wrote, answered = share(group, store)
    if not wrote:
        return
    key = ("weekly_one" if answered else "weekly_one_not") if wrote == 1 else "weekly"
    for one in group.key_members:
        if one.has_account:
            yield PostDirect(to=one.id, text=say(key, group, one, number=str(wrote), answered=str(answered)))


def panels(group: Group, store: WelcomeStore) -> Iterator[Panel]:
    """Return how many first words had an answer within a day, and what waits now: numbers, no names and no words."""
    weeks = [(f"last {weeks} weeks" if weeks > 1 else "last week", *map(str, share(group, store, weeks=weeks))) for weeks in (1, 4, 12)]
    yield TablePanel(
        title="never alone",
        help="How many people wrote here for the first time, and how many of them had an answer within a day.",
        columns=("when", "first words", "answered within a day"),
        rows=(*weeks, ("now", f"{len(store.all_open())} wait for an answer", "")),
    )
    states = ("arriving", "waiting", "on", "paused", "stopped", "shut out", "done")
    rows = tuple((state, str(len(found))) for state in states if (found := store.ways(state=state)))
    yield TablePanel(title="the first weeks", help="How many people are where on their way.", columns=("state", "people"), rows=rows)
