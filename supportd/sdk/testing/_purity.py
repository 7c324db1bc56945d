"""Conformance of behaviour: same events, same effects; no memory outside the store; nothing from group to group."""

from __future__ import annotations

from typing import TYPE_CHECKING

from supportd.sdk.testing._shelf import Shelf
from supportd.sdk.testing._tour import begin, tour

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from supportd.sdk.effects import Effect
    from supportd.sdk.hooks import Plugin


def determinism(plugin: type[Plugin]) -> Iterator[str]:
    """Check that the same tour of a fresh plugin yields the same effects and keeps the same rows twice."""
    first, second = tour(begin(plugin)), tour(begin(plugin))
    yield from _difference(first.effects, second.effects, "the second time")
    if first.kept != second.kept:
        yield "It keeps other rows the second time: does it use the clock or chance?"


def isolation(plugin: type[Plugin]) -> Iterator[str]:
    """Check that a group sees the same whether or not another group was there before, and that rows stay apart."""
    alone = tour(begin(plugin))
    made = plugin()
    shelf = Shelf(made.name, made.tables)
    other = tour(begin(made, name="Sunday group", shelf=shelf))
    kept = other.kept
    beside = tour(begin(made, shelf=shelf))
    yield from _difference(alone.effects, beside.effects, "beside another group")
    if alone.kept != beside.kept:
        yield "It keeps other rows beside another group: does it remember things outside its store?"
    if other.kept != kept:
        yield "What happens in one group changes the rows of another."
    if "Sunday group" in repr([[getattr(one, name, "") for name in ("text", "question", "spec")] for one in beside.effects]):
        yield "It tells one group about another."


def shadow(plugin: type[Plugin]) -> Iterator[str]:
    """Check that in shadow mode, where nothing is carried out, the plugin goes through the same events without stopping.

    That hooks only yield effects and write only their own tables follows from this and from the store, which refuses other tables.
    """
    scene = tour(begin(plugin, shadow=True))
    if scene.open_asks or scene.wanted_rooms or scene.open_links:
        yield "Something was carried out in shadow mode."


def _difference(expected: Sequence[Effect], found: Sequence[Effect], when: str) -> Iterator[str]:
    for number, (one, other) in enumerate(zip(expected, found, strict=False), 1):
        if one != other:
            yield f"Effect {number} is {type(one).__name__} once and {type(other).__name__} {when}, or with other values."
            return
    if len(expected) != len(found):
        yield f"It yields {len(expected)} effects once and {len(found)} {when}."
