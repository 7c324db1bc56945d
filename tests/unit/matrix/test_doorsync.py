"""The doorkeeper's sync against a server that is only written down."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from supportd.engine import wire
from supportd.matrix import decode
from supportd.matrix.doorsync import FILTER, DoorSession
from supportd.matrix.errors import LoggedOut, MatrixError, Refused, ServerAway
from supportd.matrix.handover import Handover
from supportd.matrix.http import Api
from supportd.sdk.ids import RoomId

if TYPE_CHECKING:
    from collections.abc import Collection

    from supportd.engine.wire import Account

pytestmark = pytest.mark.asyncio

ROOM = "!room"
ACCOUNTS: dict[Account, str] = {"creator": "@creator:x", "doorkeeper": "@door:x", "reader": "@reader:x"}


class Inbox:
    """A fake inbox that keeps what it is given."""

    def __init__(self, at: str | None = "t0") -> None:
        """Begin at the token ``at``."""
        self.at = at
        self.incoming: list[wire.Incoming] = []
        self.marks: list[wire.Mark] = []

    async def token(self, account: wire.Account) -> str | None:
        """Return the committed token."""
        assert account == "doorkeeper"
        return self.at

    async def gaps(self) -> tuple[wire.GapMark, ...]:
        """Return nothing."""
        return ()

    async def parked(self, sessions: Collection[tuple[RoomId, str]] | None = None) -> tuple[wire.ParkMark, ...]:
        """Return nothing."""
        del sessions
        return ()

    async def accept(self, batch: wire.SyncBatch) -> None:
        """Keep it."""
        self.incoming += batch.incoming
        self.marks += batch.marks
        self.at = next((mark.token for mark in batch.marks if isinstance(mark, wire.TokenMark)), self.at)


class Server(Api):
    """A fake server: each sync meets the next of ``bodies``, each question about a room's state the next of ``states``."""

    def __init__(self, *bodies: dict[str, Any], states: list[Any] | None = None) -> None:
        """Answer with these, then sign out."""
        super().__init__("http://127.0.0.1:1")
        self.bodies, self.states = list(bodies), states or []
        self.asked: list[dict[str, str]] = []

    async def ask(self, method: str, where: str, body: object = None, **more: Any) -> Any:
        """Answer."""
        del method, body
        if where.endswith("/state"):
            found = self.states.pop(0)
            if isinstance(found, MatrixError):
                raise found
            return found
        if where.endswith("/members"):
            raise Refused(code="M_FORBIDDEN", http=403)
        if not where.endswith("/sync"):
            return {}
        if not self.bodies:
            raise LoggedOut(account="doorkeeper")
        self.asked.append(more["query"])
        return self.bodies.pop(0)


def event(name: str, kind: str, content: dict[str, Any], sender: str = "@ann:x", **more: Any) -> dict[str, Any]:
    """Return a raw event."""
    return {"event_id": f"${name}", "type": kind, "sender": sender, "origin_server_ts": 1_700_000_000_000, "content": content, **more}


def member(name: str, user: str, membership: str) -> dict[str, Any]:
    """Return a raw membership."""
    return event(name, "m.room.member", {"membership": membership}, user, state_key=user)


def said(name: str) -> dict[str, Any]:
    """Return a raw encrypted message."""
    return event(name, "m.room.encrypted", {"algorithm": "m.megolm.v1.aes-sha2", "ciphertext": "x"})


def sync(token: str, *timeline: dict[str, Any], state: tuple[dict[str, Any], ...] = (), kind: str = "join") -> dict[str, Any]:
    """Return a sync with one room."""
    return {"next_batch": token, "rooms": {kind: {ROOM: {"state": {"events": list(state)}, "timeline": {"events": list(timeline)}}}}}


CREATE = event("create", "m.room.create", {"room_version": "12", "org.supportd.marker": "circle"}, "@creator:x", state_key="")
LOWERED = (CREATE, member("d", "@door:x", "join"), member("a", "@ann:x", "join"))
RAISED = (*LOWERED, member("r", "@reader:x", "join"))


def session(server: Server, inbox: Inbox) -> DoorSession:
    """Return a session."""
    return DoorSession(server, inbox, ACCOUNTS, Handover())


def ids(inbox: Inbox) -> list[str]:
    """Return what was handed over."""
    return [one.id for one in inbox.incoming]


async def test_only_what_happens_without_the_reader_is_taken() -> None:
    """Within one sync: words before the reader left are the reader's, words after are overheard, until it is back."""
    timeline = [said("1"), member("r2", "@reader:x", "leave"), said("2"), member("r3", "@reader:x", "join"), said("3")]
    inbox = Inbox()
    door = session(Server(sync("t1", *timeline, state=RAISED)), inbox)

    await door.step()

    assert ids(inbox) == ["$2", "$r3"]
    assert door.readers == {ROOM}
    assert door.rooms.known == {}
    # The first sync also says in which rooms the account is.
    assert inbox.marks == [wire.HereMark("doorkeeper", frozenset({RoomId(ROOM)})), wire.TokenMark("doorkeeper", "t1")]


