"""Finding the plugins that are installed, and refusing those that cannot work; one that is broken never stops the others."""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from importlib.metadata import entry_points
from pathlib import Path
from typing import TYPE_CHECKING, Final

from supportd.errors import SupportdError
from supportd.host.first_party import is_ours
from supportd.logs import get_logger
from supportd.sdk import manifest
from supportd.sdk.hooks import Plugin

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable
    from importlib.metadata import EntryPoint

log = get_logger(__name__)

#: Where plugins announce themselves.
ENTRY_POINTS: Final = "supportd.plugins"


class PluginRefused(SupportdError):
    """The plugin “{plugin}” cannot be used: {problem}."""


@dataclass(frozen=True, slots=True)
class Discovered:
    """What was found: usable plugins by name, and a sentence for each that was refused."""

    plugins: dict[str, Plugin]
    refused: dict[str, str]


def discover(allow_in_process: Collection[str] = ()) -> Discovered:
    """Load every installed plugin that may run in process; ``allow_in_process`` names strangers' plugins the operator trusts."""
    return load(entry_points(group=ENTRY_POINTS), allow_in_process)


def load(points: Iterable[EntryPoint], allow_in_process: Collection[str]) -> Discovered:
    """Load these entry points, in the order of their names."""
    found = Discovered({}, {})
    for point in sorted(points, key=lambda one: one.name):
        try:
            plugin = _load(point, allow_in_process)
            _alone(plugin, found)
        except PluginRefused as refusal:
            log.warning("plugin.refused", plugin=point.name, reason=refusal.sentence())
            found.refused[point.name] = refusal.sentence()
        else:
            found.plugins[plugin.name] = plugin
    return found


def _load(point: EntryPoint, allow_in_process: Collection[str]) -> Plugin:
    if not is_ours(point) and point.name not in allow_in_process:
        problem = (
            "it is not part of supportd, and inside the daemon it could read everything; "
            "if you trust it as much as supportd itself, name it in allow_in_process"
        )
        raise PluginRefused(plugin=point.name, problem=problem)
    try:
        kind = point.load()
        made: object = kind() if isinstance(kind, type) else None
    except Exception as error:
        raise PluginRefused(plugin=point.name, problem=f"it cannot be loaded ({type(error).__name__}); install it again") from error
    if not isinstance(made, Plugin):
        raise PluginRefused(plugin=point.name, problem="its entry point is no subclass of supportd.sdk.hooks.Plugin")
    if made.name != point.name:
        raise PluginRefused(plugin=point.name, problem=f"its entry point and its class have different names ({made.name})")
    try:
        return _whole(made)
    except PluginRefused:
        raise
    except Exception as error:  # noqa: BLE001 - a careless class may raise anything when it is looked at
        raise PluginRefused(plugin=point.name, problem=f"its class cannot be read ({type(error).__name__}); tell its author") from None


def _whole(made: Plugin) -> Plugin:
    checked(made)
    if made.tables is not None and not any(migrations_of(made).glob("[0-9]*.py")):
        raise PluginRefused(plugin=made.name, problem="it has tables but no migrations; install it again, or tell its author")
    return made


def migrations_of(plugin: Plugin) -> Path:
    """Return the folder in which the migrations of a plugin's tables lie: inside its own package."""
    package = type(plugin).__module__.split(".", maxsplit=1)[0]
    return Path(str(importlib.import_module(package).__file__)).with_name("migrations")


def _alone(plugin: Plugin, found: Discovered) -> None:
    if plugin.name in found.plugins:
        raise PluginRefused(plugin=plugin.name, problem="another installed plugin has the same name; take one of them away")


def checked(plugin: Plugin) -> Plugin:
    """Return ``plugin``, or raise :class:`PluginRefused` with the first thing that is wrong with its class."""
    for problem in manifest.problems(plugin):
        raise PluginRefused(plugin=plugin.name or type(plugin).__name__, problem=problem)
    return plugin
