"""A strict third-party client is a member: it reads the bot without a warning, and the bot reads it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import pytest_asyncio

from tests.acceptance.test_operator import Installation, _numbers
from tests.support.strict import Strict

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from supportd.demo.synapse import Synapse

pytestmark = [pytest.mark.asyncio, pytest.mark.synapse, pytest.mark.slow]

PASSWORD = "pw"


class Group:
    """A running installation, and members with strict clients."""

    def __init__(self, place: Installation) -> None:
        """Take the installation."""
        self.place = place
        self.people: list[Strict] = []

    async def member(self, name: str) -> Strict:
        """Enter somebody with a strict client and return them, in the space and the circle."""
        synapse = self.place.synapse
        login = await synapse.register(f"{name}-{self.place.number}", PASSWORD, device_id="STRICT")
        strict = await Strict.start(synapse.base_url, login, PASSWORD)
        self.people.append(strict)
        await self.place.data("people", "add", name, login.user_id)
        await strict.join_all(2)
        return strict


@pytest_asyncio.fixture
async def group(synapse: Synapse, tmp_path: Path) -> AsyncIterator[Group]:
    """Yield a group whose rooms are made, with Tom in it, and the plugin welcome on."""
    place = Installation(synapse, tmp_path, next(_numbers))
    status, output = await place.init("--accounts-file", str(await place.accounts(tmp_path)))
    assert status == 0, output
    await place.daemon.start()
    await place.data("plugins", "on", "confidential_rooms")
    one = Group(place)
    yield one
    for strict in one.people:
        await strict.close()
    await place.daemon.stop()


def by_bot(messages: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the bot's readable messages."""
    return [one for one in messages if "reader-" in one["sender"] and one["text"]]


async def test_a_strict_client_reads_the_bot_and_is_read(group: Group) -> None:
    """The greeting is encrypted and shows no shield; the newcomer's own yes, said in words, is understood and the room hears of it."""
    tom = await group.member("Tom")
    await group.place.data("plugins", "on", "welcome")
    await group.place.data("settings", "set", "welcome", "delay_minutes", "0")
    karim = await group.member("Karim")

    await karim.join_all(1)
    told = by_bot(await karim.until(lambda messages: len(by_bot(messages)) >= 2))
    await karim.ask("say", room=told[0]["room"], text="yes")
    introduced = by_bot(await tom.until(by_bot))

    assert "Hello Karim" in told[0]["text"]
    assert all(one["encrypted"] and one["shield"] == 0 for one in [*told, *introduced])
    assert "Karim is new here" in introduced[0]["text"]
    assert [one for one in await karim.messages() if one["text"] is None] == []


async def test_later_joiners_and_leavers_read_nothing_of_the_others_time(group: Group) -> None:
    """Who joins later reads nothing earlier, who left reads nothing later, in a client of somebody else's making."""
    tom, mei = await group.member("Tom"), await group.member("Mei")
    room = (await _common(tom, mei))[0]
    await tom.ask("say", room=room, text="before Karim")
    await mei.until(lambda messages: any(one["text"] == "before Karim" for one in messages))

    karim = await group.member("Karim")
    await mei.ask("leave", room=room)
    await tom.ask("say", room=room, text="after Mei")
    heard = await karim.until(lambda messages: any(one["text"] == "after Mei" for one in messages))

    assert not any(one["text"] == "before Karim" for one in heard)
    assert not any(one["text"] == "after Mei" for one in await mei.messages())


async def _common(*people: Strict) -> list[str]:
    """Return the encrypted rooms all of them are in."""
    rooms = [set(await one.ask("joined")) for one in people]
    return sorted(set.intersection(*rooms))