async def test_a_room_that_was_lowered_is_learned() -> None:
    """Nothing was kept of it, so its state is asked for; that is newer than the sync and must not hide what follows in the next."""
    left, back = member("r2", "@reader:x", "leave"), member("r3", "@reader:x", "join")
    server = Server(sync("t1", state=RAISED), sync("t2", left), sync("t3", said("1"), back, said("2")), states=[[*RAISED[:-1], back]])
    inbox = Inbox()
    door = session(server, inbox)

    for _step in range(3):
        await door.step()

    assert ids(inbox) == ["$1", "$r3"]
    seen = [mark.now.accounts for mark in inbox.marks if isinstance(mark, wire.RoomMark)]
    assert seen == [("doorkeeper",)]


async def test_what_failed_on_the_way_begins_anew() -> None:
    """The state cannot be had: nothing is acknowledged, and the same sync is read again with the whole state."""
    left = member("r2", "@reader:x", "leave")
    again = sync("t2", left, said("1"), state=RAISED)
    server, inbox = Server(sync("t1", state=RAISED), sync("t2", left, said("1")), again, states=[ServerAway()]), Inbox()
    door = session(server, inbox)

    await door.step()
    with pytest.raises(ServerAway):
        await door.step()
    unmoved = inbox.at
    await door.step()

    assert unmoved == "t1"
    assert [query.get("full_state") for query in server.asked] == ["true", None, "true"]
    assert ids(inbox) == ["$1"]
    assert ROOM in door.rooms.known


async def test_the_end_of_a_room_is_told_and_forgotten() -> None:
    """When the doorkeeper leaves last, a mark says that nobody of us is there, and nothing of the room is kept."""
    server, inbox = Server(sync("t1", state=LOWERED), sync("t2", member("d2", "@door:x", "leave"), kind="leave")), Inbox()
    door = session(server, inbox)

    await door.step()
    await door.step()

    seen = [mark.now.accounts for mark in inbox.marks if isinstance(mark, wire.RoomMark)]
    assert seen == [("doorkeeper",), ()]
    assert door.rooms.known == {}


async def test_who_was_there_first_comes_at_the_first_sync_only() -> None:
    """Memberships in a room's state are news before the first token and after our own coming, not after a restart."""
    first, later, come = Inbox(None), Inbox("t0"), Inbox("t0")
    ours = LOWERED[1]

    await session(Server(sync("t1", state=LOWERED)), first).step()
    await session(Server(sync("t1", state=LOWERED)), later).step()
    await session(Server(sync("t1", ours, state=(CREATE, LOWERED[2]))), come).step()

    assert [ids(one) for one in (first, later, come)] == [["$d", "$a"], [], ["$a", "$d"]]


async def test_what_raises_is_set_aside_without_its_words(monkeypatch: pytest.MonkeyPatch) -> None:
    """One event that cannot be taken apart stops nothing, and what stands in it is kept nowhere."""

    def overheard(room: str, one: dict[str, Any], previous: str | None = None) -> wire.Incoming | None:
        if one["event_id"] == "$bad":
            raise RuntimeError("unexpected")
        return decode.overheard(room, one, previous)

    monkeypatch.setattr("supportd.matrix.doorsync.overheard", overheard)
    inbox = Inbox()

    await session(Server(sync("t1", said("bad"), said("good"), state=LOWERED)), inbox).step()

    (aside,) = [mark for mark in inbox.marks if isinstance(mark, wire.AsideMark)]
    assert ids(inbox) == ["$good"]
    assert (aside.id, json.loads(aside.body)) == ("$bad", {"type": "m.room.encrypted"})


async def test_a_gap_from_before_our_coming_stops_nothing() -> None:
    """The server does not say who was in a room when we were not: the gap is walked, and what lies in it is the reader's."""
    body = sync("t1", said("1"), state=RAISED)
    body["rooms"]["join"][ROOM]["timeline"] |= {"limited": True, "prev_batch": "p1"}
    inbox = Inbox()
    door = session(Server(body), inbox)

    await door.step()

    assert inbox.at == "t1"
    assert ids(inbox) == []


async def test_every_body_is_survived() -> None:
    """Bodies with odd parts everywhere are taken to their token."""
    odd: list[Any] = [
        None,
        5,
        "x",
        [],
        [5],
        {},
        {"events": [None, {}, {"type": 5, "content": []}, {"state_key": [], "type": "m.room.member"}]},
    ]
    parts = [{"timeline": one, "state": two} for one in odd for two in odd]
    bodies = [{"next_batch": f"t{at + 1}", "rooms": {"join": {ROOM: one}, "leave": {"!left": one}}} for at, one in enumerate(parts)]
    inbox = Inbox()
    door = session(Server(*bodies), inbox)

    with pytest.raises(LoggedOut):
        await door.run()

    assert inbox.at == f"t{len(bodies)}"


async def test_nothing_is_asked_for_that_is_not_needed() -> None:
    """The filter leaves out presence, receipts, account data, and of timelines all that means nothing here."""
    chosen = json.loads(FILTER)

    wanted = set(chosen["room"]["timeline"]["types"])

    assert [chosen[one] for one in ("presence", "account_data")] == [{"types": []}] * 2
    assert [chosen["room"][one] for one in ("ephemeral", "account_data")] == [{"types": []}] * 2
    assert set(chosen["room"]["state"]["types"]) <= wanted
    assert {"m.room.encrypted", "m.room.message", "m.reaction", "m.room.redaction", "m.room.tombstone", "m.room.member"} <= wanted
    assert "m.poll.start" not in wanted
