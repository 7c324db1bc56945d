"""What becomes of a plugin that keeps failing in one group."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

PluginState = Literal["off", "on", "shadow", "retrying", "needs attention", "failed"]

#: How long the event waits after the first, second, third failure; after the last, the plugin has failed for this group.
WAITS = (timedelta(seconds=30), timedelta(minutes=5), timedelta(minutes=30))
#: Events kept for a retrying plugin; one more and it has failed.
MOST_WAITING = 1000


@dataclass(frozen=True, slots=True)
class Verdict:
    """The plugin's next state for this group, and how long its event waits (``None``: for a person)."""

    state: PluginState
    wait: timedelta | None


def after_failure(failures: int) -> Verdict:
    """Return what follows the ``failures``-th failure in a row (1 for the first)."""
    if failures <= len(WAITS):
        return Verdict("retrying", WAITS[failures - 1])
    return Verdict("failed", None)
