"""What somebody writes to the program in their direct chat, outside of a question's answers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from supportd.sdk.ask import understood
from supportd_welcome import arriving, naming, path, questions

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from supportd.sdk.effects import Effect
    from supportd.sdk.events import MessagePosted
    from supportd.sdk.facts import Group
    from supportd_welcome.settings import WelcomeSettings
    from supportd_welcome.tables import WelcomeStore


def heard(group: Group, store: WelcomeStore, settings: WelcomeSettings, event: MessagePosted) -> Iterator[Effect]:
    """Hear “stop”, and what somebody wants to be called; anything else is left to others."""
    person = group.person(event.author)
    if person is None or not event.proven or event.kind != "text":
        return
    yield from arriving.wrote_first(group, store, settings, person.id)
    way = store.way(person.id)
    if understood((questions.STOP,), event.text) is not None:
        if way is not None and way["state"] in {"on", "paused"}:
            yield from path.stop(group, store, person)
        return
    name = naming.said(event.text)
    if name is None and way is not None and _asked_for_name(group, way) and understood(questions.USUAL, event.text) is None:
        name = naming.bare(event.text)
    if name is not None:
        yield from naming.call(group, person, name)


def _asked_for_name(group: Group, way: Mapping[str, Any]) -> bool:
    """Tell whether the question for a name was the last one, not long ago."""
    done = way["done"].split()
    return way["state"] in {"on", "done"} and done[-1:] == ["name"] and way["last"] is not None and group.now - way["last"] <= naming.FRESH
