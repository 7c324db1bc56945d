"""The solver in its own process: it proves, it never harms."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from supportd_rota.planner import exact, problem, proving, search

from tests.support.rota import plainly
from tests.support.rota.groups import group
from tests.support.rota.worked import BEST, WORKED

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.rota.plainly import Data

pytest.importorskip("highspy")
_LONG = 60.0
PYTHON = sys.executable


def _gaps(data: Data, plan: list[int | None]) -> int:
    return plainly.cost(data, plan)[0]


@pytest.mark.parametrize(("members", "seed"), [(5, 2), (10, 2), (20, 2)])
def test_coverage_is_proven_and_the_search_alone_covers_as_much(members: int, seed: int) -> None:
    """Groups in which nobody could hold everything: the solver finds no more than the search did, and says that nobody can."""
    data = group(members, seed)
    read = problem.of(data)
    alone = search.search(read, 0, _LONG, 200_000)
    found = proving.search(read, 0, _LONG, 200_000)

    assert found.proven
    assert found.bound > alone.bound
    assert alone.uncovered_weight == found.uncovered_weight == _gaps(data, found.assignment)
    assert plainly.allowed(data, found.assignment)
    assert plainly.complaints(data, found.assignment) == []


def test_a_poor_plan_is_covered_better_and_evened_out() -> None:
    """From nothing at all, the solver covers the worked example; evening out keeps that."""
    read = problem.of(WORKED)
    covered = exact.cover(read, [None] * 7, _LONG)
    assert covered is not None
    assert (_gaps(WORKED, covered.assignment), covered.bound) == (1, 1)

    found = search.search(read, 0, _LONG, 20_000, start=covered.assignment)
    assert found.assignment == BEST


def test_without_time_or_with_a_broken_child_the_search_stands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the child does, a plan comes, and it does not claim to be proven."""
    data = group(10, 2)
    read = problem.of(data)
    assert exact.cover(read, [None] * len(read.slots), 0.1) is None

    for code in ("raise SystemExit(3)", "print(1)", "print('{}')", "while True: pass", 'print(\'{"assignment": [0], "bound": 0}\')'):
        monkeypatch.setattr(sys, "executable", _script(tmp_path, code))
        found = proving.search(read, 0, 1.5, 20_000)
        assert not found.proven
        assert found.stopped_by == "time"
        assert plainly.allowed(data, found.assignment)


def _script(folder: Path, code: str) -> str:
    """Return a program that runs this code, whatever its words are."""
    path = folder / "child"
    path.write_text(f"#!{PYTHON}\n{code}\n", encoding="utf-8")
    path.chmod(0o700)
    return str(path)


def test_the_child_has_bounds_of_memory() -> None:
    """A problem that wants more than it may have ends the child, not the machine."""
    ended = subprocess.run(
        [sys.executable, "-m", "supportd_rota.planner.solve"],
        input=json.dumps({"seconds": 1, "memory": 1_000_000, "start": [None] * 7, "problem": WORKED}).encode(),
        capture_output=True,
        check=False,
    )

    assert ended.returncode != 0
