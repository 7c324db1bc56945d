"""``supportd demo``."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from supportd.demo.play import play

if TYPE_CHECKING:
    import argparse


def demo(chosen: argparse.Namespace) -> int:
    """Play one evening."""
    return asyncio.run(play(once=chosen.once, keep=chosen.keep, port=chosen.port, json_file=chosen.json, picture=chosen.picture))
