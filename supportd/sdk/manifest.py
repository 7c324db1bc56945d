"""What a plugin's class must be, checked the same way when it is loaded and in its author's tests."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterator
from typing import Final

from supportd.sdk.effects import Effect
from supportd.sdk.hooks import API, Hooks, Plugin

_NAME: Final = re.compile(r"[a-z][a-z0-9_]{1,30}")
#: The names of all hooks.
HOOKS: Final = frozenset(name for name in vars(Hooks) if not name.startswith("_"))


def problems(plugin: Plugin) -> Iterator[str]:
    """Yield what keeps a plugin from being loaded; each is the end of a sentence."""
    kind = type(plugin)
    if not _NAME.fullmatch(plugin.name):
        yield "its name must be small letters, digits and underscores, 2 to 31 of them, and begin with a letter"
    if API not in plugin.api:
        yield f"it was made for another version of supportd (it knows {', '.join(map(str, plugin.api))}, this is {API})"
    grants: tuple[object, ...] = tuple(plugin.grants)
    if not all(isinstance(grant, type) and issubclass(grant, Effect) for grant in grants):
        yield "its grants name something that is no effect"
    if plugin.tables is not None and (kind.export_member is Plugin.export_member or kind.forget_member is Plugin.forget_member):
        yield "it keeps rows about people but has no export_member and forget_member"
    if needed := [name for name, field in plugin.settings.model_fields.items() if field.is_required()]:
        yield f"its setting {needed[0]} has no default; a group must be able to turn the plugin on without deciding anything"
    for name, hook in inspect.getmembers(kind, callable):
        if getattr(hook, "supportd_impl", None):
            yield from _hook(name, hook)


def _hook(name: str, hook: Callable[..., object]) -> Iterator[str]:
    if name not in HOOKS:
        yield f"it has a hook “{name}” that supportd does not know"
        return
    if inspect.iscoroutinefunction(hook) or inspect.isasyncgenfunction(hook):
        yield f"its hook “{name}” is a coroutine; hooks are ordinary functions"
    offered = inspect.signature(getattr(Hooks, name)).parameters
    for wanted in inspect.signature(hook).parameters:
        if wanted not in offered:
            yield f"its hook “{name}” asks for “{wanted}”, which no hook of this name gets"
