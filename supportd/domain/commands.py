"""Reading a command from words, the same in a terminal and in a chat."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from supportd.errors import SupportdError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from supportd.sdk.commands import Command
    from supportd.sdk.facts import Person


class CommandUnclear(SupportdError):
    """I did not understand that. Write: {usage}."""


def usage(command: Command) -> str:
    """Return how to write ``command``, for example ``rooms create KEY [TEMPLATE]``."""
    words = [one.name.upper() if one.default is None else f"[{one.name.upper()}]" for one in command.parameters]
    return " ".join([command.name, *words])


def split(text: str) -> tuple[str, ...]:
    """Return the words of ``text``; a missing closing quotation mark is forgiven."""
    try:
        return tuple(shlex.split(text))
    except ValueError:
        return tuple(text.split())


def arguments(command: Command, words: Sequence[str]) -> dict[str, str]:
    """Return the parameters of ``command`` from ``words``; raises :class:`CommandUnclear` when they do not fit."""
    if len(words) > len(command.parameters):
        raise CommandUnclear(usage=usage(command))
    values: dict[str, str] = {}
    for index, parameter in enumerate(command.parameters):
        value = words[index] if index < len(words) else parameter.default
        if value is None:
            raise CommandUnclear(usage=usage(command))
        values[parameter.name] = value
    return values


def may_give(person: Person | None, command: Command) -> bool:
    """Tell whether ``person`` may give ``command``; ``None`` stands for the operator at the terminal."""
    if person is None or command.who == "anyone" or "admin" in person.roles:
        return True
    return command.who == "key_member" and "key_member" in person.roles
