"""Figures for people: median, 99th percentile, ratios."""

from __future__ import annotations

import statistics


def median(values: list[float]) -> float:
    """Return the median."""
    return statistics.median(values)


def p99(values: list[float]) -> float:
    """Return the 99th percentile (nearest rank)."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, round(0.99 * len(ordered)))]


def line(name: str, ours: list[float], floor: list[float]) -> str:
    """Return one line that compares milliseconds of ours with the floor's."""
    return (
        f"{name}: supportd {median(ours):.1f} / {p99(ours):.1f} ms, floor {median(floor):.1f} / {p99(floor):.1f} ms (median / p99,"
        f" n {len(ours)} and {len(floor)}); ratio {median(ours) / median(floor):.2f} / {p99(ours) / p99(floor):.2f};"
        f" {median(ours) - median(floor):+.1f} / {p99(ours) - p99(floor):+.1f} ms"
    )
