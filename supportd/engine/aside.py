"""Setting aside what raises whenever it is handled: sealed, for a person to look at, so that everything else goes on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from supportd.engine import codec, wire

if TYPE_CHECKING:
    from datetime import datetime

    from supportd.engine.unit import DueTimer, UnitOfWork, Waiting


def incoming(uow: UnitOfWork, event: wire.Incoming, error: Exception, now: datetime) -> None:
    """Set an event aside and count it as handled."""
    uow.marks.apply([wire.AsideMark(id=event.id, reason=type(error).__name__, body=codec.dump(event))], now)
    uow.handled.add(event.id, now)


def waiting(uow: UnitOfWork, event: Waiting, error: Exception, now: datetime) -> None:
    """Set an event aside that waited for a plugin."""
    uow.marks.apply([wire.AsideMark(id=event.id, reason=type(error).__name__, body=codec.dump(event.event))], now)
    uow.inbox.remove(event.id)


def timer(uow: UnitOfWork, due: DueTimer, error: Exception, now: datetime) -> None:
    """Forget a timer that cannot be fired; what remains says whose it was."""
    name = f"timer:{due.group}:{due.plugin}:{due.key}:{due.due.isoformat()}"
    uow.marks.apply([wire.AsideMark(id=name, reason=type(error).__name__, body=b"{}")], now)
    uow.timers.cancel(due.group, due.plugin, due.key)
