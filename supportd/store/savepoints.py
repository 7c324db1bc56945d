"""Savepoints that cost nothing where nothing is asked of the database: each is made before the first statement inside it.

Most plugins answer most messages with nothing, from facts that the transaction has read already; a savepoint made for each of them was
half the time of handling what was missed while away.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from sqlalchemy import event
from sqlalchemy.engine import Engine

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy.engine import Connection

_STEPS: Final = "supportd_steps"


@dataclass(slots=True)
class _Step:
    """A savepoint that was asked for, and whether it is made."""

    name: str
    made: bool = False


@contextmanager
def savepoint(connection: Connection) -> Iterator[None]:
    """Undo what happened inside when it raises; they may stand in one another."""
    steps: list[_Step] = connection.info.setdefault(_STEPS, [])
    step = _Step(f"step{len(steps)}")
    steps.append(step)
    try:
        yield
    except BaseException:
        if step.made:
            connection.exec_driver_sql(f"ROLLBACK TO SAVEPOINT {step.name}")
            connection.exec_driver_sql(f"RELEASE SAVEPOINT {step.name}")
        raise
    else:
        if step.made:
            connection.exec_driver_sql(f"RELEASE SAVEPOINT {step.name}")
    finally:
        steps.pop()


def _make(connection: Connection, *_rest: object) -> None:
    waiting = [step for step in connection.info.get(_STEPS, ()) if not step.made]
    for step in waiting:
        # All of them before the first is, since making one is a statement that leads here too.
        step.made = True
    for step in waiting:
        connection.exec_driver_sql(f"SAVEPOINT {step.name}")


# For every engine of the process, so that none can be forgotten: without it nothing would ever be undone.
event.listen(Engine, "before_cursor_execute", _make)
