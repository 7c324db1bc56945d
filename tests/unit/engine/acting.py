"""A plugin that does what a test tells it and remembers what it heard."""

from __future__ import annotations

from typing import TYPE_CHECKING

from supportd.engine import codec
from supportd.sdk.ask import NO, YES, Ask, Step
from supportd.sdk.hooks import Plugin
from tests.support.world import START

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from supportd.sdk import events as ev
    from supportd.sdk.ask import Answer
    from supportd.sdk.effects import Effect
    from supportd.sdk.ids import PersonId
    from tests.support.world import World

KINDS: frozenset[type[Effect]] = frozenset(kind for kind in codec.effect_kinds().values() if kind.__module__.startswith("supportd."))


class Doing(Plugin):
    """Yields ``todo`` at the word go; notes every event it hears of but messages that are no answer."""

    name = "doing"
    grants = KINDS

    def __init__(self, *todo: Effect) -> None:
        """Take what to yield."""
        self.todo: Sequence[object] = todo
        self.heard: list[ev.Event] = []
        self.messages: list[str] = []

    def _note(self, event: ev.Event) -> tuple[Effect, ...]:
        self.heard.append(event)
        return ()

    def message_posted(self, event: ev.MessagePosted) -> Iterator[object]:
        """Do it."""
        self.messages.append(event.text)
        if event.text == "go":
            yield from self.todo

    def message_edited(self, event: ev.MessageEdited) -> tuple[Effect, ...]:
        """Note it."""
        return self._note(event)

    def message_redacted(self, event: ev.MessageRedacted) -> tuple[Effect, ...]:
        """Note it."""
        return self._note(event)

    def reaction_added(self, event: ev.ReactionAdded) -> tuple[Effect, ...]:
        """Note it."""
        return self._note(event)

    def ask_answered(self, event: ev.AskAnswered) -> tuple[Effect, ...]:
        """Note it."""
        return self._note(event)

    def ask_expired(self, event: ev.AskExpired) -> tuple[Effect, ...]:
        """Note it."""
        return self._note(event)

    def timer_fired(self, event: ev.TimerFired) -> tuple[Effect, ...]:
        """Note it."""
        return self._note(event)

    def room_swept(self, event: ev.RoomSwept) -> tuple[Effect, ...]:
        """Note it."""
        return self._note(event)

    def effect_failed(self, event: ev.EffectFailed) -> tuple[Effect, ...]:
        """Note it."""
        return self._note(event)

    def room_upgraded(self, event: ev.RoomUpgraded) -> tuple[Effect, ...]:
        """Note it."""
        return self._note(event)

    def turned_on(self, event: ev.TurnedOn) -> tuple[Effect, ...]:
        """Note it."""
        return self._note(event)

    def names_heard(self) -> list[str]:
        """Return the kinds of events it heard of."""
        return [type(event).__name__ for event in self.heard]


async def do(world: World, doing: Doing, *effects: object) -> None:
    """Let the plugin yield ``effects`` now, and everything happen that may."""
    doing.todo = effects
    await world.says("@cue:test", "go")
    await world.settle()


def question(
    *people: PersonId, until: datetime | None = None, answers: tuple[Answer, ...] = (YES, NO), told: str = "", key: str = "k"
) -> Ask:
    """Return a question to some people that is open for a day."""
    step = Step(to=people, until=until or START.replace(day=START.day + 1))
    return Ask(key=key, question="Can you?", steps=(step,), answers=answers, told=told)


async def reasons(world: World) -> list[str]:
    """Return the sentences of what was refused."""
    return [reason for _, outcome, reason in await world.journal() if outcome == "refused"]
