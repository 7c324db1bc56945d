"""Timers that are due, and events whose plugin gets another try."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from supportd.engine import asks, forgetting
from supportd.engine.inner import CORE
from supportd.engine.task import Task
from supportd.sdk.events import Event, TimerFired
from supportd.sdk.ids import EventId

if TYPE_CHECKING:
    from datetime import datetime

    from supportd.engine.dispatch import Dispatcher
    from supportd.engine.unit import DueTimer, UnitOfWork
    from supportd.sdk.ids import PersonId

#: Timers fired in one commit.
AT_ONCE = 50
#: How long an event waits for a plugin that is not installed any more, and a timer for one that is off, before it is looked at again.
ABSENT = timedelta(hours=1)


def fire_due(
    uow: UnitOfWork, dispatcher: Dispatcher, now: datetime, limit: int = AT_ONCE, *, forgotten: set[PersonId] | None = None
) -> int:
    """Fire due timers and forget them, in the same transaction as what follows; ``forgotten`` gets who was forgotten at their own wish.

    A timer whose plugin is off in the group, or not installed, is put off by :data:`ABSENT` again and again: it is not lost, and fires
    within that time after the plugin is turned on. Its ``TimerFired.at`` is then the time it was put off to.
    """
    due = uow.timers.due(now, limit)
    for timer in due:
        if timer.plugin != CORE and _absent(uow, dispatcher, timer):
            uow.timers.start(timer.group, timer.plugin, timer.key, now + ABSENT)
            continue
        uow.timers.cancel(timer.group, timer.plugin, timer.key)
        if timer.plugin == CORE:
            if timer.key.startswith(forgetting.TIMER):
                who = forgetting.due(uow, dispatcher.plugins, timer, now)
                (forgotten if forgotten is not None else set()).update([who] if who is not None else [])
            else:
                _core_timer(uow, dispatcher, timer, now)
            continue
        id_ = EventId(f"timer:{timer.group}:{timer.plugin}:{timer.key}:{timer.due.isoformat()}")
        event = TimerFired(id=id_, group=timer.group, at=timer.due, key=timer.key)
        dispatcher.handle(uow, Task(event, only=timer.plugin), now)
    return len(due)


def _absent(uow: UnitOfWork, dispatcher: Dispatcher, timer: DueTimer) -> bool:
    return timer.plugin not in dispatcher.plugins.names() or uow.states.get(timer.group, timer.plugin).state == "off"


def _core_timer(uow: UnitOfWork, dispatcher: Dispatcher, timer: DueTimer, now: datetime) -> None:
    opened = uow.asks.by_id(timer.key.removeprefix(asks.STEP_TIMER))
    if opened is None:
        return
    group = uow.groups.facts(timer.group, now)
    expired = asks.next_step(uow, group, opened)
    if expired is not None:
        for task in dispatcher.decided(uow, group, expired):
            dispatcher.handle(uow, task, now)


def retry_due(uow: UnitOfWork, dispatcher: Dispatcher, now: datetime, limit: int = AT_ONCE) -> int:
    """Give the oldest due event of a failed plugin another try, and those that waited behind it."""
    count = 0
    while (waiting := uow.inbox.due(now)) is not None and count < limit:
        count += 1
        event, plugin = waiting.event, waiting.plugin
        if plugin is None or not isinstance(event, Event) or uow.states.get(event.group, plugin).state == "off":
            uow.inbox.remove(waiting.id)
        elif plugin in dispatcher.plugins.names():
            dispatcher.handle(uow, Task(event, only=plugin, retry=True), now)
        else:
            # It may be installed again within the days that events are kept.
            uow.inbox.again(waiting.id, waiting.attempts, now + ABSENT)
    return count
