"""Answers at the homeserver's door: may somebody join, be invited, or say something in a room that is not encrypted."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from supportd.engine.ports import HookFailed
from supportd.logs import get_logger
from supportd.sdk.events import JoinAsked, MessageAsked
from supportd.sdk.findings import NOT_ASSESSED, Refusal
from supportd.sdk.ids import EventId, GroupId

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Literal

    from supportd.engine.engine import Engine
    from supportd.engine.unit import UnitOfWork
    from supportd.sdk.findings import Finding
    from supportd.sdk.ids import RoomId, UserId
    from supportd.sdk.settings import Settings

log = get_logger(__name__)

#: What is asked at the door has no id of its own and is never handled.
_ID = EventId("door:")
_NOBODYS = GroupId("")


#: What a client shows to somebody who is not to be admitted, and to whoever invites them: that there is a decision, not about whom.
KEPT_OUT: Final = "This is not possible. Please ask a key member of the group."


async def admit(engine: Engine, room: RoomId, user: UserId, door: Literal["join", "invite"]) -> Refusal | None:
    """Ask every plugin that is on in the room's group; the first refusal counts, a room of nobody's is not our business."""
    event = JoinAsked(id=_ID, group=_NOBODYS, at=engine.clock.now(), room=room, person=None, door=door)
    return await _ask(engine, user, event, {})


async def admit_message(engine: Engine, room: RoomId, user: UserId, text: str) -> Refusal | None:
    """Let plugins think about words before anybody sees them, then ask as :func:`admit` does."""
    event = MessageAsked(id=_ID, group=_NOBODYS, at=engine.clock.now(), room=room, person=None, text=text)
    return await _ask(engine, user, event, await _assessed(engine, user, event))


async def _assessed(engine: Engine, user: UserId, event: MessageAsked) -> Mapping[str, tuple[Finding, ...]]:
    able = [name for name in engine.dispatcher.plugins.names() if engine.assessor.assesses(name)]
    if not able or user in engine.ours:
        return {}

    def look(uow: UnitOfWork) -> dict[str, Settings]:
        group = uow.rooms.group_of(event.room)
        on = [name for name in able if group is not None and uow.states.get(group, name).state == "on"]
        return {name: engine.dispatcher.plugins.settings(uow, name, group, event.room) for name in on} if group is not None else {}

    settings = await engine.store.read(look)
    return {name: await engine.assessor.assess(name, event, one) for name, one in settings.items()}


async def _ask(
    engine: Engine, user: UserId, event: JoinAsked | MessageAsked, findings: Mapping[str, tuple[Finding, ...]]
) -> Refusal | None:
    if user in engine.ours:
        return None

    def work(uow: UnitOfWork) -> Refusal | None:
        group = uow.rooms.group_of(event.room)
        if group is None:
            return None
        if isinstance(event, JoinAsked) and uow.strangers.is_kept_out(group, user):
            return Refusal(sentence=KEPT_OUT)
        return _first_refusal(engine, uow, replace(event, group=group, person=uow.people.by_user(group, user)), findings)

    return await engine.store.read(work)


def _first_refusal(
    engine: Engine, uow: UnitOfWork, event: JoinAsked | MessageAsked, findings: Mapping[str, tuple[Finding, ...]]
) -> Refusal | None:
    plugins = engine.dispatcher.plugins
    group = uow.groups.facts(event.group, event.at)
    for name in plugins.names():
        if not plugins.listens(name, event.hook) or uow.states.get(event.group, name).state != "on":
            continue
        settings = plugins.settings(uow, name, event.group, event.room)
        # Turned on between the assessment and now: what was not assessed is not harmless.
        missing = (NOT_ASSESSED,) if isinstance(event, MessageAsked) and plugins.assesses(name) else ()
        given = {"event": event, "group": group, "settings": settings, "findings": findings.get(name, missing)}
        try:
            answers = plugins.call(name, event.hook, given)
        except HookFailed as failure:
            log.warning("verdict.failed", plugin=name, error=failure)
            continue
        refusal = next((answer for answer in answers if isinstance(answer, Refusal)), None)
        if refusal is not None:
            return refusal
    return None
