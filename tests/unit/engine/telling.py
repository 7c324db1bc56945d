"""A plugin with commands, settings and words of its own about people, for the tests of commands."""

from __future__ import annotations

from typing import TYPE_CHECKING

from supportd.engine.words import route
from supportd.sdk import effects as fx
from supportd.sdk.commands import Command, Parameter
from supportd.sdk.hooks import Plugin
from supportd.sdk.settings import Field, Settings
from tests.support.world import ROOM

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from supportd.engine.words.desk import Said
    from supportd.sdk import events as ev
    from supportd.sdk.effects import Effect
    from supportd.sdk.ids import PersonId
    from supportd.sdk.store import PluginStore
    from tests.support.world import World


class TellerSettings(Settings):
    """What a group may decide."""

    greeting: str = Field("Hello", description="What is said first.")
    hours: int = Field(3, description="How long it waits.")


class Teller(Plugin):
    """Tells what it was asked."""

    name = "teller"
    summary = "Tells what it was asked."
    grants = frozenset({fx.PostMessage})
    settings = TellerSettings
    commands = (
        Command(name="rota", help="Show the rota.", who="anyone"),
        Command(
            name="rota set",
            help="Set it.",
            parameters=(Parameter(name="day", help="Day."), Parameter(name="who", help="Who.", default="me")),
        ),
        Command(name="rota clear", help="Clear it.", who="admin"),
        Command(name="preview", help="Show a text.", who="anyone", run="teller:preview"),
    )

    def __init__(self) -> None:
        """Begin without having heard anything."""
        self.turned = 0
        self.given: list[tuple[str, dict[str, str]]] = []
        self.added: list[PersonId] = []
        self.changed = 0
        self.messages: list[str] = []
        self.kept = "a number"
        self.broken = False
        self.data = '{"seen": true}'

    def turned_on(self, event: ev.TurnedOn) -> None:
        """Count."""
        del event
        self.turned += 1

    def person_added(self, event: ev.PersonAdded) -> None:
        """Note who."""
        self.added.append(event.person)

    def roles_changed(self, event: ev.RolesChanged) -> None:
        """Count."""
        del event
        self.changed += 1

    def message_posted(self, event: ev.MessagePosted) -> None:
        """Note what is no command."""
        self.messages.append(event.text)

    def command_given(self, event: ev.CommandGiven) -> Iterator[Effect]:
        """Say it in the room and answer."""
        if self.broken:
            raise RuntimeError(event.name)
        self.given.append((event.name, dict(event.args)))
        yield fx.PostMessage(room=ROOM, text=f"doing {event.name}")
        yield fx.Reply(text=f"did {event.name}", data=self.data)

    def export_member(self, member: PersonId, store: PluginStore) -> Mapping[str, object]:
        """Return what is kept."""
        del member, store
        return {"note": self.kept} if self.kept else {}

    def forget_member(self, member: PersonId, store: PluginStore) -> None:
        """Forget it."""
        del member, store
        self.kept = ""


async def tell(world: World, *words: str, id_: str = "", group: str = "") -> Said:
    """Give a command at the terminal."""
    world.clock.forward(seconds=1)
    now = world.clock.now()
    request = id_ or f"request-{now.isoformat()}"
    return await world.store.transact(lambda uow: route.give(uow, world.dispatcher, group=group, words=words, id_=request, now=now))
