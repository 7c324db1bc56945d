"""The recovery sheet and the file it opens."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from supportd import recovery

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.mark.parametrize(
    "type_",
    [
        lambda words: words.lower().replace("-", " "),
        lambda words: f"Words:  {words}",
        lambda words: f"\ufeffwords: {words}\r\n",
        lambda words: f"{words[:19]}\n{words[19:]}",
        lambda words: words.replace("-", "\u2013", 3).replace("-", "\u2014"),
        lambda words: words.replace("-", "\u00a0"),
        lambda words: words.replace("-", "\t"),
        lambda words: recovery.sheet(words, group="Thursday", file=Path("recovery.sealed")),
    ],
)
def test_the_words_open_the_file_however_they_are_typed(type_: Callable[[str], str]) -> None:
    """Small letters, blanks, an editor's dashes and marks, line breaks, the sheet's line and the whole sheet open the file too."""
    words = recovery.new_passphrase()

    sealed = recovery.seal(words, {"host_key": "aa", "seeds": "bb"})

    assert recovery.open_sealed(type_(words), sealed) == {"host_key": "aa", "seeds": "bb"}
    assert b"host_key" not in sealed


@pytest.mark.parametrize("data", [b"", b"[homeserver]\n", recovery.seal("AAAA", {})[:40]])
def test_another_file_is_told_apart_from_wrong_words(data: bytes) -> None:
    """What is no recovery file, or a part of one, does not send anybody back to the sheet."""
    words = recovery.new_passphrase()

    with pytest.raises(recovery.NoRecoveryFile) as caught:
        recovery.open_sealed(words, data)

    assert "no recovery file" in str(caught.value)


@pytest.mark.parametrize("spoil", [lambda data: data[:-4], lambda data: data[:-1] + bytes([data[-1] ^ 1])])
def test_a_spoilt_file_is_refused(spoil: object) -> None:
    """A file that is cut or changed is refused with a sentence."""
    assert callable(spoil)
    words = recovery.new_passphrase()

    sealed = spoil(recovery.seal(words, {"a": "b"}))

    with pytest.raises(recovery.RecoveryRefused, match="check them against the sheet"):
        recovery.open_sealed(words, sealed)


def test_wrong_words_are_refused() -> None:
    """Other words do not open the file."""
    sealed = recovery.seal(recovery.new_passphrase(), {"a": "b"})

    with pytest.raises(recovery.RecoveryRefused):
        recovery.open_sealed(recovery.new_passphrase(), sealed)


def test_the_sheet_has_the_words_and_the_steps() -> None:
    """The sheet says what it is for, has the words once, and warns against making new keys."""
    text = recovery.sheet("ABCD-EFGH", group="Thursday evenings", file=Path("/somewhere/recovery.sealed"))

    assert text.count("ABCD-EFGH") == 1
    assert "Do not make new keys" in text
    assert "/somewhere" not in text
