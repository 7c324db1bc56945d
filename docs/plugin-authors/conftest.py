"""The example is found where it lies; its author would install it."""  # noqa: INP001 - pytest finds it by itself

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "example"))
