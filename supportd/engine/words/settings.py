"""``settings show | set | history | undo``, at three levels: deployment, group, room."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from supportd.engine.unit import JournalLine
from supportd.engine.words.desk import Said, Unknown, WordsUnclear

if TYPE_CHECKING:
    from collections.abc import Mapping

    from supportd.engine.unit import SettingChange
    from supportd.engine.words.desk import Desk
    from supportd.sdk.settings import Settings

USAGE: Final = (
    "settings show PLUGIN, settings set PLUGIN KEY VALUE [at deployment or at ROOM], settings history PLUGIN,"
    " or settings undo PLUGIN [NUMBER]"
)
_KEPT: Final = 50
#: Under this key a level says by which ``settings_version`` of the plugin it was written; without it: the first.
VERSION: Final = "settings_version"
#: Changes looked through for the one to undo, and the digits of their largest number.
_MOST: Final = 10_000
_DIGITS: Final = 18


@dataclass(frozen=True, slots=True)
class _Place:
    """A level: empty group for the deployment, empty room for the group."""

    group: str
    room: str

    def __str__(self) -> str:
        return "the deployment" if not self.group else "one room" if self.room else "the group"


def settings(desk: Desk) -> Said:
    """Show or change a plugin's settings."""
    words, place = _level(desk)
    match words:
        case ("show", name):
            return _show(desk, desk.plugin(name))
        case ("set", name, key, value):
            return _set(desk, desk.plugin(name), key, value, place)
        case ("history", name):
            return _history(desk, desk.plugin(name), place)
        case ("undo", name):
            return _undo(desk, desk.plugin(name), None, place)
        case ("undo", name, number) if number.isdecimal() and len(number) <= _DIGITS:
            return _undo(desk, desk.plugin(name), int(number), place)
        case _:
            raise WordsUnclear(usage=USAGE)


def _level(desk: Desk) -> tuple[tuple[str, ...], _Place]:
    match desk.words:
        case (*words, "at", "deployment"):
            if desk.by is not None:
                # A group's admin decides about that group; the others are not theirs.
                raise WordsUnclear(usage="settings set PLUGIN KEY VALUE; only the operator may change the deployment")
            return tuple(words), _Place("", "")
        case (*words, "at", key):
            room = desk.facts().room(key)
            if room is None:
                raise Unknown(what="room", name=key, look="rooms list")
            return tuple(words), _Place(desk.group, room.id)
        case words:
            return words, _Place(desk.group, "")


def _show(desk: Desk, plugin: str) -> Said:
    merged = desk.plugins.settings(desk.uow, plugin, desk.group, None)
    values = merged.model_dump(mode="json")
    rows = [
        {"key": key, "value": values[key], "default": field.default if not field.is_required() else None, "help": field.description or ""}
        for key, field in type(merged).model_fields.items()
    ]
    lines = [f"{row['key']} = {json.dumps(row['value'], ensure_ascii=False)}\n    {row['help']}" for row in rows]
    return Said(
        "\n".join(lines) or f"{plugin} has nothing to set.", {"plugin": plugin, "settings": json.loads(json.dumps(rows, default=str))}
    )


def _set(desk: Desk, plugin: str, key: str, value: str, place: _Place) -> Said:
    new = desk.plugins.checked_setting(plugin, key, value)
    _renew(desk, plugin, place)
    return _change(desk, plugin, key, new, place)


def _renew(desk: Desk, plugin: str, place: _Place) -> None:
    """Bring a level that an older version of the plugin wrote into today's form before something new is written beside it."""
    model = desk.plugins.settings_model(plugin)
    level = dict(desk.uow.settings.level(place.group, plugin, place.room))
    written = int(level.pop(VERSION, "1"))
    if written == model.settings_version:
        return
    today = {name: json.dumps(value, ensure_ascii=False) for name, value in _migrated(model, written, level).items()}
    for name in sorted({*level, *today}):
        if level.get(name) != today.get(name):
            desk.uow.settings.change(place.group, plugin, place.room, name, today.get(name), desk.now, "migration")
    desk.uow.settings.change(place.group, plugin, place.room, VERSION, str(model.settings_version), desk.now, "migration")


def _migrated(model: type[Settings], written: int, level: Mapping[str, str]) -> Mapping[str, object]:
    return model.migrate(written, {name: json.loads(value) for name, value in level.items()}) if level else {}


def _change(desk: Desk, plugin: str, key: str, new: str | None, place: _Place) -> Said:
    old = desk.uow.settings.level(place.group, plugin, place.room).get(key)
    data = {"plugin": plugin, "key": key, "old": _plain(old), "new": _plain(new)}
    if old == new:
        return Said(f"{key} is {_shown(new)} for {place} already.", data)
    number = desk.uow.settings.change(place.group, plugin, place.room, key, new, desk.now, desk.who)
    reason = f"The setting {key} was changed for {place}; undo it with: settings undo {plugin} {number}."
    desk.uow.journal.add(JournalLine(group=desk.group, plugin=plugin, at=desk.now, kind="setting", outcome="changed", reason=reason))
    return Said(f"{key} for {place}: {_shown(old)} → {_shown(new)}", data | {"number": number})


def _history(desk: Desk, plugin: str, place: _Place) -> Said:
    changes = _changes(desk, plugin, place)[:_KEPT]
    rows = [
        {
            "number": one.number,
            "key": one.key,
            "old": _plain(one.old),
            "new": _plain(one.new),
            "at": one.at.isoformat(),
            "by": one.by,
            "room": one.room,
        }
        for one in changes
    ]
    lines = [
        f"{one.number}  {one.at:%Y-%m-%d %H:%M} UTC  {one.key}: {_shown(one.old)} → {_shown(one.new)}  by {_name(desk, one.by)}"
        for one in changes
    ]
    return Said("\n".join(lines) or "Nothing was changed yet.", {"plugin": plugin, "changes": rows})


def _undo(desk: Desk, plugin: str, number: int | None, place: _Place) -> Said:
    change = next((one for one in _changes(desk, plugin, place) if number in {None, one.number}), None)
    if change is None:
        raise Unknown(what="change", name=str(number or "to undo"), look=f"settings history {plugin}")
    return _change(desk, plugin, change.key, change.old, _Place(place.group, change.room))


def _changes(desk: Desk, plugin: str, place: _Place) -> list[SettingChange]:
    """Return the changes at a level, newest first; those of the group include those of its rooms."""
    return [one for one in desk.uow.settings.history(place.group, plugin, _MOST) if place.room in {"", one.room} and one.key != VERSION]


def _name(desk: Desk, by: str) -> str:
    return next((one.name for one in desk.facts().people if one.id == by), by)


def _plain(value: str | None) -> object:
    return None if value is None else json.loads(value)


def _shown(value: str | None) -> str:
    return "not set" if value is None else value
