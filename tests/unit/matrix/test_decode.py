"""From raw events to the engine's values."""

from __future__ import annotations

import random
from datetime import UTC, datetime
from typing import Any

import pytest

from supportd.engine.wire import Edited, Membership, Reacted, Redacted, Said
from supportd.matrix.decode import LONGEST_TEXT, decode, display_name
from supportd.sdk.ids import EventId, UserId

ROOM = "!room"


def event(kind: str, content: Any, **more: Any) -> dict[str, Any]:
    """Return a raw event."""
    return {"type": kind, "event_id": "$e", "sender": "@ann:x", "origin_server_ts": 1_700_000_000_000, "content": content, **more}


def content_of(raw: dict[str, Any]) -> object:
    """Return what ``raw`` means."""
    found = decode(ROOM, raw)
    return found and found.content


def test_head() -> None:
    """Id, room, sender and moment are taken over; plain words prove nothing."""
    found = decode(ROOM, event("m.room.message", {"msgtype": "m.text", "body": "hello"}))

    assert found is not None
    assert ("$e", ROOM, "@ann:x", datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC)) == (found.id, found.room, found.sender, found.at)
    assert not found.verified


def test_decrypted_words_carry_the_proof() -> None:
    """Decrypted words are proven exactly when their keys were."""
    raw = event("m.room.encrypted", {"m.relates_to": {"m.in_reply_to": {"event_id": "$a"}}})
    clear = ("m.room.message", {"msgtype": "m.text", "body": "hello"})

    found = [decode(ROOM, raw, clear, proven=proven) for proven in (True, False)]

    assert [one.verified for one in found if one] == [True, False]
    assert [Said("hello", EventId("$a"))] * 2 == [one.content for one in found if one]


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ({"msgtype": "m.text", "body": "a"}, Said("a")),
        ({"msgtype": "m.notice", "body": "a"}, Said("a")),
        ({"msgtype": "m.emote", "body": "a"}, Said("a")),
        ({"msgtype": "m.image", "body": "photo.jpg"}, None),
        ({"msgtype": "m.image", "body": "our garden", "filename": "photo.jpg"}, Said("our garden")),
        ({"msgtype": "m.location", "body": "here"}, None),
        ({"msgtype": "m.text", "body": 5}, None),
        ({"msgtype": "m.text", "body": "a\0b\ud800c"}, Said("ab?c")),
        (
            {"msgtype": "m.text", "body": "> <@bo:x> old\n> more\n\nnew", "m.relates_to": {"m.in_reply_to": {"event_id": "$b"}}},
            Said("new", EventId("$b")),
        ),
        ({"msgtype": "m.text", "body": "> a quotation"}, Said("> a quotation")),
        (
            {"msgtype": "m.text", "body": "t", "m.relates_to": {"rel_type": "m.thread", "event_id": "$t"}},
            Said("t", None, EventId("$t")),
        ),
        (
            {
                "msgtype": "m.text",
                "body": "t",
                "m.relates_to": {
                    "rel_type": "m.thread",
                    "event_id": "$t",
                    "is_falling_back": True,
                    "m.in_reply_to": {"event_id": "$b"},
                },
            },
            Said("t", None, EventId("$t")),
        ),
        (
            {
                "msgtype": "m.text",
                "body": "* new",
                "m.new_content": {"msgtype": "m.text", "body": "new"},
                "m.relates_to": {"rel_type": "m.replace", "event_id": "$o"},
            },
            Edited(EventId("$o"), "new"),
        ),
        ({"msgtype": "m.text", "body": "* new", "m.relates_to": {"rel_type": "m.replace", "event_id": "$o"}}, None),
    ],
)
def test_messages(content: dict[str, Any], expected: object) -> None:
    """Words, captions, replies, threads and edits are told apart; files without words are no words."""
    assert expected == content_of(event("m.room.message", content))


def test_long_text_is_cut() -> None:
    """At most 32 KiB go on, whole characters only."""
    found = content_of(event("m.room.message", {"msgtype": "m.text", "body": "ä" * LONGEST_TEXT}))

    assert isinstance(found, Said)
    assert len(found.text) == LONGEST_TEXT // 2


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (event("m.reaction", {"m.relates_to": {"rel_type": "m.annotation", "event_id": "$o", "key": "👍"}}), Reacted(EventId("$o"), "👍")),
        (event("m.reaction", {"m.relates_to": {"rel_type": "m.annotation", "event_id": "$o"}}), None),
        (event("m.room.redaction", {"redacts": "$o"}), Redacted(EventId("$o"))),
        (event("m.room.redaction", {}, redacts="$o"), Redacted(EventId("$o"))),
        (event("m.room.redaction", {}), None),
        (event("org.example.thing", {"body": "x"}), None),
        (event("m.room.message", {"msgtype": "m.text", "body": "x"}, state_key=""), None),
    ],
)
def test_other_kinds(raw: dict[str, Any], expected: object) -> None:
    """Reactions and redactions of old and new room versions; anything else is nothing."""
    assert expected == content_of(raw)


@pytest.mark.parametrize(
    ("unsigned", "known", "previous"),
    [({}, None, "leave"), ({}, "invite", "invite"), ({"prev_content": {"membership": "knock"}}, "invite", "knock"), ({}, "odd", "leave")],
)
def test_membership(unsigned: dict[str, Any], known: str | None, previous: Any) -> None:
    """A change of membership says what was before: as the server tells, else as we knew, else not there."""
    raw = event("m.room.member", {"membership": "join", "displayname": "A\u202enn\u200b \n B"}, state_key="@bo:x", unsigned=unsigned)

    found = decode(ROOM, raw, previous=known)

    assert found is not None
    assert Membership(UserId("@bo:x"), "join", previous, "Ann B") == found.content
    assert found.verified


@pytest.mark.parametrize("name", ["\u202e\u200b", "", "   "])
def test_empty_names_are_none(name: str) -> None:
    """A name of invisible characters is no name."""
    assert display_name(name) is None


@pytest.mark.parametrize("field", ["event_id", "sender", "origin_server_ts"])
@pytest.mark.parametrize("value", [None, 5.5, [], {}, "", "x" * 300, "a\nb", "\ud800", -1, 10**30, True])
def test_odd_heads_are_nothing(field: str, value: object) -> None:
    """An event without a proper id, sender or moment means nothing."""
    assert decode(ROOM, event("m.room.message", {"msgtype": "m.text", "body": "x"}, **{field: value})) is None


def test_never_an_exception() -> None:
    """Whatever JSON stands anywhere, decoding returns a value or nothing."""
    odd: list[Any] = [None, True, 0, -1.5, "", "x", "\ud800", [], [1], {}, {"event_id": []}, {"a": {}}]
    odd += ["m.replace", "m.thread", "m.text", "m.annotation"]
    seeded = random.Random(7)  # noqa: S311 - no secret
    keys = ("msgtype", "body", "m.relates_to", "m.new_content", "membership", "displayname", "redacts", "filename")
    inner = ("rel_type", "event_id", "key", "m.in_reply_to", "is_falling_back", "msgtype", "body")

    for _ in range(20_000):
        content = {key: {name: seeded.choice(odd) for name in inner} if seeded.random() < 0.3 else seeded.choice(odd) for key in keys}
        raw = event(seeded.choice(["m.room.message", "m.reaction", "m.room.redaction", "m.room.member"]), content)
        raw |= {seeded.choice(["state_key", "unsigned", "content", "redacts", "type"]): seeded.choice(odd)}
        decode(ROOM, raw, seeded.choice([None, ("m.room.message", content)]), previous=seeded.choice(["join", None]))
