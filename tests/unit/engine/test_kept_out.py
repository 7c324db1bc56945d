"""Somebody who is not to be admitted: kept as a hash, refused at every door, and sent away where they come in."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from supportd.engine import wire
from supportd.engine.verdicts import KEPT_OUT, admit
from supportd.engine.words.desk import Unusable, WordsUnclear
from tests.support.world import GROUP, ROOM, user_of
from tests.unit.engine.telling import tell
from tests.unit.engine.test_strangers import house, invites, strangers, told

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from supportd.store.open import SqlStore
    from tests.support.world import World

pytestmark = pytest.mark.asyncio
EVE = "@eve:test"


def removed(world: World) -> list[tuple[str, str]]:
    """Return who was removed from where."""
    return [(job.room, job.person) for _, job in world.server.jobs if isinstance(job, wire.RemovePerson)]


async def knocks(world: World, who: str, reason: str = "May I?") -> None:
    """Let somebody knock."""
    await world.happens(world.incoming(wire.Membership(user_of(who), "knock", "leave", who, reason), who))
    await world.settle()


async def test_who_is_kept_out_cannot_be_entered(store: SqlStore) -> None:
    """The command that enters people refuses the account with a sentence, until somebody admits it again."""
    world, _ = await house(store)
    await tell(world, "people", "keep-out", EVE)

    with pytest.raises(Unusable, match=r"people readmit @eve:test first"):
        await tell(world, "people", "add", "Eve", EVE)
    await tell(world, "people", "readmit", EVE)
    said = await tell(world, "people", "add", "Eve", EVE)

    assert said.text == "Eve is in the group's people now."


async def test_their_knock_is_answered_with_no_and_disturbs_nobody(store: SqlStore) -> None:
    """No plugin hears of it, nobody is written to, and the answer says nothing."""
    world, ear = await house(store)
    await tell(world, "people", "keep-out", EVE)

    await knocks(world, "eve")

    answers = [job for _, job in world.server.jobs if isinstance(job, wire.SettleKnock)]
    assert [(job.let_in, job.reason) for job in answers] == [(False, "")]
    assert (ear.heard, told(world)) == ([], {})


async def test_an_invitation_by_somebodys_own_app_is_taken_back(store: SqlStore) -> None:
    """Also a key member's: the decision was made, and another one undoes it by readmitting."""
    world, _ = await house(store)
    await tell(world, "people", "keep-out", EVE)

    await invites(world, "Sam", "eve")
    await world.settle()

    assert removed(world) == [(ROOM, EVE)]


async def test_where_they_come_in_they_are_sent_away_at_once(store: SqlStore) -> None:
    """Who runs the homeserver can put them in a room; they do not stay, and their words reach no plugin."""
    world, ear = await house(store)
    await tell(world, "people", "keep-out", EVE)

    await world.joins("eve")
    await world.says("eve", "Here I am.")
    await world.settle()

    assert removed(world) == [(ROOM, EVE)]
    assert ear.heard == []
    assert ("strangers", "accepted", "Somebody who is not to be admitted is sent away from a room.") in await world.journal()


async def test_who_is_in_a_room_when_it_is_decided_is_sent_away(store: SqlStore) -> None:
    """A stranger who came before leaves with the decision."""
    world, _ = await house(store)
    await world.joins("eve")
    assert [one.inside for one in await strangers(world)] == [True]

    await tell(world, "people", "keep-out", EVE)
    await world.settle()

    assert removed(world) == [(ROOM, EVE)]


async def test_the_homeservers_door_says_no(store: SqlStore) -> None:
    """Where the homeserver asks before somebody joins or is invited, it gets a no that says nothing about whom."""
    world, _ = await house(store)
    await tell(world, "people", "keep-out", EVE)

    for door in ("join", "invite"):
        refusal = await admit(world.engine, ROOM, user_of("eve"), door)
        assert refusal is not None
        assert refusal.sentence == KEPT_OUT
    assert await admit(world.engine, ROOM, user_of("tom"), "join") is None


async def test_only_a_hash_is_kept(sqlite_store: SqlStore) -> None:
    """No table holds the account, and saying it twice changes nothing."""
    world, _ = await house(sqlite_store)
    first = await tell(world, "people", "keep-out", "@mallory-canary:test")
    again = await tell(world, "people", "keep-out", "@mallory-canary:test")

    def every_row(connection: Connection) -> str:
        names = [row[0] for row in connection.exec_driver_sql("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return repr([connection.exec_driver_sql(f'SELECT * FROM "{name}"').fetchall() for name in names])  # noqa: S608 - names of tables

    everything = await sqlite_store.database.read(every_row)
    assert (first.data, again.data) == ({"added": True, "kept_out": 1}, {"added": False})
    assert "mallory-canary" not in everything


@pytest.mark.parametrize(
    ("words", "error", "sentence"),
    [
        (("keep-out", "Eve"), WordsUnclear, "a whole Matrix id"),
        (("readmit", "eve:test"), WordsUnclear, "a whole Matrix id"),
        (("keep-out", "@tom:test"), Unusable, "is in the group's people"),
    ],
)
async def test_what_cannot_be_is_said_in_a_sentence(store: SqlStore, words: tuple[str, ...], error: type[Exception], sentence: str) -> None:
    """A name, half an address, somebody of the group: one sentence, and nothing is kept."""
    world, _ = await house(store)

    with pytest.raises(error, match=sentence):
        await tell(world, "people", *words)

    assert await store.read(lambda uow: uow.strangers.kept_out(GROUP)) == 0


async def test_readmitting_somebody_who_was_not_kept_out_says_so(store: SqlStore) -> None:
    """Nothing changes."""
    world, _ = await house(store)

    assert (await tell(world, "people", "readmit", EVE)).text == "This account is not kept out."


async def test_another_group_is_another_decision(store: SqlStore) -> None:
    """A hash of one group says nothing in another: the same account gives another one there."""
    world, _ = await house(store)
    await tell(world, "people", "keep-out", EVE)
    other = type(GROUP)("sunday")

    assert await store.read(lambda uow: uow.strangers.is_kept_out(GROUP, user_of("eve")))
    assert not await store.read(lambda uow: uow.strangers.is_kept_out(other, user_of("eve")))
    assert world.server.said() == []
