"""Handing one event to the group's plugins, inside the transaction, each plugin alone in a savepoint."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from supportd.engine import asks, deed, failing, gate, names, newkeys, resolve, speech, upgraded
from supportd.engine.deed import Deeds
from supportd.engine.inner import CORE
from supportd.engine.ports import HookFailed
from supportd.engine.task import Task
from supportd.errors import Fault
from supportd.sdk import _wire
from supportd.sdk import events as ev
from supportd.sdk.effects import Effect, Reply
from supportd.sdk.findings import NOT_ASSESSED

if TYPE_CHECKING:
    from datetime import datetime

    from supportd.engine.ports import Plugins
    from supportd.engine.unit import OutboxRow, PluginStatus, UnitOfWork
    from supportd.sdk.facts import Group, Room
    from supportd.sdk.findings import Finding
    from supportd.sdk.ids import RoomId

#: An event may lead to others (an answer decides an ask); a chain longer than this is a mistake in the core.
LONGEST_CHAIN = 500
#: Refused effects of one hook call that the plugin is told of.
MOST_TOLD = 10


class Dispatcher:
    """Calls hooks and carries out what they yield; holds no state of its own."""

    def __init__(self, plugins: Plugins, *, public_url: str = "", server: str = "") -> None:
        """Take the installed plugins, the address under which links are opened, and the name of our homeserver."""
        self.plugins = plugins
        self.public_url = public_url
        self.server = server

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
        # The core's own part was done when the event first came.
        heard, follow = (False, []) if task.retry else self._core(uow, group, task)
        if heard:
            return follow
        for plugin in self.plugins.names():
            if task.only in {None, plugin} and self.plugins.listens(plugin, task.event.hook):
                follow += self._plugin(uow, group, plugin, task, deeds)
                # What one plugin changed (a duty, a consent) the next one sees.
                group = uow.groups.facts(task.event.group, now)
        return follow

    def _core(self, uow: UnitOfWork, group: Group, task: Task) -> tuple[bool, list[Task]]:
        """Do the core's own part; True when the event is for no plugin."""
        event = task.event
        room = group.room_by_id(event.room) if isinstance(event, ROOM_EVENTS) else None
        if room is not None and resolve.direct_joined(uow, event, room.direct_with):
            return True, []
        if isinstance(event, ev.RoomUpgraded):
            upgraded.tell(uow, group, event)
        answered: tuple[bool, ev.AskAnswered | None] = (False, None)
        if isinstance(event, ev.ReactionAdded):
            answered = asks.reaction(uow, group, event.author, event.target, event.key)
        elif isinstance(event, ev.MessagePosted) and room is not None and _said_to_us(event, room):
            answered = asks.word(uow, group, event)
            if not answered[0] and speech.hear(uow, self, group, event):
                return True, []
        heard, decided = answered
        return heard, [] if decided is None else self.decided(uow, group, decided)

    def decided(self, uow: UnitOfWork, group: Group, event: ev.AskAnswered | ev.AskExpired) -> list[Task]:
        """Return who is told that an ask ended; the core's own asks end here."""
        id_ = event.id.split(":")[1]
        owner = uow.asks.owner(id_)
        if owner != CORE:
            return [Task(event, only=owner)]
        if newkeys.decided(uow, group, event):
            return []
        if event.key.startswith(asks.HELD_ASK):
            send = isinstance(event, ev.AskAnswered) and event.answer == "yes"
            row = uow.outbox.decide(event.key.removeprefix(asks.HELD_ASK), send=send, at=group.now)
            if row is not None:
                return self._agreed(uow, group, row, agreed=send)
        return []

    @staticmethod
    def _agreed(uow: UnitOfWork, group: Group, row: OutboxRow, *, agreed: bool) -> list[Task]:
        kind = type(row.effect).__name__
        reason = "A key member agreed." if agreed else "No key member agreed."
        failing.journal(uow, group, row.plugin, kind, "accepted" if agreed else "refused", reason)
        if agreed or row.plugin == CORE:
            return []
        failed = failing.refused(row.effect, f"refused:{row.id}", group.id, group.now, reason, person=row.person)
        return [Task(failed, only=row.plugin)]

    def _plugin(self, uow: UnitOfWork, group: Group, plugin: str, task: Task, deeds: Deeds) -> list[Task]:
        status = uow.states.get(group.id, plugin)
        if status.state == "off":
            return []
        if status.state in WAITING and not task.retry:
            failing.wait_behind(uow, group, status, task.event)
            return []
        attempt = Deeds(public_url=deeds.public_url)
        try:
            with uow.savepoint():
                self._call(uow, group, plugin, task, status, attempt)
        except HookFailed as failure:
            failing.failed(uow, group, status, task.event, failure)
            return []
        if task.retry:
            uow.inbox.remove(f"{plugin}:{task.event.id}")
        deeds.replies += attempt.replies
        deeds.leaving += attempt.leaving
        if attempt.leaving:
            deeds.plugins.append(plugin)
        if status.failures or status.state == "retrying":
            failing.recovered(uow, group, status)
        told: list[Task] = [Task(one) for one in attempt.follow]
        if isinstance(task.event, ev.EffectFailed):
            return told
        # All refusals stand in the journal; a plugin that errs a hundred times at once hears of the first few.
        return [*told, *(Task(one, only=plugin) for one in attempt.refused[:MOST_TOLD])]

    def _call(self, uow: UnitOfWork, group: Group, plugin: str, task: Task, status: PluginStatus, deeds: Deeds) -> None:
        event = task.event
        room: RoomId | None = getattr(event, "room", None)
        try:
            settings = self.plugins.settings(uow, plugin, group.id, room)
        except Exception as error:
            if isinstance(error, Fault):
                raise
            raise HookFailed(plugin=plugin, hook=event.hook, cause=f"its settings raise {type(error).__name__}") from None
        given = {
            "event": event,
            "group": group,
            "store": self.plugins.store(plugin, uow.rows(plugin, group.id)),
            "settings": settings,
            "findings": self._findings(plugin, task),
        }
        for index, value in enumerate(self.plugins.call(plugin, event.hook, given)):
            problem = _wire.problem(value)
            if not isinstance(value, Effect) or problem:
                raise HookFailed(
                    plugin=plugin, hook=event.hook, cause=problem or f"it yielded a {type(value).__name__} instead of an effect"
                )
            try:
                self._effect(uow, group, plugin, names.derived(event.id, plugin, index), value, event, status, deeds)
            except Exception as error:
                if isinstance(error, Fault):
                    raise
                cause = f"its {type(value).__name__} cannot be carried out ({type(error).__name__})"
                raise HookFailed(plugin=plugin, hook=event.hook, cause=cause) from None

    def _findings(self, plugin: str, task: Task) -> tuple[Finding, ...]:
        """Return what the plugin found before; words that it has not thought about (they waited) are never words without findings."""
        found = task.findings.get(plugin)
        if found is None and isinstance(task.event, WORDS) and self.plugins.assesses(plugin):
            return (NOT_ASSESSED,)
        return found or ()

    def _effect(
        self, uow: UnitOfWork, group: Group, plugin: str, id_: str, effect: Effect, cause: ev.Event, status: PluginStatus, deeds: Deeds
    ) -> None:
        decision = gate.admit(uow, group, plugin, self.plugins.grants(plugin), effect, cause)
        kind = type(effect).__name__
        if isinstance(decision, gate.Refused):
            failing.journal(uow, group, plugin, kind, "refused", decision.reason)
            about = gate.people_of(effect)
            person = about[0] if len(about) == 1 else None
            deeds.refused.append(failing.refused(effect, f"refused:{id_}", group.id, group.now, decision.reason, person=person))
        elif status.state == "shadow" and not isinstance(effect, Reply):
            failing.journal(uow, group, plugin, kind, "shadow", "The plugin runs in shadow mode: nothing was sent.")
        else:
            deed.carry_out(uow, group, plugin, id_, effect, decision, deeds)


def _said_to_us(event: ev.MessagePosted, room: Room) -> bool:
    """Tell whether these are proven words of somebody in their direct chat.

    A file without a caption says none, and a program's notice is never answered (specification, ``m.notice``).
    """
    return room.direct_with == event.author and event.proven and event.kind == "text" and bool(event.text.strip())


ROOM_EVENTS = (
    ev.MessagePosted,
    ev.SomebodySpoke,
    ev.MessageEdited,
    ev.MessageRedacted,
    ev.ReactionAdded,
    ev.RoomReady,
    *resolve.COMINGS,
)
#: Events that plugins think about beforehand.
WORDS = (ev.MessagePosted, ev.MessageEdited)
#: States in which events wait in the inbox, in order, instead of being handed over.
WAITING = frozenset({"retrying", "failed", "needs attention"})
