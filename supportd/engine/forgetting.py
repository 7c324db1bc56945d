"""Forgetting somebody: at a word in the terminal at once, at their own wish when what is on its way for them has left."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from supportd.engine.inner import CORE
from supportd.engine.unit import JournalLine
from supportd.sdk.ids import PersonId

if TYPE_CHECKING:
    from supportd.engine.ports import Plugins
    from supportd.engine.unit import DueTimer, UnitOfWork
    from supportd.sdk.facts import Group
    from supportd.sdk.ids import GroupId

#: The core's own timer: in front of the instant of the wish and the person's id.
TIMER: Final = "forget:"
#: How often it is looked whether everything has left, and how long it may take.
AGAIN: Final = timedelta(seconds=10)
LONGEST: Final = timedelta(hours=24)


def wanted(uow: UnitOfWork, group: Group, person: PersonId) -> None:
    """Remember that somebody wishes to be forgotten."""
    uow.timers.start(group.id, CORE, f"{TIMER}{group.now.isoformat()}|{person}", group.now + AGAIN)


def due(uow: UnitOfWork, plugins: Plugins, timer: DueTimer, now: datetime) -> PersonId | None:
    """Forget who wished it, and return them; look again later while something about them is still on its way."""
    since, _, person = timer.key.removeprefix(TIMER).partition("|")
    who = PersonId(person)
    if uow.outbox.pending_for(who) and now - datetime.fromisoformat(since) < LONGEST:
        # Their Matrix id goes with them: nobody could be taken out of a room any more.
        uow.timers.start(timer.group, CORE, timer.key, now + AGAIN)
        return None
    if uow.groups.facts(timer.group, now).person(who) is None:
        return None
    forget(uow, plugins, timer.group, who, now)
    return who


def forget(uow: UnitOfWork, plugins: Plugins, group: GroupId, person: PersonId, now: datetime) -> None:
    """Delete what plugins and the core keep about somebody."""
    for plugin in plugins.names():
        plugins.forget(plugin, person, uow.rows(plugin, group))
    uow.people.forget(person)
    # Without an id: the journal is chained, so what is written there cannot be forgotten.
    reason = "Somebody was forgotten at their wish."
    uow.journal.add(JournalLine(group=group, plugin="supportd", at=now, kind="people", outcome="changed", reason=reason))
