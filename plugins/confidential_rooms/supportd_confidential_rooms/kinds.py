"""The templates of a group: the shipped ones with the group's own changes, and its copies."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from supportd_confidential_rooms.templates import CannotChange, Template, changed, shipped

if TYPE_CHECKING:
    from collections.abc import Mapping

    from supportd_confidential_rooms.tables import RoomStore

_KEY: Final = re.compile(r"[a-z][a-z0-9_]{1,30}")
#: Copies a group may have.
MOST: Final = 50


def of(store: RoomStore) -> Mapping[str, Template]:
    """Return every template by key; a change that today's bounds refuse is left out."""
    found = dict(shipped())
    for key, (base, changes) in store.own_templates().items():
        if base not in shipped():
            continue
        made = replace(shipped()[base], key=key)
        for field, value in json.loads(changes).items():
            try:
                made = changed(made, field, value)
            except CannotChange:
                continue
        found[key] = made
    return found


def change(store: RoomStore, key: str, field: str, value: str) -> Template:
    """Change one field of a template for this group; raises :class:`CannotChange`."""
    known = of(store)
    if key not in known:
        raise CannotChange(unknown(store, key))
    made = changed(known[key], field, value)
    base, changes = store.own_templates().get(key, (key, "{}"))
    store.keep_template(key, base, json.dumps({**json.loads(changes), field.replace("-", "_").casefold(): value.strip()}, sort_keys=True))
    return made


def copy(store: RoomStore, key: str, new: str) -> Template:
    """Copy a template under a new key; raises :class:`CannotChange`."""
    known = of(store)
    if key not in known:
        raise CannotChange(unknown(store, key))
    if new in known:
        raise CannotChange(f"There is a template “{new}” already: choose another name for the copy.")
    if _KEY.fullmatch(new) is None:
        raise CannotChange("The name of a template is 2 to 31 small letters, digits and underscores, a letter first.")
    if len(known) >= MOST:
        raise CannotChange(f"A group has at most {MOST} templates.")
    base, changes = store.own_templates().get(key, (key, "{}"))
    store.keep_template(new, base, changes)
    return of(store)[new]


def for_few(store: RoomStore, template: Template) -> Template:
    """Return ``template``, or for a room of everybody a copy of it for those who are asked; an admin can read and change it."""
    if template.people == "asked":
        return template
    key = f"{template.key[:26]}_few"
    if key not in of(store):
        copy(store, template.key, key)
    return change(store, key, "people", "asked")


def unknown(store: RoomStore, key: str) -> str:
    """Say that there is no such template, and which there are."""
    return f"There is no template “{key[:40]}”; there are: {', '.join(of(store))}."
