"""``plugins list | on NAME | off NAME | shadow NAME``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal

from supportd.engine.task import Task
from supportd.engine.unit import JournalLine, PluginStatus
from supportd.engine.words.desk import Said, WordsUnclear
from supportd.sdk.events import TurnedOn
from supportd.sdk.ids import EventId

if TYPE_CHECKING:
    from supportd.engine.words.desk import Desk

USAGE: Final = "plugins list, plugins on NAME, plugins off NAME, or plugins shadow NAME"


def plugins(desk: Desk) -> Said:
    """List the plugins, or turn one on, off, or to shadow mode."""
    match desk.words:
        case () | ("list",):
            return _list(desk)
        case ("on" | "off" | "shadow" as state, name):
            return _turn(desk, desk.plugin(name), state)
        case _:
            raise WordsUnclear(usage=USAGE)


def _list(desk: Desk) -> Said:
    rows = []
    for name in desk.plugins.names():
        status = desk.uow.states.get(desk.group, name)
        rows.append({"plugin": name, "state": status.state, "reason": status.reason, "summary": desk.plugins.summary(name)})
    rows += [{"plugin": name, "state": "refused", "reason": reason, "summary": ""} for name, reason in desk.plugins.refusals().items()]
    lines = [
        " — ".join(str(part) for part in (f"{row['plugin']}: {row['state']}", row["reason"] or row["summary"]) if part) for row in rows
    ]
    return Said("\n".join(lines) or "No plugin is installed.", {"plugins": rows})


def _turn(desk: Desk, plugin: str, state: Literal["on", "off", "shadow"]) -> Said:
    before = desk.uow.states.get(desk.group, plugin)
    data = {"plugin": plugin, "before": before.state, "state": state}
    if before.state == state:
        return Said(f"{plugin} is {state} already.", data)
    waiting = desk.uow.inbox.count_for(desk.group, plugin)
    if state != "on":
        # Off: what waited is not for it any more. Shadow: nothing is sent, so nothing has to keep its order.
        desk.uow.inbox.drop_for(desk.group, plugin)
    if state == "on" and waiting:
        # What waited while it was broken comes first, in order; new events queue behind until that is through.
        desk.uow.states.set(desk.group, PluginStatus(plugin=plugin, state="retrying", failures=1), desk.now)
        desk.uow.inbox.release_for(desk.group, plugin, desk.now)
    else:
        desk.uow.states.set(desk.group, PluginStatus(plugin=plugin, state=state), desk.now)
    reason = f"It was {before.state}; turned to {state} by {'an admin' if desk.by else 'the operator'}."
    desk.uow.journal.add(JournalLine(group=desk.group, plugin=plugin, at=desk.now, kind="plugin", outcome="changed", reason=reason))
    # From shadow to on it is told again, since nothing it wanted then was done; after a failure it goes on where it stopped.
    if (before.state, state) in {("off", "on"), ("off", "shadow"), ("shadow", "on")}:
        event = TurnedOn(id=EventId(f"cli:{desk.id}"), group=desk.group, at=desk.now)
        desk.dispatcher.handle(desk.uow, Task(event, only=plugin), desk.now)
    return Said(f"{plugin} is {state} now.", data)
