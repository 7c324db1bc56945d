"""A minimal host for tests of the engine: plugins are objects, their settings the defaults; the real host is tested in its own place."""

from __future__ import annotations

import inspect
import json
from typing import TYPE_CHECKING

from supportd.engine.ports import HookFailed
from supportd.errors import SupportdError
from supportd.sdk.hooks import Plugin

if TYPE_CHECKING:
    from collections.abc import Mapping

    from supportd.engine.unit import UnitOfWork
    from supportd.sdk.commands import Command
    from supportd.sdk.effects import Effect
    from supportd.sdk.events import Event
    from supportd.sdk.findings import Finding
    from supportd.sdk.ids import GroupId, PersonId, RoomId
    from supportd.sdk.settings import Settings
    from supportd.sdk.store import PluginStore, Rows


class Unfit(SupportdError):
    """{problem}."""


class SmallPlugins:
    """Implements the engine's port ``Plugins`` for a few plugins at hand."""

    def __init__(self, *plugins: Plugin) -> None:
        """Take the plugins, in the order in which they hear of events."""
        self.by_name = {plugin.name: plugin for plugin in plugins}

    def names(self) -> tuple[str, ...]:
        """Return the names in the order given."""
        return tuple(self.by_name)

    def refusals(self) -> Mapping[str, str]:
        """Refuse nothing."""
        return {}

    def listens(self, plugin: str, hook: str) -> bool:
        """Tell whether a plugin has a method of the hook's name."""
        return hasattr(self.by_name[plugin], hook)

    def grants(self, plugin: str) -> frozenset[type[Effect]]:
        """Return the manifest's grants."""
        return self.by_name[plugin].grants

    def commands(self, plugin: str) -> tuple[Command, ...]:
        """Return the manifest's commands."""
        return self.by_name[plugin].commands

    def summary(self, plugin: str) -> str:
        """Return the manifest's sentence."""
        return self.by_name[plugin].summary

    def settings_model(self, plugin: str) -> type[Settings]:
        """Return the manifest's model."""
        return self.by_name[plugin].settings

    def checked_setting(self, plugin: str, key: str, value: str) -> str:
        """Return a value as JSON text; refuse an unknown key and a value that does not fit."""
        model = self.settings_model(plugin)
        if key not in model.model_fields:
            raise Unfit(problem=f"There is no setting {key}")
        try:
            parsed = json.loads(value)
        except ValueError:
            parsed = value
        try:
            model.model_validate({key: parsed})
        except ValueError:
            raise Unfit(problem=f"The value does not fit {key}") from None
        return json.dumps(parsed)

    def settings(self, uow: UnitOfWork, plugin: str, group: GroupId, room: RoomId | None) -> Settings:
        """Return the settings, merged from the three levels."""
        merged: dict[str, object] = {}
        for place in (("", ""), (group, ""), (group, room or "")):
            merged |= {key: json.loads(value) for key, value in uow.settings.level(place[0], plugin, place[1]).items()}
        model = self.by_name[plugin].settings
        # Beside the settings stands the version of the model.
        return model(**{key: value for key, value in merged.items() if key in model.model_fields})

    def call(self, plugin: str, hook: str, given: Mapping[str, object]) -> tuple[object, ...]:
        """Call a hook with what it names; anything it raises is its failure."""
        method = getattr(self.by_name[plugin], hook)
        wanted = {name: given[name] for name in inspect.signature(method).parameters}
        try:
            found = method(**wanted)
            if found is None:
                return ()
            return (found,) if hook == "admit" else tuple(found)
        except Exception as error:
            raise HookFailed(plugin=plugin, hook=hook, cause=type(error).__name__) from error

    def assesses(self, plugin: str) -> bool:
        """Tell whether a plugin has an assessment of its own."""
        return type(self.by_name[plugin]).assess is not Plugin.assess

    def store(self, plugin: str, rows: Rows) -> PluginStore:
        """Return the plugin's view of its rows."""
        return self.by_name[plugin].store(rows)

    def export(self, plugin: str, member: PersonId, rows: Rows) -> Mapping[str, object]:
        """Return what a plugin keeps about somebody."""
        return self.by_name[plugin].export_member(member, self.store(plugin, rows))

    def forget(self, plugin: str, member: PersonId, rows: Rows) -> None:
        """Let a plugin forget somebody."""
        self.by_name[plugin].forget_member(member, self.store(plugin, rows))


class NoAssessor:
    """Implements the engine's port ``Assessor`` for plugins that do not think ahead."""

    async def assess(self, plugin: str, event: Event, settings: Settings) -> tuple[Finding, ...]:
        """Find nothing."""
        del plugin, event, settings
        return ()

    def assesses(self, plugin: str) -> bool:
        """Say no."""
        del plugin
        return False
