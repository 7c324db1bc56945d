"""What every plugin has to keep, for any plugin to run in its own tests.

With pytest: ``@pytest.mark.parametrize("check", CHECKS)`` and ``assert run(check, MyPlugin) == []``; without: ``check_plugin(MyPlugin)``.
A problem is a sentence that says what to mend. What a plugin raises on the way is a problem too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from supportd.sdk.testing import _manifest, _privacy, _purity, _wording

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from supportd.sdk.hooks import Plugin

__all__ = ["CHECKS", "check_plugin", "run"]

#: Name of each check -> the function that yields its problems.
CHECKS: Final[Mapping[str, Callable[[type[Plugin]], Iterable[str]]]] = {
    "the class says what the plugin is": _manifest.identity,
    "settings describe themselves": _manifest.settings,
    "commands have help": _manifest.commands,
    "grants are used": _manifest.grants,
    "texts keep the rules of tone": _wording.texts,
    "what is written keeps the rules of tone": _wording.written,
    "answers mean one thing": _wording.answers,
    "the same events give the same effects": _purity.determinism,
    "groups do not hear of each other": _purity.isolation,
    "shadow mode changes nothing outside": _purity.shadow,
    "what is kept can be read": _privacy.exported,
    "what is kept can be forgotten": _privacy.forgotten,
}


def run(check: str, plugin: type[Plugin]) -> list[str]:
    """Return the problems that one check finds."""
    try:
        return list(CHECKS[check](plugin))
    except Exception as error:  # noqa: BLE001 - whatever a plugin raises is what its author wants to read
        return [f"{type(error).__name__}: {error}"]


def check_plugin(plugin: type[Plugin]) -> list[str]:
    """Return every problem of a plugin, each with the name of its check in front."""
    return [f"{check}: {problem}" for check in CHECKS for problem in run(check, plugin)]
