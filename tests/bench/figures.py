"""Figures for people: median, 99th percentile, ratios."""

from __future__ import annotations

import os
import platform
import statistics
from datetime import UTC, datetime
from itertools import pairwise


def machine() -> str:
    """Return one line about where and when this was measured."""
    return (
        f"bench: {datetime.now(UTC):%Y-%m-%d %H:%M} UTC, {os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()};"
        " processes of both sides, the homeserver and the members share these cores, so a single figure may be off by a factor of 2:"
        " look at the ratios"
    )


def load() -> str:
    """Return the load of the machine now."""
    return f"load {os.getloadavg()[0]:.1f}"


def median(values: list[float]) -> float:
    """Return the median."""
    return statistics.median(values)


def p99(values: list[float]) -> float:
    """Return the 99th percentile (nearest rank)."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, round(0.99 * len(ordered)))]


def line(name: str, ours: list[float], floor: list[float], *, aim: str = "") -> str:
    """Return one line that compares milliseconds of ours with the floor's."""
    if not ours or not floor:
        return f"{name}: NOT MEASURED (n {len(ours)} and {len(floor)})"
    return (
        f"{name}: supportd {median(ours):.1f} / {p99(ours):.1f} ms, floor {median(floor):.1f} / {p99(floor):.1f} ms (median / p99,"
        f" n {len(ours)} and {len(floor)}); ratio {median(ours) / median(floor):.2f} / {p99(ours) / p99(floor):.2f};"
        f" {median(ours) - median(floor):+.1f} / {p99(ours) - p99(floor):+.1f} ms" + (f" (aim: {aim})" if aim else "")
    )


def several(values: list[float], digits: int = 0) -> str:
    """Return the figures of a few runs, in their order."""
    return ", ".join(f"{value:,.{digits}f}" for value in values)


def slope(points: list[tuple[float, float]]) -> float:
    """Return how much the second figure grows for each unit of the first (least squares)."""
    if len({at for at, _ in points}) < 2:
        return 0.0
    return statistics.linear_regression([at for at, _ in points], [value for _, value in points]).slope


def growth(points: list[tuple[float, float]]) -> float:
    """Return the largest step between two neighbours."""
    return max((after - before for (_, before), (_, after) in pairwise(points)), default=0.0)
