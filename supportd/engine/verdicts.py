"""Answers at the homeserver's door: may somebody join, may somebody be invited."""

from __future__ import annotations

from typing import TYPE_CHECKING

from supportd.engine.ports import HookFailed
from supportd.logs import get_logger
from supportd.sdk.events import JoinAsked
from supportd.sdk.findings import Refusal
from supportd.sdk.ids import EventId

if TYPE_CHECKING:
    from typing import Literal

    from supportd.engine.engine import Engine
    from supportd.engine.unit import UnitOfWork
    from supportd.sdk.ids import RoomId, UserId

log = get_logger(__name__)


async def admit(engine: Engine, room: RoomId, user: UserId, door: Literal["join", "invite"]) -> Refusal | None:
    """Ask every plugin that is on in the room's group; the first refusal counts, a room of nobody's is not our business."""
    if user in engine.ours:
        return None
    now = engine.clock.now()

    def work(uow: UnitOfWork) -> Refusal | None:
        group_id = uow.rooms.group_of(room)
        if group_id is None:
            return None
        group = uow.groups.facts(group_id, now)
        person = uow.people.by_user(group_id, user)
        event = JoinAsked(id=EventId("door:"), group=group_id, at=now, room=room, person=person, door=door)
        plugins = engine.dispatcher.plugins
        for name in plugins.names():
            if not plugins.listens(name, "admit") or uow.states.get(group_id, name).state != "on":
                continue
            given = {"event": event, "group": group, "settings": plugins.settings(uow, name, group_id, room)}
            try:
                answers = plugins.call(name, "admit", given)
            except HookFailed as failure:
                log.warning("verdict.failed", plugin=name, error=failure)
                continue
            refusal = next((answer for answer in answers if isinstance(answer, Refusal)), None)
            if refusal is not None:
                return refusal
        return None

    return await engine.store.read(work)
