"""The same commands in words to the bot: who may give them, and what everybody else gets."""

from __future__ import annotations

from datetime import time
from typing import TYPE_CHECKING

import pytest

from supportd.engine import wire
from supportd.sdk.facts import QuietHours
from tests.support.world import ROOM, World
from tests.unit.engine.acting import Doing, do, question
from tests.unit.engine.telling import Teller

if TYPE_CHECKING:
    from supportd.sdk.ids import RoomId
    from supportd.store.open import SqlStore

pytestmark = pytest.mark.asyncio
ADMINS_ONLY = "Only the group's admins may give this command: ask one of them."


class Chats:
    """A world with an admin, a key member and a member, each in a chat with the bot."""

    def __init__(self, store: SqlStore) -> None:
        """Join the parts."""
        self.teller = Teller()
        self.doing = Doing()
        self.world = World(store, self.teller, self.doing)
        self.rooms: dict[str, RoomId] = {}

    async def begin(self, quiet: QuietHours | None = None) -> Chats:
        """Enter the people."""
        people = await self.world.begin(("Ann", {"admin"}), ("Bo", {"key_member"}), ("Cy", set()), quiet=quiet)
        for name, person in zip(("ann", "bo", "cy"), people, strict=True):
            self.rooms[name] = await self.world.direct(person)
        return self

    async def answers(self, name: str, text: str, *, verified: bool = True) -> list[str]:
        """Let somebody write to the bot; returns what it wrote back to them."""
        self.world.server.jobs.clear()
        await self.world.says(name, text, self.rooms[name], verified=verified)
        await self.world.settle()
        return [job.text for _, job in self.world.server.jobs if isinstance(job, wire.SendMessage) and job.room == self.rooms[name]]


async def test_an_admin_gives_commands_in_words(store: SqlStore) -> None:
    """What works in a terminal works in the admin's chat, and the journal says who did it without a name."""
    chats = await Chats(store).begin()

    off = await chats.answers("ann", "plugins off teller")
    on = await chats.answers("ann", "plugins on teller")
    value = await chats.answers("ann", 'settings set teller greeting "Good day"')

    assert [off, on] == [["teller is off now."], ["teller is on now."]]
    assert value == ['greeting for the group: not set → "Good day"']
    assert (await chats.world.journal())[0] == ("plugin", "changed", "It was on; turned to off by an admin.")


@pytest.mark.parametrize(
    "text", ["Settings set teller greeting Hi", "settings set teller greeting “Hi”.", "  SETTINGS set teller greeting 'Hi'"]
)
async def test_words_are_read_as_a_phone_types_them(sqlite_store: SqlStore, text: str) -> None:
    """A capital first letter, curly quotation marks and a full stop at the end change nothing."""
    chats = await Chats(sqlite_store).begin()

    assert await chats.answers("ann", text) == ['greeting for the group: not set → "Hi"']


@pytest.mark.parametrize("name", ["bo", "cy"])
@pytest.mark.parametrize("text", ["plugins", "plugins off teller", "people list", "journal 5", "settings show teller"])
async def test_others_are_told_who_may(sqlite_store: SqlStore, name: str, text: str) -> None:
    """A key member or member who writes a core command gets one sentence: who may give it; nothing is shown or changed."""
    chats = await Chats(sqlite_store).begin()

    assert await chats.answers(name, text) == [ADMINS_ONLY]
    assert (await chats.world.state("teller")).state == "on"


async def test_plugin_commands_are_for_those_they_name(sqlite_store: SqlStore) -> None:
    """Each command of a plugin says who may give it: anyone, key members (and admins), or admins."""
    chats = await Chats(sqlite_store).begin()

    found = {name: [await chats.answers(name, text) for text in ("rota", "rota set monday", "rota clear")] for name in ("ann", "bo", "cy")}

    no_key_member = ["Only key members may give this command: ask one of them."]
    assert found == {
        "ann": [["did rota"], ["did rota set"], ["did rota clear"]],
        "bo": [["did rota"], ["did rota set"], [ADMINS_ONLY]],
        "cy": [["did rota"], no_key_member, [ADMINS_ONLY]],
    }


@pytest.mark.parametrize("name", ["ann", "cy"])
async def test_unproven_words_never_act(sqlite_store: SqlStore, name: str) -> None:
    """A message whose author is not proven by keys is no command, whoever seems to have written it; plugins see it as unproven."""
    chats = await Chats(sqlite_store).begin()

    answered = [await chats.answers(name, text, verified=False) for text in ("plugins off teller", "rota")]

    assert answered == [[], []]
    assert (await chats.world.state("teller")).state == "on"
    assert chats.teller.given == []
    assert chats.teller.messages == ["plugins off teller", "rota"]


