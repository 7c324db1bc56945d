"""From raw events to the engine's values."""

from __future__ import annotations

import json
import random
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from supportd.engine import codec
from supportd.engine.wire import Edited, Membership, Reacted, Redacted, Replaced, Said, Spoke
from supportd.matrix.decode import LONGEST_TEXT, decode, display_name, overheard
from supportd.sdk.events import Media
from supportd.sdk.ids import EventId, RoomId, UserId

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
    clear = ("m.room.message", {"msgtype": "m.text", "body": "hello", "m.relates_to": {"m.in_reply_to": {"event_id": "$a"}}})

    found = [decode(ROOM, raw, clear, proven=proven) for proven in (True, False)]

    assert [one.verified for one in found if one] == [True, False]
    assert [Said("hello", EventId("$a"))] * 2 == [one.content for one in found if one]


THREAD = {"rel_type": "m.thread", "event_id": "$t", "m.in_reply_to": {"event_id": "$a"}}


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (event("m.room.encrypted", {"ciphertext": "x"}), Spoke(None, None)),
        (event("m.room.encrypted", {"ciphertext": "x", "m.relates_to": {"m.in_reply_to": {"event_id": "$a"}}}), Spoke(None, EventId("$a"))),
        (event("m.room.encrypted", {"ciphertext": "x", "m.relates_to": THREAD}), Spoke(EventId("$t"), EventId("$a"))),
        (event("m.room.encrypted", {"m.relates_to": {**THREAD, "is_falling_back": True}}), Spoke(EventId("$t"), None)),
        (event("m.room.encrypted", {"ciphertext": "x", "m.relates_to": {"rel_type": "m.replace", "event_id": "$a"}}), None),
        (event("m.room.encrypted", {}), None),
        (event("m.room.encrypted", {"algorithm": "x"}, state_key=""), None),
        (event("m.room.message", {"msgtype": "m.text", "body": "a"}), Spoke(None, None)),
        (event("m.poll.start", {"m.poll": {"question": {"m.text": [{"body": "Tea?"}]}}}), None),
        (event("m.reaction", {"m.relates_to": {"rel_type": "m.annotation", "event_id": "$a", "key": "k"}}), Reacted(EventId("$a"), "k")),
        (event("m.room.redaction", {"redacts": "$a", "reason": "a"}), Redacted(EventId("$a"))),
        (event("m.room.tombstone", {"replacement_room": "!n:x"}, state_key=""), Replaced(RoomId("!n:x"))),
        (event("m.room.topic", {"topic": "a"}, state_key=""), None),
    ],
)
def test_what_is_overheard(raw: dict[str, Any], expected: object) -> None:
    """Of words, encrypted or in clear, only that somebody spoke; the rest as the reader has it."""
    found = overheard(ROOM, raw)

    assert (found and found.content) == expected


REPLY, OTHER = ({"m.in_reply_to": {"event_id": target}} for target in ("$asked", "$other"))
VOTE, OTHER_VOTE = ({"rel_type": "m.reference", "event_id": target} for target in ("$poll", "$other"))
EDIT, OTHER_EDIT = ({"rel_type": "m.replace", "event_id": target} for target in ("$mine", "$other"))


