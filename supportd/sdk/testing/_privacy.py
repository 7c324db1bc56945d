"""Conformance of export and forget, over every table with a column about a person."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from supportd.sdk.testing._tour import begin, tour

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from supportd.sdk.hooks import Plugin
    from supportd.sdk.ids import PersonId
    from supportd.sdk.testing._scene import Scene


def exported(plugin: type[Plugin]) -> Iterator[str]:
    """Check that whoever a row is about gets something in their export, as plain data and without other people."""
    scene = tour(begin(plugin))
    for person in scene.group.people:
        given = scene.export(person.name)
        json.dumps(given)
        rows = _about(plugin, scene, person.id)
        if rows and not given:
            yield f"{person.name} stands in {', '.join(rows)}, but export_member gives them nothing."
        others = [one.name for one in scene.group.people if one.id != person.id and one.id in json.dumps(given)]
        if others:
            yield f"The export for {person.name} names other people."


def forgotten(plugin: type[Plugin]) -> Iterator[str]:
    """Check that after forgetting no row holds the person, their export is empty and the rows of others are whole."""
    for name in [one.name for one in tour(begin(plugin)).group.people]:
        scene = tour(begin(plugin))
        person = next(one.id for one in scene.group.people if one.name == name)
        before = scene.kept
        scene.forget(name)
        left = _about(plugin, scene, person)
        if left:
            yield f"After forget_member {name} still stands in {', '.join(left)}."
        if scene.export(name):
            yield f"After forget_member the export for {name} is not empty."
        lost = _others(before, person) - _others(scene.kept, person)
        if lost:
            yield f"Forgetting {name} also deletes what is about others only."
        if person in repr(scene.kept):
            yield f"After forget_member the id of {name} is left in a column that is no person(…)."


def _about(plugin: type[Plugin], scene: Scene, person: PersonId) -> list[str]:
    """Return the columns (``table.column``) in which somebody stands."""
    columns = plugin.tables.personal() if plugin.tables is not None else ()
    kept = scene.kept
    return [f"{one.table.name}.{one.name}" for one in columns if any(row[one.name] == person for row in kept[one.table.name])]


def _others(kept: Mapping[str, tuple[Mapping[str, object], ...]], person: PersonId) -> set[str]:
    return {f"{table}: {sorted(row.items())!r}" for table, rows in kept.items() for row in rows if person not in row.values()}
