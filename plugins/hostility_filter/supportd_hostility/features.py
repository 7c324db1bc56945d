"""Hashed n-grams of letters and words of a normalised text, by numpy in one pass; learning and judging share this code."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

Codes = NDArray[np.uint64]
WINDOW: Final = 320
"""Characters that are judged together. A text is as hostile as its worst window, so nothing hides behind harmless lines."""
STEP: Final = 160
_P: Final = np.uint64(0x9E3779B97F4A7C15)
_Q: Final = np.uint64(0xC2B2AE3D27D4EB4F)
_INVERSE: Final = np.uint64(pow(int(_P), -1, 1 << 64))
_LETTERS: Final = (3, 4, 5)
_SEED: Final = (np.uint64(0x1F), np.uint64(0x2F), np.uint64(0x3F))
_ASCII: Final = 128
_WORD: Final = np.array([chr(code).isalnum() or chr(code) in "'*" for code in range(_ASCII)])


def _mixed(codes: Codes) -> NDArray[np.uint32]:
    """Return 32 well mixed bits of each 64."""
    codes = (codes ^ (codes >> np.uint64(29))) * _Q
    return ((codes ^ (codes >> np.uint64(32))) & np.uint64(0xFFFFFFFF)).astype(np.uint32)


def _powers(base: np.uint64, count: int) -> Codes:
    powers = np.full(count, base, np.uint64)
    powers[:1] = 1
    return np.cumprod(powers, dtype=np.uint64)


def grams(text: str) -> tuple[NDArray[np.uint32], NDArray[np.int64]]:
    """Return a hash for each n-gram (letters 3 to 5, words 1 to 3) and the place in the text where it starts."""
    codes = np.frombuffer(f" {text} ".encode("utf-32-le", "surrogatepass"), np.uint32).astype(np.uint64)
    hashes, places = [], []
    for size in _LETTERS:
        count = len(codes) - size + 1
        if count > 0:
            rolled = np.full(count, size, np.uint64)
            for at in range(size):
                rolled = rolled * _P + codes[at : at + count]
            hashes.append(_mixed(rolled))
            places.append(np.arange(count))
    inside = np.where(codes < _ASCII, _WORD[np.minimum(codes, _ASCII - 1)], True)  # noqa: FBT003
    edges = np.flatnonzero(np.diff(inside.astype(np.int8)))
    starts, ends = edges[0::2] + 1, edges[1::2] + 1
    if len(starts):
        # The sum of code times power up to each place: a word's hash is a difference, so all words take one pass.
        sums = np.concatenate([np.zeros(1, np.uint64), np.cumsum(codes * _powers(_P, len(codes)), dtype=np.uint64)])
        words = (sums[ends] - sums[starts]) * _powers(_INVERSE, len(codes))[starts]
        run = words
        for size, seed in enumerate(_SEED):
            hashes.append(_mixed(run * _Q + seed))
            places.append(starts[: len(run)])
            run = run[:-1] * _Q + words[size + 1 :]
    return np.concatenate(hashes or [np.zeros(0, np.uint32)]), np.concatenate(places or [np.zeros(0, np.int64)])
