"""What a thief of the disk sees, and what is left of somebody who was forgotten."""

from __future__ import annotations

import io
import sqlite3
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from supportd import logs
from supportd.engine import wire
from supportd.engine.records import JournalLine, NewPerson, NewRow, OpenAsk, Waiting
from supportd.sdk import effects as fx
from supportd.sdk.ask import NO, YES, Ask, Step
from supportd.sdk.events import MessagePosted
from supportd.sdk.facts import Address, GroupStyle, Relation, Signpost
from supportd.sdk.ids import EventId, GroupId, PersonId, RoomId, UserId
from supportd.sdk.rooms import RoomSpec

if TYPE_CHECKING:
    from pathlib import Path

    from supportd.engine.unit import UnitOfWork
    from supportd.store.open import SqlStore
    from tests.support.postgres import PostgresServer
    from tests.unit.store.conftest import Opening

pytestmark = pytest.mark.asyncio

NOW = datetime(2026, 11, 2, 18, 0, tzinfo=UTC)
GROUP = GroupId("roses")
#: Twenty planted names, words and addresses; each stands somewhere that has to be sealed.
CANARIES = tuple(f"canary{n:02d}word" for n in range(20))
#: In other people's words: they stay when she is forgotten, her name beside them does not.
BESIDE = CANARIES[6]
HERS = tuple(one for one in CANARIES[:12] if one != BESIDE)


def plant(uow: UnitOfWork) -> PersonId:
    """Put every canary where such words rest; returns the person whom the first twelve are about."""
    word = iter(CANARIES)
    uow.groups.add(GROUP, GroupStyle(name=CANARIES[12]), NOW)
    rose = uow.people.add(GROUP, NewPerson(user=UserId(f"@{next(word)}:test"), name=next(word), roles=frozenset({"member"})), NOW)
    bo = uow.people.add(GROUP, NewPerson(user=UserId(f"@{CANARIES[13]}:test"), name=CANARIES[14], roles=frozenset({"member"})), NOW)
    for kind in ("mail", "post", "phone"):
        uow.people.add_address(Address(rose, kind, next(word)))
    uow.people.add_relation(Relation(rose, bo, "buddy"))
    room = RoomId("!direct:test")
    uow.rooms.add(room, GROUP, f"direct:{rose}", RoomSpec(name=CANARIES[15], kind="direct"), rose, "supportd", NOW)
    uow.rooms.set_membership(room, rose, "join", NOW)
    head = {"group": GROUP, "plugin": "welcome", "account": "reader", "lane": "x", "priority": 1, "not_before": NOW}
    uow.outbox.add(NewRow(id="one", effect=fx.PostDirect(to=rose, text=next(word)), person=rose, **head), NOW)  # type: ignore[arg-type]
    about_her = fx.PostMessage(room=room, text=f"{next(word)} {CANARIES[1]}")
    uow.outbox.add(NewRow(id="two", effect=about_her, **head), NOW)  # type: ignore[arg-type]
    uow.outbox.add(NewRow(id="three", effect=fx.PostDirect(to=bo, text=CANARIES[16]), person=bo, **{**head, "lane": "y"}), NOW)  # type: ignore[arg-type]
    said = MessagePosted(id=EventId("$1"), group=GROUP, at=NOW, room=room, author=rose, text=next(word))
    uow.inbox.put(Waiting(id="w1", group=GROUP, plugin="welcome", event=said, attempts=1), None, NOW, NOW)
    raw = wire.Incoming(EventId("$2"), room, NOW, UserId(f"@{CANARIES[0]}:test"), wire.Said(next(word)), verified=True)
    uow.inbox.put(Waiting(id="w2", group=None, plugin=None, event=raw, attempts=0), room, NOW, NOW)
    question = Ask(key=rose, question=f"{next(word)} {CANARIES[1]}", answers=(YES, NO), steps=(Step(to=(bo,), until=NOW),))
    uow.asks.open(OpenAsk(id="a1", group=GROUP, plugin="welcome", ask=question, step=0), NOW)
    told = Ask(key="k", question=f"About {rose}", steps=(Step(to=(bo,), until=NOW),), told=next(word))
    uow.asks.open(OpenAsk(id="a2", group=GROUP, plugin="welcome", ask=told, step=0), NOW)
    uow.outbox.add(NewRow(id="four", effect=fx.PostDirect(to=rose, text=next(word)), person=rose, **head), NOW)  # type: ignore[arg-type]
    uow.groups.add_signpost(GROUP, Signpost("crisis", CANARIES[17], CANARIES[18]))
    uow.settings.change(GROUP, "welcome", "", "greeting", f'"{CANARIES[19]}"', NOW, "terminal")
    uow.marks.apply([wire.AsideMark("x", "ValueError", CANARIES[19].encode())], NOW)
    uow.journal.add(JournalLine(group=GROUP, plugin="welcome", at=NOW, kind="PostDirect", outcome="accepted"))
    return rose


