"""Savepoints that are made only before the first statement inside them, on both databases."""

from __future__ import annotations

import contextlib
import random
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import event, insert, select

from supportd.store.savepoints import savepoint
from tests.unit.store.conftest import NOTES

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection

    from tests.unit.store.conftest import Store

pytestmark = pytest.mark.asyncio


def write(connection: Connection, number: int) -> None:
    """Write one note."""
    connection.execute(insert(NOTES), {"id": number, "words": "hello"})


def kept(connection: Connection) -> set[int]:
    """Return the numbers of all notes."""
    return set(connection.scalars(select(NOTES.c.id)))


async def test_nothing_asked_makes_no_savepoint(database: Store) -> None:
    """Where nothing is asked of the database inside, it hears of no savepoint, however deep; the next one is made for its statement."""
    heard: list[str] = []

    def work(connection: Connection) -> None:
        event.listen(connection, "after_cursor_execute", lambda *arguments: heard.append(arguments[2].split(" (")[0]))
        for _ in range(3):
            with savepoint(connection), savepoint(connection):
                pass
        with contextlib.suppress(LookupError), savepoint(connection):
            raise LookupError
        with savepoint(connection):
            write(connection, 1)

    await database.transact(work)

    assert [one for one in heard if "item" not in one] == ["SAVEPOINT step0", "INSERT INTO notes", "RELEASE SAVEPOINT step0"]


async def test_inner_is_undone_alone(database: Store) -> None:
    """What the outer wrote before and after stays; both were waiting when the inner one's first statement came, or not."""

    def work(connection: Connection) -> None:
        with savepoint(connection):
            with contextlib.suppress(LookupError), savepoint(connection):
                write(connection, 1)
                raise LookupError
            write(connection, 2)
            with contextlib.suppress(LookupError), savepoint(connection):
                write(connection, 3)
                raise LookupError

    await database.transact(work)

    assert await database.read(kept) == {2}


@pytest.mark.parametrize("seed", range(20))
async def test_any_nesting_keeps_what_a_model_keeps(database: Store, seed: int) -> None:
    """Blocks in blocks, some of which raise, some of which only raise or only read: the notes are those of a model that copies sets."""
    chance = random.Random(seed)  # noqa: S311 - it makes up cases, no secrets
    numbers = iter(range(10_000))

    def block(connection: Connection, model: set[int], depth: int) -> set[int]:
        inside = set(model)
        try:
            with savepoint(connection):
                for _ in range(chance.randrange(4)):
                    what = chance.choice(["write", "read", "block", "block", "raise"])
                    if what == "write":
                        write(connection, number := next(numbers))
                        inside.add(number)
                    elif what == "read":
                        assert kept(connection) == inside
                    elif what == "block" and depth < 5:
                        inside = block(connection, inside, depth + 1)
                    elif what == "raise":
                        raise LookupError  # noqa: TRY301 - that is what is tried
        except LookupError:
            return model
        return inside

    def work(connection: Connection) -> set[int]:
        model: set[int] = set()
        for _ in range(20):
            model = block(connection, model, 0)
        return model

    assert await database.transact(work) == await database.read(kept)


async def test_work_that_fails_leaves_no_step_behind(database: Store) -> None:
    """After work that raised through two savepoints, the connection makes the next ones anew."""

    def broken(connection: Connection) -> None:
        with savepoint(connection), savepoint(connection):
            write(connection, 1)
            raise LookupError

    def whole(connection: Connection) -> None:
        with savepoint(connection):
            write(connection, 2)

    with pytest.raises(LookupError):
        await database.transact(broken)
    await database.transact(whole)

    assert await database.read(kept) == {2}
