"""How much the bot hears in a room: two key members decide, everybody there is told, and at “absent” two people keep the room."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Final, cast, get_args

from supportd.sdk.ask import Ask, Step, reserved
from supportd.sdk.effects import MendRoom, PostMessage, Reply, StartTimer
from supportd.sdk.rooms import OWNER_LEVEL, Listening
from supportd_confidential_rooms import declared
from supportd_confidential_rooms.texts import TEXTS, say

if TYPE_CHECKING:
    from collections.abc import Iterator

    from supportd.sdk.effects import Effect
    from supportd.sdk.events import AskAnswered, RoomMended
    from supportd.sdk.facts import Group, Person
    from supportd_confidential_rooms.declared import Declared
    from supportd_confidential_rooms.settings import RoomSettings
    from supportd_confidential_rooms.tables import RoomStore

ASK: Final = "listening:"
TIMER: Final = "listening:"
#: In front of the word of a room that is to be told, when it is so, that the bot reads there.
_TO_READER: Final = "told reader:"
#: So long key members may take to agree, and so long the room has the announcement before the bot goes.
OPEN_FOR: Final = timedelta(hours=72)
NOTICE: Final = timedelta(seconds=10)
#: Distinct key members who have to say yes.
QUORUM: Final = 2
LEVELS: Final = get_args(Listening)

#: What works at which level, for ``rooms levels`` and the page.
FEATURES: Final = (
    ("Welcome, invitations, waiting list", "yes", "yes", "no"),
    ("Settings are watched and set back", "yes", "yes", "no"),
    ("Who came and who left is seen", "yes", "yes", "no"),
    ("Questions without an answer are noticed", "yes", "by who wrote when", "no"),
    ("Hostile words are hidden", "yes", "no", "no"),
    ("Words reach members by email", "yes", "no", "no"),
    ("Polls are counted for letters", "yes", "no", "no"),
    ("Old words are hidden after a time", "yes", "yes", "no"),
    ("The program, and who runs it, could read", "yes", "no", "no"),
)


def wanted(group: Group, one: Declared | None, level: str, key: str) -> Iterator[Effect]:
    """Put the change to the key members, or say why it cannot be."""
    problem = _problem(group, one, level, key)
    if problem or one is None:
        yield Reply(text=problem, status=1)
        return
    helpers = _helpers(group, one)
    yield Reply(text=f"Two key members have to agree first; {len(helpers)} are asked now.")
    first = helpers[0]
    yes, no = reserved("yes", quorum=QUORUM), reserved("no", quorum=QUORUM)
    question = say(group, first, f"listening_question_{level}", room=one.room.key)
    steps = (Step(to=tuple(each.id for each in helpers), until=group.now + OPEN_FOR),)
    yield Ask(key=f"{ASK}{level}:{one.room.key}", question=question, answers=(yes, no), steps=steps, proof=True, role="key_member")


def _problem(group: Group, one: Declared | None, level: str, key: str) -> str:
    if level not in LEVELS:
        return f"A listening level is one of: {', '.join(LEVELS)}."
    if one is None:
        return f"There is no room “{key[:40]}”: see rooms list."
    if one.template.kind == "space":
        return "Nobody talks in the space, so there is nothing to hear in it."
    if one.spec.listening == "absent":
        return "supportd is not in this room any more and cannot come back by itself: make a new room and invite everybody."
    if one.spec.listening == level:
        return f"The level of this room is {level} already."
    if len(_helpers(group, one)) < QUORUM:
        return "Two key members have to agree, and there are not two who could: give somebody the role first."
    if level == "absent" and len(keepers(group, one)) < declared.OWNERS:
        return "Two key members have to be in the room to keep it, so that nobody is left alone with it: invite a second one first."
    return ""


def _helpers(group: Group, one: Declared) -> tuple[Person, ...]:
    private = one.template.private or one.template.people == "asked"
    return tuple(each for each in group.key_members if each.has_account and (not private or each.id in one.room.joined))


def keepers(group: Group, one: Declared) -> tuple[Person, ...]:
    """Return who would keep a room that the bot leaves: key members who are in it, owners first."""
    inside = [each for each in (*group.with_role("owner"), *group.key_members) if each.id in one.room.joined and each.has_account]
    return tuple(dict.fromkeys(inside))[: declared.OWNERS]


def agreed(group: Group, store: RoomStore, settings: RoomSettings, event: AskAnswered) -> Iterator[Effect]:
    """Announce what two key members decided; the change itself follows a moment later, so that the room reads it before."""
    level, key = _parts(event.key)
    room = group.room(key)
    one = declared.of(group, store, settings, room) if room is not None else None
    if one is None or event.answer != "yes" or one.spec.listening == level:
        return
    if one.spec.listening == "reader":
        yield PostMessage(room=one.room.id, text=TEXTS.get(f"listening_to_{level}", group.style.language, group.style.edition))
    yield StartTimer(key=f"{TIMER}{level}:{key}", at=group.now + NOTICE)


def change(group: Group, store: RoomStore, settings: RoomSettings, timer: str) -> Iterator[Effect]:
    """Carry the change out."""
    level, key = _parts(timer)
    room = group.room(key)
    one = declared.of(group, store, settings, room) if room is not None else None
    if one is None or one.spec.listening == level:
        return
    name = one.spec.name
    spec = declared.spec_for(group, one.template, name, listening=cast("Listening", level), keep_days=one.row["keep_days"])
    levels = dict(one.levels)
    if level == "absent":
        held = keepers(group, one)
        if len(held) < declared.OWNERS:
            # Somebody left since it was decided.
            return
        levels = {each.id: OWNER_LEVEL for each in held}
        spec = replace(spec, note=TEXTS.get("topic_absent", group.style.language, group.style.edition))
    links = () if level == "absent" else one.links
    # Not before it is so: what is said of it has to be true.
    store.set_fact(_TO_READER + key, level if level == "reader" else None, group.now)
    yield MendRoom(room=one.room.id, spec=spec, levels=tuple(sorted(levels.items())), links=links)


def changed(group: Group, store: RoomStore, one: Declared, event: RoomMended) -> Iterator[Effect]:
    """Say in the room, where the bot can, that it reads from now on; a note that was only set back is no news."""
    if "listening" not in event.mended or store.fact(_TO_READER + one.room.key) is None:
        return
    store.set_fact(_TO_READER + one.room.key, None, group.now)
    if one.spec.listening == "reader" and one.row["state"] != "locked":
        yield PostMessage(room=one.room.id, text=TEXTS.get("listening_to_reader", group.style.language, group.style.edition))


def _parts(key: str) -> tuple[str, str]:
    level, _, room = key.removeprefix(ASK).partition(":")
    return level, room