def found_in(data: bytes) -> list[str]:
    """Return the canaries that stand in ``data``, as UTF-8 or UTF-16."""
    return [one for one in CANARIES if one.encode() in data or one.encode("utf-16-le") in data]


@pytest.mark.parametrize("cipher", [True, False], ids=["whole file sealed", "columns only"])
async def test_stolen_sqlite_disk_shows_nothing(tmp_path: Path, cipher: bool, opening: Opening) -> None:  # noqa: FBT001 - a parameter of the test
    """All files of the store (database, log, index, lock, reserve) hold 0 of 20 planted names and words, while it is open and after."""
    store = await opening(f"sqlite:///{tmp_path}/supportd.db", cipher=cipher)
    await store.transact(plant)

    open_files = b"".join(path.read_bytes() for path in sorted(tmp_path.iterdir()))
    await store.close()
    closed_files = b"".join(path.read_bytes() for path in sorted(tmp_path.iterdir()))

    print(f"\nstolen disk, sqlite, cipher={cipher}: {len(found_in(open_files + closed_files))} of {len(CANARIES)} canaries")
    assert found_in(open_files + closed_files) == []


async def test_stolen_postgresql_dump_shows_nothing(postgres: PostgresServer, postgres_database: str, opening: Opening) -> None:
    """Every column of every table, read as the database's owner, holds 0 of 20 planted names and words."""
    store = await opening(postgres_database)
    await store.transact(plant)

    tables = postgres.sql(postgres_database, "SELECT tablename FROM pg_tables WHERE schemaname = 'public'").split()
    dump = "".join(
        postgres.sql(postgres_database, f'SELECT x::text FROM "{name}" x')  # noqa: S608 - names of our own tables
        for name in tables
    )
    plain = bytes.fromhex("".join(_digits(part) for part in dump.split("\\x")[1:] if _even(part)))
    await store.close()

    print(f"\ndump, postgresql: {len(found_in(dump.encode() + plain))} of {len(CANARIES)} canaries in {len(tables)} tables")
    assert len(tables) > 20
    assert found_in(dump.encode()) == []
    assert found_in(plain) == []


def _digits(part: str) -> str:
    return part.partition('"')[0].partition(",")[0].rstrip(")")


def _even(part: str) -> bool:
    word = _digits(part)
    return len(word) % 2 == 0 and all(sign in "0123456789abcdef" for sign in word)


async def test_forgetting_leaves_nothing_of_a_person_in_any_file(tmp_path: Path, opening: Opening) -> None:
    """After forgetting and scrubbing, no sealed byte that was about her is in database or log, and what waits names her nowhere."""
    path = tmp_path / "supportd.db"
    store = await opening(f"sqlite:///{path}", cipher=False)
    rose = await store.transact(plant)
    await store.scrub()
    sealed = _sealed_about(path, rose)
    before = b"".join(one.read_bytes() for one in sorted(tmp_path.iterdir()))

    await store.forget(rose)

    after = b"".join(one.read_bytes() for one in sorted(tmp_path.iterdir()))
    assert len(sealed) >= 10
    assert all(one in before for one in sealed)
    assert [one for one in sealed if one in after] == []
    assert rose.encode() not in after.replace(f"direct:{rose}".encode(), b"")
    assert await _readable(store) & set(HERS) == set()
    assert {BESIDE, CANARIES[16]} <= await _readable(store)
    assert await store.read(lambda uow: uow.people.export(rose)) == {}
    await store.close()


