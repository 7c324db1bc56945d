"""The process that is killed: engine and store over one evening, forked from a zygote that has imported everything."""

from __future__ import annotations

import asyncio
import json
import os
import sys
import traceback
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from multiprocessing.connection import Client
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from supportd import logs
from supportd.engine import wire
from supportd.engine.dispatch import Dispatcher
from supportd.engine.engine import Engine
from supportd.engine.pump import Pump
from supportd.engine.records import NewPerson, PluginStatus
from supportd.engine.results import Results
from supportd.engine.retry import settled
from supportd.engine.words.route import give
from supportd.sdk.facts import GroupStyle
from supportd.sdk.ids import GroupId, PersonId, UserId
from supportd.sdk.rooms import RoomSpec
from supportd.sdk.store import create_all
from supportd.store.open import SqlStore, open_store
from tests.crash.plays import PLAYS
from tests.crash.scripted import MAIN, START, Synced
from tests.support import crashpoints
from tests.support.plugins import NoAssessor, SmallPlugins

if TYPE_CHECKING:
    from datetime import datetime

    from supportd.engine.unit import OutboxRow, UnitOfWork
    from tests.crash.plays import Play

GROUP = GroupId("roses")
HOST_KEY = b"k" * 32
OURS = (UserId("@creator:test"), UserId("@doorkeeper:test"), UserId("@reader:test"))


@dataclass
class ParentsClock:
    """The time is what the last sync said."""

    moment: datetime = START

    def now(self) -> datetime:
        """Return it."""
        return self.moment


class ParentsHomeserver:
    """The scripted homeserver, over a socket; before and after each call the process may be killed."""

    def __init__(self, path: str) -> None:
        """Connect."""
        self._connection = Client(path, "AF_UNIX")

    def call(self, name: str, *arguments: object) -> Any:
        """Ask and wait for the answer."""
        kind = type(arguments[1]).__name__ if len(arguments) > 1 else name
        crashpoints.network_point(f"send {kind}")
        self._connection.send((name, arguments))
        answer = self._connection.recv()
        crashpoints.network_point(f"sent {kind}")
        return answer

    async def perform(self, account: wire.Account, job: wire.Job) -> wire.Outcome:
        """Do a job."""
        return cast("wire.Outcome", self.call("perform", account, job))


async def prepare(url: str, play: Play) -> None:
    """Make a store with a group, two key members and the plugins, before the evening."""
    store = await open_store(url, host_key=HOST_KEY)

    def work(uow: UnitOfWork) -> None:
        uow.groups.add(GROUP, GroupStyle(name="Roses", zone="UTC"), START)
        key_members: list[PersonId] = []
        # One after the other: people who are added at the same instant have no order, and their turn would be a matter of chance.
        for turn, name in enumerate(("Ann", "Ed")):
            person = NewPerson(user=UserId(f"@{name.lower()}:test"), name=name, roles=frozenset({"member", "key_member", "admin"}))
            key_members.append(uow.people.add(GROUP, person, START + timedelta(microseconds=turn)))
        uow.rooms.add(MAIN, GROUP, play.room, RoomSpec(name=play.room), None, "supportd", START)
        for one in key_members:
            uow.rooms.set_membership(MAIN, one, "join", START)
        uow.states.set(GROUP, PluginStatus(plugin=play.plugins[0].name, state="on"), START)

    for plugin in play.plugins:
        if (tables := plugin.tables) is not None:
            await store.database.reshape(partial(create_all, tables=tables))
    await store.transact(work)
    await store.close()


async def migrate(order: dict[str, Any]) -> None:
    """Open an empty store, which makes all its tables, and die at the boundary ``kill``."""
    points = crashpoints.install(order["kill"] or 10**9)
    store = await open_store(order["url"], host_key=HOST_KEY, cipher=False)
    Path(order["out"]).write_text(json.dumps(points.names), encoding="utf-8")
    await store.close()


def make_engine(store: SqlStore, server: ParentsHomeserver, clock: ParentsClock, play: Play) -> Engine:
    """Join the parts."""
    dispatcher = Dispatcher(SmallPlugins(*(plugin() for plugin in play.plugins)))
    results = Results(dispatcher, OURS)
    pump = Pump(store, server, results, clock, server="test")
    return Engine(store, dispatcher, results, pump, NoAssessor(), clock, ours=OURS)


