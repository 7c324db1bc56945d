"""What people may ask of the welcome, in a direct chat or in a terminal."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

from supportd.sdk.commands import Command
from supportd.sdk.effects import Reply
from supportd_welcome import arriving, own, path, questions
from supportd_welcome.texts import say

if TYPE_CHECKING:
    from collections.abc import Iterator

    from supportd.sdk.effects import Effect
    from supportd.sdk.events import CommandGiven
    from supportd.sdk.facts import Group
    from supportd_welcome.settings import WelcomeSettings
    from supportd_welcome.tables import WelcomeStore

COMMANDS: Final = (
    *own.COMMANDS,
    Command(name="rules", help="Read the ground rules.", who="anyone"),
    Command(name="how to reach me", help="Say how you want to hear from the group.", who="anyone"),
    Command(name="words by email", help="Say whether your words may be emailed to members who cannot chat.", who="anyone"),
    Command(name="my language", help="Choose the language in which this program writes to you.", who="anyone"),
    Command(name="easy words", help="Choose whether this program writes to you in short, easy sentences.", who="anyone"),
    Command(name="start again", help="Get the questions of the first weeks again, after a stop.", who="anyone"),
    Command(name="welcome list", help="See how many newcomers are where on their way.", who="key_member"),
    Command(name="welcome greet", help="Greet everybody who waits after many came at once.", who="key_member"),
)
_ASKS: Final = {"words by email": "mail", "how to reach me": "reach", "my language": "language", "easy words": "easy"}
_IN_CHAT: Final = "This is asked in a chat with the bot, by the person it is about."


def answer(group: Group, store: WelcomeStore, settings: WelcomeSettings, event: CommandGiven) -> Iterator[Effect]:
    """Carry out a command."""
    match event.name:
        case "welcome list":
            yield _listed(store)
        case "welcome greet":
            yield from _greet(group, store, settings)
        case "welcome texts" | "welcome text" | "welcome write":
            yield from own.answer(group, store, settings, event)
        case "rules":
            person = group.person(event.by) if event.by is not None else None
            yield Reply(text=questions.rules_text(group, settings, person))
            if person is not None and questions.is_gated(group, person):
                yield from path.ask(group, settings, person, "rules")
        case _:
            yield from _own(group, store, settings, event)


def _own(group: Group, store: WelcomeStore, settings: WelcomeSettings, event: CommandGiven) -> Iterator[Effect]:
    """Carry out what somebody asks about themself."""
    person = group.person(event.by) if event.by is not None else None
    if person is None:
        yield Reply(text=_IN_CHAT, status=2)
        return
    if event.name == "start again":
        way = store.way(person.id)
        if way is not None and way["state"] == "stopped":
            yield from path.start_again(group, store, settings, person)
        yield Reply(text=say("started", group, person))
        return
    yield Reply(text=say("fine", group, person))
    yield from path.ask(group, settings, person, _ASKS[event.name])


def _listed(store: WelcomeStore) -> Reply:
    states = ("arriving", "waiting", "on", "paused", "stopped", "shut out", "done", "known")
    counts = {state: len(store.ways(state=state)) for state in states}
    lines = [f"{state}: {count}" for state, count in counts.items() if count]
    waiting = len(store.all_open())
    lines.append(f"words that wait for an answer: {waiting}")
    return Reply(text="\n".join(lines), data=json.dumps({"people": counts, "words_waiting": waiting}))


def _greet(group: Group, store: WelcomeStore, settings: WelcomeSettings) -> Iterator[Effect]:
    waiting = len(store.ways(state="waiting"))
    yield from arriving.crowd_answered(group, store, settings, "yes")
    yield from arriving.crowd_over()
    yield Reply(text=f"Greeted now: {waiting}." if waiting else "Nobody waits to be greeted.", data=json.dumps({"greeted": waiting}))
