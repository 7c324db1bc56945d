"""What somebody may say to the bot."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from supportd.domain import commands as rules
from supportd.engine.words.desk import Said

if TYPE_CHECKING:
    from supportd.engine.words.desk import Desk

#: States of a plugin in which its commands are carried out.
_RUNNING: Final = frozenset({"on", "shadow"})
_OF_ADMINS: Final = ("plugins list", "settings show", "people list", "journal")
NOTHING: Final = "There is nothing else yet that you can ask me here."


def help_(desk: Desk) -> Said:
    """List the commands that this person may give, each with its sentence."""
    person = None if desk.by is None else desk.facts().person(desk.by)
    lines = [
        f"{rules.usage(command)}: {command.help}"
        for plugin in desk.plugins.names()
        if desk.uow.states.get(desk.group, plugin).state in _RUNNING
        for command in desk.plugins.commands(plugin)
        if command.run is None and rules.may_give(person, command)
    ]
    if person is None or "admin" in person.roles:
        lines += _OF_ADMINS
    return Said("\n".join(lines) or NOTHING, {"commands": lines})
