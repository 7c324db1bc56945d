"""How long words stay in a room: its people see it in the topic, two key members change it, and every night what is older is hidden."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from supportd.sdk.ask import Ask, Step, reserved
from supportd.sdk.effects import PostMessage, Reply, StartTimer, SweepRoom
from supportd_confidential_rooms import declared
from supportd_confidential_rooms.templates import BOUNDS
from supportd_confidential_rooms.texts import TEXTS, say

if TYPE_CHECKING:
    from collections.abc import Iterator

    from supportd.sdk.effects import Effect
    from supportd.sdk.events import AskAnswered, EffectFailed, RoomSwept
    from supportd.sdk.facts import Group, Person, Role
    from supportd.sdk.ids import PersonId
    from supportd_confidential_rooms.declared import Declared
    from supportd_confidential_rooms.settings import RoomSettings
    from supportd_confidential_rooms.tables import RoomStore

ASK: Final = "keep:"
TIMER: Final = "sweep:"
#: The fact that says until when a room's words were looked through.
_SWEPT: Final = "swept:"
_OUT_OF_REACH: Final = "out of reach"
OPEN_FOR: Final = timedelta(hours=72)
QUORUM: Final = 2
#: The hour of the night, by the group's clock, and how soon after a decision the first look is.
HOUR: Final = 3
SOON: Final = timedelta(minutes=1)
#: What was hidden before is not looked at again, but for this much: somebody's clock may have been behind.
OVERLAP: Final = timedelta(days=2)


def wanted(group: Group, one: Declared | None, days: str, key: str, by: PersonId | None) -> Iterator[Effect]:
    """Put the change to the key members, or say why it cannot be."""
    problem = _problem(group, one, days, key, by)
    if problem or one is None:
        yield Reply(text=problem, status=1)
        return
    asked, role = deciders(group, one)
    question = say(group, asked[0], "keep_question" if int(days) else "keep_question_never", room=one.room.key, days=str(int(days)))
    steps = (Step(to=tuple(each.id for each in asked), until=group.now + OPEN_FOR),)
    answers = (reserved("yes", quorum=QUORUM), reserved("no", quorum=QUORUM))
    who = "Two key members" if role is not None else "Two of you"
    yield Reply(text=f"{who} have to agree first; {len(asked)} are asked now.")
    yield Ask(key=f"{ASK}{int(days)}:{one.room.key}", question=question, answers=answers, steps=steps, proof=True, role=role)


def deciders(group: Group, one: Declared) -> tuple[tuple[Person, ...], Role | None]:
    """Return who decides, and as what: key members; in a room for a few that has not two of them, those who are in it."""
    helpers = declared.who_hears(group, one)
    if one.template.people != "asked" or len(helpers) >= QUORUM:
        return helpers, "key_member"
    return tuple(each for each in group.people if each.id in one.room.joined and each.has_account), None


def _problem(group: Group, one: Declared | None, days: str, key: str, by: PersonId | None) -> str:
    least, most = BOUNDS["keep_days"]
    helps = by is None or any(each.id == by for each in group.key_members)
    if one is None or not (helps or by in one.room.joined):
        return f"There is no room “{key[:40]}”: see rooms list."
    if one.template.kind == "space":
        return "Nobody talks in the space, so nothing is kept in it."
    if not days.isascii() or not days.isdecimal() or not least <= int(days[:9]) <= most:
        return f"Write how many days words stay, from {least} (they stay for ever) to {most}: rooms keep {one.room.key} 30."
    if one.spec.listening == "absent":
        return "supportd is not in this room any more, so it can take nothing away there."
    if int(days) == one.row["keep_days"]:
        return "It is so already."
    if len(deciders(group, one)[0]) < QUORUM:
        return "Two have to agree, and there are not two who could: give somebody the role, or invite them, first."
    return ""


def agreed(group: Group, store: RoomStore, settings: RoomSettings, event: AskAnswered) -> Iterator[Effect]:
    """Keep what two key members decided, say so in the room, and begin."""
    number, _, key = event.key.removeprefix(ASK).partition(":")
    room, row, days = group.room(key), store.room(key), int(number)
    if room is None or row is None or event.answer != "yes" or row["keep_days"] == days:
        return
    store.settle(key, keep_days=days)
    # Nothing was looked for under the new rule yet.
    for each in group.rooms:
        if _room_of(each.key) == key and store.fact(_SWEPT + each.key) != _OUT_OF_REACH:
            store.set_fact(_SWEPT + each.key, None, group.now)
    one = declared.of(group, store, settings, room)
    if one is None:
        return
    yield one.mend()
    if one.spec.listening == "reader":
        text = "keep_told" if days else "keep_told_never"
        yield PostMessage(room=room.id, text=TEXTS.get(text, group.style.language, group.style.edition, days=str(days)))
    if days:
        yield StartTimer(key=TIMER + key, at=group.now + SOON)


def begin(group: Group, row_key: str, keep_days: int) -> Iterator[Effect]:
    """Look every night from now on, where words do not stay."""
    if keep_days:
        yield StartTimer(key=TIMER + row_key, at=_night(group))


def sweep(group: Group, store: RoomStore, timer: str) -> Iterator[Effect]:
    """Hide what is too old now, and come again tomorrow."""
    key = timer.removeprefix(TIMER)
    room, row = group.room(key), store.room(key)
    if room is None or row is None or not row["keep_days"] or room.listening == "absent":
        return
    before = group.now - timedelta(days=row["keep_days"])
    reason = TEXTS.get("keep_reason", group.style.language, group.style.edition, days=str(row["keep_days"]))
    # What was said before somebody replaced the room was said under the same promise.
    for one in (room, *(each for each in group.rooms if _room_of(each.key) == key != each.key)):
        since = store.fact(_SWEPT + one.key)
        if since == _OUT_OF_REACH:
            continue
        after = datetime.fromisoformat(since) - OVERLAP if since is not None else None
        yield SweepRoom(key=f"{TIMER}{before.isoformat()} {one.key}", room=one.id, before=before, after=after, reason=reason)
    yield StartTimer(key=timer, at=_night(group))


def swept(group: Group, store: RoomStore, event: RoomSwept) -> None:
    """Remember until when a room was looked through, so that the next night begins there."""
    room = group.room_by_id(event.room)
    if room is not None and event.key.startswith(TIMER) and store.room(_room_of(room.key)) is not None:
        store.set_fact(_SWEPT + room.key, event.key.removeprefix(TIMER).partition(" ")[0], group.now)


def refused(group: Group, store: RoomStore, event: EffectFailed) -> None:
    """Look no more into a room that was replaced and is not there any more."""
    room = group.room_by_id(event.room) if event.kind == "SweepRoom" and event.room is not None else None
    if room is not None and _room_of(room.key) != room.key:
        store.set_fact(_SWEPT + room.key, _OUT_OF_REACH, group.now)


def _room_of(key: str) -> str:
    """Return the word of the room that goes on from one that was replaced: behind the colon stands what tells the old ones apart."""
    return key.partition(":")[0]


def _night(group: Group) -> datetime:
    local = group.local(group.now)
    night = local.replace(hour=HOUR, minute=0, second=0, microsecond=0)
    return (night if night > local else night + timedelta(days=1)).astimezone(group.now.tzinfo)
