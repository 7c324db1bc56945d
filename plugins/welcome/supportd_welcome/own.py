"""Words of the group's own in the place of ours: for all, for one room, in one language; looked at before they are used."""

from __future__ import annotations

import json
import re
import string
from dataclasses import dataclass, field, fields, replace
from typing import TYPE_CHECKING, Final

from supportd.sdk.commands import Command, Parameter
from supportd.sdk.effects import Reply
from supportd.sdk.facts import Group, Person
from supportd.sdk.ids import PersonId
from supportd.sdk.text import problems_of
from supportd_welcome.texts import OCCASION, TEXTS, say

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from supportd.sdk.effects import Effect
    from supportd.sdk.events import CommandGiven
    from supportd_welcome.settings import WelcomeSettings
    from supportd_welcome.tables import WelcomeStore

LONGEST: Final = 1500
#: What stands for each brace where somebody looks at a text.
EXAMPLE: Final = {
    "member": "Karim",
    "helper": "Sam",
    "name": "Kay",
    "number": "12",
    "answered": "9",
    "hours": "12",
    "languages": "1 English, 2 Deutsch",
    "reason": "A friend told me about you.",
    "how": "by email",
    "where": "circle",
    "link": "https://matrix.to/#/!room/$event",
}
#: A text that loses one of these says nothing any more.
NEEDED: Final = frozenset({"rules", "link", "name"})
_WORD: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")
_LANGUAGE: Final = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})?")

COMMANDS: Final = (
    Command(name="welcome texts", help="See which texts there are, in which languages, and which are your own.", who="key_member"),
    Command(
        name="welcome text",
        help="Read a text as a newcomer reads it.",
        parameters=(
            Parameter(name="key", help="Which text, see welcome texts."),
            Parameter(name="language", help="A tag such as de; left out, the group's.", default=""),
            Parameter(name="room", help="The room's word, or invited:WORD, for words of that room or occasion.", default=""),
        ),
        who="key_member",
    ),
    Command(
        name="welcome write",
        help="Put your own words in the place of a text; you read at once what people will read.",
        parameters=(
            Parameter(name="key", help="Which text, see welcome texts."),
            Parameter(name="text", help="Your words, in quotation marks; {member} and {group} become names. Nothing: ours again."),
            Parameter(name="language", help="A tag such as de; left out, the group's.", default=""),
            Parameter(name="room", help="The room's word, for this room only; or invited:WORD, for who was invited for that.", default=""),
        ),
        who="admin",
    ),
)


@dataclass(frozen=True, slots=True)
class OurGroup(Group):
    """The group with the words of its own: (key, room or nothing, language) -> text."""

    own: Mapping[tuple[str, str, str], str] = field(default_factory=dict)


def ours(group: Group, store: WelcomeStore) -> OurGroup:
    """Return the group with the words of its own."""
    known = {each.name: getattr(group, each.name) for each in fields(Group)}
    return OurGroup(**known, own=store.own_words())


def answer(group: Group, store: WelcomeStore, settings: WelcomeSettings, event: CommandGiven) -> Iterator[Effect]:
    """Carry out a command about texts."""
    if event.name == "welcome texts":
        yield _listed(store)
        return
    key, room = event.args["key"].strip(), event.args["room"].strip()
    language = event.args["language"].strip() or group.style.language
    if problem := _unknown(group, key, language, room):
        yield Reply(text=problem, status=1)
    elif event.name == "welcome text":
        yield Reply(text=_preview(ours(group, store), settings, key, language, room))
    else:
        yield _written(group, store, settings, key, language, room, event.args["text"].strip())


