"""Commands at the terminal: what each does, what it answers, and that a request acts once."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, cast

import pytest
from sqlalchemy import text

from supportd.domain.commands import CommandUnclear
from supportd.engine.words import route
from supportd.engine.words.desk import Unknown, Unusable, WordsUnclear
from supportd.sdk.facts import GroupStyle
from supportd.sdk.ids import GroupId
from tests.support.plugins import Unfit
from tests.support.world import GROUP, ROOM, START, World
from tests.unit.engine.telling import Teller, TellerSettings, tell

if TYPE_CHECKING:
    from supportd.domain.quarantine import PluginState
    from supportd.engine.unit import UnitOfWork
    from supportd.errors import SupportdError
    from supportd.sdk.ids import RoomId
    from supportd.store.open import SqlStore

pytestmark = pytest.mark.asyncio


async def _world(store: SqlStore, state: PluginState = "on") -> tuple[World, Teller]:
    teller = Teller()
    world = World(store, teller)
    await world.begin(("Ann", {"admin"}), ("Bo", set()), state=state)
    return world, teller


async def _merged(world: World, room: RoomId | None = None) -> TellerSettings:
    found = await world.store.read(lambda uow: world.plugins.settings(uow, "teller", GROUP, room))
    return cast("TellerSettings", found)


async def _execute(store: SqlStore, statement: str) -> None:
    def work(uow: UnitOfWork) -> None:
        uow.journal.connection.execute(text(statement))  # type: ignore[attr-defined]  # somebody at the files

    await store.transact(work)


async def test_plugins_are_turned_on_off_and_to_shadow(sqlite_store: SqlStore) -> None:
    """Each turning is told to the plugin once when it begins to be called, and stands in the journal with who did it."""
    world, teller = await _world(sqlite_store, "off")

    answers = [(await tell(world, "plugins", state, "teller")).text for state in ("shadow", "shadow", "on", "on", "off", "on")]

    assert answers[:2] == ["teller is shadow now.", "teller is shadow already."]
    assert teller.turned == 3
    assert (await world.state("teller")).state == "on"
    assert len(await world.journal()) == 4
    assert (await world.journal())[0] == ("plugin", "changed", "It was off; turned to shadow by the operator.")


async def test_plugins_are_listed_with_their_state_and_sentence(sqlite_store: SqlStore) -> None:
    """The list shows each installed plugin, its state, and why it needs somebody or else what it is for."""
    world, _ = await _world(sqlite_store)

    said = await tell(world, "plugins")

    assert said.text == "teller: on — Tells what it was asked."
    assert said.data == {"plugins": [{"plugin": "teller", "state": "on", "reason": "", "summary": "Tells what it was asked."}]}


async def test_a_request_acts_once(store: SqlStore) -> None:
    """The same request again, after an answer that was lost, does nothing."""
    world, teller = await _world(store, "off")

    await tell(world, "plugins", "on", "teller", id_="r1")
    again = await tell(world, "plugins", "off", "teller", id_="r1")

    assert again.data == {"again": True}
    assert (await world.state("teller")).state == "on"
    assert teller.turned == 1


async def test_settings_have_three_levels(store: SqlStore) -> None:
    """The room's value goes before the group's, and that before the deployment's."""
    world, _ = await _world(store)

    await tell(world, "settings", "set", "teller", "greeting", "Good day", "at", "deployment")
    await tell(world, "settings", "set", "teller", "greeting", "Hi")
    said = await tell(world, "settings", "set", "teller", "greeting", "Ahoy", "at", "main")
    shown = await tell(world, "settings", "show", "teller")

    assert [(await _merged(world)).greeting, (await _merged(world, ROOM)).greeting] == ["Hi", "Ahoy"]
    assert said.text == 'greeting for one room: not set → "Ahoy"'
    assert shown.text.startswith('greeting = "Hi"\n    What is said first.')
    assert (await tell(world, "settings", "set", "teller", "greeting", "Hi")).text == 'greeting is "Hi" for the group already.'


async def test_a_change_is_undone_by_its_number_or_the_last_one(sqlite_store: SqlStore) -> None:
    """Undoing sets the value from before, is a change itself, and unsets what was not set."""
    world, _ = await _world(sqlite_store)
    first = await tell(world, "settings", "set", "teller", "hours", "5")
    await tell(world, "settings", "set", "teller", "greeting", "Hi")

    await tell(world, "settings", "undo", "teller", str(first.data["number"]))
    await tell(world, "settings", "undo", "teller", str(first.data["number"]))
    after = await _merged(world)
    history = await tell(world, "settings", "history", "teller")

    assert [after.hours, after.greeting] == [3, "Hi"]
    changes = cast("list[dict[str, object]]", history.data["changes"])
    assert [(one["key"], one["old"], one["new"], one["by"]) for one in changes] == [
        ("hours", 5, None, "terminal"),
        ("greeting", None, "Hi", "terminal"),
        ("hours", None, 5, "terminal"),
    ]


