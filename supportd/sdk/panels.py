"""What a plugin shows on the group's page: data, never HTML."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """The base of all panels; ``title`` is one short line, ``help`` one sentence."""

    title: str
    help: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ListPanel(Panel):
    """Lines in order of what matters."""

    items: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TablePanel(Panel):
    """Rows of equal length under ``columns``."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarPanel(Panel):
    """Entries with a start, an end (both aware) and a line of text."""

    entries: tuple[tuple[datetime, datetime, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ChartPanel(Panel):
    """Named values drawn as ``bar`` or ``line``; ``unit`` stands behind each number."""

    kind: Literal["bar", "line"]
    points: tuple[tuple[str, float], ...]
    unit: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class FormPanel(Panel):
    """A form that gives the declared ``command`` with its fields (name -> label)."""

    command: str
    fields: Mapping[str, str]
    button: str
