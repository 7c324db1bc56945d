"""The installed plugins as the engine sees them."""

from __future__ import annotations

from supportd_welcome import Welcome
from supportd_welcome.settings import WelcomeSettings

from supportd.host.installed import InstalledPlugins
from supportd.sdk.effects import PostMessage
from tests.unit.host.samples import Thing, ThingSettings


def test_a_plugin_is_known_by_its_manifest() -> None:
    """Names, grants, commands, summary and settings come from the class."""
    plugins = InstalledPlugins.of(Thing(), Welcome())

    assert plugins.names() == ("thing", "welcome")
    assert plugins.grants("thing") == {PostMessage}
    assert [one.name for one in plugins.commands("thing")] == ["greet"]
    assert plugins.summary("thing") == "Greets whoever joins."
    assert (plugins.settings_model("thing"), plugins.settings_model("welcome")) == (ThingSettings, WelcomeSettings)
    assert (plugins.listens("welcome", "member_joined"), plugins.listens("welcome", "admit")) == (True, False)


def test_only_plugins_with_tables_have_migrations() -> None:
    """The folder lies inside the plugin's package and holds its first migration."""
    folders = InstalledPlugins.of(Thing(), Welcome()).migrations()

    assert list(folders) == ["welcome"]
    assert list(folders["welcome"].glob("0001_*.py"))
