"""Panic: one word of any key member shuts the group at once; two open it again."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from supportd.sdk.ask import Ask, Step, reserved
from supportd.sdk.effects import OpenGroup, PostDirect, PostMessage, Reply, ShutGroup, StartTimer
from supportd_confidential_rooms import declared
from supportd_confidential_rooms.texts import TEXTS, say

if TYPE_CHECKING:
    from collections.abc import Iterator

    from supportd.sdk.effects import Effect
    from supportd.sdk.events import AskAnswered
    from supportd.sdk.facts import Group
    from supportd.sdk.ids import PersonId
    from supportd_confidential_rooms.settings import RoomSettings
    from supportd_confidential_rooms.tables import RoomStore

ASK: Final = "open again"
TIMER: Final = "panic"
#: What shuts the group, alone in a message, in any room and in any language of the texts.
WORDS: Final = frozenset({"panic", "panik", "!panic", "!panik"})
OPEN_FOR: Final = timedelta(hours=72)
QUORUM: Final = 2


def is_word(text: str) -> bool:
    """Tell whether a message is the word, whatever signs stand around it."""
    return text.strip().strip(".!… ").casefold() in WORDS or text.strip().casefold() in WORDS


def shut(group: Group, store: RoomStore, settings: RoomSettings, by: PersonId | None) -> Iterator[Effect]:
    """Shut the group: doors, links and letters now, the rooms in the same moment."""
    if group.shut is not None:
        yield Reply(text="The group is shut already. Two key members open it again with: open again.")
        return
    yield ShutGroup()
    # In the same moment: the event at hand still knows the group as open.
    yield from rooms(replace(group, shut=group.now), store, settings)
    yield Reply(text="The group is shut. Two key members open it again with: open again.")
    who = group.name_of(by) if by is not None else ""
    for one in group.key_members:
        if one.has_account and one.id != by:
            yield PostDirect(to=one.id, text=say(group, one, "panic_told", who=who or say(group, one, "somebody")), urgent=True)


def rooms(group: Group, store: RoomStore, settings: RoomSettings) -> Iterator[Effect]:
    """Bring every room to what it is to be now, shut or open, and say so where the bot can."""
    key = "panic_room" if group.shut is not None else "open_room"
    for one in declared.all_of(group, store, settings):
        if one.spec.listening == "absent":
            continue
        yield one.mend()
        if one.spec.listening == "reader" and one.template.kind == "room" and not one.shut:
            yield PostMessage(room=one.room.id, text=TEXTS.get(key, group.style.language, group.style.edition), urgent=True)


def open_wanted(group: Group) -> Iterator[Effect]:
    """Ask the key members whether the group may open again."""
    able = [one for one in group.key_members if one.has_account]
    if group.shut is None:
        yield Reply(text="The group is open.")
        return
    if len(able) < QUORUM:
        yield Reply(text="Two key members have to agree, and there are not two who could: give somebody the role first.", status=1)
        return
    yield Reply(text=f"Two key members have to agree first; {len(able)} are asked now.")
    steps = (Step(to=tuple(one.id for one in able), until=group.now + OPEN_FOR),)
    answers = (reserved("yes", quorum=QUORUM), reserved("no", quorum=QUORUM))
    yield Ask(
        key=ASK, question=say(group, able[0], "open_question"), answers=answers, steps=steps, proof=True, role="key_member", urgent=True
    )


def opened(group: Group, store: RoomStore, settings: RoomSettings, event: AskAnswered) -> Iterator[Effect]:
    """Open the group when two said yes; who could not be invited meanwhile is invited a moment later."""
    if event.answer == "yes":
        yield OpenGroup()
        yield from rooms(replace(group, shut=None), store, settings)
        yield StartTimer(key=TIMER, at=group.now)
