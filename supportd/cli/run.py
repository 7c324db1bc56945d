"""``supportd run``."""

from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING

from supportd.config import load
from supportd.daemon.run import run as run_daemon

if TYPE_CHECKING:
    import argparse


def run(chosen: argparse.Namespace) -> int:
    """Run the daemon until it is told to stop."""
    # Nothing that we write may be readable for others, whatever the shell's habit is.
    os.umask(0o077)
    return asyncio.run(run_daemon(load(chosen.folder)))
