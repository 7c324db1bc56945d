"""``supportd demo``."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from supportd import logs
from supportd.demo.play import play

if TYPE_CHECKING:
    import argparse


def demo(chosen: argparse.Namespace) -> int:
    """Play one evening."""
    # The demo's people use the daemon's own Matrix code; their log would run into the picture.
    logs.silence()
    return asyncio.run(play(once=chosen.once, keep=chosen.keep, port=chosen.port, json_file=chosen.json, picture=chosen.picture))
