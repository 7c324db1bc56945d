"""Calling one hook of one plugin: alone, with what it asks for, under a time limit."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

import pluggy

from supportd.engine.ports import HookFailed
from supportd.host.watchdog import TooLong, Watchdog
from supportd.sdk.hooks import Hooks

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from supportd.sdk.hooks import Plugin

#: Seconds a hook may take; the door's verdict has less.
LIMIT: Final = 2.0
LIMITS: Final[Mapping[str, float]] = {"admit": 0.2, "admit_message": 0.2}


class Manager:
    """The plugins of one process, as pluggy knows them."""

    def __init__(self, plugins: Mapping[str, Plugin], *, limit: float = LIMIT) -> None:
        """Register ``plugins`` by name; ``limit``: seconds a hook may take."""
        self._limit = limit
        self._watchdog = Watchdog()
        self._plugins = dict(plugins)
        self._pm = pluggy.PluginManager("supportd")
        self._pm.add_hookspecs(Hooks)
        for name, plugin in self._plugins.items():
            self._pm.register(plugin, name=name)
        self._pm.check_pending()
        self._callers = {
            (name, hook.name): self._pm.subset_hook_caller(hook.name, [one for one in self._plugins.values() if one is not plugin])
            for name, plugin in self._plugins.items()
            for hook in self._pm.get_hookcallers(plugin) or ()
        }

    def listens(self, plugin: str, hook: str) -> bool:
        """Tell whether a plugin implements a hook."""
        return (plugin, hook) in self._callers

    def call(self, plugin: str, hook: str, given: Mapping[str, object]) -> tuple[object, ...]:
        """Return what the plugin's hook yielded or returned; raises :class:`~supportd.engine.ports.HookFailed`.

        The text of what a plugin raises may quote a member, so only the name of its class is kept.
        """
        caller = self._callers.get((plugin, hook))
        if caller is None:
            return ()
        wanted = {name: given.get(name) for name in caller.spec.argnames} if caller.spec is not None else dict(given)

        def work() -> tuple[object, ...]:
            return tuple(value for result in caller(**wanted) for value in _drained(result))

        try:
            return self._watchdog.run(LIMITS.get(hook, self._limit), work)
        except TooLong:
            raise HookFailed(plugin=plugin, hook=hook, cause="it took too long") from None
        except (Exception, SystemExit) as error:  # noqa: BLE001 - a plugin may raise anything, and none may end the daemon
            raise HookFailed(plugin=plugin, hook=hook, cause=type(error).__name__) from None


def _drained(result: object) -> Iterator[object]:
    if result is None:
        return
    if isinstance(result, Iterable) and not isinstance(result, (str, bytes)):
        yield from result
    else:
        yield result
