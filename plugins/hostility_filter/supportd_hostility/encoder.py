"""The second look at doubtful messages: a small encoder, if its weights and ONNX Runtime are there."""

import hashlib
import json
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

FOLDER: Final = Path(__file__).resolve().parents[1] / "encoder" / "weights"
TOKENS: Final = 64


class Encoder:
    """Reads the first and the last window of a text, one window a run: company in a batch would change its answers."""

    def __init__(self, session: Any, tokenizer: Any, calibration: list[list[float]], digest: str) -> None:
        """Take a session, its tokenizer, slopes and shifts for HEADS, and the hash of the weights."""
        self._session = session
        self._tokenizer = tokenizer
        self._slope, self._shift = (np.array(one) for one in calibration)
        self.digest = digest

    def raw(self, plain: str) -> NDArray[np.float64]:
        """Return the uncalibrated sum of the worst window for each head, from a normalised text."""
        cut = TOKENS * 8
        pieces = [plain[:cut]] if len(plain) <= cut else [plain[:cut], plain[-cut:]]
        sums = [self._session.run(None, {"ids": np.array([self._tokenizer.encode(piece).ids], np.int64)})[0][0] for piece in pieces]
        worst: NDArray[np.float64] = np.max(np.array(sums, np.float64), 0)
        return worst

    def sums(self, plain: str) -> NDArray[np.float64]:
        """Return a calibrated sum for each head: 0 is the decision line."""
        sums: NDArray[np.float64] = self.raw(plain) * self._slope + self._shift
        return sums


def found(folder: Path = FOLDER) -> Encoder | None:
    """Return the encoder if the extra is installed and the weights are there, else None."""
    weights = folder / "encoder.onnx"
    if not weights.exists():
        return None
    try:
        import onnxruntime  # noqa: PLC0415 - an extra
        from tokenizers import Tokenizer  # noqa: PLC0415 - an extra
    except ImportError:
        return None
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 4
    session = onnxruntime.InferenceSession(str(weights), options, providers=["CPUExecutionProvider"])
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.enable_truncation(TOKENS)
    calibration = json.loads((folder / "calibration.json").read_text("utf-8"))
    return Encoder(session, tokenizer, calibration, hashlib.sha256(weights.read_bytes()).hexdigest()[:12])