@pytest.mark.parametrize(
    ("outer", "inner", "kind", "content", "target", "proven"),
    [
        (REPLY, REPLY, "m.room.message", {"msgtype": "m.text", "body": "yes"}, "$asked", True),
        (None, REPLY, "m.room.message", {"msgtype": "m.text", "body": "yes"}, "$asked", True),
        (OTHER, REPLY, "m.room.message", {"msgtype": "m.text", "body": "yes"}, "$asked", False),
        (OTHER, None, "m.room.message", {"msgtype": "m.text", "body": "yes"}, "$other", False),
        (OTHER_VOTE, VOTE, "m.poll.response", {"m.selections": ["a"]}, "$poll", False),
        (OTHER_VOTE, VOTE, "m.poll.end", {}, "$poll", False),
        (OTHER_EDIT, EDIT, "m.room.message", {"m.new_content": {"msgtype": "m.text", "body": "b"}}, "$mine", False),
    ],
)
def test_the_server_does_not_say_what_words_are_about(
    outer: dict[str, Any] | None, inner: dict[str, Any] | None, kind: str, content: dict[str, Any], target: str, *, proven: bool
) -> None:
    """What encrypted words relate to is what stands inside; where the copy outside says something else, nothing is proven."""
    raw = event("m.room.encrypted", {"m.relates_to": outer} if outer else {})

    found = decode(ROOM, raw, (kind, {**content, "m.relates_to": inner} if inner else content), proven=True)

    assert found is not None
    assert found.verified is proven
    about = next(getattr(found.content, name) for name in ("in_reply_to", "target", "poll") if hasattr(found.content, name))
    assert about == target


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ({"msgtype": "m.text", "body": "a"}, Said("a")),
        ({"msgtype": "m.notice", "body": "a"}, Said("a", kind="notice")),
        ({"msgtype": "m.emote", "body": "a"}, Said("a", kind="emote")),
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
        (event("m.room.tombstone", {"replacement_room": "!" + "a" * 43}, state_key=""), Replaced(RoomId("!" + "a" * 43))),
        (event("m.room.tombstone", {"replacement_room": "!old:server.test:8448"}, state_key=""), Replaced(RoomId("!old:server.test:8448"))),
        (event("m.room.tombstone", {"replacement_room": "!" + "a" * 42}, state_key=""), None),
        (event("m.room.tombstone", {"replacement_room": "#alias:server.test"}, state_key=""), None),
        (event("m.room.tombstone", {"replacement_room": ["!old:server.test"]}, state_key=""), None),
        (event("m.room.tombstone", {"body": "gone"}, state_key=""), None),
        (event("m.room.tombstone", {"replacement_room": "!" + "a" * 43}, state_key="x"), None),
        (event("m.room.tombstone", {"replacement_room": "!" + "a" * 43}), None),
    ],
)
def test_other_kinds(raw: dict[str, Any], expected: object) -> None:
    """Reactions, redactions and replaced rooms of old and new room versions; anything else is nothing."""
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


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ({"membership": "knock", "reason": "  I heard of you  "}, "I heard of you"),
        ({"membership": "knock", "reason": "x" * 1000}, "x" * 300),
        ({"membership": "knock", "reason": ["x"]}, ""),
        ({"membership": "knock"}, ""),
        ({"membership": "leave", "reason": "a private matter"}, ""),
    ],
)
def test_reason_of_a_knock(content: dict[str, Any], expected: str) -> None:
    """What somebody wrote with their knock goes on, cut; what was said to somebody who was removed does not."""
    found = content_of(event("m.room.member", content, state_key="@bo:x"))

    assert isinstance(found, Membership)
    assert expected == found.reason
    assert "heard" not in repr(found)


FILE = {"msgtype": "m.file", "body": "plan.pdf", "url": "mxc://x/a"}


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (FILE, Said("", media=Media(kind="file", name="plan.pdf"))),
        ({**FILE, "filename": "plan.pdf"}, Said("", media=Media(kind="file", name="plan.pdf"))),
        ({**FILE, "body": "read this", "filename": "plan.pdf"}, Said("read this", media=Media(kind="file", name="plan.pdf"))),
        (
            {**FILE, "info": {"mimetype": "Application/PDF", "size": 12}},
            Said("", media=Media(kind="file", name="plan.pdf", media_type="application/pdf", size=12)),
        ),
        (
            {**FILE, "info": {"mimetype": "text/html; charset=x\r\nX: y", "size": -1}},
            Said("", media=Media(kind="file", name="plan.pdf")),
        ),
        ({**FILE, "info": {"mimetype": 5, "size": "many"}}, Said("", media=Media(kind="file", name="plan.pdf"))),
        ({**FILE, "info": "none"}, Said("", media=Media(kind="file", name="plan.pdf"))),
        ({**FILE, "body": "../../etc/pass\u202ewd"}, Said("", media=Media(kind="file", name=".._.._etc_passwd"))),
        ({**FILE, "body": "x" * 500}, Said("", media=Media(kind="file", name="x" * 100))),
        ({**FILE, "body": "\u200b"}, Said("", media=Media(kind="file", name="file"))),
        ({"msgtype": "m.image", "body": "p", "file": {"url": "mxc://x/a"}}, Said("", media=Media(kind="image", name="p"))),
        ({**FILE, "msgtype": "m.audio"}, Said("", media=Media(kind="audio", name="plan.pdf"))),
        ({**FILE, "msgtype": "m.audio", "org.matrix.msc3245.voice": {}}, Said("", media=Media(kind="voice", name="plan.pdf"))),
        ({**FILE, "msgtype": "m.video"}, Said("", media=Media(kind="video", name="plan.pdf"))),
        ({**FILE, "url": 5}, None),
        (
            {
                "msgtype": "m.image",
                "body": "* new",
                "m.new_content": {**FILE, "body": "new", "filename": "plan.pdf"},
                "m.relates_to": {"rel_type": "m.replace", "event_id": "$o"},
            },
            Edited(EventId("$o"), "new"),
        ),
        (
            {**FILE, "m.new_content": FILE, "m.relates_to": {"rel_type": "m.replace", "event_id": "$o"}},
            Edited(EventId("$o"), ""),
        ),
    ],
)
def test_files(content: dict[str, Any], expected: object) -> None:
    """A file is its caption and what it claims to be; where it lies and how it is opened goes nowhere."""
    found = content_of(event("m.room.message", content))

    assert expected == found
    assert "mxc" not in repr(found)


