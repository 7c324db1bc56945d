"""``supportd version``."""

from __future__ import annotations

import json
import platform
from importlib import metadata
from typing import TYPE_CHECKING

from supportd import __version__

if TYPE_CHECKING:
    import argparse

#: What decides how supportd behaves.
STANDS_ON = ("matrix-nio", "vodozemac", "aiohttp", "SQLAlchemy", "sqlcipher3", "pydantic", "cryptography")


def versions() -> dict[str, str]:
    """Return name -> version."""
    return {"supportd": __version__, "Python": platform.python_version(), **{name: metadata.version(name) for name in STANDS_ON}}


def version(chosen: argparse.Namespace) -> int:
    """Print the versions."""
    found = versions()
    print(json.dumps(found) if chosen.json else "\n".join(f"{name} {number}" for name, number in found.items()))
    return 0
