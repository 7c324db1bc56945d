"""Polls in every form that clients write them in, and ours as others read them."""

from __future__ import annotations

from typing import Any

import pytest

from supportd.engine.wire import Closed, Polled, SendPoll, SendPollEnd, Voted
from supportd.matrix import polls
from supportd.matrix.decode import decode
from supportd.sdk.events import PollAnswer
from supportd.sdk.ids import EventId, RoomId

ROOM = RoomId("!room")
TEA = Polled("Tea or coffee?", (PollAnswer("t", "Tea"), PollAnswer("c", "Coffee")), 1, disclosed=True)
REFERENCE = {"m.relates_to": {"rel_type": "m.reference", "event_id": "$p"}}


def content_of(kind: str, content: Any, outer: Any = None) -> object:
    """Return what an encrypted event means, whose outer content is ``outer``."""
    head = {"event_id": "$e", "sender": "@ann:x", "origin_server_ts": 1_700_000_000_000}
    found = decode(ROOM, {"type": "m.room.encrypted", **head, "content": outer or {}}, (kind, content))
    return found and found.content


def words(text: str) -> list[dict[str, str]]:
    """Return extensible text in two forms."""
    return [{"mimetype": "text/html", "body": f"<b>{text}</b>"}, {"body": text}]


def stable(**changes: Any) -> dict[str, Any]:
    """Return a poll as MSC3381 has it now."""
    answers = [{"m.id": "t", "m.text": words("Tea")}, {"m.id": "c", "m.text": words("Coffee")}]
    poll = {"kind": "m.disclosed", "max_selections": 1, "question": {"m.text": words("Tea or coffee?")}, "answers": answers}
    return {"m.text": words("Tea or coffee? 1. Tea 2. Coffee"), "m.poll": {**poll, **changes}}


def draft(**changes: Any) -> dict[str, Any]:
    """Return a poll as clients in the field write it."""
    text = "org.matrix.msc1767.text"
    poll = {
        "kind": "org.matrix.msc3381.poll.disclosed",
        "max_selections": 1,
        "question": {text: "Tea or coffee?", "body": "Tea or coffee?", "msgtype": "m.text"},
        "answers": [{"id": "t", text: "Tea"}, {"id": "c", text: "Coffee"}],
    }
    return {text: "Tea or coffee?\n1. Tea\n2. Coffee", polls.START: {**poll, **changes}}


@pytest.mark.parametrize(
    ("kind", "content"),
    [
        ("m.poll.start", stable()),
        (polls.START, draft()),
        ("m.poll.start", {"m.poll.start": stable()["m.poll"]}),
        (
            polls.START,
            draft(
                question={"org.matrix.msc1767.message": words("Tea or coffee?")},
                answers=[{"id": "t", "m.text": "Tea"}, {"id": "c", "body": "Coffee"}],
            ),
        ),
    ],
)
def test_starts(kind: str, content: dict[str, Any]) -> None:
    """The forms of today and of the drafts mean the same poll."""
    assert content_of(kind, content) == TEA


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"max_selections": 2}, 2),
        ({"max_selections": 99}, 2),
        ({"max_selections": 0}, 1),
        ({"max_selections": None}, 1),
        ({"max_selections": [2]}, 1),
    ],
)
def test_choices_are_bounded(changes: dict[str, Any], expected: int) -> None:
    """At least one answer may be chosen, at most all; nothing said means one."""
    found = content_of(polls.START, draft(**changes))

    assert isinstance(found, Polled)
    assert expected == found.most_choices


@pytest.mark.parametrize("kind", ["m.undisclosed", "org.matrix.msc3381.poll.undisclosed", "org.example.other", None, ["m.disclosed"]])
def test_what_is_not_disclosed(kind: Any) -> None:
    """Only what says so is disclosed (MSC3381)."""
    found = content_of("m.poll.start", stable(kind=kind))

    assert isinstance(found, Polled)
    assert not found.disclosed


