"""Conformance of the class itself."""

from __future__ import annotations

import ast
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from supportd.sdk import manifest
from supportd.sdk.testing._tour import begin, tour

if TYPE_CHECKING:
    from collections.abc import Iterator

    from supportd.sdk.hooks import Plugin


def identity(plugin: type[Plugin]) -> Iterator[str]:
    """Check what keeps a plugin from being loaded, and what its class says about it."""
    yield from (f"{problem[:1].upper()}{problem[1:]}." for problem in manifest.problems(plugin()))
    if not plugin.summary.endswith("."):
        yield "Its summary must be one whole sentence."
    if plugin.tables is None:
        return
    if plugin.tables.personal() and not plugin.keeps:
        yield "It keeps rows about people: say in keeps what and for how long."
    if not any((_package(plugin) / "migrations").glob("[0-9]*.py")):
        yield f"It has tables but no migrations: run python -m supportd.store.newmigration --plugin {plugin.name} “the first tables”."


def settings(plugin: type[Plugin]) -> Iterator[str]:
    """Check that every field says what it does, and that the model is frozen and complete without anything set."""
    for name, field in plugin.settings.model_fields.items():
        if not (field.description or "").strip().endswith("."):
            yield f"The setting “{name}” needs a description, a whole sentence: it is the form and the help."
        if field.is_required():
            yield f"The setting “{name}” needs a default: a group that sets nothing must get something sensible."
    if not plugin.settings.model_config.get("frozen") or plugin.settings.model_config.get("extra") != "forbid":
        yield "The settings must stay frozen and refuse unknown keys."


def commands(plugin: type[Plugin]) -> Iterator[str]:
    """Check that every command and parameter has help, and that no two have the same name."""
    names = [one.name for one in plugin.commands]
    for one in plugin.commands:
        if not one.help.endswith("."):
            yield f"The command “{one.name}” needs help, a whole sentence."
        if names.count(one.name) > 1:
            yield f"Two commands are called “{one.name}”."
        for each in one.parameters:
            if not each.help:
                yield f"The parameter “{each.name}” of “{one.name}” needs help."


def grants(plugin: type[Plugin]) -> Iterator[str]:
    """Check that nothing is granted that the plugin never yields: seen on a tour, or at least written in its package."""
    seen = {type(one) for one in tour(begin(plugin)).effects}
    called = {
        node.func.id
        for path in _package(plugin).rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    }
    for kind in sorted(plugin.grants - seen, key=lambda one: one.__name__):
        if kind.__name__ not in called:
            yield f"The grant {kind.__name__} is never used: take it away."


def _package(plugin: type[Plugin]) -> Path:
    """Return the folder of the plugin's distribution package."""
    file = sys.modules[plugin.__module__.split(".", maxsplit=1)[0]].__file__
    return Path(file or ".").parent
