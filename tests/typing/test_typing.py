"""The type checker helps a plugin's author where it can."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
from mypy import api

HERE = Path(__file__).parent
ROOT = HERE.parents[1]


def test_the_type_checker_tells_an_author(tmp_path: Path) -> None:
    """Every marked line of ``seen.txt`` gets the remark it expects, and no other line gets one.

    The file is no ``.py`` because it is wrong on purpose and the tree is checked as a whole.
    """
    text = (HERE / "seen.txt").read_text(encoding="utf-8")
    (tmp_path / "seen.py").write_text(text, encoding="utf-8")
    expected = {line: said for line, row in enumerate(text.splitlines(), 1) for said in re.findall(r"  # \d+: (.+)$", row)}

    output, problems, _ = api.run(
        ["--strict", "--config-file", str(ROOT / "pyproject.toml"), "--cache-dir", str(tmp_path / "cache"), str(tmp_path / "seen.py")]
    )
    remarks: dict[int, str] = {}
    for line, said in re.findall(r"seen\.py:(\d+): (?:error|note): (.*)", output):
        remarks[int(line)] = f"{remarks.get(int(line), '')} {said}"

    assert problems == ""
    assert sorted(remarks) == sorted(expected), output
    assert [said for line, said in expected.items() if said not in remarks[line]] == []


@pytest.mark.parametrize("path", sorted((ROOT / "supportd/sdk").glob("[a-z]*.py")), ids=lambda path: path.stem)
def test_public_signatures_of_the_sdk_have_no_any(path: Path) -> None:
    """An author's values keep their types; a row read from the store is the one exception, named here."""
    allowed = {"store.get", "store.all"}
    tree = ast.parse(path.read_text(encoding="utf-8"))

    loose = [
        f"{path.stem}.{node.name}"
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef) and not node.name.startswith("_")
        for part in [*[each.annotation for each in [*node.args.args, *node.args.kwonlyargs]], node.returns]
        if part is not None and re.search(r"\bAny\b", ast.unparse(part)) and "Column[Any]" not in ast.unparse(part)
    ]

    assert set(loose) <= allowed
