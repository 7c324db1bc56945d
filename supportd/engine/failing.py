"""What becomes of a plugin that stops, and of the events it could not handle: nothing is lost, and order is kept."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from supportd.domain import quarantine
from supportd.engine import names, telling
from supportd.engine.records import JournalLine, PluginStatus, Waiting
from supportd.logs import get_logger
from supportd.sdk import _bounds
from supportd.sdk.events import EffectFailed
from supportd.sdk.ids import EventId

if TYPE_CHECKING:
    from datetime import datetime

    from supportd.engine.ports import HookFailed
    from supportd.engine.unit import UnitOfWork
    from supportd.sdk.effects import Effect
    from supportd.sdk.events import Event
    from supportd.sdk.facts import Group
    from supportd.sdk.ids import GroupId, PersonId

log = get_logger(__name__)

STOPPED: Final = (
    "Automatic message: the plugin {plugin} has stopped in this group. Nothing of it is lost. Please tell the person who runs the server."
)
#: Events of a plugin that has failed wait for a person; after this they are deleted (trust.md section 3).
KEPT: Final = timedelta(days=7)


def refused(
    effect: Effect,
    id_: str,
    group: GroupId,
    at: datetime,
    reason: str,
    *,
    person: PersonId | None,
    code: str = "",
    kind: type[Effect] | None = None,
) -> EffectFailed:
    """Return what a plugin hears of an effect that was refused for good; ``kind`` where that was only a part of it."""
    return EffectFailed(
        id=EventId(id_),
        group=group,
        at=at,
        kind=(kind or type(effect)).__name__,
        reason=reason,
        person=person,
        code=code,
        room=_bounds.room_of(effect),
        key=_bounds.key_of(effect),
    )


def wait_behind(uow: UnitOfWork, group: Group, status: PluginStatus, event: Event) -> None:
    """Keep an event for a plugin whose earlier events wait; it is tried after them, or when somebody turns the plugin on again."""
    if uow.inbox.count_for(group.id, status.plugin) >= quarantine.MOST_WAITING:
        if status.state == "retrying":
            give_up(uow, group, status)
        return
    not_before = group.now if status.state == "retrying" else group.now + KEPT
    waiting = Waiting(id=f"{status.plugin}:{event.id}", group=group.id, plugin=status.plugin, event=event, attempts=0)
    uow.inbox.put(waiting, None, not_before, group.now)


def failed(uow: UnitOfWork, group: Group, status: PluginStatus, event: Event, failure: HookFailed) -> None:
    """Keep the event that a plugin failed on, in its place, and decide when it is tried again."""
    failures = status.failures + 1
    log.warning("plugin.failed", plugin=status.plugin, group=group.id, attempts=failures, error=failure.__cause__ or failure)
    journal(uow, group, status.plugin, event.hook, "failed", failure.sentence())
    now_failed = replace(status, failures=failures, reason=failure.sentence())
    if status.state == "shadow":
        # Nothing was to be sent, so nothing waits; only the count is kept.
        uow.states.set(group.id, now_failed, group.now)
        return
    wait = quarantine.after_failure(failures).wait
    waiting = Waiting(id=f"{status.plugin}:{event.id}", group=group.id, plugin=status.plugin, event=event, attempts=failures)
    not_before = group.now + (KEPT if wait is None else wait)
    # A second failure finds the event in its place; it must not go to the end of those that wait behind it.
    uow.inbox.put(waiting, None, not_before, group.now)
    uow.inbox.again(waiting.id, failures, not_before)
    if wait is None:
        give_up(uow, group, now_failed)
    else:
        uow.states.set(group.id, replace(now_failed, state="retrying"), group.now)


def give_up(uow: UnitOfWork, group: Group, status: PluginStatus) -> None:
    """Stop a plugin in a group until somebody turns it on again, and tell its admins."""
    waiting = uow.inbox.count_for(group.id, status.plugin)
    reason = f"{status.reason} {waiting} events wait. Mend it, then turn it on again.".strip()
    uow.states.set(group.id, replace(status, state="failed", reason=reason), group.now)
    uow.inbox.release_for(group.id, status.plugin, group.now + KEPT)
    journal(uow, group, status.plugin, "plugin", "failed", reason)
    telling.those_who_run(uow, group, names.derived("stopped", status.plugin, group.now), STOPPED.format(plugin=status.plugin))


def recovered(uow: UnitOfWork, group: Group, status: PluginStatus) -> None:
    """Note that a plugin works again; it is on as soon as nothing waits any more, so that no later event overtakes."""
    behind = status.state == "retrying" and uow.inbox.count_for(group.id, status.plugin) > 0
    state = "retrying" if behind else "on" if status.state == "retrying" else status.state
    uow.states.set(group.id, replace(status, state=state, failures=0, reason=""), group.now)
    if behind:
        uow.inbox.release_for(group.id, status.plugin, group.now)
    else:
        journal(uow, group, status.plugin, "plugin", "done", "It works again.")


def journal(uow: UnitOfWork, group: Group, plugin: str, kind: str, outcome: str, reason: str) -> None:
    """Append a line to the group's journal."""
    uow.journal.add(JournalLine(group=group.id, plugin=plugin, at=group.now, kind=kind, outcome=outcome, reason=reason))  # type: ignore[arg-type]  # the words above are outcomes
