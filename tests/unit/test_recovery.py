"""The recovery sheet and the file it opens."""

from __future__ import annotations

from pathlib import Path

import pytest

from supportd import recovery


def test_the_words_open_the_file_however_they_are_typed() -> None:
    """Small letters and blanks instead of hyphens open the file too."""
    words = recovery.new_passphrase()

    sealed = recovery.seal(words, {"host_key": "aa", "seeds": "bb"})

    assert recovery.open_sealed(words.lower().replace("-", " "), sealed) == {"host_key": "aa", "seeds": "bb"}
    assert b"host_key" not in sealed


@pytest.mark.parametrize("spoil", [lambda data: data[:40], lambda data: data[:-1] + bytes([data[-1] ^ 1]), lambda _data: b""])
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
