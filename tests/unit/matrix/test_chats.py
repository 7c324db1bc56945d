"""Chats that people open with the bot, against a homeserver that is only written down."""

from __future__ import annotations

from typing import Any

import pytest

from supportd.engine.wire import ChatMark, Done, EnterChat, Never, Outcome
from supportd.matrix.chats import MOST_INVITERS, NO_CHAT, OPEN, asked, enter
from supportd.matrix.errors import Refused
from supportd.matrix.http import Api
from supportd.matrix.machine import MEGOLM
from supportd.sdk.ids import RoomId, UserId

ROOM = RoomId("!chat:x")
ME, TOM = UserId("@bot:x"), UserId("@tom:x")
OURS = {"@creator:x", "@doorkeeper:x"}


def member(user: str, membership: str, sender: str = "") -> dict[str, Any]:
    """Return a state event of the room's people."""
    return {"type": "m.room.member", "state_key": user, "sender": sender or user, "content": {"membership": membership}}


def state(kind: str, content: dict[str, Any]) -> dict[str, Any]:
    """Return another state event, by Tom."""
    return {"type": kind, "state_key": "", "sender": TOM, "content": content}


CREATE = state("m.room.create", {"room_version": "10"})
ENCRYPTED = state("m.room.encryption", {"algorithm": MEGOLM})
BOTH = [member(TOM, "join"), member(ME, "join", TOM)]


def invitation(sender: str, *more: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the stripped state of an invitation."""
    return [member(ME, "invite", sender), *more]


class Server(Api):
    """A room that is only written down: how many are in it, and its state once we are."""

    def __init__(self, *events: dict[str, Any], joined: int = 1, inside: bool = False) -> None:
        """Hold these events."""
        super().__init__("http://127.0.0.1:1")
        self.events, self.joined, self.inside = list(events), joined, inside
        self.done: list[str] = []

    async def ask(self, method: str, where: str, body: object = None, **_more: Any) -> Any:
        """Answer, and note what changes something."""
        last = where.rsplit("/", 1)[-1]
        if last == "joined_members":
            if not self.inside:
                raise Refused(code="M_FORBIDDEN", http=403)
            return {"joined": {}}
        if last == "hierarchy":
            return {"rooms": [{"room_id": ROOM, "num_joined_members": self.joined}]}
        if method == "GET":
            return self.events
        self.done.append("join" if "/join/" in where else "encrypt" if "m.room.encryption" in where else last)
        self.inside = "join" in self.done
        return body


async def entering(server: Server, *, take: bool = True) -> tuple[Outcome, list[str], list[str]]:
    """Enter; returns the outcome, what was done, and what is remembered as encrypted."""
    remembered: list[str] = []
    outcome = await enter(server, EnterChat(ROOM, TOM, take=take), ME, remembered.append)
    await server.close()
    return outcome, server.done, remembered


def test_who_of_our_homeserver_invites_is_told() -> None:
    """The last room of each person; people of other servers, our own accounts, spaces and rooms of ours are not."""
    space, made = state("m.room.create", {"type": "m.space"}), state("m.room.create", {"org.supportd.marker": "m"})

    found = asked(
        {
            "!one:x": invitation(TOM),
            "!two:x": invitation(TOM),
            "!far:y": invitation("@tom:y"),
            "!own:x": invitation("@creator:x"),
            "!space:x": invitation("@ann:x", space),
            "!made:x": invitation("@bo:x", made),
            "!odd:x": [{"type": "m.room.member", "state_key": "@cy:x", "sender": "@cy:x", "content": {"membership": "invite"}}],
            "not a room": invitation("@di:x"),
        },
        ME,
        OURS,
    )

    assert found == [ChatMark(RoomId("!two:x"), TOM)]


def test_a_flood_of_invitations_is_bounded() -> None:
    """A thousand of one account are one; of a thousand accounts the first hundred are looked at, and a known one's last still counts."""
    of_one = asked({f"!r{number}:x": invitation(TOM) for number in range(1000)}, ME, OURS)
    of_many = asked({f"!r{number}:x": invitation(f"@a{number}:x") for number in range(1000)} | {"!last:x": invitation("@a7:x")}, ME, OURS)

    assert of_one == [ChatMark(RoomId("!r999:x"), TOM)]
    assert len(of_many) == MOST_INVITERS
    assert ChatMark(RoomId("!last:x"), UserId("@a7:x")) in of_many


@pytest.mark.asyncio
async def test_an_encrypted_chat_of_two_is_entered() -> None:
    """It is joined, and remembered as encrypted before a word can be said."""
    outcome, done, remembered = await entering(Server(CREATE, ENCRYPTED, *BOTH))

    assert (outcome, done, remembered) == (Done(room=ROOM), ["join"], [ROOM])


@pytest.mark.asyncio
async def test_after_a_crash_nothing_is_done_twice() -> None:
    """Where we are in it already, it is only looked at."""
    outcome, done, _remembered = await entering(Server(CREATE, ENCRYPTED, *BOTH, inside=True))

    assert (outcome, done) == (Done(room=ROOM), [])


@pytest.mark.asyncio
async def test_encryption_is_turned_on_where_we_may() -> None:
    """With the power of a chat's second person, as apps give it."""
    levels = state("m.room.power_levels", {"users": {TOM: 100, ME: 100}, "events": {"m.room.encryption": 100}})

    outcome, done, remembered = await entering(Server(CREATE, levels, *BOTH))

    assert (outcome, done, remembered) == (Done(room=ROOM, mended=("encryption",)), ["join", "encrypt"], [ROOM])


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("events", "code"),
    [
        ([state("m.room.power_levels", {"users": {TOM: 100}}), *BOTH], OPEN),
        ([ENCRYPTED, state("m.room.join_rules", {"join_rule": "public"}), *BOTH], OPEN),
        ([ENCRYPTED, state("m.room.history_visibility", {"history_visibility": "world_readable"}), *BOTH], OPEN),
        ([ENCRYPTED, *BOTH, member("@eve:x", "invite", TOM)], NO_CHAT),
        ([ENCRYPTED, *BOTH, member("@eve:x", "join")], NO_CHAT),
        ([ENCRYPTED, member(TOM, "leave"), member(ME, "join")], NO_CHAT),
        ([ENCRYPTED, *BOTH, state("m.room.tombstone", {"replacement_room": "!new:x"})], NO_CHAT),
    ],
    ids=["in clear", "public", "readable by all", "another invited", "another there", "they left", "ended"],
)
async def test_where_words_are_not_safe_we_do_not_stay(events: list[dict[str, Any]], code: str) -> None:
    """We leave again, and nothing is remembered of it."""
    outcome, done, remembered = await entering(Server(CREATE, *events))

    assert (outcome, done, remembered) == (Never(code), ["join", "leave"], [])


@pytest.mark.asyncio
async def test_a_room_with_more_people_is_never_entered() -> None:
    """Who is in it would see the bot come: it is declined from outside."""
    outcome, done, _remembered = await entering(Server(joined=2))

    assert (outcome, done) == (Never(NO_CHAT), ["leave"])


@pytest.mark.asyncio
async def test_declining_enters_nothing() -> None:
    """Only the invitation is declined."""
    outcome, done, _remembered = await entering(Server(), take=False)

    assert (outcome, done) == (Done(), ["leave"])
