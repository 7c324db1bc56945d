"""Somebody cannot: two others are asked at once, in their waking hours, then the next two, then everybody; then it is said honestly."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from supportd.sdk.ask import YES, Ask, CloseAsk, Step, reserved
from supportd.sdk.effects import PostDirect
from supportd_rota.facts import off, on
from supportd_rota.tables import HELD, OPEN
from supportd_rota.texts import line, say
from supportd_rota.weighing import week_of, weigh

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from typing import Any

    from supportd.sdk.effects import Effect
    from supportd.sdk.facts import Group, Person
    from supportd_rota.settings import RotaSettings
    from supportd_rota.tables import RotaStore

COVER: Final = "cover:"
#: Behind the step while people are being asked.
ASKING: Final = "?"
_AT_ONCE: Final = 2
#: So many weeks are looked at when somebody is asked to cover: rest between heavy duties reaches into the next one.
_WEEKS: Final = 3
#: Open duties are looked after from so long before on.
_SOON: Final = timedelta(days=8)
#: So many of them are asked about on one day: more questions at once would only tire people.
_A_DAY: Final = 3


def cover(group: Group, store: RotaStore, settings: RotaSettings, key: str) -> Iterator[Effect]:
    """Ask the next people whether they can take an open duty."""
    row = store.slot(key)
    if row is None or row["state"] != OPEN or row["ends"] <= group.now:
        return
    if row["asking"] == "two":
        monday = week_of(group, row["starts"]) - timedelta(days=7)
        able = [one for one in weigh(group, store, monday, _WEEKS).fitting(key) if one.id not in store.asked(key)]
        # Those who sleep now come after those who do not: two hours at night help nobody.
        able.sort(key=lambda one: group.awake_at(one, group.now) > group.now)
        if able:
            yield from _ask(group, store, settings, row, "two", able[:_AT_ONCE])
            return
        store.ask_next(key, "all")
    if row["asking"] in {"two", "all"}:
        others = [one for one in group.key_members if one.has_account and one.id not in store.asked(key)]
        if others:
            yield from _ask(group, store, settings, row, "all", others)
            return
        store.ask_next(key, "told")
        yield from _nobody(group, row)


def _ask(
    group: Group, store: RotaStore, settings: RotaSettings, row: Mapping[str, Any], step: str, people: Sequence[Person]
) -> Iterator[Effect]:
    begin = max(group.awake_at(one, group.now) for one in people)
    until = min(begin + timedelta(hours=settings.cover_hours), max(row["ends"], group.now + timedelta(minutes=5)))
    store.ask_next(row["key"], step + ASKING)
    store.note_asked(row["key"], [one.id for one in people])
    first = people[0]
    yield Ask(
        key=f"{COVER}{row['key']}",
        question=say("cover", group, first, duty=line(group, first, row)),
        answers=(YES, reserved("no", quorum=len(people))),
        steps=(Step(to=tuple(one.id for one in people), until=until),),
        told=say("taken", group),
    )


def _nobody(group: Group, row: Mapping[str, Any]) -> Iterator[Effect]:
    """Say honestly that nobody could: to those who run the group, once."""
    for admin in group.with_role("admin"):
        if admin.has_account:
            yield PostDirect(to=admin.id, text=say("nobody", group, admin, duty=line(group, admin, row)))


def answered(group: Group, store: RotaStore, settings: RotaSettings, key: str, person: Person | None, *, yes: bool) -> Iterator[Effect]:
    """Let the first yes have it, if it is still free and fits them; else ask on."""
    row = store.slot(key)
    if row is not None:
        store.ask_next(key, row["asking"].removesuffix(ASKING))
    if yes and person is not None:
        yield from take(group, store, key, person)
    yield from cover(group, store, settings, key)


def take(group: Group, store: RotaStore, key: str, person: Person) -> Iterator[Effect]:
    """Let somebody have an open duty: the first wins, everybody else is told kindly."""
    row = store.slot(key)
    if row is None or row["ends"] <= group.now or not store.take(key, person.id):
        yield PostDirect(to=person.id, text=say("taken", group, person))
        return
    yield closed(key)
    yield from on(row, person.id)
    yield PostDirect(to=person.id, text=say("yours", group, person, duty=line(group, person, row)))


def closed(key: str) -> CloseAsk:
    """Return the end of the question about a slot."""
    return CloseAsk(key=f"{COVER}{key}")


def give_back(
    group: Group, store: RotaStore, settings: RotaSettings, person: Person, rows: Iterable[Mapping[str, Any]]
) -> Iterator[Effect]:
    """Open what somebody holds, without a reason, and ask others; they can take it back as long as nobody has it."""
    keys = []
    for row in rows:
        held = row["state"] == HELD
        if store.release(row["key"], person.id):
            keys.append(row["key"])
            if held:
                yield from off(row, person.id)
    for key in keys:
        yield from cover(group, store, settings, key)
    store.note_gave(person.id, keys)


def look(group: Group, store: RotaStore, settings: RotaSettings) -> Iterator[Effect]:
    """Ask about what is open in the next days and nobody is being asked about, the nearest first and not about much on one day."""
    near = [row for row in store.slots(state=OPEN) if group.now < row["ends"] and row["starts"] < group.now + _SOON]
    waiting = [row for row in near if not row["asking"].endswith(ASKING) and row["asking"] != "told"]
    for row in waiting[:_A_DAY]:
        yield from cover(group, store, settings, row["key"])


def lost_role(group: Group, store: RotaStore, settings: RotaSettings, person: Person) -> Iterator[Effect]:
    """Let somebody who helps no more go: their duties are open, and they are asked for none."""
    ahead = [row for row in store.slots(holder=person.id) if row["ends"] > group.now]
    store.ask_no_more(person.id)
    yield from give_back(group, store, settings, person, ahead)
