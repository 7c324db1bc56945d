"""Settings of three levels, merged into the plugin's frozen model: deployment, then group, then room."""

from __future__ import annotations

import contextlib
import difflib
import json
from typing import TYPE_CHECKING, Any, Final

from pydantic import ValidationError

from supportd.errors import SupportdError
from supportd.logs import get_logger

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from supportd.sdk.settings import Settings

log = get_logger(__name__)

#: Under this key each level keeps the ``settings_version`` its values were written with.
VERSION: Final = "settings_version"


class SettingUnknown(SupportdError):
    """The plugin “{plugin}” has no setting “{key}”{hint}: see supportd settings show {plugin}."""

    status = 64


class SettingRefused(SupportdError):
    """The setting “{key}” of “{plugin}” cannot be {value}: {problem}."""

    status = 64


def merged(plugin: str, model: type[Settings], levels: Iterable[Mapping[str, str]]) -> Settings:
    """Return the settings from ``levels`` of JSON text, the most general first.

    What an older version wrote is migrated. Values that no longer fit (the plugin was updated) are left out with a line in the log, so that
    one stale key never stops a group.
    """
    values: dict[str, Any] = {}
    for level in levels:
        values.update(migrated(model, level))
    while True:
        try:
            return model(**values)
        except ValidationError as error:
            stale = [str(one["loc"][0]) for one in error.errors() if one["loc"]]
            bad = [key for key in stale if key in values]
            if not bad:
                raise
            for key in bad:
                values.pop(key, None)
                log.warning("setting.ignored", plugin=plugin, kind=key)


def migrated(model: type[Settings], level: Mapping[str, str]) -> dict[str, Any]:
    """Return one level's values in today's form."""
    values = {key: json.loads(value) for key, value in level.items()}
    version = values.pop(VERSION, 1)
    return dict(model.migrate(int(version), values)) if version != model.settings_version else values


def checked(plugin: str, model: type[Settings], key: str, value: str) -> str:
    """Return ``value`` (as a person types it, or JSON) as JSON text for ``key``.

    Raises :class:`SettingUnknown` or :class:`SettingRefused`, each with what to do.
    """
    if key not in model.model_fields:
        near = difflib.get_close_matches(key, model.model_fields, n=1)
        raise SettingUnknown(plugin=plugin, key=key, hint=f"; did you mean {near[0]}" if near else "")
    problem = ""
    for read in _readings(value):
        try:
            made = model(**{key: read})
        except ValidationError as error:
            problem = problem or error.errors()[0]["msg"].removeprefix("Value error, ").rstrip(".")
            continue
        return json.dumps(made.model_dump(mode="json")[key], ensure_ascii=False)
    raise SettingRefused(plugin=plugin, key=key, value=value[:80], problem=problem[:1].lower() + problem[1:])


def _readings(value: str) -> Iterable[object]:
    """Yield what a person may mean: JSON (numbers, lists, true), else the words as they are."""
    with contextlib.suppress(ValueError, RecursionError):
        yield json.loads(value)
    yield value