async def test_undoing_at_a_place_leaves_the_others(sqlite_store: SqlStore) -> None:
    """What is undone or listed at one room was changed at that room; a change of the deployment is undone there."""
    world, _ = await _world(sqlite_store)
    await tell(world, "settings", "set", "teller", "greeting", "Good day", "at", "deployment")
    await tell(world, "settings", "set", "teller", "greeting", "Ahoy", "at", "main")
    await tell(world, "settings", "set", "teller", "greeting", "Hi")

    listed = await tell(world, "settings", "history", "teller", "at", "main")
    await tell(world, "settings", "undo", "teller", "at", "main")
    after = [(await _merged(world)).greeting, (await _merged(world, ROOM)).greeting]
    await tell(world, "settings", "undo", "teller", "at", "deployment")
    await tell(world, "settings", "undo", "teller")

    assert [one["new"] for one in cast("list[dict[str, object]]", listed.data["changes"])] == ["Ahoy"]
    assert after == ["Hi", "Hi"]


async def test_people_are_added_listed_exported_and_forgotten(store: SqlStore) -> None:
    """Plugins hear of somebody who is entered; an export holds what core and plugins keep; forgetting leaves nothing."""
    world, teller = await _world(store)

    added = await tell(world, "people", "add", "Cy Doe", "@cy:test", "key-member")
    again = await tell(world, "people", "add", "Somebody", "@cy:test")
    listed = await tell(world, "people", "list")
    export = await tell(world, "people", "export", "cy doe")
    forgot = await tell(world, "people", "forget", "@cy:test")

    assert added.data == {"id": teller.added[0], "added": True}
    assert again.text == "Cy Doe is in the group already."
    assert f"{teller.added[0]}  Cy Doe  (key_member, member)" in listed.text
    assert cast("dict[str, object]", export.data["kept"])["teller"] == {"note": "a number"}
    assert "@cy:test" in export.text
    assert forgot.scrub
    assert sorted(one.name for one in (await world.group()).people) == ["Ann", "Bo"]
    assert teller.kept == ""
    assert "Cy" not in json.dumps(await world.journal())


async def test_somebody_without_an_account_is_entered_too(sqlite_store: SqlStore) -> None:
    """A person who is not in chat has a name and roles only."""
    world, _ = await _world(sqlite_store)

    await tell(world, "people", "add", "Paper")

    assert "Paper  (member, not in chat)" in (await tell(world, "people")).text


async def test_the_journal_shows_the_newest_first_and_warns_of_a_broken_chain(store: SqlStore) -> None:
    """A line that was changed in the files is noticed; the answer begins with a warning."""
    world, _ = await _world(store)
    empty = await tell(world, "journal")
    for hours in ("4", "5", "6"):
        await tell(world, "settings", "set", "teller", "hours", hours)

    whole = await tell(world, "journal", "2")
    await _execute(store, "UPDATE journal SET outcome = 'refused' WHERE number = (SELECT MAX(number) - 1 FROM journal)")
    broken = await tell(world, "journal")

    assert empty.text == "Nothing has happened yet."
    assert len(whole.text.splitlines()) == 2
    assert whole.data["intact"]
    assert broken.text.startswith("WARNING: lines of this journal were changed or taken out.")
    assert not broken.data["intact"]


async def test_a_line_taken_out_of_the_journal_is_noticed(store: SqlStore) -> None:
    """A line that is missing in the middle breaks the chain."""
    world, _ = await _world(store)
    for hours in ("4", "5", "6"):
        await tell(world, "settings", "set", "teller", "hours", hours)

    await _execute(store, "DELETE FROM journal WHERE number = (SELECT MAX(number) - 1 FROM journal)")

    assert not (await tell(world, "journal")).data["intact"]


async def test_a_plugins_command_is_given_and_answered(store: SqlStore) -> None:
    """The longest declared name is meant, missing words get their default, and effects leave besides the answer."""
    world, teller = await _world(store)

    said = await tell(world, "rota", "set", "monday")
    await world.settle()

    assert teller.given == [("rota set", {"day": "monday", "who": "me"})]
    assert [said.text, said.data] == ["did rota set", {"seen": True}]
    assert world.server.said() == ["doing rota set"]


async def test_a_command_its_plugin_stops_at_is_not_called_done(sqlite_store: SqlStore) -> None:
    """When the plugin stops, the answer says so and tells where to look; it does not say that it was done."""
    world, teller = await _world(sqlite_store)
    teller.broken = True

    said = await tell(world, "rota")

    assert said.text == "teller stopped at this command; for what becomes of it see: plugins list"
    assert said.status == 70
    assert (await world.state("teller")).state == "retrying"


async def test_in_shadow_a_command_is_answered_and_does_nothing(sqlite_store: SqlStore) -> None:
    """A plugin in shadow mode answers, and what it would have done stands in the journal."""
    world, _ = await _world(sqlite_store, "shadow")

    said = await tell(world, "rota")
    await world.settle()

    assert said.text == "did rota"
    assert world.server.jobs == []


@pytest.mark.parametrize("data", ["no json", "[1]", "7"])
async def test_an_answer_with_wrong_data_is_refused(sqlite_store: SqlStore, data: str) -> None:
    """Data of an answer that is no JSON object is the plugin's mistake; it stops neither the command nor the daemon."""
    world, teller = await _world(sqlite_store)
    teller.data = data

    said = await tell(world, "rota")

    assert said.text == "Done."
    assert ("Reply", "refused", "The data of an answer has to be a JSON object.") in await world.journal()


