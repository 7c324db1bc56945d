"""A quiet word at tea time, every day."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, ClassVar

from supportd.sdk.effects import Effect, PostMessage, StartTimer
from supportd.sdk.hooks import Plugin, hookimpl
from supportd_tea_time.settings import TeaSettings
from supportd_tea_time.texts import TEXTS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from supportd.sdk.events import TimerFired, TurnedOn
    from supportd.sdk.facts import Group
    from supportd.sdk.settings import Settings


class TeaTime(Plugin):
    """Says once a day that it is tea time."""

    name: ClassVar[str] = "tea_time"
    summary: ClassVar[str] = "Says once a day that it is tea time."
    grants: ClassVar[frozenset[type[Effect]]] = frozenset({PostMessage, StartTimer})
    settings: ClassVar[type[Settings]] = TeaSettings
    texts = TEXTS

    @hookimpl
    def turned_on(self, event: TurnedOn, group: Group, settings: TeaSettings) -> Iterator[Effect]:
        """Wait for the next tea time."""
        del event
        yield next_tea(group, settings)

    @hookimpl
    def timer_fired(self, event: TimerFired, group: Group, settings: TeaSettings) -> Iterator[Effect]:
        """Say it, and wait for tomorrow's."""
        del event
        room = group.room(settings.room)
        if room is not None and room.listening == "reader":
            yield PostMessage(room=room.id, text=TEXTS.get("tea", group.style.language, group.style.edition))
        yield next_tea(group, settings)


def next_tea(group: Group, settings: TeaSettings) -> StartTimer:
    """Return the timer for the next tea time after now."""
    today = group.local(group.now).replace(hour=settings.hour, minute=0, second=0, microsecond=0)
    at = today if today > group.local(group.now) else today + timedelta(days=1)
    return StartTimer(key="tea", at=at)
