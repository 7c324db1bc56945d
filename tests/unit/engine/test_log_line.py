"""One canonical line in the log for each handled event."""

from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING

import pytest

from supportd import logs
from supportd.sdk import effects as fx
from supportd.sdk.hooks import Plugin
from tests.support.world import World

if TYPE_CHECKING:
    from collections.abc import Iterator

    from supportd.sdk import events as ev
    from supportd.sdk.effects import Effect
    from supportd.store.open import SqlStore

pytestmark = pytest.mark.asyncio


class Answerer(Plugin):
    """Answers."""

    name = "answerer"
    grants = frozenset({fx.PostMessage})

    def message_posted(self, event: ev.MessagePosted) -> Iterator[Effect]:
        """Answer twice."""
        yield fx.PostMessage(room=event.room, text="one")
        yield fx.PostMessage(room=event.room, text="two")


async def test_each_event_has_one_line_that_says_nothing_of_its_words(sqlite_store: SqlStore) -> None:
    """The line names kind, group, plugin, effects and time, and a short hash; no words, names or ids; a repeat has none."""
    stream = io.StringIO()
    logs.configure(stream)
    world = World(sqlite_store, Answerer())
    await world.begin(("Ann", set()))

    event = await world.says("Ann", "my secret words")
    await world.happens(event)

    lines = [json.loads(line) for line in stream.getvalue().splitlines() if "event.handled" in line]
    logs.configure()
    assert len(lines) == 1
    assert lines[0].keys() == {"event", "level", "timestamp", "kind", "group", "id", "plugin", "effects", "took_ms"}
    assert (lines[0]["kind"], lines[0]["plugin"], lines[0]["effects"]) == ("MessagePosted", "answerer", 2)
    assert not any(secret in stream.getvalue() for secret in ("secret", "Ann", "ann", event.id))
