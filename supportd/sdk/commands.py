"""Commands a plugin declares: the same words in a terminal and in a direct chat with the bot."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Who = Literal["anyone", "key_member", "admin"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """One word of a command; ``default`` ``None`` means that it must be given."""

    name: str
    help: str
    default: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """A command ``supportd PLUGIN NAME …``, or the words ``NAME …`` to the bot.

    Without ``run`` it acts: it reaches the plugin as ``CommandGiven`` through the running daemon. With ``run`` (``"module:function"``) it
    is pure: the function is imported when it is called, and gets and returns text, without daemon or database.
    """

    name: str
    help: str
    parameters: tuple[Parameter, ...] = ()
    who: Who = "key_member"
    run: str | None = None
