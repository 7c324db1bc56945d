"""Commands for child processes that never outlive us: the kernel ends them when we die, however that happens."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pathlib import Path

# prctl(2): PR_SET_PDEATHSIG = 1. The check closes the gap in which the parent died before the call.
_CHILD: Final = """
import ctypes, os, runpy, signal, sys
ctypes.CDLL(None).prctl(1, signal.SIGKILL)
parent, module = int(sys.argv.pop(1)), sys.argv.pop(1)
if os.getppid() != parent:
    sys.exit(1)
sys.argv[0] = module.partition(".")[0]
runpy.run_module(module, run_name="__main__", alter_sys=True)
"""


def bound(python: Path | str, module: str, *words: str) -> list[str]:
    """Return the command that runs ``module`` with ``words`` under ``python``, as a child of the thread that starts it."""
    return [str(python), "-c", _CHILD, str(os.getpid()), module, *words]