async def evening(url: str, path: str, play: Play) -> dict[str, object]:
    """Go on with the evening until it is over; returns what the store holds then."""
    store = await open_store(url, host_key=HOST_KEY)
    server, clock = ParentsHomeserver(path), ParentsClock()
    engine = make_engine(store, server, clock, play)
    started = False
    while True:
        synced = cast("Synced", server.call("sync", await engine.token("reader")))
        clock.moment = synced.now
        if not started:
            started = True
            await engine.pump.recover()
        for id_, words in synced.commands:
            await _command(store, engine, id_, words)
            server.call("answered", id_)
        if synced.events or synced.echoes:
            await engine.accept(wire.SyncBatch(synced.events, (*synced.echoes, wire.TokenMark("reader", synced.token))))
        while await engine.pump.once() + await engine.due():
            pass
        if synced.over:
            break
    found = await store.read(partial(_left, play=play))
    await store.close()
    return found


async def _command(store: SqlStore, engine: Engine, id_: str, words: tuple[str, ...]) -> None:
    now = engine.clock.now()
    await settled(store, lambda uow: give(uow, engine.dispatcher, group=GROUP, words=words, id_=id_, now=now))


def _left(uow: UnitOfWork, play: Play) -> dict[str, object]:
    """Return what must be the same with and without a kill."""
    group = uow.groups.facts(GROUP, START)
    names: dict[str, str] = {one.id: one.name for one in group.people}
    return {
        "people": sorted(names.values()),
        "rooms": sorted(one.key.replace(one.direct_with or "-", names.get(one.direct_with or "", "-")) for one in group.rooms),
        "inside": sorted((room.key, names[one]) for room in group.rooms for one in room.joined if room.direct_with is None),
        "strangers": sorted((room.key, one.shown, one.inside) for room in group.rooms for one in room.strangers),
        "rows": play.kept(uow, GROUP, names),
        "outbox": dict(uow.outbox.counts()),
        "settings": len(uow.settings.history(GROUP, play.plugins[0].name, 100)),
        "cases": len(group.cases),
        "journal": sorted(f"{one.plugin} {one.kind} {one.outcome}" for one in uow.journal.last(GROUP, 1000)),
        "intact": uow.journal.intact(GROUP),
        "timers": uow.timers.next_due() is None,
        "inbox": uow.inbox.next_due() is None,
    }


def _token_first() -> None:
    """Break the engine: the marks are committed before the events."""
    accept = Engine.accept

    async def broken(self: Engine, batch: wire.SyncBatch) -> None:
        await accept(self, wire.SyncBatch((), batch.marks))
        await accept(self, wire.SyncBatch(batch.incoming, ()))

    Engine.accept = broken  # type: ignore[method-assign]  # broken on purpose


def _done_first() -> None:
    """Break the pump: a row is marked done before it is sent."""
    perform = Pump._perform

    async def broken(self: Pump, row: OutboxRow, steps: tuple[wire.Job, ...]) -> wire.Outcome:
        if isinstance(steps[0], wire.SendMessage):
            await settled(self.store, lambda uow: uow.outbox.done(row.id, self.clock.now(), None))
        return await perform(self, row, steps)

    Pump._perform = broken  # type: ignore[method-assign]  # broken on purpose


def _own_ids() -> None:
    """Break the homeserver's door: each try has a transaction id of its own."""
    perform = ParentsHomeserver.perform

    async def broken(self: ParentsHomeserver, account: wire.Account, job: wire.Job) -> wire.Outcome:
        if isinstance(job, wire.SendMessage):
            job = replace(job, transaction=os.urandom(8).hex())
        return await perform(self, account, job)

    ParentsHomeserver.perform = broken  # type: ignore[method-assign]  # broken on purpose


#: Ways to break our own code on purpose, to see that the comparison finds it.
BROKEN = {"token first": _token_first, "done first": _done_first, "own ids": _own_ids}


def run(order: dict[str, Any]) -> None:
    """Do one run in this fresh process: with ``kill`` until that boundary, without to the end; results go to ``out``."""
    logs.silence()
    BROKEN.get(order.get("broken", ""), lambda: None)()
    play = PLAYS[order.get("play", "evening")]
    if order.get("migrate"):
        asyncio.run(migrate(order))
        return
    if order.get("prepare"):
        asyncio.run(prepare(order["url"], play))
        return
    points = crashpoints.install(order["kill"] or 10**9)
    found = asyncio.run(evening(order["url"], order["socket"], play))
    Path(order["out"]).write_text(json.dumps({"left": found, "points": points.names}), encoding="utf-8")


def main() -> None:
    """Fork one child for each line of orders, and answer with how it ended."""
    for line in sys.stdin:
        pid = os.fork()
        if pid == 0:
            code = 1
            try:
                run(json.loads(line))
                code = 0
            except BaseException:  # noqa: BLE001 - a forked child must end here, whatever happened
                traceback.print_exc()
            finally:
                sys.stderr.flush()
                os._exit(code)
        _, status = os.waitpid(pid, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)


if __name__ == "__main__":
    main()