async def test_forgetting_works_on_either_database(url: str, opening: Opening) -> None:
    """On either database what can be opened with the host key afterwards is nothing of hers; somebody who comes back is new."""
    store = await opening(url)
    rose = await store.transact(plant)
    everything = await _readable(store)

    await store.forget(rose)
    again = await store.transact(
        lambda uow: uow.people.add(GROUP, NewPerson(user=UserId(f"@{CANARIES[0]}:test"), name="R", roles=frozenset({"member"})), NOW)
    )

    assert len(everything & set(HERS)) >= 7
    assert (await _readable(store)) & set(HERS[1:]) == set()
    assert again != rose
    await store.close()


async def test_logs_of_all_this_hold_no_canary(tmp_path: Path, opening: Opening) -> None:
    """Planting, tidying, forgetting and failing leave no planted word in the log."""
    stream = io.StringIO()
    logs.configure(stream)
    try:
        store = await opening(f"sqlite:///{tmp_path}/supportd.db")
        rose = await store.transact(plant)
        with pytest.raises(LookupError):
            await store.transact(lambda _uow: (_ for _ in ()).throw(LookupError(CANARIES[0])))
        await store.transact(lambda uow: uow.tidy(NOW + timedelta(days=8)))
        await store.forget(rose)
        await store.close()
    finally:
        logs.configure()

    assert "store.migrated" in stream.getvalue()
    assert found_in(stream.getvalue().encode()) == []


async def test_words_are_swept_after_seven_days(url: str, opening: Opening) -> None:
    """What could not be delivered or handled in seven days is wiped; a question of the bot's own, unanswered, after thirty."""
    store = await opening(url)
    await store.transact(plant)

    kept = await store.transact(lambda uow: uow.tidy(NOW + timedelta(days=6)))
    touched = await store.transact(lambda uow: uow.tidy(NOW + timedelta(days=7, seconds=1)))

    assert kept == []
    assert set(touched) == {"outbox", "inbox", "aside"}
    assert await store.read(lambda uow: uow.outbox.counts()) == {"refused": 4}
    assert "asks" in await store.transact(lambda uow: uow.tidy(NOW + timedelta(days=31)))
    assert (await _readable(store)) & {*HERS[5:], BESIDE} == set()
    await store.close()


async def _readable(store: SqlStore) -> set[str]:
    """Return the canaries that somebody with the host key can still read through our own doors."""

    def work(uow: UnitOfWork) -> str:
        now = NOW + timedelta(days=8)
        group = uow.groups.facts(GROUP, NOW)
        claimed = uow.outbox.claim(now, 100, ())
        waiting = uow.inbox.due(now)
        roomless = uow.inbox.for_room(RoomId("!direct:test"))
        asks = [uow.asks.by_id(id_) for id_ in ("a1", "a2")]
        users = [uow.people.user_of(one.id) for one in group.people]
        addresses = [address.value for one in group.people for address in uow.people.addresses(one.id)]
        texts = [getattr(row.effect, "text", "") for row in claimed] + [one.ask.question + one.ask.told for one in asks if one]
        events = [_text_of(one.event) for one in (*roomless, waiting) if one]
        found = " ".join(map(str, [*(one.name for one in group.people), *users, *addresses, *texts, *events]))
        raise _Seen(found)

    try:
        await store.transact(work)
    except _Seen as seen:
        return {one for one in CANARIES if one in seen.args[0]}
    raise AssertionError


def _text_of(event: object) -> str:
    """Return what somebody said in an event, as a plugin or as the homeserver knows it."""
    return str(getattr(event, "text", "") or getattr(getattr(event, "content", None), "text", ""))


class _Seen(Exception):
    """Carries what was read out of a transaction that is undone by it."""


def _sealed_about(path: Path, rose: PersonId) -> list[bytes]:
    """Return the sealed bytes that are about her, as they lie in the file."""
    with sqlite3.connect(path) as connection:
        queries = (
            ("SELECT key, matrix_id, name, profile FROM persons WHERE id = ?", (rose,)),
            ("SELECT value FROM addresses WHERE person_id = ?", (rose,)),
            ("SELECT effect FROM outbox WHERE id IN ('one', 'two', 'four')", ()),
            ("SELECT event FROM inbox", ()),
            ("SELECT ask FROM asks", ()),
        )
        found = [bytes(cell) for query, values in queries for row in connection.execute(query, values) for cell in row if cell]
    connection.close()
    # A long value is cut over pages, so its first bytes (version, nonce, some ciphertext) stand for it.
    return [one[:40] for one in found]
