"""The installed plugins as the engine sees them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from supportd.errors import Fault
from supportd.host import layering
from supportd.host.discover import Discovered, discover, migrations_of
from supportd.host.manager import Manager
from supportd.logs import get_logger
from supportd.sdk.hooks import Plugin

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from pathlib import Path

    from supportd.engine.unit import UnitOfWork
    from supportd.sdk.commands import Command
    from supportd.sdk.effects import Effect
    from supportd.sdk.facts import Group
    from supportd.sdk.ids import GroupId, PersonId, RoomId
    from supportd.sdk.panels import Panel
    from supportd.sdk.settings import Settings
    from supportd.sdk.store import PluginStore, Rows


log = get_logger(__name__)


class InstalledPlugins:
    """Implements the engine's port ``Plugins``."""

    def __init__(self, found: Discovered) -> None:
        """Take what was found."""
        self._plugins: Mapping[str, Plugin] = found.plugins
        #: Plugins that cannot be used -> a sentence why.
        self.refused = found.refused
        self._manager = Manager(found.plugins)

    @classmethod
    def discover(cls, *, allow_in_process: Collection[str] = ()) -> InstalledPlugins:
        """Find every installed plugin."""
        return cls(discover(allow_in_process))

    @classmethod
    def of(cls, *plugins: Plugin) -> InstalledPlugins:
        """Take plugins that are at hand, for tests and measurements."""
        return cls(Discovered({plugin.name: plugin for plugin in plugins}, {}))

    def names(self) -> tuple[str, ...]:
        """Return the names of all installed plugins."""
        return tuple(self._plugins)

    def refusals(self) -> Mapping[str, str]:
        """Return the plugins that cannot be used, each with a sentence why."""
        return self.refused

    def summary(self, plugin: str) -> str:
        """Return a plugin's one sentence."""
        return self._plugins[plugin].summary

    def listens(self, plugin: str, hook: str) -> bool:
        """Tell whether a plugin implements a hook."""
        return self._manager.listens(plugin, hook)

    def grants(self, plugin: str) -> frozenset[type[Effect]]:
        """Return the kinds of effect a plugin may yield."""
        return frozenset(self._plugins[plugin].grants)

    def commands(self, plugin: str) -> tuple[Command, ...]:
        """Return a plugin's commands."""
        return self._plugins[plugin].commands

    def settings_model(self, plugin: str) -> type[Settings]:
        """Return the model of a plugin's settings."""
        return self._plugins[plugin].settings

    def settings(self, uow: UnitOfWork, plugin: str, group: GroupId, room: RoomId | None) -> Settings:
        """Return a plugin's settings, merged from deployment, group and room."""
        levels = [uow.settings.level("", plugin, ""), uow.settings.level(group, plugin, "")]
        if room is not None:
            levels.append(uow.settings.level(group, plugin, room))
        return layering.merged(plugin, self._plugins[plugin].settings, levels)

    def checked_setting(self, plugin: str, key: str, value: str) -> str:
        """Return ``value`` as JSON text, or raise a sentence."""
        return layering.checked(plugin, self._plugins[plugin].settings, key, value)

    def call(self, plugin: str, hook: str, given: Mapping[str, object]) -> tuple[object, ...]:
        """Call one hook of one plugin and return what it yielded."""
        return self._manager.call(plugin, hook, given)

    def assesses(self, plugin: str) -> bool:
        """Tell whether a plugin has an assessment of its own."""
        return type(self._plugins[plugin]).assess is not Plugin.assess

    def store(self, plugin: str, rows: Rows) -> PluginStore:
        """Return the plugin's own view of its rows."""
        return self._plugins[plugin].store(rows)

    def export(self, plugin: str, member: PersonId, rows: Rows) -> Mapping[str, object]:
        """Return what a plugin keeps about somebody."""
        return self._plugins[plugin].export_member(member, self.store(plugin, rows))

    def forget(self, plugin: str, member: PersonId, rows: Rows) -> None:
        """Let a plugin delete what it keeps about somebody; where that breaks, delete every row that names them."""
        try:
            self._plugins[plugin].forget_member(member, self.store(plugin, rows))
        except Exception as error:
            if isinstance(error, Fault):
                raise
            log.error("plugin.forgot_badly", plugin=plugin, error=error)  # noqa: TRY400 - a traceback may quote a member
        tables = self._plugins[plugin].tables
        for column in tables.personal() if tables is not None else ():
            rows.delete(column.table, **{column.name: member})

    def panels(self, plugin: str, group: Group, rows: Rows, settings: Settings) -> tuple[Panel, ...]:
        """Return what the group's page shows of a plugin."""
        return tuple(self._plugins[plugin].panels(group, self.store(plugin, rows), settings))

    def plugin(self, name: str) -> Plugin:
        """Return a plugin itself, for the assessor."""
        return self._plugins[name]

    def migrations(self) -> Mapping[str, Path]:
        """Return the migrations folder of each plugin with tables."""
        return {name: migrations_of(plugin) for name, plugin in self._plugins.items() if plugin.tables is not None}
