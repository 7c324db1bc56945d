"""Somebody asks to be let in: key members decide, two of them where the group wants it, and nobody waits for ever."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from supportd.sdk.ask import YES, Ask, Step, reserved
from supportd.sdk.effects import AnswerKnock
from supportd.sdk.ids import EventId, RoomId
from supportd_welcome.texts import name_of, say

if TYPE_CHECKING:
    from collections.abc import Iterator

    from supportd.sdk.effects import Effect
    from supportd.sdk.events import KnockReceived
    from supportd.sdk.facts import Group
    from supportd_welcome.settings import WelcomeSettings

KNOCK: Final = "knock:"
#: How long key members have, before whoever knocked hears that nobody could decide.
OPEN_FOR: Final = timedelta(days=5)


def heard(group: Group, settings: WelcomeSettings, event: KnockReceived) -> Iterator[Effect]:
    """Put a knock to the key members; while the group is shut it is answered with no."""
    room = group.room_by_id(event.room)
    helpers = [one for one in group.key_members if one.has_account and one.id != event.person]
    if room is None or room.direct_with is not None:
        return
    if group.shut is not None or len(helpers) < settings.vouch:
        yield AnswerKnock(room=room.id, knock=event.knock, let_in=False, reason=say("knock_not_now", group))
        return
    who = name_of(group, group.person(event.person)) if event.person is not None else event.shown
    question = say(
        "ask_knock" if event.reason else "ask_knock_silent",
        group,
        helpers[0],
        where=room.spec.name if room.spec is not None else room.key,
        member=who,
        reason=event.reason,
        number=str(settings.vouch),
    )
    yield Ask(
        key=f"{KNOCK}{room.id} {event.knock}",
        question=question,
        answers=(reserved("yes", quorum=settings.vouch), reserved("no", quorum=1)),
        steps=(Step(to=tuple(one.id for one in helpers), until=group.now + OPEN_FOR),),
        # Whom a group lets in nobody may decide who runs the homeserver.
        proof=True,
        role="key_member",
        told=say("knock_told", group, member=who),
    )


def decided(group: Group, key: str, answer: str | None) -> Iterator[Effect]:
    """Let in who knocked, or say no kindly; ``None``: nobody has decided."""
    room_id, _, knock = key.removeprefix(KNOCK).partition(" ")
    if group.room_by_id(RoomId(room_id)) is None:
        return
    let_in = answer == YES.name and group.shut is None
    reason = "" if let_in else say("knock_silence" if answer is None else "knock_no", group)
    yield AnswerKnock(room=RoomId(room_id), knock=EventId(knock), let_in=let_in, reason=reason)
