"""Undoing disguises, in linear time."""

import time

import pytest
from supportd_hostility.normalise import SPARE, normalise

NASTY = (
    *("a", "a ", "a b", "a.", "1", "a1", "*", "a*b", "\U0001f600", "\u00e9", "\u0301", "\u0430", "\u0430a", " ", "@", "a@"),
    *("\ufdfa", "ab", "<", "\n", "|a", "a b cc ", "\u200b", "\ud800", "!?"),
)


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("You 1d10t", "you idiot"),
        ("i d i o t", "idiot"),
        ("k.i.l.l", "kill"),
        ("\uff49\uff44\uff49\uff4f\uff54", "idiot"),
        ("\u0456diot", "idiot"),
        ("id\u200biot", "idiot"),
        ("i\u0336d\u0336iot", "idiot"),
        ("loooooser", "looser"),
        ("f**k", "f*k"),
        ("you are a \U0001f437", "you are a pig"),
        ("\ud800 hi", "hi"),
    ],
)
def test_a_disguise_is_undone(written: str, read: str) -> None:
    """What a reader sees is what the models read."""
    assert normalise(written) == read


@pytest.mark.parametrize("plain", ["50mg", "b12", "type 1", "day 3", "10/10", "@user", "5 weeks", "1st"])
def test_doses_and_numbers_stay(plain: str) -> None:
    """Numbers that mean numbers are no letters."""
    assert normalise(plain) == plain


@pytest.mark.parametrize("shape", NASTY, ids=ascii)
def test_twice_the_text_takes_twice_the_time(shape: str) -> None:
    """Time at 2n is at most 2.5 times the time at n (and a floor for the noise of a busy machine); the output at most twice the input."""
    short, long = ((shape * size)[:size] for size in (32768, 65536))

    took = [min(_seconds(text) for _ in range(3)) for text in (short, long)]

    assert took[1] <= 2.5 * took[0] + 0.02
    assert len(normalise(long)) <= 2 * len(long) + SPARE


def _seconds(text: str) -> float:
    began = time.perf_counter()
    normalise(text)
    return time.perf_counter() - began
