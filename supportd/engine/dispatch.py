"""Handing one event to the group's plugins, inside the transaction, each plugin alone in a savepoint."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from supportd.domain import quarantine
from supportd.engine import asks, deed, gate, names, resolve
from supportd.engine.deed import Deeds
from supportd.engine.inner import CORE
from supportd.engine.ports import HookFailed
from supportd.engine.unit import JournalLine, PluginStatus, Waiting
from supportd.logs import get_logger
from supportd.sdk import events as ev
from supportd.sdk.effects import Effect, PostDirect

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from supportd.engine.ports import Plugins
    from supportd.engine.unit import UnitOfWork
    from supportd.sdk.facts import Group
    from supportd.sdk.findings import Finding
    from supportd.sdk.ids import RoomId

log = get_logger(__name__)

#: An event may lead to others (an answer decides an ask); a chain longer than this is a mistake in the core.
LONGEST_CHAIN = 100
STOPPED = (
    "Automatic message: the plugin {plugin} has stopped in this group. Nothing of it is lost. Please tell the person who runs the server."
)


@dataclass(slots=True)
class Task:
    """An event on its way, to all plugins of its group or to ``only`` one."""

    event: ev.Event
    only: str | None = None
    retry: bool = False
    findings: Mapping[str, tuple[Finding, ...]] = field(default_factory=dict)


class Dispatcher:
    """Calls hooks and carries out what they yield; holds no state of its own."""

    def __init__(self, plugins: Plugins, *, public_url: str = "") -> None:
        """Take the installed plugins, and the address under which links are opened."""
        self.plugins = plugins
        self.public_url = public_url

    def handle(self, uow: UnitOfWork, task: Task, now: datetime) -> Deeds:
        """Handle an event and everything that follows from it at once."""
        deeds = Deeds(public_url=self.public_url)
        tasks = deque([task])
        for _ in range(LONGEST_CHAIN):
            if not tasks:
                return deeds
            tasks.extend(self._one(uow, tasks.popleft(), now, deeds))
        raise AssertionError("An event led to a chain without an end.")

    def _one(self, uow: UnitOfWork, task: Task, now: datetime, deeds: Deeds) -> list[Task]:
        group = uow.groups.facts(task.event.group, now)
        heard, follow = self._core(uow, group, task)
        if heard:
            return follow
        for plugin in self.plugins.names():
            if task.only in {None, plugin} and self.plugins.listens(plugin, task.event.hook):
                self._plugin(uow, group, plugin, task, deeds)
                # What one plugin changed (a duty, a consent) the next one sees.
                group = uow.groups.facts(task.event.group, now)
        return follow

    def _core(self, uow: UnitOfWork, group: Group, task: Task) -> tuple[bool, list[Task]]:
        """Do the core's own part; True when the event is for no plugin."""
        event = task.event
        room = group.room_by_id(event.room) if isinstance(event, ROOM_EVENTS) else None
        if room is not None and resolve.direct_joined(uow, event, room.direct_with):
            return True, []
        answered: tuple[bool, ev.AskAnswered | None] = (False, None)
        if isinstance(event, ev.ReactionAdded):
            answered = asks.reaction(uow, group, event.author, event.target, event.key)
        elif isinstance(event, ev.MessagePosted) and event.proven and room is not None and room.direct_with == event.author:
            answered = asks.word(uow, group, event.author, event.text, event.in_reply_to)
        heard, decided = answered
        return heard, [] if decided is None else self.decided(uow, group, decided)

    def decided(self, uow: UnitOfWork, group: Group, event: ev.AskAnswered | ev.AskExpired) -> list[Task]:
        """Return who is told that an ask ended; the core's own asks end here."""
        id_ = event.id.split(":")[1]
        owner = uow.asks.owner(id_)
        if owner != CORE:
            return [Task(event, only=owner)]
        if event.key.startswith(asks.HELD_ASK):
            send = isinstance(event, ev.AskAnswered) and event.answer == "yes"
            row = uow.outbox.decide(event.key.removeprefix(asks.HELD_ASK), send=send, at=group.now)
            if row is not None:
                reason = "A key member agreed." if send else "No key member agreed."
                self._journal(uow, group, row.plugin, type(row.effect).__name__, "accepted" if send else "refused", reason)
        return []

    def _plugin(self, uow: UnitOfWork, group: Group, plugin: str, task: Task, deeds: Deeds) -> None:
        status = uow.states.get(group.id, plugin)
        if status.state in {"off", "failed", "needs attention"}:
            return
        if status.state == "retrying" and not task.retry:
            self._wait_behind(uow, group, plugin, task.event, status)
            return
        attempt = Deeds(public_url=deeds.public_url)
        try:
            with uow.savepoint():
                self._call(uow, group, plugin, task, status, attempt)
        except HookFailed as failure:
            self._failed(uow, group, plugin, task, status, failure)
            return
        deeds.replies += attempt.replies
        deeds.leaving += attempt.leaving
        if status.failures:
            self._recovered(uow, group, plugin, status)

    def _call(self, uow: UnitOfWork, group: Group, plugin: str, task: Task, status: PluginStatus, deeds: Deeds) -> None:
        event = task.event
        room: RoomId | None = getattr(event, "room", None)
        rows = uow.rows(plugin, group.id)
        given = {
            "event": event,
            "group": group,
            "store": self.plugins.store(plugin, rows),
            "settings": self.plugins.settings(uow, plugin, group.id, room),
            "findings": task.findings.get(plugin, ()),
        }
        for index, value in enumerate(self.plugins.call(plugin, event.hook, given)):
            if not isinstance(value, Effect):
                raise HookFailed(plugin=plugin, hook=event.hook, cause=f"it yielded a {type(value).__name__} instead of an effect")
            self._effect(uow, group, plugin, names.derived(event.id, plugin, index), value, status, deeds)

    def _effect(self, uow: UnitOfWork, group: Group, plugin: str, id_: str, effect: Effect, status: PluginStatus, deeds: Deeds) -> None:
        decision = gate.admit(uow, group, plugin, self.plugins.grants(plugin), effect)
        kind = type(effect).__name__
        if isinstance(decision, gate.Refused):
            self._journal(uow, group, plugin, kind, "refused", decision.reason)
            return
        if status.state == "shadow":
            self._journal(uow, group, plugin, kind, "shadow", "The plugin runs in shadow mode: nothing was sent.")
            return
        deed.carry_out(uow, group, plugin, id_, effect, decision, deeds)

    def _wait_behind(self, uow: UnitOfWork, group: Group, plugin: str, event: ev.Event, status: PluginStatus) -> None:
        if uow.inbox.count_for(group.id, plugin) >= quarantine.MOST_WAITING:
            self._give_up(uow, group, plugin, status)
            return
        waiting = Waiting(id=f"{plugin}:{event.id}", group=group.id, plugin=plugin, event=event, attempts=0)
        uow.inbox.put(waiting, None, group.now, group.now)

    def _failed(self, uow: UnitOfWork, group: Group, plugin: str, task: Task, status: PluginStatus, failure: HookFailed) -> None:
        log.warning("plugin.failed", plugin=plugin, group=group.id, attempts=status.failures + 1, error=failure.__cause__ or failure)
        self._journal(uow, group, plugin, task.event.hook, "failed", failure.sentence())
        verdict = quarantine.after_failure(status.failures + 1)
        failed = replace(status, failures=status.failures + 1, reason=failure.sentence())
        if status.state == "shadow":
            # Nothing was to be sent, so nothing waits; only the count is kept.
            uow.states.set(group.id, failed, group.now)
        elif verdict.wait is None:
            self._give_up(uow, group, plugin, failed)
        else:
            uow.states.set(group.id, replace(failed, state="retrying"), group.now)
            waiting = Waiting(id=f"{plugin}:{task.event.id}", group=group.id, plugin=plugin, event=task.event, attempts=failed.failures)
            uow.inbox.put(waiting, None, group.now + verdict.wait, group.now)

    def _give_up(self, uow: UnitOfWork, group: Group, plugin: str, status: PluginStatus) -> None:
        waiting = uow.inbox.count_for(group.id, plugin)
        reason = f"{status.reason} {waiting} events wait. Mend it, then turn it on again.".strip()
        uow.states.set(group.id, replace(status, state="failed", reason=reason), group.now)
        self._journal(uow, group, plugin, "plugin", "failed", reason)
        self._tell_admins(uow, group, plugin)

    def _tell_admins(self, uow: UnitOfWork, group: Group, plugin: str) -> None:
        text = STOPPED.format(plugin=plugin)
        for person in group.with_role("admin") or group.key_members:
            effect = PostDirect(to=person.id, text=text)
            decision = gate.admit(uow, group, CORE, frozenset(), effect)
            if isinstance(decision, gate.Passed):
                deed.write_to(uow, group, CORE, names.derived("stopped", plugin, group.now, person.id), effect, decision)

    def _recovered(self, uow: UnitOfWork, group: Group, plugin: str, status: PluginStatus) -> None:
        state = "on" if status.state == "retrying" else status.state
        uow.states.set(group.id, replace(status, state=state, failures=0, reason=""), group.now)
        uow.inbox.release_for(group.id, plugin, group.now)
        self._journal(uow, group, plugin, "plugin", "done", "It works again.")

    @staticmethod
    def _journal(uow: UnitOfWork, group: Group, plugin: str, kind: str, outcome: str, reason: str) -> None:
        uow.journal.add(JournalLine(group=group.id, plugin=plugin, at=group.now, kind=kind, outcome=outcome, reason=reason))  # type: ignore[arg-type]


ROOM_EVENTS = (ev.MemberJoined, ev.MemberLeft, ev.MessagePosted, ev.MessageEdited, ev.MessageRedacted, ev.ReactionAdded, ev.RoomReady)
