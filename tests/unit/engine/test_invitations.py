"""A link for one person: it works once and for 72 hours, and everything is checked before it is used up."""

from __future__ import annotations

from datetime import time, timedelta
from typing import TYPE_CHECKING

import pytest

from supportd.daemon import accepting
from supportd.engine.unit import PluginStatus
from supportd.engine.words.desk import Unusable, WordsUnclear
from supportd.sdk import effects as fx
from supportd.sdk.facts import Person
from tests.support.plugins import SmallPlugins
from tests.support.world import GROUP, START, World, user_of
from tests.unit.engine.acting import Doing, do
from tests.unit.engine.telling import Teller, tell

if TYPE_CHECKING:
    from supportd.engine.unit import UnitOfWork
    from supportd.store.open import SqlStore

pytestmark = pytest.mark.asyncio
KAY = "@kay:test"


async def house(store: SqlStore) -> tuple[World, Teller]:
    """Return a group with an admin, on a server of its own with an address for the web."""
    teller = Teller()
    world = World(store, teller)
    await world.begin(("Ann", {"key_member", "admin"}), ("Tom", set()))
    world.dispatcher.public_url, world.dispatcher.server = "https://help.example.org", "test"
    return world, teller


async def invited(world: World, name: str = "Karim") -> str:
    """Return the token of an invitation that was made now."""
    said = await tell(world, "people", "invite", name)
    return str(said.data["link"]).rpartition("#")[2]


async def accept(world: World, token: str, user: str = KAY, name: str = "") -> str | None:
    """Send the form of the page."""

    def work(uow: UnitOfWork) -> str | None:
        return accepting.accept(uow, world.dispatcher, token, user, name, world.clock.now())

    return await world.store.transact(work)


async def looked_up(world: World, token: str) -> bool:
    """Tell whether the page shows a form."""
    found = await world.store.read(lambda uow: accepting.look(uow, world.dispatcher, token, world.clock.now()))
    return found is not None


async def people(world: World) -> list[str]:
    """Return the names of the group's people, sorted."""
    return sorted(one.name for one in (await world.group()).people)


async def test_an_invitation_lets_one_person_in_once(store: SqlStore) -> None:
    """The account is entered, plugins hear of it as of anybody who was entered, and the link is over."""
    world, teller = await house(store)
    token = await invited(world)
    assert await looked_up(world, token)

    first, second = await accept(world, token), await accept(world, token, "@other:test")

    assert (first, second) == (None, accepting.OVER)
    assert await people(world) == ["Ann", "Karim", "Tom"]
    assert [(await world.group()).name_of(one) for one in teller.added] == ["Karim"]
    assert await store.read(lambda uow: uow.people.by_user(GROUP, user_of("kay"))) is not None
    assert not await looked_up(world, token)


async def test_the_newcomer_may_choose_a_name(store: SqlStore) -> None:
    """A name in the form takes the place of the one the link was made for."""
    world, _ = await house(store)

    await accept(world, await invited(world), name="Müde Maus")

    assert "Müde Maus" in await people(world)


async def test_after_72_hours_it_is_over(store: SqlStore) -> None:
    """To the minute; and who has it then is told to ask for a new one."""
    world, _ = await house(store)
    token = await invited(world)
    world.clock.forward(hours=71, minutes=59)
    assert await looked_up(world, token)

    world.clock.forward(minutes=2)

    assert not await looked_up(world, token)
    assert await accept(world, token) == accepting.OVER


@pytest.mark.parametrize(
    ("user", "name", "sentence"),
    [
        ("kay", "", "whole address"),
        ("kay:test", "", "whole address"),
        ("@kay", "", "whole address"),
        (KAY, "x" * 41, "A name has up to 40"),
        ("@kay:elsewhere.example", "", "closed to other servers"),
        (KAY, "🎉", "A name has up to 40"),
    ],
)
async def test_what_cannot_be_is_said_and_uses_nothing_up(store: SqlStore, user: str, name: str, sentence: str) -> None:
    """One sentence; afterwards the same link lets in who fits."""
    world, _ = await house(store)
    token = await invited(world)

    refused = await accept(world, token, user, name)

    assert refused is not None
    assert sentence in refused
    assert await people(world) == ["Ann", "Tom"]
    assert await accept(world, token) is None


@pytest.mark.parametrize("user", ["@tom:test", "@mallory:test"])
async def test_a_link_tells_nobody_who_is_in_the_group(store: SqlStore, user: str) -> None:
    """Whoever tries somebody's account reads the same as everybody, enters nobody, and has used the link up."""
    world, teller = await house(store)
    await tell(world, "people", "keep-out", "@mallory:test")
    token = await invited(world)

    assert await accept(world, token, user) is None

    assert (await people(world), teller.added) == (["Ann", "Tom"], [])
    assert await accept(world, token) == accepting.OVER


