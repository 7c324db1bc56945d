"""``make soak MINUTES=n``: the crash tests in full, resumable; prints what it did with date and machine."""

from __future__ import annotations

import argparse
import os
import platform
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
STATE = ROOT / ".soak"


def main() -> int:
    """Run until the time is over or everything is done; 0 when nothing was lost or doubled."""
    parser = argparse.ArgumentParser(prog="python -m tests.soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=10.0, help="how long to go on, in minutes")
    chosen = parser.parse_args()
    STATE.mkdir(exist_ok=True)
    deadline = time.time() + chosen.minutes * 60
    print(f"soak: {datetime.now(UTC):%Y-%m-%d %H:%M} UTC, {os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}")
    environment = {
        **os.environ,
        "SUPPORTD_FULL": "1",
        "SUPPORTD_SOAK_STATE": str(STATE / "crash.json"),
        "SUPPORTD_SOAK_UNTIL": str(deadline),
    }
    command = [sys.executable, "-m", "pytest", "-q", "-s", "-p", "no:randomly", "-o", "timeout=0", "tests/crash"]
    return subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
