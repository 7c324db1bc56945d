"""The contract of `python -m supportd_hostility score`."""

import io
import json
from functools import lru_cache
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from supportd_hostility import ngram
from supportd_hostility.harms import HARMS, QUEUES
from supportd_hostility.judge import Judge
from supportd_hostility.score import run

KEYS = {"id", "score", "hate", "crisis", "action", "support", "harms", "reason", "model"}
NAMES = {*HARMS, *QUEUES, "hate", "disclosure", "method_detail"}


@lru_cache(maxsize=1)
def judge() -> Judge:
    """Return the small model alone, read once."""
    return Judge(ngram.load())


def told(data: bytes) -> list[dict[str, Any]]:
    """Return what the program writes for these bytes."""
    sink = io.BytesIO()
    run(judge(), io.BytesIO(data), sink)
    return [json.loads(line) for line in sink.getvalue().splitlines()]


def line(text: str, **more: object) -> bytes:
    """Return one line of input."""
    return json.dumps({"id": 1, "text": text, **more}).encode() + b"\n"


def fits(answer: dict[str, Any]) -> bool:
    """Tell whether an answer keeps the contract."""
    return (
        set(answer) == KEYS
        and all(0 <= answer[name] <= 1 for name in ("score", "hate", "crisis"))
        and answer["action"] in {"deliver", "review", "hold"}
        and set(answer["harms"]) <= NAMES
    )


@given(st.text())
@settings(max_examples=150, deadline=None)
def test_any_text_is_judged_once_and_the_same_way_again(text: str) -> None:
    """Same line, same answer, in any order."""
    first, _, again = told(line(text) + line("hello") + line(text))

    assert fits(first)
    assert first == again


@given(st.binary(max_size=400))
@settings(max_examples=150, deadline=None)
def test_any_bytes_are_answered_line_by_line(data: bytes) -> None:
    """Each line of junk gets one line, and the next good line is judged."""
    answers = told(data.replace(b"\n", b"") + b"\n" + line("hello"))

    assert len(answers) == 2
    assert fits(answers[1])


@pytest.mark.parametrize(
    "bad",
    [
        b"",
        b"[]",
        b"{}",
        b'{"id": 7, "text": 1}',
        b"nonsense",
        b"[" * 100_000,
        b"\xff\xfe\x00",
        b'{"text": null}',
        b"x" * ((1 << 20) + 1),
        b"9" * 5000,
    ],
    ids=lambda one: f"{one[:8]!r}{len(one)}",
)
def test_a_bad_line_gets_a_sentence_and_the_next_is_judged(bad: bytes) -> None:
    """What is wrong is told without quoting, and the process goes on."""
    first, second = told(bad + b"\n" + line("hello"))

    assert set(first) == {"id", "error"}
    assert fits(second)


@pytest.mark.parametrize("text", ["", " ", "\x00", "\ud800", "\U0001f600" * 10_000, "a" * 65_536, "word " * 13_107, "\u0301" * 65_536])
def test_odd_texts_are_judged(text: str) -> None:
    """Size and kind of a text stop nothing."""
    (answer,) = told(line(text))

    assert fits(answer)


def test_empty_text_is_delivered() -> None:
    """Nothing is no harm."""
    (answer,) = told(line("", previous=["x"], language="en", room_kind=3))

    assert answer["action"] == "deliver"
    assert answer["harms"] == []


@given(st.sampled_from(["de", "pt-BR", "fr"]), st.text(max_size=40))
@settings(max_examples=50, deadline=None)
def test_other_languages_are_never_held(language: str, text: str) -> None:
    """Only English is claimed."""
    (answer,) = told(line(f"You stupid idiot, shut up, you moron. {text}", language=language))

    assert answer["action"] != "hold"


def test_hold_is_where_the_score_is_over_the_line() -> None:
    """In English without disclosure a message is held exactly from 0.5."""
    texts = ["You stupid idiot.", "Good morning all.", "Shut up, you pathetic moron, nobody likes you.", "I miss my mother."]

    answers = [answer for text in texts for answer in told(line(text))]

    assert [one["action"] == "hold" for one in answers if not one["support"]] == [
        one["score"] >= 0.5 for one in answers if not one["support"]
    ]


def test_an_insult_behind_harmless_words_is_seen() -> None:
    """A text is as hostile as its worst window."""
    alone, hidden = told(
        line("You stupid idiot, shut up, you moron.")
        + line("We had soup and bread today. " * 300 + "You stupid idiot, shut up, you moron.")
    )

    assert hidden["score"] >= 0.5 < alone["score"]


def test_a_byte_order_mark_and_carriage_returns_are_no_trouble() -> None:
    """Lines of other systems are read too, the last one without an end as well."""
    answers = told(b"\xef\xbb\xbf" + line("hello").replace(b"\n", b"\r\n") + line("hello").rstrip(b"\n"))

    assert [fits(one) for one in answers] == [True, True]
