"""Nobody's first words, and no question, stay without an answer: where words wait, never what they say."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from supportd.sdk.ask import YES, Ask, CloseAsk, reserved
from supportd.sdk.effects import CancelTimer, PostMessage, StartTimer
from supportd_welcome import hello
from supportd_welcome.texts import say

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    from supportd.sdk.effects import Effect
    from supportd.sdk.events import MessagePosted, SomebodySpoke
    from supportd.sdk.facts import Group, Person, Room
    from supportd.sdk.ids import EventId, PersonId, RoomId
    from supportd_welcome.settings import WelcomeSettings
    from supportd_welcome.tables import WelcomeStore

ALONE: Final = "alone:"
ROOM: Final = "room:"
#: How often the same words are brought to key members.
MOST_ROUNDS: Final = 4
#: When people in a group are awake, by its clock.
MORNING: Final = 8
EVENING: Final = 20
#: Before that nobody is asked: people answer by themselves.
TOO_SOON: Final = timedelta(hours=4)
#: Question marks of all scripts that people here write in; a link's is none.
_MARK: Final = re.compile(r"[?\uff1f\u061f\u037e]")
_LINK: Final = re.compile(r"\S+://\S+")
#: Questions without a mark, as they are typed on phones.
_ASKING: Final = re.compile(
    r"(?:does|has|is|can|could|would|do|did|how|what|where|which|who|any)\b.{0,40}\b(?:any(?:one|body)|you all|people|tips|advice|ideas)\b|"
    r"\b(?:any(?:one|body) else|any (?:tips|advice|ideas)|what (?:do|did|would|should)|should i|can i ask)\b|"
    r"\bhow (?:do|did|can|should|long)\b|"
    r"\b(?:hat jemand|kennt jemand|weiß jemand|was tun|wie macht ihr|alguien|qué hago|quelqu'un|que faire)\b|"
    "有人|怎么|什么|کسی کو|ਕਿਸੇ ਨੂੰ",
    re.IGNORECASE,
)
#: Nobody's words are longer than this before a question begins; the rest is not looked at.
LOOKED_AT: Final = 4000


def asks_something(text: str) -> bool:
    """Tell whether words ask something; of their feeling nothing is judged, so that calm words are not passed over."""
    plain = _LINK.sub(" ", text[:LOOKED_AT])
    return bool(_MARK.search(plain) or _ASKING.search(plain))


def heard(group: Group, store: WelcomeStore, settings: WelcomeSettings, room: Room, event: MessagePosted) -> Iterator[Effect]:
    """Look at words in a room that is read."""
    if event.kind != "notice":
        yield from _spoke(group, store, settings, room, event, asking=asks_something(event.text))


def spoke(group: Group, store: WelcomeStore, settings: WelcomeSettings, room: Room, event: SomebodySpoke) -> Iterator[Effect]:
    """Look at who spoke when in a room whose words the program cannot read: first words only."""
    yield from _spoke(group, store, settings, room, event, asking=False)


def _spoke(
    group: Group, store: WelcomeStore, settings: WelcomeSettings, room: Room, event: MessagePosted | SomebodySpoke, *, asking: bool
) -> Iterator[Effect]:
    author = group.person(event.author)
    if author is None:
        return
    first = store.speaks(author.id, event.at, room.id, event.id)
    opens = (first and not author.roles & {"key_member", "admin", "owner"}) or asking
    yield from _answers(group, store, room.id, event, opens=opens)
    waits = store.all_open(room=room.id, person_id=author.id)
    if not opens or event.in_reply_to is not None or event.thread is not None or waits:
        # Who adds to words that wait is not asking twice; and a reply is part of a conversation.
        if first:
            # They have spoken, and no number counts words that need no answer.
            store.unlink(author.id)
        return
    store.leave_open(event.id, room.id, author.id, event.at)
    # Who is asked at night hears of it in the morning, so it is better asked the evening before.
    yield StartTimer(key=f"{ALONE}{event.id}", at=_while_awake(group, event.at, timedelta(hours=settings.hours_alone)))
    if settings.hours_alone_room:
        yield StartTimer(key=f"{ROOM}{event.id}", at=_while_awake(group, event.at, timedelta(hours=settings.hours_alone_room)))


def _answers(group: Group, store: WelcomeStore, room: RoomId, event: MessagePosted | SomebodySpoke, *, opens: bool) -> Iterator[Effect]:
    """Find the words that this answers: those it replies to, else the newest that wait in the room."""
    for target in dict.fromkeys([event.in_reply_to, event.thread]):
        row = store.open_words(target) if target is not None else None
        if row is not None and row["person_id"] != event.author:
            yield from closed(store, row, group)
            return
    replying = event.in_reply_to is not None or event.thread is not None
    waiting = [row for row in store.all_open(room=room) if row["person_id"] != event.author]
    # Who said that they will look means those words; everybody else what stands right above.
    meant = [row for row in waiting if row["helper"] == event.author] or waiting
    if meant and not opens and not replying:
        yield from closed(store, meant[-1], group)


def reacted(group: Group, store: WelcomeStore, target: EventId, by: PersonId) -> Iterator[Effect]:
    """Take a sign of a person for an answer."""
    row = store.open_words(target)
    if row is not None and row["person_id"] != by:
        yield from closed(store, row, group)


def hidden(store: WelcomeStore, target: EventId) -> Iterator[Effect]:
    """Words that are gone wait for nothing."""
    row = store.open_words(target)
    if row is not None:
        yield from closed(store, row, None)


def gone(store: WelcomeStore, who: PersonId, room: RoomId) -> Iterator[Effect]:
    """Who left the room waits for nothing there."""
    for row in store.all_open(room=room, person_id=who):
        yield from closed(store, row, None)


def closed(store: WelcomeStore, row: Mapping[str, Any], group: Group | None) -> Iterator[Effect]:
    """End the watch over some words; with ``group`` they were answered now."""
    event: EventId = row["event"]
    store.close(event, group.now if group is not None else None)
    yield CancelTimer(key=f"{ALONE}{event}")
    yield CancelTimer(key=f"{ROOM}{event}")
    if row["rounds"]:
        yield CloseAsk(key=f"{ALONE}{event}")


def due(group: Group, store: WelcomeStore, settings: WelcomeSettings, event: EventId) -> Iterator[Effect]:
    """Bring words that still wait to a key member, then to the next; the second time to all of them at once."""
    found = _still_open(group, store, event)
    if found is None:
        return
    row, room, author = found
    helpers = [one for one in hello.in_turn(group, author.id) if one.id in room.joined]
    if not helpers or row["rounds"] >= MOST_ROUNDS:
        return
    store.insist(event, rounds=row["rounds"] + 1)
    wait = timedelta(hours=settings.hours_alone_next)
    hours = str(int((group.now - row["since"]) / timedelta(hours=1)))
    yield Ask(
        key=f"{ALONE}{event}",
        question=say("ask_alone", group, helpers[0], where=_called(room), hours=hours, link=f"https://matrix.to/#/{room.id}/{event}"),
        # One no ends nothing: the next one is asked in their turn.
        answers=(YES, reserved("no", quorum=len(helpers))),
        steps=hello.together(group, helpers, wait) if row["rounds"] else hello.steps(group, helpers, wait),
        told=say("told_alone", group),
    )


def answered(group: Group, store: WelcomeStore, settings: WelcomeSettings, event: EventId, answer: str, by: PersonId) -> Iterator[Effect]:
    """Give whoever will look the time to do so; after everybody's no it is asked anew later."""
    if store.open_words(event) is not None:
        store.insist(event, helper=by if answer == YES.name else None)
        hours = settings.hours_alone_next if answer == YES.name else max(settings.hours_alone, settings.hours_alone_next)
        yield StartTimer(key=f"{ALONE}{event}", at=group.now + timedelta(hours=hours))


