"""Entering somebody in a group's people, by an admin's word or by an invitation."""

from __future__ import annotations

from typing import TYPE_CHECKING

from supportd.engine import strangers
from supportd.engine.task import Task
from supportd.engine.unit import JournalLine
from supportd.sdk.events import PersonAdded
from supportd.sdk.ids import EventId

if TYPE_CHECKING:
    from datetime import datetime

    from supportd.engine.dispatch import Dispatcher
    from supportd.engine.unit import NewPerson, UnitOfWork
    from supportd.sdk.ids import GroupId, PersonId, UserId


def enter(uow: UnitOfWork, dispatcher: Dispatcher, group: GroupId, new: NewPerson, id_: str, now: datetime) -> PersonId:
    """Enter somebody and tell the plugins; ``id_`` stands for this decision. Who was a stranger in rooms is one no longer."""
    person = uow.people.add(group, new, now)
    # Without an id: the journal is chained, so what is written there cannot be forgotten.
    reason = "Somebody was entered in the group's people."
    uow.journal.add(JournalLine(group=group, plugin="supportd", at=now, kind="people", outcome="changed", reason=reason))
    event = PersonAdded(id=EventId(id_), group=group, at=now, person=person)
    dispatcher.handle(uow, Task(event), now)
    for joined in strangers.entered(uow, group, new.user, person, event.id, now) if new.user is not None else ():
        dispatcher.handle(uow, Task(joined), now)
    return person


def other_server(dispatcher: Dispatcher, user: UserId) -> str | None:
    """Say why an account could come into no room and no chat, ``None`` when it can."""
    if not dispatcher.server or user.partition(":")[2] == dispatcher.server:
        return None
    return (
        f"{user} is an account on another server, and the group's rooms and chats are closed to other servers: enter an account"
        f" on {dispatcher.server}, or the name alone"
    )
