"""Somebody comes, goes and comes again: who is greeted, when, and who has to be asked first.

States of a row of the path: ``arriving`` (greeted soon, if still there), ``waiting`` (many came at once: key members
decide), ``on`` (on the path), ``paused`` (left the rooms), ``stopped`` (said so), ``shut out`` (takes no invitation of
ours), ``done``, and ``known`` (was there before, or runs the group).
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from supportd.sdk.ask import NO, YES, Ask, CloseAsk
from supportd.sdk.effects import CancelTimer, PostDirect, PostMessage, StartTimer
from supportd_welcome import hello, path, questions
from supportd_welcome.texts import name_of, say

if TYPE_CHECKING:
    from collections.abc import Iterator

    from supportd.sdk.effects import Effect
    from supportd.sdk.events import EffectFailed
    from supportd.sdk.facts import Group, Person, Room
    from supportd.sdk.ids import PersonId
    from supportd_welcome.settings import WelcomeSettings
    from supportd_welcome.tables import WelcomeStore

GREET: Final = "greet:"
LOOK: Final = "look:"
CROWD: Final = "crowd"
#: How long a mass of newcomers is counted together.
TOGETHER: Final = timedelta(minutes=10)
#: Somebody who was away for less did not go: an app that was set up anew, a slip of the finger.
AWAY: Final = timedelta(hours=1)
#: After so long without taking the invitation to a direct chat, one line in the room.
PATIENCE: Final = timedelta(hours=24)
#: Nobody who runs the group is a newcomer.
RUNS: Final = frozenset({"key_member", "admin", "owner"})


def already_there(group: Group, store: WelcomeStore, settings: WelcomeSettings) -> None:
    """Remember everybody who is in the rooms, or was: on the first start in a group nobody is welcomed."""
    for room in _rooms(group, settings):
        for person in room.joined | room.left:
            if store.begin(person, "known", group.now):
                store.has_spoken(person, group.now)


def took_up(group: Group, store: WelcomeStore, settings: WelcomeSettings) -> Iterator[Effect]:
    """Go on with those who were on their way when the plugin was turned off."""
    for row in store.ways(state="arriving"):
        yield StartTimer(key=f"{GREET}{row['person_id']}", at=group.now)
    for row in store.ways(state="on"):
        yield from path.goes_on(group, store, settings, row["person_id"])


def came(group: Group, store: WelcomeStore, settings: WelcomeSettings, person: Person) -> Iterator[Effect]:
    """Somebody joined one of the rooms."""
    if person.roles & RUNS:
        store.begin(person.id, "known", group.now)
        return
    way = store.way(person.id)
    if way is not None:
        yield from _came_back(group, store, settings, person)
        return
    if not store.begin(person.id, "arriving", group.now):
        return
    if _crowd(group, store, settings):
        store.walk(person.id, state="waiting")
        yield from _ask_about_crowd(group, store)
    elif settings.delay_minutes == 0:
        yield from greet(group, store, settings, person)
    else:
        yield StartTimer(key=f"{GREET}{person.id}", at=group.now + timedelta(minutes=settings.delay_minutes))


def due(group: Group, store: WelcomeStore, settings: WelcomeSettings, who: PersonId) -> Iterator[Effect]:
    """Greet somebody now, if they are still there and nobody has stopped it."""
    way, person = store.way(who), group.person(who)
    if way is None or person is None or way["state"] != "arriving":
        return
    if store.ways(state="waiting"):
        store.walk(who, state="waiting")
        yield from _ask_about_crowd(group, store)
    elif _is_there(group, settings, who):
        yield from greet(group, store, settings, person)
    else:
        store.lose(who)


def greet(group: Group, store: WelcomeStore, settings: WelcomeSettings, person: Person) -> Iterator[Effect]:
    """Say hello, ask a person to do so too, and begin the path."""
    if not store.greet(person.id, group.now):
        return
    store.walk(person.id, state="on", started=group.now, last=group.now)
    room = next((one for one in _rooms(group, settings) if person.id in one.joined), None)
    where = room.key if room is not None else ""
    reads = "reads" if room is None or room.listening == "reader" else "reads_not"
    yield PostDirect(to=person.id, text=say("hello", group, person, room=where, reads=say(reads, group, person)))
    yield StartTimer(key=f"{LOOK}{person.id}", at=group.now + PATIENCE)
    if settings.offer_introduction:
        yield from hello.offer_introduction(group, settings, person)
    if settings.ask_key_member:
        yield from hello.ask_key_members(group, settings, person)
    if settings.day_rules >= 0 and questions.is_gated(group, person):
        # Who cannot write before they agree is not left waiting for the day of the rules.
        store.walk(person.id, done="rules")
        yield from path.ask(group, settings, person, "rules")
    yield from path.goes_on(group, store, settings, person.id)


def _came_back(group: Group, store: WelcomeStore, settings: WelcomeSettings, person: Person) -> Iterator[Effect]:
    way = store.way(person.id)
    away = way["away"] if way is not None else None
    if way is None or away is None:
        return
    gone = group.now - away
    store.walk(person.id, away=None)
    if gone >= AWAY and way["state"] != "shut out":
        yield PostDirect(to=person.id, text=say("hello_again", group, person))
    if way["state"] == "paused":
        # A break costs nobody a step, and brings no two at once.
        store.walk(person.id, state="on", started=way["started"] + gone, last=group.now)
        yield from path.goes_on(group, store, settings, person.id)


def went(group: Group, store: WelcomeStore, settings: WelcomeSettings, who: PersonId) -> Iterator[Effect]:
    """Somebody left one of the rooms: stop asking until they come back."""
    way = store.way(who)
    if way is None or _is_there(group, settings, who):
        return
    if way["state"] in {"arriving", "waiting"}:
        store.lose(who)
        yield CancelTimer(key=f"{GREET}{who}")
        if not store.ways(state="waiting"):
            yield CloseAsk(key=CROWD)
        return
    store.walk(who, away=group.now)
    if way["state"] == "known":
        return
    if way["state"] == "on":
        store.walk(who, state="paused")
        yield from path.taken_back(who)
    yield from hello.taken_back(who)
    yield CancelTimer(key=f"{LOOK}{who}")


# ---- many at once --------------------------------------------------------------------------------------------------------


def _crowd(group: Group, store: WelcomeStore, settings: WelcomeSettings) -> bool:
    if store.ways(state="waiting"):
        return True
    since = group.now - TOGETHER
    recent = [row for row in store.ways() if row["state"] != "known" and row["started"] >= since]
    return len(recent) > settings.crowd


def _ask_about_crowd(group: Group, store: WelcomeStore) -> Iterator[Effect]:
    helpers = hello.in_turn(group)
    if not helpers:
        return
    steps = hello.steps(group, helpers, timedelta(hours=2))
    number = str(len(store.ways(state="waiting")) + len(store.ways(state="arriving")))
    yield Ask(
        key=CROWD,
        question=say("crowd", group, helpers[0], number=number),
        answers=(YES, NO),
        steps=steps,
        role="key_member",
        told=say("crowd_told", group),
    )


def crowd_answered(group: Group, store: WelcomeStore, settings: WelcomeSettings, answer: str) -> Iterator[Effect]:
    """Greet all who wait, or nobody, as a key member said."""
    waiting: list[PersonId] = [row["person_id"] for row in store.ways(state="waiting")]
    for who in waiting:
        store.walk(who, state="arriving" if answer == YES.name else "known")
    if answer == YES.name:
        for who in waiting:
            yield from due(group, store, settings, who)


def crowd_over() -> Iterator[Effect]:
    """Take back the question about many newcomers, which was settled otherwise."""
    yield CloseAsk(key=CROWD)
    yield CancelTimer(key=CROWD)


def crowd_silent(group: Group, store: WelcomeStore) -> Iterator[Effect]:
    """Ask again tomorrow: nobody is greeted before somebody answered, and nobody is forgotten."""
    if store.ways(state="waiting"):
        yield StartTimer(key=CROWD, at=group.now + timedelta(hours=20))


def crowd_again(group: Group, store: WelcomeStore) -> Iterator[Effect]:
    """Put the question anew."""
    if store.ways(state="waiting"):
        yield from _ask_about_crowd(group, store)


# ---- who takes no direct chat --------------------------------------------------------------------------------------------


def look(group: Group, store: WelcomeStore, settings: WelcomeSettings, who: PersonId) -> Iterator[Effect]:
    """Leave a line in the room for somebody who has not taken the invitation to their direct chat."""
    if not any(room.direct_with == who and who in room.joined for room in group.rooms):
        yield from _nudge(group, store, settings, who)


def refused(group: Group, store: WelcomeStore, settings: WelcomeSettings, event: EffectFailed) -> Iterator[Effect]:
    """Leave a line in the room for somebody whose settings let no invitation through, and ask nothing more."""
    way = store.way(event.person) if event.person is not None else None
    if event.person is None or way is None or event.kind not in {"PostDirect", "CreateDirect", "InviteMember"}:
        return
    if any(room.direct_with == event.person and event.person in room.joined for room in group.rooms):
        return
    if way["state"] == "on":
        store.walk(event.person, state="shut out")
        yield from path.taken_back(event.person)
    yield from _nudge(group, store, settings, event.person)


def wrote_first(group: Group, store: WelcomeStore, settings: WelcomeSettings, who: PersonId) -> Iterator[Effect]:
    """Go on with somebody who took no invitation and has opened a direct chat themself."""
    way = store.way(who)
    if way is not None and way["state"] == "shut out":
        store.walk(who, state="on", last=group.now)
        yield from path.goes_on(group, store, settings, who)


def _nudge(group: Group, store: WelcomeStore, settings: WelcomeSettings, who: PersonId) -> Iterator[Effect]:
    way, person = store.way(who), group.person(who)
    if way is None or person is None or way["nudged"]:
        return
    room = next((one for one in _rooms(group, settings) if who in one.joined and one.listening == "reader"), None)
    if room is not None:
        store.walk(who, nudged=1)
        yield PostMessage(room=room.id, text=say("not_accepted", group, person, member=name_of(group, person)), mention=who)


def _rooms(group: Group, settings: WelcomeSettings) -> list[Room]:
    return [room for key in sorted(settings.rooms()) if (room := group.room(key)) is not None]


def _is_there(group: Group, settings: WelcomeSettings, who: PersonId) -> bool:
    return any(who in room.joined for room in _rooms(group, settings))
