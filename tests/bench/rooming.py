"""Rooms: seconds until one can be spoken in, until a panic has shut all of a group's, and what many at once cost."""

from __future__ import annotations

import asyncio
from time import perf_counter
from typing import TYPE_CHECKING

from supportd.matrix.http import path
from tests.bench.company import PATIENCE, company, until
from tests.bench.figures import line, load, several
from tests.bench.stage import stage
from tests.support.reading import heard

if TYPE_CHECKING:
    from supportd.matrix.member import Member
    from tests.bench.company import Company
    from tests.bench.options import Options

#: One in so many of the answers that were asked for: a room costs more than an answer.
EACH = 10
#: Members invite at 100 while a group is shut, else at less.
SHUT = 100
#: What the bot says in each room when the group is shut, and what it asks before it opens again.
SAID = "The group is shut for a while"
OPEN = "Is all well?"
_AIM = "median 2,000 ms"


async def measure(options: Options) -> None:
    """Let people ask for rooms, one after the other, a floor room between each two; then panic."""
    times = max(2, options.count // EACH)
    async with stage() as place, place.daemon() as daemon, company(place) as here:
        ordered: list[float] = []
        floor: list[float] = []
        for number in range(times):
            ordered.append(await _ordered(here, number))
            floor.append(await _bare(here, number))
        print(
            line("a room from the command to its first encrypted message (floor: a client that makes one)", ordered, floor, aim=_AIM),
            flush=True,
        )
        asked, agreed = [], []
        for _ in range(times):
            whole, since = await _talk(here)
            asked.append(whole)
            agreed.append(since)
        print(line("a private talk from the ask to its first encrypted message, the key member says yes at once", asked, floor, aim=_AIM))
        print(line("  from the yes to its first encrypted message", agreed, floor), flush=True)
        shut = [await _panic(here) for _ in range(max(2, times // 4))]
        print(
            f"panic, from the word to the last of {here.shut} rooms shut and their members told: {several(shut, 2)} s (aim: 2 s);"
            f" memory of the daemon then {daemon.mib():.0f} MiB; {load()}"
        )


async def _ordered(here: Company, number: int) -> float:
    """Return the milliseconds of one room by command."""
    before = here.rooms_of(here.ann)
    started = perf_counter()
    await here.place.say("rooms", "create", "small_circle", f"Round {number}", "Ann,Tom")
    return await _spoken(here, before, started)


async def _spoken(here: Company, before: set[str], started: float) -> float:
    """Let Ann say the first words; afterwards Tom is in too, so that the next measurement begins from rest."""
    took = await _first_words(here, here.ann, before, started)
    await until(lambda: (here.rooms_of(here.ann) - before) <= here.rooms_of(here.tom))
    return took


async def _first_words(here: Company, one: Member, before: set[str], started: float) -> float:
    await until(lambda: here.rooms_of(one) - before)
    await one.say(next(iter(here.rooms_of(one) - before)), "the first words in here")
    return (perf_counter() - started) * 1000


async def _bare(here: Company, number: int) -> float:
    """Return the milliseconds of a room that Ann's own client makes for herself and Tom, with the same encryption."""
    before = here.rooms_of(here.ann)
    started = perf_counter()
    state: list[dict[str, object]] = [{"type": "m.room.encryption", "state_key": "", "content": {"algorithm": "m.megolm.v1.aes-sha2"}}]
    body = {"preset": "private_chat", "name": f"floor {number}", "invite": [here.tom.user_id], "initial_state": state}
    made = await here.ann.api.post(path("createRoom"), body)
    here.entered(here.ann, str(made["room_id"]))
    return await _spoken(here, before, started)


async def _talk(here: Company) -> tuple[float, float]:
    """Return the milliseconds of a private talk, from the wish and from the yes; afterwards both have left it."""
    tom, words = here.tom, "would like to talk"
    before, asked = here.rooms_of(tom), {seen.event for one in here.key_members for seen in heard(one, words)}
    started = perf_counter()
    await tom.say(heard(tom, "Hello")[0].room, "talk")
    await until(lambda: any(seen.event not in asked for one in here.key_members for seen in heard(one, words)))
    helper = next(one for one in here.key_members for seen in heard(one, words) if seen.event not in asked)
    agreed = perf_counter()
    await helper.say(heard(helper, words)[-1].room, "yes")
    whole = await _first_words(here, tom, before, started)
    since = whole - (agreed - started) * 1000
    room = next(iter(here.rooms_of(tom) - before))
    await until(lambda: room in here.rooms_of(helper))
    for one in (tom, helper):
        await one.leave(room)
    async with asyncio.timeout(PATIENCE):
        # Before the daemon knows of it the next wish to talk is answered: you two have a room already.
        while any(row["template"] == "talk" and row["people"] for row in (await here.place.say("rooms", "list"))["rooms"]):  # noqa: ASYNC110 - it has no event for us
            await asyncio.sleep(0.1)
    return whole, since


async def _panic(here: Company) -> float:
    """Return the seconds of one panic; afterwards two have opened the group again."""
    ann, said = here.ann, len(heard(here.ann, SAID))
    before = {room: await _invites_at(ann, room) for room in here.rooms_of(ann)}
    # Direct chats and rooms of people's own keep their levels; in a panic nobody but the bot may invite to the others.
    rooms = [room for room, level in before.items() if level < SHUT and await _watched(here, room)]
    circle = next(room for room in rooms if room in here.rooms_of(here.sam))
    started = perf_counter()
    await ann.say(circle, "panic")
    for room in rooms:
        await _level(ann, room, SHUT)
    ended = await until(lambda: len(heard(ann, SAID)) - said >= len(rooms))
    asked = {one.user_id: len(heard(one, OPEN)) for one in here.key_members}
    await here.place.say("open", "again")
    for one in here.key_members:
        await _agree(one, asked[one.user_id])
    for room in rooms:
        await _level(ann, room, before[room])
    here.shut = len(rooms)
    return ended - started


async def _agree(one: Member, before: int) -> None:
    await until(lambda: len(heard(one, OPEN)) > before)
    await one.say(heard(one, OPEN)[-1].room, "yes")


async def _watched(here: Company, room: str) -> bool:
    """Tell whether the bot's doorkeeper is in a room."""
    joined = await here.ann.api.get(path("rooms", room, "joined_members"))
    return f"@helper-door:{here.place.synapse.server_name}" in joined["joined"]


async def _level(one: Member, room: str, level: int) -> None:
    """Wait until somebody's own client knows of this level for inviting; to ask the homeserver for it would keep it busy."""
    await until(lambda: int((one.rooms.of(room).power or {}).get("invite", 0)) == level)


async def _invites_at(one: Member, room: str) -> int:
    found = await one.api.get(path("rooms", room, "state", "m.room.power_levels", ""))
    return int(found.get("invite", 0))
