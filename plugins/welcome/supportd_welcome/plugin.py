"""Greeting a newcomer once, asking a person to say hello, introducing them by their own wish."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, ClassVar, Final

from supportd.sdk.ask import YES, Ask, CloseAsk, Step, reserved
from supportd.sdk.effects import Effect, PostDirect, PostMessage
from supportd.sdk.hooks import Plugin, hookimpl
from supportd.sdk.settings import render
from supportd_welcome.settings import WelcomeSettings
from supportd_welcome.tables import TABLES, WelcomeStore
from supportd_welcome.texts import TEXTS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from supportd.sdk.events import AskAnswered, MemberJoined, MemberLeft
    from supportd.sdk.facts import Group, Person
    from supportd.sdk.ids import PersonId
    from supportd.sdk.settings import Settings
    from supportd.sdk.store import PluginStore, Tables

#: Keys of the two asks, with the newcomer's opaque id behind.
HELLO: Final = "hello:"
INTRODUCE: Final = "introduce:"


class Welcome(Plugin):
    """The first days of a newcomer."""

    name: ClassVar[str] = "welcome"
    summary: ClassVar[str] = "Greets a newcomer once, in a chat of their own, and asks a key member to say hello."
    grants: ClassVar[frozenset[type[Effect]]] = frozenset({PostDirect, PostMessage, Ask, CloseAsk})
    settings: ClassVar[type[Settings]] = WelcomeSettings
    store: ClassVar[type[PluginStore]] = WelcomeStore
    tables: ClassVar[Tables | None] = TABLES
    keeps: ClassVar[tuple[str, ...]] = ("That and when somebody was greeted, until they are forgotten.",)
    texts = TEXTS

    @hookimpl
    def member_joined(self, event: MemberJoined, group: Group, store: WelcomeStore, settings: WelcomeSettings) -> Iterator[Effect]:
        """Greet somebody who joins for the first time; who runs the group is not new to it."""
        room, person = group.room_by_id(event.room), group.person(event.member)
        if room is None or room.key != settings.room or person is None or person.roles & {"key_member", "admin", "owner"}:
            return
        if event.returned or not store.greet(person.id, group.now):
            return
        yield PostDirect(to=person.id, text=_greeting(group, person, settings))
        if settings.offer_introduction:
            until = group.now + timedelta(days=settings.days_for_introduction)
            question = _text("ask_introduce", group, person)
            yield Ask(key=f"{INTRODUCE}{person.id}", question=question, steps=(Step(to=(person.id,), until=until),), proof=True)
        if settings.ask_key_member:
            yield from self._ask_hello(group, person, settings)

    @hookimpl
    def member_left(self, event: MemberLeft, group: Group, settings: WelcomeSettings) -> Iterator[Effect]:
        """Take the questions back when the newcomer has gone."""
        room = group.room_by_id(event.room)
        if room is not None and room.key == settings.room:
            yield CloseAsk(key=f"{HELLO}{event.member}")
            yield CloseAsk(key=f"{INTRODUCE}{event.member}")

    @hookimpl
    def ask_answered(self, event: AskAnswered, group: Group, settings: WelcomeSettings) -> Iterator[Effect]:
        """Introduce a newcomer who said yes."""
        if not event.key.startswith(INTRODUCE) or event.answer != YES.name:
            return
        room, person = group.room(settings.room), group.person(event.by[0])
        if room is not None and person is not None and person.id in room.joined:
            text = TEXTS.get("introduction", group.style.language, group.style.edition, member=_name(group, person))
            yield PostMessage(room=room.id, text=text)

    def export_member(self, member: PersonId, store: PluginStore) -> Mapping[str, object]:
        """Return when somebody was greeted."""
        at = store.greeted_at(member) if isinstance(store, WelcomeStore) else None
        return {} if at is None else {"greeted": at.isoformat()}

    def forget_member(self, member: PersonId, store: PluginStore) -> None:
        """Delete that somebody was greeted."""
        if isinstance(store, WelcomeStore):
            store.forget(member)

    @staticmethod
    def _ask_hello(group: Group, newcomer: Person, settings: WelcomeSettings) -> Iterator[Effect]:
        helpers = [one for one in group.in_turn("welcome") if one.id != newcomer.id]
        if not helpers:
            return
        wait = timedelta(hours=settings.hours_until_next)
        steps = tuple(Step(to=(one.id,), until=group.now + wait * (turn + 1)) for turn, one in enumerate(helpers))
        name = _name(group, newcomer)
        first = helpers[0]
        yield Ask(
            key=f"{HELLO}{newcomer.id}",
            question=_text("ask_hello", group, first, member=name),
            # One no ends nothing: the next one is asked in their turn. Only when nobody can is the question over.
            answers=(YES, reserved("no", quorum=len(helpers))),
            steps=steps,
            told=TEXTS.get("told", group.style.language, group.style.edition, member=name),
        )


def _greeting(group: Group, person: Person, settings: WelcomeSettings) -> str:
    german = (person.language or group.style.language).startswith("de")
    own = (settings.greeting_de if german else "") or settings.greeting
    if own:
        return render(own, member=_name(group, person), group=group.name)
    return _text("greeting", group, person)


def _text(key: str, group: Group, reader: Person, *, member: str = "") -> str:
    language, edition = reader.language or group.style.language, reader.edition or group.style.edition
    return TEXTS.get(key, language, edition, member=member or _name(group, reader), group=group.name)


def _name(group: Group, person: Person) -> str:
    return person.name or TEXTS.get("somebody", group.style.language)