@pytest.mark.parametrize("name", ["\u202e\u200b", "", "   "])
def test_empty_names_are_none(name: str) -> None:
    """A name of invisible characters is no name."""
    assert display_name(name) is None


@pytest.mark.parametrize("field", ["event_id", "sender", "origin_server_ts"])
@pytest.mark.parametrize("value", [None, 5.5, [], {}, "", "x" * 300, "a\nb", "\ud800", -1, 10**30, True])
def test_odd_heads_are_nothing(field: str, value: object) -> None:
    """An event without a proper id, sender or moment means nothing."""
    assert decode(ROOM, event("m.room.message", {"msgtype": "m.text", "body": "x"}, **{field: value})) is None


POLLS = ("m.poll.start", "org.matrix.msc3381.poll.start", "org.matrix.msc3381.poll.response", "org.matrix.msc3381.poll.end", "m.poll.end")
TYPES = ("m.room.message", "m.reaction", "m.room.redaction", "m.room.member", "m.room.tombstone", "m.poll.response", *POLLS)
#: What stands in real events, so that the shapes that are looked into come up often.
FIELDS = [
    *["msgtype", "body", "filename", "info", "mimetype", "size", "url", "file", "m.relates_to", "rel_type", "event_id", "key"],
    *["m.new_content", "m.in_reply_to", "is_falling_back", "membership", "displayname", "reason", "redacts", "replacement_room"],
    *["m.poll", "m.text", "question", "answers", "id", "m.id", "kind", "max_selections", "m.selections", "org.matrix.msc1767.text"],
    *POLLS,
]
NAMES = st.sampled_from(FIELDS)
WORDS = st.one_of(
    st.text(st.characters(codec=None), max_size=20),
    st.sampled_from(["m.text", "m.file", "m.audio", "m.replace", "m.thread", "m.reference", "m.annotation", "knock", "join", "$o", "!r:x"]),
)
LEAVES = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), WORDS)
JSON = st.recursive(LEAVES, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES | WORDS, inner, max_size=6), max_leaves=30)
CONTENTS = st.dictionaries(NAMES, JSON, max_size=8)


@given(
    st.sampled_from(TYPES), CONTENTS, CONTENTS, st.dictionaries(st.sampled_from(["state_key", "unsigned", "redacts"]), JSON), st.booleans()
)
def test_any_json_is_a_value_or_nothing(kind: str, outer: Any, inner: Any, more: dict[str, Any], encrypted: bool) -> None:  # noqa: FBT001 - hypothesis gives it
    """Whatever a member or a server writes, clear or encrypted, becomes a bounded value that can be stored, or nothing."""
    raw = event("m.room.encrypted" if encrypted else kind, outer, **more)

    found = decode(ROOM, raw, (kind, inner) if encrypted else None, proven=True)

    assert len(json.dumps(codec.dump(found).decode())) < 200_000 if found else True


def test_never_an_exception() -> None:
    """Whatever JSON stands anywhere, decoding returns a value or nothing."""
    odd: list[Any] = [None, True, 0, -1.5, "", "x", "\ud800", [], [1], {}, {"event_id": []}, {"a": {}}]
    odd += ["m.replace", "m.thread", "m.text", "m.annotation", "m.reference", "m.file", "knock"]
    seeded = random.Random(7)  # noqa: S311 - no secret

    for _ in range(20_000):
        content = {key: {name: seeded.choice(odd) for name in FIELDS} if seeded.random() < 0.3 else seeded.choice(odd) for key in FIELDS}
        raw = event(seeded.choice(TYPES), content)
        raw |= {seeded.choice(["state_key", "unsigned", "content", "redacts", "type"]): seeded.choice(odd)}
        decode(ROOM, raw, seeded.choice([None, (seeded.choice(TYPES), content)]), previous=seeded.choice(["join", None]))
