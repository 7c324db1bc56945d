"""Commands given to the bot in words: the same as in a terminal, answered in the same direct chat."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from supportd.domain import commands
from supportd.engine import deed, gate, names
from supportd.engine.inner import CORE
from supportd.engine.words import route
from supportd.engine.words.desk import Desk
from supportd.errors import Fault, SupportdError
from supportd.logs import get_logger
from supportd.sdk.effects import PostDirect

if TYPE_CHECKING:
    from supportd.engine.dispatch import Dispatcher
    from supportd.engine.unit import UnitOfWork
    from supportd.sdk.events import MessagePosted
    from supportd.sdk.facts import Group

log = get_logger(__name__)

#: The core's own words and what may follow them; a sentence that merely begins like one ("People are kind") is no command.
CORE_WORDS: Final = {
    "plugins": {"list", "on", "off", "shadow"},
    "settings": {"show", "set", "history", "undo"},
    "people": {"add", "take", "list", "export", "forget", "keep-out", "readmit", "invite", "uninvite"},
    "journal": set[str](),
    "help": set[str](),
}


#: A message has room for this many characters; the rest is at the terminal.
LONGEST_ANSWER: Final = 8000
CUT: Final = "There is more. The person who runs the server can see all of it."
BROKE: Final = "Automatic message. That did not work because of a mistake in the program. Please tell the person who runs the server."
_CURLY: Final = str.maketrans(
    dict.fromkeys("“”„", '"') | dict.fromkeys("\N{LEFT SINGLE QUOTATION MARK}\N{RIGHT SINGLE QUOTATION MARK}", "'")
)


def hear(uow: UnitOfWork, dispatcher: Dispatcher, group: Group, event: MessagePosted) -> bool:
    """Carry out the command that a proven message in a direct chat is, and write the answer back; False when it is none."""
    words = _words(event.text)
    desk = Desk(uow, dispatcher, group.id, words, event.author, f"chat:{event.id}", group.now)
    if not _is_core(words) and not _is_declared(desk):
        return False
    try:
        with uow.savepoint():
            text = route.carry_out(desk).text
    except Fault:
        raise
    except SupportdError as error:
        # Our own sentence: how to write it, or who may.
        text = error.sentence()
    except Exception as error:  # noqa: BLE001 - a mistake of ours must neither stop the group nor say what was written
        log.error("command.broke", command=words[0], error=error)  # noqa: TRY400 - a traceback may quote a member
        text = BROKE
    if len(text) > LONGEST_ANSWER:
        text = f"{text[:LONGEST_ANSWER].rsplit(chr(10), 1)[0]}\n{CUT}"
    # Whoever has asked is awake: an answer does not wait for the end of quiet hours.
    effect = PostDirect(to=event.author, text=text, urgent=True)
    passed = gate.admit(uow, group, CORE, frozenset(), effect)
    if isinstance(passed, gate.Passed):
        deed.write_to(uow, group, CORE, names.derived(event.id, "answer"), effect, passed)
    return True


def _words(text: str) -> tuple[str, ...]:
    """Return the words as a phone types them: a capital first letter, curly quotation marks and a full stop at the end mean nothing."""
    plain = text.translate(_CURLY).strip()
    words = commands.split(plain.removesuffix("."))
    return (words[0].casefold(), *words[1:]) if words else ()


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
