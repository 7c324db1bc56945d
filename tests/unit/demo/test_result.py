"""Counting what was lost and doubled."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from supportd.demo.result import Count, Expected, Line, Result, Scene, count

if TYPE_CHECKING:
    from pathlib import Path

HELLO = Expected("Karim", "!direct", "Hello Karim")


def line(text: str | None, reader: str = "Karim", room: str = "!direct", sender: str = "Helper") -> Line:
    """Return a line of a timeline."""
    return Line(reader, room, sender, text)


def test_once_is_right() -> None:
    """Words seen once are neither lost nor doubled."""
    found = count([HELLO], [line("Hello Karim. This is …")], "Helper")

    assert found == Count((), ())


def test_missing_words_are_lost() -> None:
    """Words that nobody saw, or that somebody saw elsewhere, are lost."""
    found = count([HELLO], [line("Hello Karim", room="!other")], "Helper")

    assert found.lost == ("Karim did not see “Hello Karim”",)


def test_words_that_come_twice_are_doubled() -> None:
    """Expected words twice, and any words of the bot twice to one person in one room, are doubled."""
    found = count([HELLO], [line("Hello Karim"), line("Hello Karim"), line("Are you well?"), line("Are you well?")], "Helper")

    assert len(found.doubled) == 3


def test_unreadable_messages_are_lost() -> None:
    """A message that could not be decrypted counts as lost."""
    found = count([], [line(None)], "Helper")

    assert found.lost == ("Karim could not read a message",)


def test_the_result_is_written_as_promised(tmp_path: Path) -> None:
    """The file has scenes, lost, doubled and versions; an evening without scenes is not well."""
    result = Result({"supportd": "1"}, [Scene("one", ok=True, seconds=1.0, detail="d")], Count(("x",), ()))

    result.write(tmp_path / "r.json")

    assert json.loads((tmp_path / "r.json").read_text()) == {
        "scenes": [{"name": "one", "ok": True, "seconds": 1.0, "detail": "d"}],
        "lost": 1,
        "doubled": 0,
        "versions": {"supportd": "1"},
    }
    assert not result.ok
    assert not Result({}).ok
    assert Result({}, result.scenes).ok
