"""People of several groups who talk, edit, react, take back, leave and return."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import dataclass, field
from random import Random
from typing import TYPE_CHECKING, TypeVar

from supportd.matrix.errors import ServerAway
from supportd.matrix.http import path
from tests.bench.stage import PASSWORD
from tests.bench.words import ASKED, OURS

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from supportd.matrix.member import Member
    from tests.bench.stage import Stage

T = TypeVar("T")

#: People of a group beside the one who runs it.
PEOPLE = 4
#: What one group does in an hour.
MESSAGES = 8
_TRIES = 5
_PATIENCE = 60.0


@dataclass
class Group:
    """One group: the person who runs it, the others, and its encrypted room."""

    name: str
    host: Member
    people: list[Member]
    circle: str = ""
    chance: Random = field(default_factory=lambda: Random(1))  # noqa: S311 - the same day each time

    @property
    def everybody(self) -> list[Member]:
        """All of them."""
        return [self.host, *self.people]


class Village:
    """The groups, and how much has happened."""

    def __init__(self, place: Stage) -> None:
        """Nobody lives here yet."""
        self.place = place
        self.groups: list[Group] = []
        self.done: Counter[str] = Counter()
        self.keys: set[str] = set()

    async def settle(self, names: list[str]) -> None:
        """Enter everybody, turn the plugins on and let people into their rooms; the daemon runs."""
        for number, name in enumerate(names):
            host = self.place.ann if number == 0 else await self._newcomer(f"host{number}")
            group = Group(name, host, [await self._newcomer(f"m{number}x{one}") for one in range(PEOPLE)], chance=Random(number))  # noqa: S311 - as above
            if number:
                await self.place.say("people", "add", "Host", host.user_id, "key_member", group=name)
            for one, member in enumerate(group.people):
                await self.place.say("people", "add", f"M{one}", member.user_id, group=name)
            for plugin in ("confidential_rooms", "welcome", "hide", "echo"):
                await self.place.say("plugins", "on", plugin, group=name)
            await self.place.say("settings", "set", "welcome", "delay_minutes", "0", group=name)
            self.groups.append(group)
        for group in self.groups:
            await self._enter(group)

    async def hour(self, number: int) -> None:
        """Let all groups live for an hour, side by side."""
        await asyncio.gather(*(self._hour(group, number) for group in self.groups))

    async def _hour(self, group: Group, number: int) -> None:
        said: list[tuple[Member, str]] = []
        for turn in range(MESSAGES):
            who = group.chance.choice(group.everybody)
            await _patiently(who.sync_once)
            if turn % 2 == 0:
                # As after somebody left, or a day: the next message comes with a new key.
                who.sharing.discard([group.circle])
            said.append((who, await self._say(group, who, f"hour {number}, words {turn} of an ordinary length")))
        author, event = group.chance.choice(said)
        await self._count("edits", lambda: author.edit(group.circle, event, f"hour {number}, better words"))
        for key in ("👍", "❤️"):
            await self._count("reactions", lambda key=key: group.host.react(group.circle, said[0][1], key))  # type: ignore[misc]
        author, event = said[-1]
        await self._count("taken back", lambda: author.redact(group.circle, event))
        if number % 3 == 0:
            await self._leave_and_return(group, group.chance.choice(group.people))
        await self._bot_is_there(group, number)

    async def _bot_is_there(self, group: Group, number: int) -> None:
        """Ask the bot something and let it hide something; whoever is not served counts as missed."""
        await _patiently(group.host.sync_once)
        question = f"{ASKED} {group.name} {number}"
        await self._say(group, group.host, question)
        flagged = await self._say(group, group.host, f"hour {number}, {OURS}")
        try:
            await group.host.wait_for(
                lambda host: flagged in host.redacted and any(seen.text == f"echo {question}" for seen in host.timeline[-20:]), _PATIENCE
            )
        except TimeoutError:
            self.done["missed by the bot"] += 1
        else:
            self.done["answered and hidden"] += 1

    async def _leave_and_return(self, group: Group, who: Member) -> None:
        await self._count("leaves", lambda: who.leave(group.circle))
        await _patiently(lambda: group.host.api.post(path("rooms", group.circle, "invite"), {"user_id": who.user_id}))
        await self._count("joins", lambda: who.join(group.circle))
        await _patiently(who.sync_once)

    async def _say(self, group: Group, who: Member, text: str) -> str:
        event = await _patiently(lambda: who.say(group.circle, text))
        self.keys.add(who.machine.olm.outbound_group_sessions[group.circle].id)
        self.done["messages"] += 1
        return event

    async def _count(self, name: str, work: Callable[[], Awaitable[object]]) -> None:
        await _patiently(work)
        self.done[name] += 1

    async def _newcomer(self, name: str) -> Member:
        return await self.place.member(await self.place.synapse.register(name, PASSWORD, device_id=name.upper()))

    async def _enter(self, group: Group) -> None:
        for member in group.everybody:
            await member.wait_for(lambda one: len(one.invites) >= 2, _PATIENCE)
            for room in list(member.invites):
                await member.join(room)
                self.done["joins"] += 1
            await member.wait_for(lambda one: any(state.encrypted and one.user_id in state.joined for state in one.rooms.known.values()))
        group.circle = next(room for room, state in group.host.rooms.known.items() if state.encrypted)
        # The greetings come in chats of two.
        for member in group.people:
            await member.sync_once(0.5)
            for room in list(member.invites):
                await member.join(room)


async def _patiently(work: Callable[[], Awaitable[T]]) -> T:
    """Do ``work``, again where a connection broke off."""
    for _ in range(_TRIES - 1):
        try:
            return await work()
        except ServerAway:
            await asyncio.sleep(0.3)
    return await work()
