"""Which command somebody means, and whether they may give it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

from supportd.domain import commands as rules
from supportd.engine.task import Task
from supportd.engine.words.desk import Desk, Said, Unknown, WordsUnclear
from supportd.engine.words.help import help_
from supportd.engine.words.journal import journal
from supportd.engine.words.people import people
from supportd.engine.words.plugins import plugins
from supportd.engine.words.settings import settings
from supportd.sdk.events import CommandGiven
from supportd.sdk.ids import EventId

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from supportd.engine.dispatch import Dispatcher
    from supportd.engine.unit import UnitOfWork
    from supportd.sdk.commands import Command
    from supportd.sdk.ids import GroupId

#: The core's own commands; in a chat only admins may give them, but for what anybody may.
CORE: Final[Mapping[str, Callable[[Desk], Said]]] = {
    "plugins": plugins,
    "settings": settings,
    "people": people,
    "journal": journal,
    "help": help_,
}
FOR_ALL: Final = frozenset({"help"})

#: ``EX_SOFTWARE`` of ``sysexits.h``.
_STOPPED: Final = 70


class NotYours(Unknown):
    """Only {who} may give this command: ask one of them."""

    status = 77


def give(uow: UnitOfWork, dispatcher: Dispatcher, *, group: str, words: tuple[str, ...], id_: str, now: datetime) -> Said:
    """Carry out a command from the terminal; one that was carried out before under this id is not carried out again."""
    chosen = group_of(uow, group)
    handled = EventId(f"cli:{id_}")
    if uow.handled.seen(handled):
        return Said("This was done already.", {"again": True})
    uow.handled.add(handled, now)
    return carry_out(Desk(uow, dispatcher, chosen, words, None, id_, now))


def group_of(uow: UnitOfWork, name: str) -> GroupId:
    """Return the named group, or the only one; raises :class:`Unknown`."""
    ids = uow.groups.ids()
    if name:
        found = next((one for one in ids if one == name), None)
        if found is None:
            raise Unknown(what="group", name=name, look=f"these: {', '.join(ids)}")
        return found
    if len(ids) != 1:
        raise WordsUnclear(usage=f"--group and one of {', '.join(ids) or 'none (run supportd init)'}")
    return ids[0]


def carry_out(desk: Desk) -> Said:
    """Carry out the command whose words are all of ``desk.words``."""
    first, rest = desk.words[:1], desk.words[1:]
    if first and first[0] in CORE:
        person = None if desk.by is None else desk.facts().person(desk.by)
        if first[0] not in FOR_ALL and desk.by is not None and (person is None or "admin" not in person.roles):
            raise NotYours(who="the group's admins")
        return CORE[first[0]](Desk(desk.uow, desk.dispatcher, desk.group, rest, desk.by, desk.id, desk.now))
    found = declared(desk)
    if found is None:
        known = sorted({*CORE, *(command.name for plugin in desk.plugins.names() for command in desk.plugins.commands(plugin))})
        raise Unknown(what="command", name=" ".join(desk.words[:2]), look=f"these: {', '.join(known)}")
    return _plugin(desk, *found)


def declared(desk: Desk) -> tuple[str, Command] | None:
    """Return the plugin and the command whose name the words begin with, the longest name first."""
    found = [
        (plugin, command)
        for plugin in desk.plugins.names()
        for command in desk.plugins.commands(plugin)
        if desk.words[: len(command.name.split())] == tuple(command.name.split())
    ]
    return max(found, key=lambda one: len(one[1].name), default=None)


def _plugin(desk: Desk, plugin: str, command: Command) -> Said:
    person = None if desk.by is None else desk.facts().person(desk.by)
    if not rules.may_give(person, command):
        raise NotYours(who="the group's admins" if command.who == "admin" else "key members")
    before = desk.uow.states.get(desk.group, plugin)
    if before.state not in {"on", "shadow"}:
        raise Unknown(what="running plugin", name=plugin, look=f"plugins list, or turn it on with: plugins on {plugin}")
    args = rules.arguments(command, desk.words[len(command.name.split()) :])
    event = CommandGiven(id=EventId(f"cli:{desk.id}"), group=desk.group, at=desk.now, name=command.name, args=args, by=desk.by)
    deeds = desk.dispatcher.handle(desk.uow, Task(event, only=plugin), desk.now)
    if desk.uow.states.get(desk.group, plugin).failures > before.failures:
        return Said(f"{plugin} stopped at this command; for what becomes of it see: plugins list", status=_STOPPED)
    data: dict[str, object] = {}
    for reply in deeds.replies:
        data |= json.loads(reply.data)
    return Said(
        "\n".join(reply.text for reply in deeds.replies) or "Done.", data, max((reply.status for reply in deeds.replies), default=0)
    )
