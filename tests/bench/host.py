"""The daemon with plugins of a measurement: ``python -m tests.bench.host FOLDER [NUMBER]``.

It is what ``supportd run`` runs; only the plugins are others, and the limit of rows a minute is lifted. At its end it prints what
the plugin ``count`` has seen, and before that a line when it has seen ``NUMBER`` messages.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from supportd_confidential_rooms import ConfidentialRooms
from supportd_welcome import Welcome

from supportd.config import load
from supportd.daemon.run import run
from supportd.engine import gate
from supportd.host.installed import InstalledPlugins
from supportd.sdk.effects import CreateRoom, Effect, PostMessage, Redact
from supportd.sdk.hooks import Plugin, hookimpl
from supportd.sdk.rooms import RoomSpec
from supportd.sdk.settings import Field, Settings
from tests.bench.words import ASKED, OURS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from supportd.sdk.events import MessagePosted, TurnedOn
    from supportd.sdk.facts import Group
    from supportd.sdk.ids import EventId


class Echo(Plugin):
    """Answers every message that begins with a word."""

    name: ClassVar[str] = "echo"
    summary: ClassVar[str] = "Answers messages that begin with a word."
    grants: ClassVar[frozenset[type[Effect]]] = frozenset({PostMessage})

    @hookimpl
    def message_posted(self, event: MessagePosted) -> Iterator[Effect]:
        """Answer with the same words."""
        if event.text.startswith(ASKED):
            yield PostMessage(room=event.room, text=f"echo {event.text}")


class Hide(Plugin):
    """Hides every message with a word."""

    name: ClassVar[str] = "hide"
    summary: ClassVar[str] = "Hides messages with a word."
    grants: ClassVar[frozenset[type[Effect]]] = frozenset({Redact})

    @hookimpl
    def message_posted(self, event: MessagePosted) -> Iterator[Effect]:
        """Hide the message."""
        if OURS in event.text:
            yield Redact(room=event.room, target=event.id, reason="A flagged word.")


class MoreSettings(Settings):
    """Settings of ``more_rooms``."""

    plain: int = Field(default=1, description="How many rooms that are not encrypted are made.")
    encrypted: int = Field(default=0, description="How many encrypted rooms are made.")
    alone: int = Field(default=0, description="How many encrypted rooms are made that nobody but the bot is in.")


class MoreRooms(Plugin):
    """Makes rooms."""

    name: ClassVar[str] = "more_rooms"
    summary: ClassVar[str] = "Makes rooms, also rooms that are not encrypted."
    grants: ClassVar[frozenset[type[Effect]]] = frozenset({CreateRoom})
    settings: ClassVar[type[Settings]] = MoreSettings

    @hookimpl
    def turned_on(self, event: TurnedOn, group: Group, settings: MoreSettings) -> Iterator[Effect]:
        """Make them once, for everybody; everybody may do everything there."""
        del event
        people = tuple(person.id for person in group.people if person.has_account)
        for key, count in (("plain", settings.plain), ("sealed", settings.encrypted), ("alone", settings.alone)):
            them = () if key == "alone" else people
            for number in range(count):
                spec = RoomSpec(name=f"{key} {number}", encrypted=key != "plain")
                yield CreateRoom(key=f"{key}{number}", spec=spec, members=them, owners=them)


class Count(Plugin):
    """Counts how often it is called for each message."""

    name: ClassVar[str] = "count"
    summary: ClassVar[str] = "Counts messages."
    grants: ClassVar[frozenset[type[Effect]]] = frozenset()

    def __init__(self, goal: int) -> None:
        """Begin at nothing; a line is printed at ``goal`` messages."""
        self.goal = goal
        self.calls: Counter[EventId] = Counter()

    @hookimpl
    def message_posted(self, event: MessagePosted) -> Iterator[Effect]:
        """Count the message."""
        self.calls[event.id] += 1
        if len(self.calls) == self.goal and self.calls[event.id] == 1:
            print("reached", flush=True)
        yield from ()


def plugins(count: Count) -> InstalledPlugins:
    """Return the plugins of the measurements."""
    return InstalledPlugins.of(ConfidentialRooms(), Welcome(), Echo(), Hide(), MoreRooms(), count)


def main() -> int:
    """Run the daemon until it is told to end."""
    # A plugin may add sixty rows a minute in a group, and more wait their turn: without this the wait would be measured.
    gate.ROWS_PER_MINUTE = 1_000_000
    counting = Count(int(sys.argv[2]) if len(sys.argv) > 2 else 0)
    status = asyncio.run(run(load(Path(sys.argv[1])), plugins(counting)))
    print(json.dumps({"calls": counting.calls.total(), "distinct": len(counting.calls)}), flush=True)
    return status


if __name__ == "__main__":
    sys.exit(main())