def _written(group: Group, store: WelcomeStore, settings: WelcomeSettings, key: str, language: str, room: str, text: str) -> Reply:
    if not text:
        store.write(key, room, language, None)
        return Reply(text=f"Ours again. People will read:\n\n{_preview(ours(group, store), settings, key, language, room)}")
    if problem := problem_of(key, text):
        return Reply(text=problem, status=1)
    store.write(key, room, language, text)
    shown = _preview(ours(group, store), settings, key, language, room)
    advice = [f"It {one}" for one in problems_of(shown)]
    more = "\n\nIt is kept. Easier to read would be: " + " ".join(advice) if advice else "\n\nIt is kept."
    return Reply(text=f"People will read:\n\n{shown}{more} Write it again to change it, or nothing in quotation marks for ours.")


def problem_of(key: str, text: str) -> str:
    """Say what is wrong with words for a text, in a sentence; nothing when they can be used."""
    if len(text) > LONGEST:
        return f"A text has at most {LONGEST} characters: say it shorter."
    if any(ord(sign) < ord(" ") and sign not in "\n\t" for sign in text):
        return "A text for people has no control characters: write it again without them."
    known = _braces(TEXTS.texts[key]["en"]["normal"]) | {"group", "member"}
    listed = ", ".join(f"{{{one}}}" for one in sorted(known))
    try:
        used = _braces(text)
    except ValueError:
        return f"A brace is left open: braces stand around {listed} only."
    if odd := sorted(used - known):
        return f"{{{odd[0]}}} is not known in this text: use {listed}, or write the sentence without braces."
    if missing := sorted((known & NEEDED) - used):
        return f"This text has to hold {{{missing[0]}}}, which is what it is about."
    return ""


def _braces(text: str) -> set[str]:
    return {name for _literal, name, _spec, _conversion in string.Formatter().parse(text) if name is not None}


def _unknown(group: Group, key: str, language: str, room: str) -> str:
    if key == "rules_text":
        return "The ground rules are a setting, so that a change is asked again: settings set welcome ground_rules “your words”."
    if key not in TEXTS.texts:
        return f"There is no text “{key[:40]}”: see welcome texts."
    if not _LANGUAGE.fullmatch(language):
        return "A language is a tag such as en, ur or zh-Hans."
    if room.startswith(OCCASION):
        return "" if _WORD.fullmatch(room.removeprefix(OCCASION)) else "An occasion is one word of small letters, digits and hyphens."
    return f"There is no room “{room[:40]}” in this group." if room and group.room(room) is None else ""


def _preview(group: OurGroup, settings: WelcomeSettings, key: str, language: str, room: str) -> str:
    from supportd_welcome import questions  # noqa: PLC0415 - the two modules know each other

    occasion = room.removeprefix(OCCASION) if room.startswith(OCCASION) else ""
    reader = Person(id=PersonId("example"), name=EXAMPLE["member"], language=language, occasion=occasion)
    reads = say("reads", group, reader)
    rules = questions.rules_text(group, settings, reader)
    text = say(key, replace(group, style=replace(group.style, language=language)), reader, room=room, **EXAMPLE, reads=reads, rules=rules)
    spoken = TEXTS.language_of(key, group, reader)
    own = any((key, place, language) in group.own for place in (room, ""))
    note = "" if own or spoken not in TEXTS.unchecked else "\n\n(These words of ours were not yet checked by a native speaker.)"
    return f"{text}{note}"


def _listed(store: WelcomeStore) -> Reply:
    own = store.own_words()
    lines, data = [], {}
    for key, languages in TEXTS.texts.items():
        mine = sorted(f"{language} in {room}" if room else language for known, room, language in own if known == key)
        shipped = [f"{one}{' (not yet checked by a native speaker)' if one in TEXTS.unchecked else ''}" for one in languages]
        yours = f"; your own: {', '.join(mine)}" if mine else ""
        lines.append(f"{key}: {', '.join(shipped)}{yours}")
        data[key] = {"languages": sorted(languages), "own": mine}
    return Reply(text="\n".join(lines), data=json.dumps({"texts": data, "unchecked": sorted(TEXTS.unchecked)}))
