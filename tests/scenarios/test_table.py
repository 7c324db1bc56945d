"""The table of scenarios in README.md and the tests agree."""

from __future__ import annotations

import ast
from pathlib import Path

FOLDER = Path(__file__).parent


def test_table_and_tests_agree() -> None:
    """Each scenario's test stands once in the table, under the next number, with its own sentence."""
    text = (FOLDER / "README.md").read_text()

    table = [line for line in text.splitlines() if line.startswith("| ") and line.split("|")[1].strip().isdigit()]

    assert _rows() == table
    assert len(table) >= 36


def test_scenarios_differ() -> None:
    """No two scenarios have the same name or say the same."""
    rows = [row.split("|") for row in _rows()]

    assert len(rows) == len({row[2] for row in rows}) == len({row[3] for row in rows})


def _rows() -> list[str]:
    """Return the table as the tests would have it."""
    found: list[str] = []
    for file in sorted(FOLDER.glob("test_*.py")):
        if file == Path(__file__):
            continue
        for one in ast.parse(file.read_text()).body:
            if isinstance(one, ast.AsyncFunctionDef) and one.name.startswith("test_"):
                sentence = " ".join((ast.get_docstring(one) or "").split()).replace("|", "/")
                found.append(f"| {len(found) + 1} | {sentence} | `{file.stem}::{one.name}` |")
    return found
