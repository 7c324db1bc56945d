"""``supportd run``."""

from __future__ import annotations

import asyncio
import os
import traceback
from typing import TYPE_CHECKING

from supportd.config import load
from supportd.daemon.run import run as run_daemon
from supportd.errors import SupportdError
from supportd.logs import get_logger

if TYPE_CHECKING:
    import argparse


log = get_logger(__name__)

#: EX_SOFTWARE of sysexits.h.
SOFTWARE = 70


def run(chosen: argparse.Namespace) -> int:
    """Run the daemon until it is told to stop."""
    # Nothing that we write may be readable for others, whatever the shell's habit is.
    os.umask(0o077)
    try:
        return asyncio.run(run_daemon(load(chosen.folder)))
    except SupportdError:
        raise
    except Exception as error:  # noqa: BLE001 - a traceback quotes what was handled, so only its place is told
        place = traceback.extract_tb(error.__traceback__)[-1]
        log.error("daemon.broke", error=error, code=f"{place.filename.rpartition('/')[2]}:{place.lineno}")  # noqa: TRY400 - see above
        return SOFTWARE
