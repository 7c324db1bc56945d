"""Small plugins, each with one peculiarity."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, ClassVar

from supportd.sdk.commands import Command
from supportd.sdk.effects import Effect, PostMessage
from supportd.sdk.events import Event, JoinAsked, MemberJoined, MessagePosted
from supportd.sdk.findings import Finding, Refusal
from supportd.sdk.hooks import Plugin, hookimpl
from supportd.sdk.settings import Field, Settings

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

WORDS = "Rose said that she is tired"


class ThingSettings(Settings):
    """Settings of a thing, in their second version."""

    settings_version = 2
    greeting: str = Field(default="Hello", description="How it greets.")
    hours: int = Field(default=4, ge=1, le=72, description="How long it waits.")
    warm: bool = Field(default=True, description="Whether it is warm.")

    @classmethod
    def migrate(cls, version: int, values: dict[str, object]) -> dict[str, object]:
        """Turn days of version 1 into hours."""
        days = values.pop("days", None) if version == 1 else None
        return {**values, "hours": days * 24} if isinstance(days, int) else values


class Thing(Plugin):
    """Does one small thing well."""

    name: ClassVar[str] = "thing"
    summary: ClassVar[str] = "Greets whoever joins."
    grants: ClassVar[frozenset[type[Effect]]] = frozenset({PostMessage})
    settings: ClassVar[type[Settings]] = ThingSettings
    commands: ClassVar[tuple[Command, ...]] = (Command(name="greet", help="Greet everybody."),)

    @hookimpl
    def member_joined(self, event: MemberJoined, settings: ThingSettings) -> Iterator[Effect]:
        """Ask for two parameters only, and yield."""
        yield PostMessage(room=event.room, text=settings.greeting)

    @hookimpl
    def admit(self, event: JoinAsked) -> Refusal | None:
        """Refuse whoever is unknown."""
        return None if event.person else Refusal(sentence="This group is by invitation.")


class Raises(Thing):
    """Raises with a member's words."""

    name: ClassVar[str] = "raises"

    @hookimpl
    def member_joined(self, event: MemberJoined, settings: ThingSettings) -> Iterator[Effect]:
        """Raise after the first effect."""
        yield PostMessage(room=event.room, text=settings.greeting)
        raise LookupError(WORDS)


class Leaves(Thing):
    """Tries to end the process."""

    name: ClassVar[str] = "leaves"

    @hookimpl
    def member_joined(self, event: MemberJoined, settings: ThingSettings) -> Iterator[Effect]:
        """Exit."""
        raise SystemExit


class Hangs(Thing):
    """Never ends."""

    name: ClassVar[str] = "hangs"

    @hookimpl
    def member_joined(self, event: MemberJoined, settings: ThingSettings) -> Iterator[Effect]:
        """Loop for ever, and keep ordinary exceptions to itself."""
        while True:
            try:
                sum(range(1000))
            except Exception:  # noqa: BLE001, S112 - the kind of code that must be stopped all the same
                continue


class Thinks(Thing):
    """Assesses what it reads."""

    name: ClassVar[str] = "thinks"

    def assess(self, event: Event, settings: Settings) -> Iterable[Finding]:
        """Find, raise, or take very long."""
        del settings
        text = event.text if isinstance(event, MessagePosted) else ""
        if text == "raise":
            raise ValueError(WORDS)
        if text == "sleep":
            time.sleep(60)
        return (Finding(name="tea"),) if "tea" in text else ()
