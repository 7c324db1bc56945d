"""Several people accept, give back and take over at once: one has it, everybody else is told so (rota invariants 6 and 7)."""

from __future__ import annotations

import asyncio
import os
from datetime import UTC, datetime, timedelta
from random import Random
from typing import TYPE_CHECKING

import pytest
from supportd_rota.tables import TABLES, RotaStore
from supportd_rota.times import Window

from supportd.sdk.ids import GroupId, PersonId
from supportd.sdk.store import Rows, create_all
from supportd.store.database import open_database

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from sqlalchemy.engine import Connection

pytestmark = [pytest.mark.asyncio, pytest.mark.timeout(1800)]
#: Races on each database; in full as many as the promise says.
RACES = 10_000 if os.environ.get("SUPPORTD_FULL") == "1" else 400
AT_ONCE = 8
GROUP = GroupId("thursday")
PEOPLE = [PersonId(f"person-{number}") for number in range(AT_ONCE)]
KEY = "listen-1@2026-12-01"


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Return the address of an empty database."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/rota.db"
    address: str = request.getfixturevalue("postgres_database")
    return address


def _store(connection: Connection) -> RotaStore:
    return RotaStore(Rows(connection, "rota", GROUP))


def _begin(connection: Connection) -> None:
    create_all(connection, TABLES)
    noon = datetime(2026, 12, 1, 12, tzinfo=UTC)
    duty = {"kind": "listen", "load": 20, "heavy": 1, "weight": 4}
    _store(connection).make(KEY, duty, Window(noon, noon + timedelta(hours=2)))


def _take(who: PersonId) -> Callable[[Connection], int]:
    return lambda connection: int(_store(connection).take(KEY, who))


def _propose_and_accept(who: PersonId) -> Callable[[Connection], int]:
    def work(connection: Connection) -> int:
        store = _store(connection)
        return int(store.propose(KEY, who) and store.accept(KEY, who))

    return work


def _give_back(who: PersonId) -> Callable[[Connection], int]:
    return lambda connection: -int(_store(connection).release(KEY, who))


def _move(who: PersonId, to: PersonId) -> Callable[[Connection], int]:
    def work(connection: Connection) -> int:
        store = _store(connection)
        return int(store.take(KEY, to)) - 1 if store.release(KEY, who) else 0

    return work


def _row(connection: Connection) -> tuple[str, PersonId | None]:
    row = _store(connection).slot(KEY)
    assert row is not None
    return row["state"], row["holder"]


def _act(who: PersonId, random: Random, *, has: bool) -> Callable[[Connection], int]:
    """Return what somebody does: who has it mostly gives it away, the others mostly want it."""
    leaving, wanting = (_give_back(who), _move(who, random.choice(PEOPLE))), (_take(who), _propose_and_accept(who))
    return random.choice(leaving if random.random() < (0.8 if has else 0.2) else wanting)


async def test_one_of_many_has_it_whatever_they_do_at_once(url: str) -> None:
    """The yeses less those given back are what the duty has at the end: one holder or none, never two."""
    database = await open_database(url, host_key=b"k" * 32)
    random, winners, wrong = Random(7), 0, 0  # noqa: S311 - it draws who does what, it keeps no secret
    try:
        await database.reshape(_begin)
        held, holder = 0, None
        for _ in range(RACES):
            acts = [_act(one, random, has=one == holder) for one in PEOPLE]
            told = await asyncio.gather(*(database.transact(one) for one in acts))
            state, holder = await database.read(_row)
            wrong += held + sum(told) != int(state == "held") or (state == "held") != (holder is not None) or state == "proposed"
            winners += sum(one > 0 for one in told)
            held = int(state == "held")
    finally:
        await database.close()
    print(f"\n  {url.partition(':')[0]}: {RACES} races of {AT_ONCE}: {winners} were told that it is theirs, {wrong} wrong")

    assert wrong == 0
    assert winners > RACES / 4