def test_answers_are_bounded() -> None:
    """Twenty answers at most go on, each id once, texts cut, odd ones left out."""
    many = [{"m.id": "t", "m.text": "Tea"}, {"m.id": "t", "m.text": "Again"}, {"m.id": 5, "m.text": "x"}, {"m.id": "e", "m.text": []}]
    many += ["x", {"m.id": "y" * 200, "m.text": "x"}, *[{"m.id": f"a{n}", "m.text": "w" * 5000} for n in range(40)]]

    found = content_of("m.poll.start", stable(answers=many, question={"m.text": "q" * 5000}))

    assert isinstance(found, Polled)
    assert ["t", *[f"a{n}" for n in range(19)]] == [one.id for one in found.answers]
    assert found.answers[0] == PollAnswer("t", "Tea")
    assert {len(one.text) for one in found.answers[1:]} == {300}
    assert len(found.question) == 1000


@pytest.mark.parametrize(
    "content",
    [
        stable(question={}),
        stable(question={"m.text": [{"mimetype": "text/html", "body": "<b>x</b>"}]}),
        stable(answers=[]),
        stable(answers={}),
        {"m.poll": []},
        {},
        {**stable(), "m.relates_to": {"rel_type": "m.replace", "event_id": "$p"}},
    ],
)
def test_no_poll(content: dict[str, Any]) -> None:
    """Without a question and an answer in plain text there is no poll; a changed one is none either."""
    assert content_of("m.poll.start", content) is None


@pytest.mark.parametrize(
    ("kind", "content", "expected"),
    [
        ("m.poll.response", {"m.selections": ["t"]}, ("t",)),
        (polls.RESPONSE, {polls.RESPONSE: {"answers": ["c", "t", "c"]}}, ("c", "t")),
        (polls.RESPONSE, {polls.RESPONSE: {"answers": []}}, ()),
        (polls.RESPONSE, {polls.RESPONSE: {"answers": ["t", 5, None, "z" * 200]}}, ("t",)),
        (polls.RESPONSE, {polls.RESPONSE: {"answers": [f"a{n}" for n in range(500)]}}, tuple(f"a{n}" for n in range(20))),
    ],
)
def test_choices(kind: str, content: dict[str, Any], expected: tuple[str, ...]) -> None:
    """A choice names its poll in the clear part of the event; ids are bounded, each once; none at all takes a choice back."""
    assert content_of(kind, content, REFERENCE) == Voted(EventId("$p"), expected)


@pytest.mark.parametrize(
    ("content", "outer"),
    [
        ({polls.RESPONSE: {"answers": ["t"]}}, {}),
        ({polls.RESPONSE: {"answers": "t"}}, REFERENCE),
        ({polls.RESPONSE: {"answers": [5]}}, REFERENCE),
        ({}, REFERENCE),
        ({polls.RESPONSE: {"answers": ["t"]}}, {"m.relates_to": {"rel_type": "m.thread", "event_id": "$p"}}),
    ],
)
def test_no_choice(content: dict[str, Any], outer: dict[str, Any]) -> None:
    """What names no poll, or nothing that was chosen, is no choice, and takes none back."""
    assert content_of(polls.RESPONSE, content, outer) is None


@pytest.mark.parametrize("kind", [polls.END, "m.poll.end"])
def test_ends(kind: str) -> None:
    """An end names its poll."""
    assert content_of(kind, {}, REFERENCE) == Closed(EventId("$p"))
    assert content_of(kind, {}) is None


@pytest.mark.parametrize("disclosed", [True, False])
def test_ours_come_back_as_they_were(disclosed: bool) -> None:  # noqa: FBT001 - a parameter of the test
    """What we send is what we read, in the names that clients know, with words for those that know no polls."""
    poll = Polled(TEA.question, TEA.answers, 2, disclosed)
    start, end = polls.start_of(SendPoll(ROOM, "t", poll)), polls.end_of(SendPollEnd(ROOM, "t", EventId("$p"), "Tea it is."))

    assert content_of(polls.START, start) == poll
    assert content_of(polls.END, end) == Closed(EventId("$p"))
    assert "2. Coffee" in start["org.matrix.msc1767.text"]
    assert end["org.matrix.msc1767.text"] == "Tea it is."
