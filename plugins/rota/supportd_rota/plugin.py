"""The plugin: which hook leads where."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final

from supportd.sdk.ask import YES, Ask, CloseAsk
from supportd.sdk.effects import Effect, EndDuty, PostDirect, PostMessage, SetDuty, StartTimer
from supportd.sdk.hooks import Plugin, hookimpl
from supportd.sdk.ids import PersonId
from supportd.sdk.panels import CalendarPanel, ListPanel
from supportd_rota import commands, covering, planning
from supportd_rota.planner.limits import MILLION
from supportd_rota.settings import RotaSettings
from supportd_rota.tables import HELD, TABLES, RotaStore
from supportd_rota.texts import TEXTS
from supportd_rota.weighing import week_of, weigh

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from supportd.sdk import events as ev
    from supportd.sdk.commands import Command
    from supportd.sdk.facts import Group
    from supportd.sdk.panels import Panel
    from supportd.sdk.settings import Settings
    from supportd.sdk.store import PluginStore, Tables

KEEPS: Final = (
    "What somebody offers in a week, and which weeks were not usual, until they are forgotten; never why.",
    "Which duties somebody has or had, for a year.",
    "That somebody was asked about a duty or gave it back, until the duty is forgotten; no number is made of it.",
)
#: Under so many people a picture of loads would show whose they are.
_FEW: Final = 5


class Rota(Plugin):
    """Shares the work of key members: proposes, asks, and finds cover."""

    name: ClassVar[str] = "rota"
    summary: ClassVar[str] = "Shares the work of key members by what each says they can give, and finds cover when somebody cannot."
    grants: ClassVar[frozenset[type[Effect]]] = frozenset({Ask, CloseAsk, PostDirect, PostMessage, SetDuty, EndDuty, StartTimer})
    settings: ClassVar[type[Settings]] = RotaSettings
    store: ClassVar[type[PluginStore]] = RotaStore
    tables: ClassVar[Tables | None] = TABLES
    keeps: ClassVar[tuple[str, ...]] = KEEPS
    commands: ClassVar[tuple[Command, ...]] = commands.COMMANDS
    texts = TEXTS

    @hookimpl
    def turned_on(self, group: Group, settings: RotaSettings) -> Iterator[Effect]:
        """Begin: wait for the day of the week on which duties are proposed, and look after open ones every day."""
        yield from planning.begin(group, settings)
        yield from planning.tomorrow(group, settings)

    @hookimpl
    def roles_changed(self, event: ev.RolesChanged, group: Group, store: RotaStore, settings: RotaSettings) -> Iterator[Effect]:
        """Ask somebody for nothing who helps no more."""
        person = group.person(event.person)
        if person is not None and not {"key_member", "admin"} & person.roles and store.giver(person.id) is not None:
            yield from covering.lost_role(group, store, settings, person)

    @hookimpl
    def timer_fired(self, event: ev.TimerFired, group: Group, store: RotaStore, settings: RotaSettings) -> Iterator[Effect]:
        """Propose duties, and wait for the next week."""
        if event.key == planning.PLAN:
            yield from planning.begin(group, settings)
            yield from planning.propose(group, store, settings)
        elif event.key == planning.DAILY:
            yield from planning.tomorrow(group, settings)
            yield from covering.look(group, store, settings)
            yield from planning.note(group, store, settings)

    @hookimpl
    def command_given(self, event: ev.CommandGiven, group: Group, store: RotaStore, settings: RotaSettings) -> Iterator[Effect]:
        """Answer a command."""
        yield from commands.answer(group, store, settings, event)

    @hookimpl
    def ask_answered(self, event: ev.AskAnswered, group: Group, store: RotaStore, settings: RotaSettings) -> Iterator[Effect]:
        """Go on with a yes or a no."""
        person, yes = group.person(event.by[0]), event.answer == YES.name
        if event.key.startswith(planning.OFFER) and person is not None:
            yield from planning.answered(group, store, settings, person, yes=yes)
        elif event.key.startswith(covering.COVER):
            yield from covering.answered(group, store, settings, event.key.removeprefix(covering.COVER), person, yes=yes)

    @hookimpl
    def ask_expired(self, event: ev.AskExpired, group: Group, store: RotaStore, settings: RotaSettings) -> Iterator[Effect]:
        """Go on after silence, which is a no that nobody had to say."""
        person = group.person(PersonId(event.key.removeprefix(planning.OFFER)))
        if event.key.startswith(planning.OFFER) and person is not None:
            yield from planning.answered(group, store, settings, person, yes=False, said=False)
        elif event.key.startswith(covering.COVER):
            yield from covering.answered(group, store, settings, event.key.removeprefix(covering.COVER), None, yes=False)

    def panels(self, group: Group, store: PluginStore, settings: Settings) -> Iterable[Panel]:
        """Return who is on when, and whether somebody carries too much; never whose load it is."""
        del settings
        if not isinstance(store, RotaStore):
            return ()
        held = [row for row in store.slots(state=HELD) if row["ends"] > group.now]
        entries = tuple((row["starts"], row["ends"], f"{row['kind']}: {group.name_of(row['holder'])}") for row in held)
        ratios = sorted(weigh(group, store, week_of(group, group.now), 2).ratios().values(), reverse=True)
        over = any(one > MILLION for one in ratios)
        words = ["Somebody carries more than they offered." if over else "Everybody is within what they offered."]
        if len(ratios) >= _FEW:
            words.append("Shares of what people offered, without names: " + ", ".join(f"{round(100 * one / MILLION)} %" for one in ratios))
        return (CalendarPanel(title="Who is on", entries=entries), ListPanel(title="How the work is spread", items=tuple(words)))

    def export_member(self, member: PersonId, store: PluginStore) -> Mapping[str, object]:
        """Return what is kept about somebody."""
        return store.export(member) if isinstance(store, RotaStore) else {}

    def forget_member(self, member: PersonId, store: PluginStore) -> None:
        """Delete what is kept about somebody; what they held is open."""
        if isinstance(store, RotaStore):
            store.forget(member)
