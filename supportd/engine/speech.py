"""Commands given to the bot in words: the same as in a terminal, answered in the same direct chat."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from supportd.domain import commands
from supportd.engine import deed, gate, names
from supportd.engine.inner import CORE
from supportd.engine.words import route
from supportd.engine.words.desk import Desk
from supportd.errors import SupportdError
from supportd.sdk.effects import PostDirect

if TYPE_CHECKING:
    from supportd.engine.dispatch import Dispatcher
    from supportd.engine.unit import UnitOfWork
    from supportd.sdk.events import MessagePosted
    from supportd.sdk.facts import Group

#: The core's own words and what may follow them; a sentence that merely begins like one ("People are kind") is no command.
CORE_WORDS: Final = {
    "plugins": {"list", "on", "off", "shadow"},
    "settings": {"show", "set", "history", "undo"},
    "people": {"add", "list", "export", "forget"},
    "journal": set[str](),
}


def hear(uow: UnitOfWork, dispatcher: Dispatcher, group: Group, event: MessagePosted) -> bool:
    """Carry out the command that a proven message in a direct chat is, and write the answer back; False when it is none."""
    words = commands.split(event.text)
    desk = Desk(uow, dispatcher, group.id, words, event.author, f"chat:{event.id}", group.now)
    if not _is_core(words) and not _is_declared(desk):
        return False
    try:
        text = route.carry_out(desk).text
    except SupportdError as error:
        # Our own sentence: how to write it, or who may.
        text = error.sentence()
    # Whoever has asked is awake: an answer does not wait for the end of quiet hours.
    effect = PostDirect(to=event.author, text=text, urgent=True)
    passed = gate.admit(uow, group, CORE, frozenset(), effect)
    if isinstance(passed, gate.Passed):
        deed.write_to(uow, group, CORE, names.derived(event.id, "answer"), effect, passed)
    return True


def _is_core(words: tuple[str, ...]) -> bool:
    if not words or words[0] not in CORE_WORDS:
        return False
    verbs = CORE_WORDS[words[0]]
    return len(words) == 1 or words[1] in verbs or (not verbs and words[1].isdecimal())


def _is_declared(desk: Desk) -> bool:
    found = route.declared(desk)
    if found is None:
        return False
    plugin, command = found
    return command.run is None and desk.uow.states.get(desk.group, plugin).state in {"on", "shadow"}
