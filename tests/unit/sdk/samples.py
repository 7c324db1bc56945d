"""Plugins that each break one rule of the conformance suite."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, ClassVar

from supportd.sdk.ask import YES, Answer, Ask, Step
from supportd.sdk.commands import Command
from supportd.sdk.effects import CreateRoom, Effect, EndDuty, OfferLink, PostDirect, PostMessage, Reply, StartTimer
from supportd.sdk.events import AskAnswered, CommandGiven, JoinAsked, LinkUsed, MemberJoined, MessagePosted, RoomReady, TimerFired, TurnedOn
from supportd.sdk.findings import Finding, Refusal
from supportd.sdk.hooks import Plugin, hookimpl
from supportd.sdk.rooms import RoomSpec
from supportd.sdk.settings import Field, Settings
from supportd.sdk.store import PluginStore, Tables, person, table, tables_of, text
from supportd.sdk.text import Catalogue

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from supportd.sdk.facts import Group
    from supportd.sdk.ids import PersonId

pairs = table("sample", "pairs", person("one", key=True), person("other"), text("note", null=True))
TABLES = tables_of("sample")


class Sample(Plugin):
    """Says hello, and is all right."""

    name: ClassVar[str] = "sample"
    summary: ClassVar[str] = "Says hello."
    grants: ClassVar[frozenset[type[Effect]]] = frozenset({PostMessage})

    @hookimpl
    def member_joined(self, event: MemberJoined, group: Group) -> Iterator[Effect]:
        """Say hello."""
        yield PostMessage(room=event.room, text=f"Hello {group.name_of(event.member)}.")


class Remembers(Sample):
    """Keeps a count of its own."""

    def __init__(self) -> None:
        """Begin to count."""
        self.count = 0

    @hookimpl
    def member_joined(self, event: MemberJoined, group: Group) -> Iterator[Effect]:
        """Say how many came."""
        self.count += 1
        yield PostMessage(room=event.room, text=f"Hello number {self.count} of {group.name}.")


_CALLS = iter(range(10_000))


class ByChance(Sample):
    """Yields something else each time."""

    @hookimpl
    def member_joined(self, event: MemberJoined, group: Group) -> Iterator[Effect]:
        """Say a number."""
        del group
        yield PostMessage(room=event.room, text=f"Hello {next(_CALLS)}.")


class Shouts(Sample):
    """Breaks the rules of tone."""

    texts = Catalogue({"shout": {"en": {"normal": "Invalid!"}}})

    @hookimpl
    def member_joined(self, event: MemberJoined, group: Group) -> Iterator[Effect]:
        """Shout."""
        del group
        yield PostMessage(room=event.room, text="Welcome aboard! You failed to say hello, {name}.")


class BareSettings(Settings):
    """Settings without help."""

    colour: str
    size: int = Field(default=1, description="big")


class Bare(Sample):
    """Declares things without help and grants that it never uses."""

    summary: ClassVar[str] = "says hello"
    grants: ClassVar[frozenset[type[Effect]]] = frozenset({PostMessage, EndDuty})
    commands: ClassVar[tuple[Command, ...]] = (Command(name="tea", help=""), Command(name="tea", help="Make tea."))


class BareSet(Sample):
    """Has settings without help."""

    settings: ClassVar[type[Settings]] = BareSettings


class Ungranted(Sample):
    """Yields what it has no grant for."""

    grants: ClassVar[frozenset[type[Effect]]] = frozenset()


class Confuses(Sample):
    """Gives reserved words another meaning."""

    grants: ClassVar[frozenset[type[Effect]]] = frozenset({Ask})

    @hookimpl
    def member_joined(self, event: MemberJoined, group: Group) -> Iterator[Effect]:
        """Ask something confusing."""
        steps = (Step(to=(event.member,), until=group.now + timedelta(hours=1)),)
        answers = (YES, Answer(name="tea", words=("Later", "ok")))
        yield Ask(key=f"tea:{event.member}", question="Would you like tea?", answers=answers, steps=steps)


class Hoards(Sample):
    """Keeps pairs of people, shows them to each other and forgets half of them."""

    tables: ClassVar[Tables | None] = TABLES

    @hookimpl
    def member_joined(self, event: MemberJoined, group: Group, store: PluginStore) -> Iterator[Effect]:  # type: ignore[override]
        """Pair the newcomer with the first key member."""
        other = group.key_members[0].id
        if event.member != other:
            store.rows.put(pairs, one=event.member, other=other, note=event.member)
        yield from ()

    def export_member(self, member: PersonId, store: PluginStore) -> Mapping[str, object]:
        """Show the other one too."""
        row = store.rows.get(pairs, one=member)
        return {} if row is None else {"with": row["other"]}

    def forget_member(self, member: PersonId, store: PluginStore) -> None:
        """Forget only where they came first."""
        store.rows.delete(pairs, one=member)


class Busy(Plugin):
    """Uses most of what there is; for tests of the kit."""

    name: ClassVar[str] = "busy"
    summary: ClassVar[str] = "Does many things."
    grants: ClassVar[frozenset[type[Effect]]] = frozenset({CreateRoom, StartTimer, OfferLink, PostDirect, PostMessage, Ask})
    commands: ClassVar[tuple[Command, ...]] = (Command(name="tea", help="Ask two key members about tea."),)

    @hookimpl
    def turned_on(self, event: TurnedOn, group: Group) -> Iterator[Effect]:
        """Ask for a room and start a timer."""
        del event
        yield CreateRoom(key="garden", spec=RoomSpec(name="Garden"))
        yield StartTimer(key="weekly", at=group.now + timedelta(days=7))

    @hookimpl
    def room_ready(self, event: RoomReady) -> Iterator[Effect]:
        """Say that it is ready."""
        yield PostMessage(room=event.room, text="The garden is ready.")

    @hookimpl
    def timer_fired(self, event: TimerFired, group: Group) -> Iterator[Effect]:
        """Write to everybody in chat, and offer a link to one."""
        del event
        able = [one for one in group.people if one.has_account]
        yield from (PostDirect(to=one.id, text=f"Hello {one.name}.") for one in able)
        expires = group.now + timedelta(days=1)
        yield OfferLink(key="letter", to=able[0].id, text="Press here: {link}", button="Yes", expires=expires)

    @hookimpl
    def link_used(self, event: LinkUsed) -> Iterator[Effect]:
        """Thank."""
        yield PostDirect(to=event.person, text="Thank you.")

    @hookimpl
    def command_given(self, event: CommandGiven, group: Group) -> Iterator[Effect]:
        """Ask two key members, and everybody in chat after two hours."""
        first = Step(to=tuple(one.id for one in group.key_members), until=group.now + timedelta(hours=2))
        steps = (first, Step(to=tuple(one.id for one in group.people), until=group.now + timedelta(hours=3)))
        yield Ask(
            key="tea", question="Shall there be tea?", answers=(Answer(name="yes", words=("yes",), quorum=2),), steps=steps, told="Done."
        )
        yield Reply(text=f"I asked. You said {event.name}.")

    @hookimpl
    def ask_answered(self, event: AskAnswered, group: Group) -> Iterator[Effect]:
        """Tell who agreed, in order."""
        yield PostDirect(to=group.key_members[0].id, text=" and ".join(group.name_of(one) for one in event.by))

    def assess(self, event: object, settings: Settings) -> tuple[Finding, ...]:
        """Find tea."""
        del settings
        return (Finding(name="tea"),) if isinstance(event, MessagePosted) and "tea" in event.text else ()

    @hookimpl
    def message_posted(self, event: MessagePosted, findings: tuple[Finding, ...]) -> Iterator[Effect]:
        """Say what was found."""
        yield from (PostMessage(room=event.room, text=f"Found {one.name}.", in_reply_to=event.id) for one in findings)

    @hookimpl
    def admit(self, event: JoinAsked) -> Refusal | None:
        """Keep strangers out."""
        return None if event.person else Refusal(sentence="By invitation only.")
