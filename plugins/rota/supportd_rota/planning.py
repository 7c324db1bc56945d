"""Once a week duties are proposed: everybody reads their own, and takes them or gives them back with one tap."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Final

from supportd.sdk.ask import Ask, Step
from supportd.sdk.effects import PostDirect, PostMessage, StartTimer
from supportd_rota import covering
from supportd_rota.facts import on
from supportd_rota.planner.search import search
from supportd_rota.tables import HELD, OPEN, PROPOSED
from supportd_rota.texts import line, lines, say
from supportd_rota.times import Pattern, Wall, expand
from supportd_rota.weighing import week_of, weigh

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping
    from typing import Any

    from supportd.sdk.effects import Effect
    from supportd.sdk.facts import Group, Person
    from supportd_rota.settings import RotaSettings
    from supportd_rota.tables import RotaStore

PLAN: Final = "plan"
DAILY: Final = "daily"
OFFER: Final = "offer:"
#: A hook has two seconds; this is less than a tenth of one.
_LOOKS, _SECONDS = 60_000, 0.5
#: Duties that were are kept for so long.
_KEPT: Final = timedelta(days=365)


def tomorrow(group: Group, settings: RotaSettings) -> Iterator[Effect]:
    """Wait for the next day, on which open duties are looked after."""
    yield StartTimer(key=DAILY, at=_at(group, group.local(group.now).date() + timedelta(days=1), settings))


def _at(group: Group, day: date, settings: RotaSettings) -> datetime:
    return Wall(datetime.combine(day, time(settings.plan_hour)), group.style.zone).starts()


def begin(group: Group, settings: RotaSettings) -> Iterator[Effect]:
    """Wait for the next time at which duties are proposed."""
    day = week_of(group, group.now) + timedelta(days=settings.plan_day)
    for each in (day, day + timedelta(days=7)):
        if (moment := _at(group, each, settings)) > group.now:
            yield StartTimer(key=PLAN, at=moment)
            return


def note(group: Group, store: RotaStore, settings: RotaSettings) -> Iterator[Effect]:
    """Write on Mondays in the room of those who help who is on this week."""
    local, room = group.local(group.now), group.room(settings.note_room)
    if local.weekday() or room is None or room.listening != "reader" or room.direct_with is not None:
        return
    held = [row for row in store.slots(state=HELD) if row["ends"] > group.now and row["starts"] < group.now + timedelta(days=7)]
    if held:
        named = "\n".join(f"- {line(group, None, row)}: {group.name_of(row['holder'])}" for row in held)
        yield PostMessage(room=room.id, text=say("week_note", group, None, duties=named))


def propose(group: Group, store: RotaStore, settings: RotaSettings) -> Iterator[Effect]:
    """Make the duties of the next weeks, and put to people what is open; what nobody can take is looked after when it is near."""
    store.forget_before(group.now - _KEPT)
    monday, duties = week_of(group, group.now) + timedelta(days=7), {row["key"]: row for row in store.duties()}
    for dated in expand([_pattern(row, group.style.zone) for row in duties.values()], monday, settings.weeks_ahead):
        store.make(f"{dated.pattern.key}@{dated.day.isoformat()}", duties[dated.pattern.key], dated.window)
    weighed = weigh(group, store, monday, settings.weeks_ahead)
    if not weighed.people:
        return
    found = search(weighed.problem, 0, _SECONDS, _LOOKS)
    for row, before, member in zip(weighed.rows, weighed.holders, found.assignment, strict=True):
        if before is None and member is not None:
            person = weighed.people[member]
            yield from _give(store, row, person, weighed.givers[person.id]["standing"].split())
    new = {row["key"] for row in weighed.rows if row["state"] == OPEN}
    for person in weighed.people:
        yield from _told(group, store, person, new)
        yield from _put(group, store, settings, person)


def _pattern(row: Mapping[str, Any], zone: str) -> Pattern:
    begins, ends = time.fromisoformat(row["begins"]), time.fromisoformat(row["ends"])
    return Pattern(row["key"], frozenset(map(int, row["days"].split())), begins, ends, zone, since=date.min, chain=row["kind"])


def _give(store: RotaStore, row: Mapping[str, Any], person: Person, standing: Collection[str]) -> Iterator[Effect]:
    """Put an open duty to somebody, or let them have it at once if they need not be asked about its kind."""
    if row["kind"] in standing:
        if store.take(row["key"], person.id):
            yield from on(row, person.id)
    else:
        store.propose(row["key"], person.id)


def _told(group: Group, store: RotaStore, person: Person, new: Collection[str]) -> Iterator[Effect]:
    """Tell somebody which duties they have now without having been asked."""
    mine = [row for row in store.slots(holder=person.id, state=HELD) if row["key"] in new]
    if mine:
        yield PostDirect(to=person.id, text=say("standing_told", group, person, duties=lines(group, person, mine)))


def _put(group: Group, store: RotaStore, settings: RotaSettings, person: Person) -> Iterator[Effect]:
    """Ask somebody about everything that is proposed to them."""
    mine = store.slots(holder=person.id, state=PROPOSED)
    if not mine:
        return
    until = group.awake_at(person, group.now) + timedelta(hours=settings.hours_to_answer)
    question = say("offer", group, person, duties=lines(group, person, mine))
    yield Ask(key=f"{OFFER}{person.id}", question=question, steps=(Step(to=(person.id,), until=until),))


def answered(group: Group, store: RotaStore, settings: RotaSettings, person: Person, *, yes: bool, said: bool = True) -> Iterator[Effect]:
    """Let somebody have what was proposed to them, or open it again; a no is not kept but for that duty."""
    if said:
        yield PostDirect(to=person.id, text=say("thanks" if yes else "given_back", group, person))
    for row in store.slots(holder=person.id, state=PROPOSED):
        if yes and row["ends"] > group.now and store.accept(row["key"], person.id):
            yield from on(row, person.id)
        elif store.release(row["key"], person.id):
            yield from covering.cover(group, store, settings, row["key"])
