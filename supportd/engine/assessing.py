"""Letting plugins think about new words before the transaction opens; they see the event their hook will get, never a Matrix id."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeVar

from supportd.engine import resolve, wire
from supportd.engine.retry import looked
from supportd.errors import Fault

if TYPE_CHECKING:
    from collections.abc import Awaitable, Mapping, Sequence

    from supportd.engine.engine import Engine
    from supportd.engine.unit import UnitOfWork
    from supportd.engine.wire import Incoming
    from supportd.sdk import events as ev
    from supportd.sdk.findings import Finding
    from supportd.sdk.ids import GroupId
    from supportd.sdk.settings import Settings

T = TypeVar("T")

#: States of a plugin in which what it finds may be of use.
_AWAKE: Final = frozenset({"on", "shadow", "retrying"})


async def findings(engine: Engine, chunk: Sequence[Incoming]) -> dict[str, Mapping[str, tuple[Finding, ...]]]:
    """Return what each plugin found in each message of ``chunk``, by the message's id and the plugin's name."""
    able = _able(engine)
    return {one.id: await _of_one(engine, one, able) for one in chunk if able and _has_words(engine, one)}


async def newcomer(engine: Engine, chunk: Sequence[Incoming], start: int) -> int | None:
    """Return where in ``chunk``, from ``start``, somebody first speaks who came in it, is not of the group yet, and would be assessed."""
    able = _able(engine)
    came = {
        one.content.subject: at
        for at, one in reversed(tuple(enumerate(chunk)))
        if isinstance(one.content, wire.Membership) and one.content.state == "join"
    }
    words = [
        (at, one) for at, one in enumerate(chunk) if able and at >= start and _has_words(engine, one) and came.get(one.sender, at) < at
    ]

    def look(uow: UnitOfWork) -> int | None:
        return next((at for at, one in words if _unknown(uow, one, able)), None)

    return await _or_none(looked(engine.store, look)) if words else None


async def _of_one(engine: Engine, incoming: Incoming, able: Sequence[str]) -> Mapping[str, tuple[Finding, ...]]:
    def look(uow: UnitOfWork) -> tuple[ev.Event, dict[str, Settings]] | None:
        group = uow.rooms.group_of(incoming.room)
        if group is None or uow.handled.seen(incoming.id) or uow.people.forgotten(group, incoming.sender):
            return None
        person = uow.people.by_user(group, incoming.sender)
        event = resolve.words(incoming, group, person) if person is not None else None
        if event is None:
            return None
        settings = {name: engine.dispatcher.plugins.settings(uow, name, group, incoming.room) for name in _awake(uow, group, able)}
        return event, settings

    seen = await _or_none(looked(engine.store, look))
    if seen is None:
        return {}
    event, settings = seen
    return {name: await engine.assessor.assess(name, event, one) for name, one in settings.items()}


def _able(engine: Engine) -> list[str]:
    return [name for name in engine.dispatcher.plugins.names() if engine.assessor.assesses(name)]


def _awake(uow: UnitOfWork, group: GroupId, able: Sequence[str]) -> list[str]:
    return [name for name in able if uow.states.get(group, name).state in _AWAKE]


def _has_words(engine: Engine, incoming: Incoming) -> bool:
    return isinstance(incoming.content, (wire.Said, wire.Edited)) and incoming.sender not in engine.ours


def _unknown(uow: UnitOfWork, incoming: Incoming, able: Sequence[str]) -> bool:
    """Tell whether the sender of ``incoming`` is not of the group so far, where a plugin would think about what they say."""
    group = uow.rooms.group_of(incoming.room)
    if group is None or uow.people.by_user(group, incoming.sender) is not None or uow.people.forgotten(group, incoming.sender):
        return False
    return not uow.handled.seen(incoming.id) and bool(_awake(uow, group, able))


async def _or_none(work: Awaitable[T]) -> T | None:
    """Return what ``work`` gives; what raises by itself is met again, and booked, when the event is handled."""
    try:
        return await work
    except Exception as error:
        if isinstance(error, Fault):
            raise
        return None
