"""What the documentation for authors of plugins says is so."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from supportd.host.discover import ENTRY_POINTS, load
from supportd.sdk import testing
from tests.unit.host.test_discover import FromShelf

ROOT = Path(__file__).resolve().parents[3]
PAGES = ROOT / "docs/plugin-authors"
EXAMPLE = PAGES / "example"
MODULES = sorted(path for path in (ROOT / "supportd/sdk").glob("*.py") if not path.name.startswith("_"))


def public(path: Path) -> list[str]:
    """Return the public names at the top of a module, and the public methods of its classes."""
    found: list[str] = []
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, (ast.ClassDef, ast.FunctionDef)):
            found.append(node.name)
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
            found += [each.name for each in node.body if isinstance(each, ast.FunctionDef)]
        targets = node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
        found += [one.id for one in targets if isinstance(one, ast.Name)]
    return [name for name in found if not name.startswith("_")]


@pytest.mark.parametrize("path", [*MODULES, ROOT / "supportd/sdk/testing/_scene.py"], ids=lambda path: path.stem)
def test_every_public_name_is_in_the_reference(path: Path) -> None:
    """What an author may import stands in the reference."""
    text = (PAGES / "reference.md").read_text(encoding="utf-8")

    missing = [name for name in public(path) if not re.search(rf"`{name}[`(]", text)]

    assert missing == []


def test_every_name_of_the_kit_is_in_the_reference() -> None:
    """The kit's public names and every check of the conformance suite stand there."""
    text = (PAGES / "reference.md").read_text(encoding="utf-8")

    missing = [name for name in testing.__all__ if not re.search(rf"`(supportd\.sdk\.testing\.)?{name}[`(]|testing\.{name}\b", text)]

    assert missing == []
    assert [check for check in testing.conformance.CHECKS if check not in text] == []


def test_the_reference_names_nothing_that_is_gone() -> None:
    """Whatever stands in the reference as an entry exists."""
    text = (PAGES / "reference.md").read_text(encoding="utf-8")
    sources = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "supportd/sdk").rglob("*.py"))

    gone = [name for name in re.findall(r"^ *- `(\w+)", text, re.MULTILINE) if not re.search(rf"\b{name}\b", sources)]

    assert gone == []


def test_the_tutorial_shows_the_files_as_they_are() -> None:
    """Each code block with a file's name above it equals that file, and every file is shown."""
    text = (PAGES / "tutorial.md").read_text(encoding="utf-8")
    shown = dict(re.findall(r"^`([\w/.]+)`\n\n```\w+\n(.*?)\n```$", text, re.MULTILINE | re.DOTALL))
    files = [path for path in EXAMPLE.rglob("*") if path.suffix in {".py", ".toml"} and "egg-info" not in str(path)]

    kept = {str(path.relative_to(EXAMPLE)): re.sub(r"\A# ruff:.*\n", "", path.read_text(encoding="utf-8")).rstrip() for path in files}

    assert shown == kept


def test_the_examples_own_tests_pass() -> None:
    """An author who follows the tutorial sees its tests, conformance among them, pass."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}

    ran = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(PAGES)],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )

    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "14 passed" in ran.stdout


def test_the_example_is_a_strangers_plugin(monkeypatch: pytest.MonkeyPatch) -> None:
    """In process it is refused until the operator names it."""
    monkeypatch.syspath_prepend(str(EXAMPLE))
    point = EntryPoint("tea_time", "supportd_tea_time:TeaTime", ENTRY_POINTS)
    vars(point).update(dist=FromShelf("tea-time-for-supportd"))

    refused, allowed = load([point], ()), load([point], {"tea_time"})

    assert "allow_in_process" in refused.refused["tea_time"]
    assert list(allowed.plugins) == ["tea_time"]