@pytest.mark.parametrize(
    ("words", "error", "part"),
    [
        ("plugins on", WordsUnclear, "plugins on NAME"),
        ("plugins on nothing", Unknown, "There is no plugin “nothing” here"),
        ("settings", WordsUnclear, "settings set PLUGIN KEY VALUE"),
        ("settings set teller hours", WordsUnclear, "settings set PLUGIN KEY VALUE"),
        ("settings set teller hours many", Unfit, "does not fit hours"),
        ("settings set teller colour red", Unfit, "no setting colour"),
        ("settings set teller hours 4 at nowhere", Unknown, "There is no room “nowhere” here"),
        ("settings undo teller 99", Unknown, "There is no change “99” here"),
        (f"settings undo teller {'9' * 5000}", WordsUnclear, "settings undo PLUGIN"),
        ("settings undo teller", Unknown, "There is no change “to undo” here"),
        ("people add", WordsUnclear, "people add NAME"),
        ("people add Cy @cy", WordsUnclear, "people add NAME"),
        ("people add Cy @cy:elsewhere", Unusable, "on another server, and the group's rooms and chats are closed to other servers"),
        ("people add Cy king", WordsUnclear, "people add NAME"),
        (f"people add {'x' * 81}", WordsUnclear, "letters"),
        ("people forget Cy", Unknown, "There is no person “Cy” here"),
        ("journal many", WordsUnclear, "journal NUMBER"),
        ("journal 0", WordsUnclear, "journal NUMBER"),
        (f"journal {'9' * 5000}", WordsUnclear, "journal NUMBER"),
        ("rota set", CommandUnclear, "rota set DAY [WHO]"),
        ("rota set a b c", CommandUnclear, "rota set DAY [WHO]"),
        ("sing", Unknown, "There is no command “sing” here"),
        ("", Unknown, "There is no command"),
    ],
)
async def test_unclear_words_get_one_sentence(sqlite_store: SqlStore, words: str, error: type[SupportdError], part: str) -> None:
    """Words that do not fit change nothing and are answered with how to write them."""
    world, teller = await _world(sqlite_store)

    with pytest.raises(error) as found:
        await tell(world, *words.split())

    assert part in found.value.sentence()
    assert await world.journal() == []
    assert teller.given == []


async def test_a_role_is_taken_away_again(store: SqlStore) -> None:
    """Who gives a role can take it; the plugins hear of both, and the last admin stays one."""
    world, teller = await _world(store)

    given = await tell(world, "people", "add", "Bo", "@bo:test", "key-member")
    taken = await tell(world, "people", "take", "key-member", "from", "Bo")
    again = await tell(world, "people", "take", "key_member", "from", "Bo")
    with pytest.raises(Unusable, match="last admin"):
        await tell(world, "people", "take", "admin", "from", "Ann")
    with pytest.raises(WordsUnclear, match="ROLE is one of"):
        await tell(world, "people", "take", "member", "from", "Bo")

    assert (given.text, taken.data["roles"]) == ("Bo is key_member now.", ["member"])
    assert again.text == "Bo is not key_member at the moment."
    assert [one.roles for one in (await world.group()).people if one.name == "Bo"] == [{"member"}]
    assert teller.changed == 2


async def test_a_name_that_two_people_have_is_asked_back(sqlite_store: SqlStore) -> None:
    """Of two people with the same name neither is meant; the id tells them apart."""
    world, teller = await _world(sqlite_store)
    await tell(world, "people", "add", "Bo", "@bo2:test")

    with pytest.raises(Unknown) as found:
        await tell(world, "people", "forget", "Bo")
    await tell(world, "people", "forget", teller.added[0])

    assert "single person" in found.value.sentence()
    assert sorted(one.name for one in (await world.group()).people) == ["Ann", "Bo"]


async def test_a_plugin_that_is_off_takes_no_commands(sqlite_store: SqlStore) -> None:
    """The answer says how to turn it on."""
    world, teller = await _world(sqlite_store, "off")

    with pytest.raises(Unknown) as found:
        await tell(world, "rota")

    assert "plugins on teller" in found.value.sentence()
    assert teller.given == []


async def test_with_several_groups_one_has_to_be_named(sqlite_store: SqlStore) -> None:
    """A command without a group is for the only one; with two it asks which, and an unknown name is told."""
    world, _ = await _world(sqlite_store)
    await sqlite_store.transact(lambda uow: uow.groups.add(GroupId("lilies"), GroupStyle(name="Lilies"), START))

    with pytest.raises(WordsUnclear) as unclear:
        await tell(world, "plugins")
    with pytest.raises(Unknown) as unknown:
        await sqlite_store.read(lambda uow: route.group_of(uow, "tulips"))

    assert "--group and one of" in unclear.value.sentence()
    assert "tulips" in unknown.value.sentence()
    assert await sqlite_store.read(lambda uow: route.group_of(uow, "lilies")) == "lilies"