async def test_words_elsewhere_are_no_commands(sqlite_store: SqlStore) -> None:
    """In a room, and in somebody else's chat with the bot, an admin's command is only words."""
    chats = await Chats(sqlite_store).begin()

    await chats.world.says("ann", "plugins off teller", ROOM)
    await chats.world.says("ann", "plugins off teller", chats.rooms["cy"])
    await chats.world.settle()

    assert (await chats.world.state("teller")).state == "on"
    assert chats.teller.messages == ["plugins off teller"] * 2


@pytest.mark.parametrize(
    "text",
    [
        "People are kind",
        "people are kind",
        "settings? where",
        "journal of my week",
        "plugins, what are they",
        "hello",
        "don't",
        "",
        "preview x",
    ],
)
async def test_a_sentence_that_begins_like_a_command_is_none(sqlite_store: SqlStore, text: str) -> None:
    """Words that only begin like a command are left to the plugins, and nobody is corrected."""
    chats = await Chats(sqlite_store).begin()

    assert await chats.answers("ann", text) == []
    assert chats.teller.messages == [text]


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("plugins on", "I did not understand that. Write: plugins list, plugins on NAME"),
        ("plugins on nothing", "There is no plugin “nothing” here; see plugins list."),
        ("settings set teller hours many", "The value does not fit hours."),
        ("settings set teller hours 4 at deployment", "only the operator may change the deployment"),
        ("rota set", "Write: rota set DAY [WHO]"),
        (f"journal {'9' * 5000}", "journal NUMBER"),
    ],
)
async def test_unclear_words_get_one_sentence(sqlite_store: SqlStore, text: str, part: str) -> None:
    """A command that does not fit is answered with how to write it; nothing is changed and no plugin hears of it."""
    chats = await Chats(sqlite_store).begin()

    (answer,) = await chats.answers("ann", text)

    assert part in answer
    assert chats.teller.messages == []
    assert await chats.world.journal() == []


@pytest.mark.parametrize("verb", ["export", "forget"])
async def test_what_is_kept_about_somebody_stays_out_of_chats(sqlite_store: SqlStore, verb: str) -> None:
    """Export and forget are for the terminal: in a chat they are refused, also to an admin, and the answer holds nothing of it."""
    chats = await Chats(sqlite_store).begin()

    (answer,) = await chats.answers("ann", f"people {verb} Cy")

    assert "at the server only" in answer
    assert "cy:test" not in answer
    assert len((await chats.world.group()).people) == 3
    assert chats.teller.kept == "a number"


async def test_the_answer_comes_at_night_and_in_the_same_chat(sqlite_store: SqlStore) -> None:
    """Whoever asks is awake: the answer does not wait for the morning, and nobody else gets it."""
    chats = await Chats(sqlite_store).begin(quiet=QuietHours(time(17), time(7)))

    answered = await chats.answers("ann", "plugins list")

    assert answered[0].startswith("teller: on")
    assert [job.room for _, job in chats.world.server.jobs if isinstance(job, wire.SendMessage)] == [chats.rooms["ann"]]


async def test_the_same_message_acts_once(store: SqlStore) -> None:
    """A message that the homeserver delivers again is answered and carried out once."""
    chats = await Chats(store).begin()
    event = chats.world.incoming(wire.Said("people add Di"), "ann", chats.rooms["ann"])

    await chats.world.happens(event, event)
    await chats.world.happens(event)
    await chats.world.settle()

    assert chats.world.server.said() == ["Di is in the group's people now."]
    assert len(chats.teller.added) == 1


async def test_a_command_while_a_question_is_open_is_a_command(sqlite_store: SqlStore) -> None:
    """Somebody who was asked may still give commands; only words that are an answer answer."""
    chats = await Chats(sqlite_store).begin()
    ann = (await chats.world.group()).with_role("admin")[0].id
    await do(chats.world, chats.doing, question(ann))

    listed = await chats.answers("ann", "people list")
    await chats.answers("ann", "yes")

    assert len(listed) == 1
    assert chats.doing.names_heard() == ["AskAnswered"]


async def test_a_plugin_that_is_off_does_not_hear_its_commands(sqlite_store: SqlStore) -> None:
    """The command of a plugin that is off is only words, which other plugins may hear."""
    chats = await Chats(sqlite_store).begin()
    await chats.answers("ann", "plugins off teller")

    assert await chats.answers("cy", "rota") == []
    assert chats.doing.messages == ["rota"]
