"""The small model: a linear model over hashed n-grams, kept as whole numbers of eight bits."""

import hashlib
import io
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from .features import STEP, WINDOW, grams
from .harms import HEADS

MAIN: Final = 3
"""hostile, hate, crisis have the large table; the other heads share the small one."""
MAIN_BITS: Final = 19
SIDE_BITS: Final = 16
WEIGHTS: Final = Path(__file__).with_name("weights") / "ngram.npz"
Scores = NDArray[np.float32]


class WeightsBroken(Exception):
    """The file of the small model cannot be read: install the plugin again."""


def logistic(values: NDArray[np.float64]) -> Scores:
    """Return chances, 0 to 1, of sums."""
    return (1 / (1 + np.exp(-np.clip(values, -30, 30)))).astype(np.float32)


@dataclass(frozen=True)
class NgramModel:
    """Weights, and for each head the slope and the shift that make 0.5 the decision line."""

    main: NDArray[np.int8]
    """Shape (2 ** MAIN_BITS, MAIN)."""
    side: NDArray[np.int8]
    """Shape (2 ** SIDE_BITS, heads - MAIN)."""
    scale: NDArray[np.float32]
    bias: NDArray[np.float32]
    slope: NDArray[np.float32]
    shift: NDArray[np.float32]
    digest: str

    def raw(self, text: str) -> NDArray[np.float64]:
        """Return the uncalibrated sums of the worst window for each head, from a normalised text."""
        hashes, places = grams(text)
        if not len(hashes):
            return np.full(len(HEADS), -20.0)
        main = self.main[hashes & np.uint32((1 << MAIN_BITS) - 1)]
        windows = max(1, -(-(len(text) + 2 - WINDOW) // STEP) + 1)
        if windows == 1:
            side = self.side[hashes & np.uint32((1 << SIDE_BITS) - 1)]
            sums: NDArray[np.float64] = np.concatenate([main.sum(0, np.int64), side.sum(0, np.int64)]) / np.sqrt(len(hashes))
            return np.asarray(sums * self.scale + self.bias, np.float64)
        # Sums over steps of the text, then over the two steps that make a window.
        steps = windows + 1
        step = np.minimum(places // STEP, steps - 1)
        counts = np.bincount(step, minlength=steps)
        counts = counts[:-1] + counts[1:]
        parts = [np.bincount(step, main[:, head], steps) for head in range(MAIN)]
        worst = np.argmax((parts[0][:-1] + parts[0][1:]) / np.sqrt(np.maximum(counts, 1)))
        chosen = (step == worst) | (step == worst + 1)
        side = self.side[hashes[chosen] & np.uint32((1 << SIDE_BITS) - 1)].sum(0, np.int64) / np.sqrt(max(1, counts[worst]))
        top = [np.max((one[:-1] + one[1:]) / np.sqrt(np.maximum(counts, 1))) for one in parts]
        return np.asarray(np.concatenate([top, side]) * self.scale + self.bias, np.float64)

    def sums(self, text: str) -> NDArray[np.float64]:
        """Return a calibrated sum for each head: 0 is the decision line."""
        return np.asarray(self.raw(text) * self.slope + self.shift, np.float64)

    def scores(self, text: str) -> Scores:
        """Return a calibrated score, 0 to 1, for each of HEADS, from a normalised text."""
        return logistic(self.sums(text))


def load(path: Path = WEIGHTS) -> NgramModel:
    """Read the weights; whatever is wrong with them is one error."""
    try:
        data = path.read_bytes()
        with np.load(io.BytesIO(data), allow_pickle=False) as table:
            fields = {name: table[name] for name in ("main", "side", "scale", "bias", "slope", "shift")}
        shapes = (fields["main"].shape, fields["side"].shape)
        if shapes != ((1 << MAIN_BITS, MAIN), (1 << SIDE_BITS, len(HEADS) - MAIN)):
            raise ValueError(shapes)  # noqa: TRY301 - one way out for all that can be wrong
    except Exception as problem:
        raise WeightsBroken from problem
    return NgramModel(**fields, digest=hashlib.sha256(data).hexdigest()[:12])
