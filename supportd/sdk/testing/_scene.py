"""A story about a group, told step by step."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Literal, TypeVar

from supportd.sdk import effects as fx
from supportd.sdk.events import JoinAsked
from supportd.sdk.facts import Duty, Edition, Group, GroupStyle, QuietHours, Room
from supportd.sdk.findings import Refusal
from supportd.sdk.ids import GroupId, PersonId, RoomId
from supportd.sdk.testing import _carry, _checks
from supportd.sdk.testing._seen import Asked, Told
from supportd.sdk.testing._shelf import Shelf
from supportd.sdk.testing._world import World

if TYPE_CHECKING:
    from supportd.sdk.commands import Command
    from supportd.sdk.hooks import Plugin
    from supportd.sdk.rooms import Kind, Listening
    from supportd.sdk.store import PluginStore
    from supportd.sdk.testing._acts import Act

_Seen = TypeVar("_Seen", bound="fx.Effect | Asked | Told")


def a_group(
    plugin: type[Plugin] | Plugin,
    *,
    name: str = "Tuesday group",
    language: str = "en",
    edition: Edition = "normal",
    zone: str = "Europe/London",
    shelf: Shelf | None = None,
    shadow: bool = False,
) -> Scene:
    """Begin a story about a group for which ``plugin`` is on (``shadow``: decides, but nothing is carried out).

    Several groups may share one ``shelf``: then their rows lie in the same tables, as in a real store.
    """
    made = plugin() if isinstance(plugin, type) else plugin
    style = GroupStyle(name=name, language=language, edition=edition, zone=zone)
    group = GroupId("-".join(name.lower().split()))
    return Scene(World(made, made.settings(), shelf or Shelf(made.name, made.tables), group, style, shadow=shadow))


class Scene:
    """The story so far: ``with_…`` sets it up, ``when``, ``after`` and ``at`` move it on, ``then_…`` looks at what followed.

    Each ``then_…`` takes one thing of what the last step led to, or raises ``AssertionError``; ``then_nothing`` says that nothing is left.
    """

    def __init__(self, world: World) -> None:
        """Use :func:`a_group`."""
        self._world = world

    # ---- how it begins ----------------------------------------------------------------------------------------------

    def with_people(self, *names: str, language: str | None = None, quiet: QuietHours | None = None, occasion: str = "") -> Scene:
        """Enter members who have a chat account."""
        for name in names:
            self._world.add(name, language=language, quiet=quiet, occasion=occasion)
        return self

    def with_key_members(self, *names: str, language: str | None = None) -> Scene:
        """Enter key members."""
        for name in names:
            self._world.add(name, "key_member", language=language)
        return self

    def with_admins(self, *names: str) -> Scene:
        """Enter key members who are also admins."""
        for name in names:
            self._world.add(name, "key_member", "admin")
        return self

    def with_non_chat_members(self, *names: str) -> Scene:
        """Enter members without a chat account."""
        for name in names:
            self._world.add(name, account=False)
        return self

    def with_settings(self, **values: object) -> Scene:
        """Set the plugin's settings; raises pydantic's ``ValidationError`` as the form would."""
        self._world.settings = type(self._world.settings).model_validate(values)
        return self

    def with_room(self, key: str, *people: str, kind: Kind = "room", listening: Listening = "reader") -> Scene:
        """Add a room that is there already, with ``people`` in it since long ago; with a known key it takes the old one's place."""
        joined = frozenset(self._world.person(name).id for name in people)
        room = Room(id=RoomId(f"!{key}"), key=key, kind=kind, listening=listening, joined=joined)
        self._world.rooms[key] = room
        elsewhere = {one for one in self._world.been if one[0] != room.id}
        self._world.been = elsewhere | {(room.id, person) for person in joined}
        return self

    def with_direct_chat(self, *names: str) -> Scene:
        """Let people have a direct chat with the bot, of the key ``direct:NAME``, in which they are."""
        for name in names:
            person, key = self._world.person(name).id, f"direct:{name}"
            self._world.rooms[key] = Room(id=RoomId(f"!{key}"), key=key, kind="direct", direct_with=person, joined=frozenset({person}))
        return self

    def with_duty(self, kind: str, name: str, hours: int = 24 * 7) -> Scene:
        """Put somebody on a duty from now on."""
        now = self._world.now
        self._world.duties.append(Duty(kind, self._world.person(name).id, now, now + timedelta(hours=hours)))
        return self

    # ---- what happens -----------------------------------------------------------------------------------------------

    def when(self, *acts: Act) -> Scene:
        """Let these things happen, one after the other."""
        self._world.fresh.clear()
        for act in acts:
            act(self._world)
        return self

    def after(self, time: timedelta) -> Scene:
        """Let time pass; timers and the steps of asks come due on the way."""
        return self.at(self._world.now + time)

    def at(self, moment: datetime) -> Scene:
        """Let time pass until ``moment`` (aware)."""
        if moment.tzinfo is None or moment < self._world.now:
            raise AssertionError("A story goes forward only, to a time with a zone.")
        self._world.fresh.clear()
        _carry.pass_time(self._world, moment)
        return self

    def admit(self, name: str | None, room: str | None = None, *, door: Literal["join", "invite"] = "join") -> Refusal | None:
        """Return what the plugin's ``admit`` says when somebody (``None``: not of the group) is about to come in."""
        world = self._world
        hook = getattr(world.plugin, "admit", None)
        person = world.person(name).id if name is not None else None
        event = JoinAsked(id=world.next_id(), group=world.group, at=world.now, room=world.room(room).id, person=person, door=door)
        given = {"event": event, "group": world.facts(), "settings": world.settings}
        answer = hook(**{one: given[one] for one in inspect.signature(hook).parameters}) if hook else None
        return answer if isinstance(answer, Refusal) else None

    # ---- what follows -----------------------------------------------------------------------------------------------

    def then_posts(self, *parts: str, room: str | None = None) -> Scene:
        """Take one message in a room (the circle) whose text has all ``parts``."""
        where = self._world.room(room).id
        self._take(f"a message in {where}", fx.PostMessage, lambda one: one.room == where and _has(one.text, parts))
        return self

    def then_writes_to(self, name: str, *parts: str) -> Scene:
        """Take one direct message to somebody (also an ask's line for those who need not answer any more)."""
        person = self._world.person(name).id
        for seen in self._world.fresh:
            if isinstance(seen, Told) and seen.person == person and _has(seen.text, parts):
                self._world.fresh.remove(seen)
                return self
        self._take(f"a direct message to {name}", fx.PostDirect, lambda one: one.to == person and _has(one.text, parts))
        return self

    def then_asks(self, name: str, *parts: str) -> Scene:
        """Take one ask that was put to somebody now."""
        person = self._world.person(name).id
        self._take(f"a question to {name}", Asked, lambda one: one.person == person and _has(one.question, parts))
        return self

    def then_invites(self, name: str, room: str | None = None) -> Scene:
        """Take one invitation of somebody to a room (the circle)."""
        person, where = self._world.person(name).id, self._world.room(room).id
        self._take(f"an invitation of {name}", fx.InviteMember, lambda one: (one.person, one.room) == (person, where))
        return self

    def then_posts_file(self, name: str, *parts: str, room: str | None = None) -> Scene:
        """Take one file called ``name`` in a room (the circle) whose caption has all ``parts``."""
        where = self._world.room(room).id
        self._take(f"a file in {where}", fx.PostFile, lambda one: (one.room, one.name) == (where, name) and _has(one.text, parts))
        return self

    def then_starts_poll(self, question: str, *answers: str, room: str | None = None) -> Scene:
        """Take one poll in a room (the circle) with this question; ``answers``: their texts, all of them, when any is named."""
        where = self._world.room(room).id

        def fits(one: fx.StartPoll) -> bool:
            return (one.room, one.question) == (where, question) and (not answers or tuple(each.text for each in one.answers) == answers)

        self._take(f"a poll in {where}", fx.StartPoll, fits)
        return self

    def then_ends_poll(self, *parts: str) -> Scene:
        """Take one end of a poll whose text has all ``parts``."""
        self._take("the end of a poll", fx.EndPoll, lambda one: _has(one.text, parts))
        return self

    def then_lets_in(self, *, room: str | None = None) -> Scene:
        """Take one yes to somebody who knocked at a room (the circle)."""
        where = self._world.room(room).id
        self._take("a yes to a knock", fx.AnswerKnock, lambda one: one.room == where and one.let_in)
        return self

    def then_lets_nobody_in(self, *parts: str, room: str | None = None) -> Scene:
        """Take one no to somebody who knocked at a room (the circle), whose reason has all ``parts``."""
        where = self._world.room(room).id
        self._take("a no to a knock", fx.AnswerKnock, lambda one: one.room == where and not one.let_in and _has(one.reason, parts))
        return self

    def then_creates_room(self, key: str) -> Scene:
        """Take one wish for a room."""
        self._take(f"a wish for the room {key}", fx.CreateRoom, lambda one: one.key == key)
        return self

    def then_replies(self, *parts: str) -> Scene:
        """Take one answer to the command."""
        self._take("an answer", fx.Reply, lambda one: _has(one.text, parts))
        return self

    def then_yields(self, kind: type[fx.Effect], **fields: object) -> Scene:
        """Take one effect of ``kind`` whose fields have these values."""
        self._take(kind.__name__, kind, lambda one: all(getattr(one, name) == value for name, value in fields.items()))
        return self

    def then_asks_nobody(self) -> Scene:
        """Say that nobody (else) was asked anything."""
        return self._none("nobody was to be asked", [one for one in self._world.fresh if isinstance(one, Asked)])

    def then_nothing_to(self, name: str) -> Scene:
        """Say that nothing (else) reached somebody."""
        person = self._world.person(name).id
        return self._none(f"nothing was to reach {name}", [one for one in self._world.fresh if person in _reached(one)])

    def then_nothing(self) -> Scene:
        """Say that nothing (else) followed."""
        return self._none("nothing else was to follow", self._world.fresh)

    def of(self, kind: type[_Seen]) -> list[_Seen]:
        """Return what the last step led to of one kind and no ``then_…`` has taken: effects, ``Asked`` or ``Told``."""
        return [one for one in self._world.fresh if isinstance(one, kind)]

    # ---- what is so -------------------------------------------------------------------------------------------------

    @property
    def effects(self) -> tuple[fx.Effect, ...]:
        """Every effect of the story, in order."""
        return tuple(self._world.effects)

    @property
    def group(self) -> Group:
        """The group as the plugin sees it now."""
        return self._world.facts()

    @property
    def store(self) -> PluginStore:
        """The plugin's store in this group."""
        return self._world.plugin.store(self._world.shelf.rows(self._world.group))

    @property
    def open_asks(self) -> tuple[str, ...]:
        """Keys of the asks that wait for an answer."""
        return tuple(self._world.asks)

    @property
    def wanted_rooms(self) -> tuple[str, ...]:
        """Keys of the rooms that were asked for and are not ready."""
        return tuple(key for key in self._world.wanted if key not in self._world.rooms)

    @property
    def open_links(self) -> tuple[tuple[str, str], ...]:
        """Names and keys of the links that still work."""
        facts, now = self._world.facts(), self._world.now
        return tuple((facts.name_of(one.to), key) for key, one in self._world.links.items() if one.expires > now)

    @property
    def possible_answers(self) -> tuple[tuple[str, str], ...]:
        """For each person with an open question: their name and the first word of its first answer, the newest question first."""
        facts, found = self._world.facts(), dict[str, str]()
        put = [(turn, person, one.ask) for one in self._world.asks.values() for person, turn in one.asked.items()]
        for _turn, person, ask in sorted(put, key=lambda one: one[0], reverse=True):
            words = [word for each in ask.answers for word in (*each.words, *(() if ask.proof else each.reactions))]
            if words:
                found.setdefault(facts.name_of(person), words[0])
        return tuple(found.items())

    @property
    def commands(self) -> tuple[Command, ...]:
        """The plugin's commands that act; those with ``run`` are pure and need no story."""
        return tuple(one for one in self._world.plugin.commands if one.run is None)

    @property
    def kept(self) -> Mapping[str, tuple[Mapping[str, object], ...]]:
        """Every row that the plugin keeps for this group, by table."""
        return self._world.shelf.everything(self._world.group)

    def export(self, name: str) -> Mapping[str, object]:
        """Return what the plugin keeps about somebody, as they would get it."""
        return self._world.plugin.export_member(self._world.person(name).id, self.store)

    def forget(self, name: str) -> Scene:
        """Let the plugin forget somebody."""
        self._world.plugin.forget_member(self._world.person(name).id, self.store)
        return self

    def _none(self, sentence: str, found: list[fx.Effect | Asked | Told]) -> Scene:
        if found:
            raise AssertionError(f"Here {sentence}; there is {_listed(found)}")
        return self

    def _take(self, wanted: str, kind: type[_Seen], fits: Callable[[_Seen], bool]) -> None:
        for seen in self._world.fresh:
            if isinstance(seen, kind) and fits(seen):
                self._world.fresh.remove(seen)
                return
        raise AssertionError(f"There was to be {wanted}; there is {_listed(self._world.fresh)}")


def _has(text: str, parts: tuple[str, ...]) -> bool:
    return all(part in text for part in parts)


def _reached(seen: fx.Effect | Asked | Told) -> tuple[PersonId, ...]:
    return _checks.people_of(seen) if isinstance(seen, fx.Effect) else (seen.person,)


def _listed(seen: list[fx.Effect | Asked | Told]) -> str:
    """Say what followed with its words: in a story everybody is invented."""
    return "; ".join(f"{one!r} {_words(one)}".strip() for one in seen) or "nothing"


def _words(one: fx.Effect | Asked | Told) -> str:
    text = getattr(one, "text", "") or getattr(one, "question", "") or getattr(one, "reason", "")
    return f"“{text}”" if text else ""
