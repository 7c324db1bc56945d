"""A group in memory: what is so now, and how an event reaches the plugin."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final, TypeVar

from supportd.sdk import events as ev
from supportd.sdk.facts import Case, Consent, Duty, Group, GroupStyle, Person, QuietHours, Role, Room
from supportd.sdk.ids import EventId, GroupId, PersonId, RoomId
from supportd.sdk.testing import _carry, _checks
from supportd.sdk.testing._seen import Asked, Told

if TYPE_CHECKING:
    from supportd.sdk.ask import Ask
    from supportd.sdk.effects import CreateRoom, Effect, EndPoll, MendRoom, OfferLink, StartPoll, SweepRoom
    from supportd.sdk.hooks import Plugin
    from supportd.sdk.settings import Settings
    from supportd.sdk.testing._shelf import Shelf

E = TypeVar("E", bound=ev.Event)

#: When stories begin: a Tuesday, 6 pm in London.
START: Final = datetime(2026, 6, 2, 17, 0, tzinfo=UTC)


@dataclass(slots=True)
class OpenAsk:
    """An open ask: whom it was put to, what they said, when its present step ends."""

    ask: Ask
    id: str
    step: int = 0
    until: datetime = START
    #: Whom it was put to, and which question of the story that was, counted from one.
    asked: dict[PersonId, int] = field(default_factory=dict)
    given: dict[PersonId, str] = field(default_factory=dict)


@dataclass(slots=True)
class World:
    """Everything a story knows; only the kit changes it."""

    plugin: Plugin
    settings: Settings
    shelf: Shelf
    group: GroupId
    style: GroupStyle
    #: In shadow mode nothing that the plugin yields is carried out.
    shadow: bool = False
    now: datetime = START
    people: dict[str, Person] = field(default_factory=dict)
    rooms: dict[str, Room] = field(default_factory=dict)
    been: set[tuple[RoomId, PersonId]] = field(default_factory=set)
    shut: datetime | None = None
    #: What the plugin wants its rooms to be, and the homeserver has not done.
    mends: list[MendRoom] = field(default_factory=list)
    sweeps: dict[str, SweepRoom] = field(default_factory=dict)
    duties: list[Duty] = field(default_factory=list)
    consents: list[Consent] = field(default_factory=list)
    cases: dict[str, Case] = field(default_factory=dict)
    timers: dict[str, datetime] = field(default_factory=dict)
    asks: dict[str, OpenAsk] = field(default_factory=dict)
    wanted: dict[str, CreateRoom] = field(default_factory=dict)
    links: dict[str, OfferLink] = field(default_factory=dict)
    #: Polls that are there, and what the plugin wants of polls and the homeserver has not shown.
    polls: list[ev.PollStarted] = field(default_factory=list)
    wanted_polls: list[StartPoll | EndPoll] = field(default_factory=list)
    #: Every effect of the story, and what the last step led to and no ``then_…`` has taken yet.
    effects: list[Effect] = field(default_factory=list)
    fresh: list[Effect | Asked | Told] = field(default_factory=list)
    #: What all plugins are told of after the event at hand.
    follow: list[ev.ConsentGiven] = field(default_factory=list)
    said: list[EventId] = field(default_factory=list)
    count: int = 0
    questions: int = 0

    def facts(self) -> Group:
        """Return the group as the plugin sees it now."""
        return Group(
            id=self.group,
            style=self.style,
            now=self.now,
            people=tuple(self.people.values()),
            rooms=tuple(self.rooms.values()),
            duties=tuple(self.duties),
            consents=tuple(self.consents),
            cases=tuple(self.cases.values()),
            shut=self.shut,
        )

    def person(self, name: str) -> Person:
        """Return somebody of the story, or raise."""
        if name not in self.people:
            known = ", ".join(self.people) or "nobody yet"
            raise AssertionError(f"Nobody is called {name} in this story (there is {known}): add with_people({name!r}).")
        return self.people[name]

    def add(
        self,
        name: str,
        *roles: Role,
        account: bool = True,
        language: str | None = None,
        quiet: QuietHours | None = None,
        occasion: str = "",
    ) -> Person:
        """Enter somebody in the people, or give somebody who is there another role."""
        before = self.people.get(name)
        held = before.roles if before else frozenset[Role]({"member"})
        made = before or Person(
            id=PersonId(f"person-{name.lower()}"),
            name=name,
            has_account=account,
            language=language,
            quiet=quiet,
            added=self.now,
            occasion=occasion,
        )
        self.people[name] = replace(made, roles=held | frozenset(roles))
        return self.people[name]

    def room(self, key: str | None) -> Room:
        """Return a room by key; ``None`` means the circle, which is made when the story has none."""
        if key is None:
            key = "circle"
            self.rooms.setdefault(key, Room(id=RoomId(f"!{key}"), key=key))
        if key not in self.rooms:
            raise AssertionError(f"There is no room “{key}” in this story: add with_room({key!r}).")
        return self.rooms[key]

    def next_id(self, door: str = "$") -> EventId:
        """Return a fresh id of an event."""
        self.count += 1
        return EventId(f"{door}{self.count}")

    def asks_of(self, person: PersonId) -> list[OpenAsk]:
        """Return the open asks that were put to somebody, the one that reached them last first."""
        return sorted((one for one in self.asks.values() if person in one.asked), key=lambda one: one.asked[person], reverse=True)

    def tell(self, event: ev.Event) -> None:
        """Hand an event to the plugin and carry out what it yields."""
        hook = getattr(self.plugin, event.hook, None)
        if hook is not None:
            self._hand(hook, event)
        while self.follow:
            self.tell(self.follow.pop(0))

    def _hand(self, hook: Callable[..., object], event: ev.Event) -> None:
        group = self.facts()
        given: dict[str, object] = {"event": event, "group": group, "settings": self.settings, "findings": ()}
        wanted = inspect.signature(hook).parameters
        if "findings" in wanted:
            given["findings"] = tuple(self.plugin.assess(event, self.settings))
        if "store" in wanted:
            given["store"] = self.plugin.store(self.shelf.rows(self.group))
        yielded = hook(**{name: given[name] for name in wanted})
        # Drained first, as the engine does: what a hook yields has no effect while it still runs.
        for value in tuple(yielded) if isinstance(yielded, Iterable) else ():
            trouble = _checks.problem(self.plugin, self.facts(), value, event)
            if trouble:
                raise AssertionError(trouble)
            self.effects.append(value)
            _carry.carry_out(self, value)
