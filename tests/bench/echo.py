"""The daemon with a plugin that answers every message: ``python -m tests.bench.echo FOLDER``."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from supportd_confidential_rooms import ConfidentialRooms

from supportd.config import load
from supportd.daemon.run import run
from supportd.engine import gate
from supportd.host.installed import InstalledPlugins
from supportd.sdk.effects import Effect, PostMessage
from supportd.sdk.hooks import Plugin, hookimpl

if TYPE_CHECKING:
    from collections.abc import Iterator

    from supportd.sdk.events import MessagePosted


class Echo(Plugin):
    """Answers every message."""

    name: ClassVar[str] = "echo"
    summary: ClassVar[str] = "Answers every message."
    grants: ClassVar[frozenset[type[Effect]]] = frozenset({PostMessage})

    @hookimpl
    def message_posted(self, event: MessagePosted) -> Iterator[Effect]:
        """Answer with the same words."""
        yield PostMessage(room=event.room, text=f"echo {event.text}")


if __name__ == "__main__":
    # A plugin may add sixty rows a minute in a group, and more wait their turn: without this the wait would be measured.
    gate.ROWS_PER_MINUTE = 1_000_000
    sys.exit(asyncio.run(run(load(Path(sys.argv[1])), InstalledPlugins.of(ConfidentialRooms(), Echo()))))