async def test_a_link_tells_nobody_what_people_are_called(store: SqlStore) -> None:
    """A name that is taken gives way to the one the link was made for, without a word."""
    world, _ = await house(store)

    assert await accept(world, await invited(world), name="ANN") is None

    assert await people(world) == ["Ann", "Karim", "Tom"]


async def test_a_panic_takes_invitations_back(store: SqlStore) -> None:
    """Links made before never work again, and none is made while the group is shut."""
    world, _ = await house(store)
    token = await invited(world)

    doing = Doing()
    world.dispatcher.plugins = SmallPlugins(doing)
    await store.transact(lambda uow: uow.states.set(GROUP, PluginStatus(plugin="doing", state="on"), START))
    await do(world, doing, fx.ShutGroup())
    since = (await world.group()).shut
    # A second word of panic moves nothing.
    world.clock.forward(minutes=5)
    await do(world, doing, fx.ShutGroup())

    assert since is not None
    assert (await world.group()).shut == since
    assert await accept(world, token) == accepting.OVER
    with pytest.raises(Unusable, match="shut at the moment"):
        await tell(world, "people", "invite", "Karim")
    await do(world, doing, fx.OpenGroup())
    assert (await world.group()).shut is None
    assert await accept(world, await invited(world)) is None


async def test_open_invitations_can_be_taken_back(store: SqlStore) -> None:
    """All at once, with their number."""
    world, _ = await house(store)
    token = await invited(world)
    await invited(world, "Mei")

    said = await tell(world, "people", "uninvite")

    assert said.data == {"taken_back": 2}
    assert await accept(world, token) == accepting.OVER
    assert (await tell(world, "people", "uninvite")).text == "No invitation is open."


async def test_the_admin_reads_what_to_pass_on(store: SqlStore) -> None:
    """Whom it is for, until when by the group's clock, and the link."""
    world, _ = await house(store)

    said = await tell(world, "people", "invite", "Karim")

    until = (await world.group()).local(START + timedelta(hours=72))
    assert f"Pass this on to Karim alone; it works once, until {until:%A} {until.day} {until:%B}" in said.text
    assert "https://help.example.org/j#" in said.text
    assert time(0) <= until.time()


@pytest.mark.parametrize(("name", "error"), [("", WordsUnclear), ("x" * 41, WordsUnclear), ("ANN", Unusable)])
async def test_a_name_that_cannot_be_makes_no_link(store: SqlStore, name: str, error: type[Exception]) -> None:
    """No name, too long, or somebody's."""
    world, _ = await house(store)

    with pytest.raises(error):
        await tell(world, "people", "invite", name)

    assert await store.read(lambda uow: uow.invitations.count(GROUP, START)) == 0


async def test_without_an_address_for_the_web_there_are_no_links(store: SqlStore) -> None:
    """The sentence says who can do something about it."""
    world, _ = await house(store)
    world.dispatcher.public_url = ""

    with pytest.raises(Unusable, match=r"the operator sets web\.public_url first"):
        await tell(world, "people", "invite", "Karim")


async def test_a_name_that_was_taken_meanwhile_keeps_nobody_waiting(store: SqlStore) -> None:
    """They come in under their account's name, and can change it."""
    world, _ = await house(store)
    token = await invited(world)
    await tell(world, "people", "add", "Karim", "@karim:test")

    assert await accept(world, token) is None

    assert await people(world) == ["Ann", "Karim", "Tom", "kay"]


async def test_after_use_nothing_says_for_whom_it_was(sqlite_store: SqlStore) -> None:
    """The sealed name is wiped with the use; the token was never kept."""
    world, _ = await house(sqlite_store)
    token = await invited(world, "Canary Name")
    await accept(world, token, name="Kay")

    def rows(connection: object) -> str:
        return repr(connection.exec_driver_sql("SELECT * FROM invitations").fetchall())  # type: ignore[attr-defined]  # a connection

    kept = await sqlite_store.database.read(rows)
    assert token not in kept
    assert "None" in kept
    assert Person.__name__ not in kept


async def test_what_somebody_was_invited_for_is_known_afterwards(store: SqlStore) -> None:
    """A word for the occasion stands in what the group knows of them, and in what they may read of it."""
    world, _ = await house(store)
    said = await tell(world, "people", "invite", "Karim", "leaflet")
    await accept(world, str(said.data["link"]).rpartition("#")[2])

    (karim,) = [one for one in (await world.group()).people if one.name == "Karim"]
    kept = await store.read(lambda uow: uow.people.export(karim.id))
    assert (karim.occasion, kept["invited_for"]) == ("leaflet", "leaflet")
    with pytest.raises(WordsUnclear, match="one word for the occasion"):
        await tell(world, "people", "invite", "Mei", "Our leaflet")