def to_room(group: Group, store: WelcomeStore, event: EventId) -> Iterator[Effect]:
    """Ask the room itself for a short word, once."""
    found = _still_open(group, store, event)
    if found is not None and found[1].listening == "reader":
        store.insist(event, raised=group.now)
        yield PostMessage(room=found[1].id, text=say("alone_room", group), in_reply_to=event)


def _while_awake(group: Group, since: datetime, wait: timedelta) -> datetime:
    """Return when ``wait`` is over, or the evening before when that is at night; the morning after when the evening would be too soon."""
    local = group.local(since + wait)
    if MORNING <= local.hour < EVENING:
        return since + wait
    evening = local.replace(hour=EVENING, minute=0) - timedelta(days=1 if local.hour < MORNING else 0)
    morning = evening.replace(hour=MORNING) + timedelta(days=1)
    return (evening if evening - since >= TOO_SOON else morning).astimezone(since.tzinfo)


def _still_open(group: Group, store: WelcomeStore, event: EventId) -> tuple[Mapping[str, Any], Room, Person] | None:
    row = store.open_words(event)
    if row is None:
        return None
    room, author = group.room_by_id(row["room"]), group.person(row["person_id"])
    return (row, room, author) if room is not None and author is not None and author.id in room.joined else None


def _called(room: Room) -> str:
    return room.spec.name if room.spec is not None else room.key
