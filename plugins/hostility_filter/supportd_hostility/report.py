"""What the installed model does on our own evaluation sentences: counts and 95 % intervals, never a text."""

from collections import defaultdict
from collections.abc import Callable
from pathlib import Path

import numpy as np

from .harms import QUEUES
from .judge import Judge, Verdict

Judged = tuple[str, str, Verdict]
"""Template, harm as written down, verdict."""
ROUNDS = 1000
HELD_KINDS = ("disclosure", "method_detail", "none", *QUEUES)


def share(rows: list[Judged], right: Callable[[Judged], bool]) -> tuple[float, float, float]:
    """Return the share of rows that are right and its 95 % interval, drawn anew by template, not by row."""
    groups: dict[str, list[bool]] = defaultdict(list)
    for row in rows:
        groups[row[0]].append(right(row))
    parts = [(sum(one), len(one)) for _, one in sorted(groups.items())]
    chance = np.random.default_rng(1)
    numbers = np.array(parts)
    drawn = numbers[chance.integers(0, len(parts), (ROUNDS, len(parts)))].sum(1)
    shares = np.sort(drawn[:, 0] / drawn[:, 1])
    return sum(good for good, _ in parts) / len(rows), float(shares[ROUNDS // 40]), float(shares[-(ROUNDS // 40) - 1])


def _line(name: str, rows: list[Judged], right: Callable[[Judged], bool]) -> str:
    if not rows:
        return f"{name:<44} no rows\n"
    middle, low, high = share(rows, right)
    return f"{name:<44} {len(rows):>4}  {middle:6.1%}  ({low:6.1%} to {high:6.1%})\n"


def report(judge: Judge, path: str) -> str:
    """Return the table for one file of sentences (author, template, harm, label, text)."""
    rows: list[Judged] = []
    for line in Path(path).read_text("utf-8").splitlines()[1:]:
        _, template, harm, _, text = line.split("\t")
        rows.append((template, harm, judge.judge(text)))
    hostile = [row for row in rows if row[1] not in HELD_KINDS]
    harmless = [row for row in rows if row[1] == "none"]
    told = [row for row in rows if row[1] == "disclosure"]
    text = f"{judge.model}\n{'':<44} rows   share  95 % interval\n"
    text += _line("hostile, held", hostile, lambda row: row[2].action == "hold")
    text += _line("hostile, held or looked at by a person", hostile, lambda row: row[2].action != "deliver")
    text += _line("harmless, held", harmless, lambda row: row[2].action == "hold")
    text += _line("harmless, looked at by a person", harmless, lambda row: row[2].action == "review")
    text += _line("disclosures, held", told, lambda row: row[2].action == "hold")
    text += _line("disclosures, crisis path starts", told, lambda row: row[2].support)
    text += _line("harmless, crisis path starts", harmless, lambda row: row[2].support)
    for harm in sorted({row[1] for row in rows} - {"none", "disclosure"}):
        text += _line(f"{harm}, not simply delivered", [row for row in rows if row[1] == harm], lambda row: row[2].action != "deliver")
    return text
