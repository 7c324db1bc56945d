"""The shape of the repository."""

from __future__ import annotations

import ast
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

TOP = {"pyproject.toml", "supportd", "plugins", "deploy", "docs", "tests", "README.md"}
SMALL = {"Makefile", "LICENSE", "CHANGELOG.md", ".ci", ".gitignore"}
#: Files that are text and ours.
TEXT = {".py", ".md", ".toml", ".txt", ".in", ".json", ".mjs", ".yaml", ".service", ".svg", ""}


def tracked() -> list[Path]:
    """Return every file that belongs to the repository."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if listed.returncode != 0:
        pytest.skip("this is no git checkout")
    return [ROOT / name for name in listed.stdout.splitlines() if (ROOT / name).is_file()]


def ours() -> list[Path]:
    """Return the Python files that people wrote."""
    return [path for path in tracked() if path.suffix == ".py" and "migrations" not in path.parts]


def test_the_top_level_is_fixed() -> None:
    """Nothing but the agreed folders and small files stands at the top."""
    found = {path.relative_to(ROOT).parts[0] for path in tracked()}

    assert found == TOP | SMALL


def test_no_link_is_tracked() -> None:
    """A link to something outside, an environment say, would take the place of what it is called on every machine that checks it out."""
    listed = subprocess.run(["git", "ls-files", "--stage"], cwd=ROOT, capture_output=True, text=True, check=False)

    assert [line for line in listed.stdout.splitlines() if line.startswith("120000")] == []


def test_files_and_functions_stay_small() -> None:
    """No file of ours has more than 400 lines, no function more than 60."""
    large = []
    for path in ours():
        text = path.read_text(encoding="utf-8")
        if text.count("\n") > 400 and "tests" not in path.parts:
            large.append(str(path.relative_to(ROOT)))
        large += [
            f"{path.relative_to(ROOT)}:{node.lineno} {node.name}"
            for node in ast.walk(ast.parse(text))
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and (node.end_lineno or 0) - node.lineno >= 60
        ]

    assert large == []


@pytest.mark.parametrize("area", ["supportd/domain", "supportd/engine", "supportd/sdk", "plugins"])
def test_time_and_chance_are_handed_in(area: str) -> None:
    """Rules, engine, sdk and plugins never ask the machine for the time or for chance (training and the planner are seeded)."""
    banned = re.compile(
        r"datetime\.now\(|datetime\.utcnow\(|\btime\.time\(|\bimport random\b|\bfrom random\b|uuid4|\bfrom secrets\b|\bimport secrets\b"
    )

    found = [
        f"{path.relative_to(ROOT)}:{number}"
        for path in ours()
        if str(path.relative_to(ROOT)).startswith(area) and not {"tests", "training", "planner"} & set(path.parts)
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if banned.search(line)
    ]

    assert found == []


def test_no_registry_and_no_machine_is_named() -> None:
    """The repository names no package registry's host and no absolute path of a developer's machine."""
    hosts = ["py" + "pi.org", "files.python" + "hosted.org", "registry.npm" + "js.org", "deb.debian" + ".org", "/wo" + "rk/", "/ro" + "ot/"]

    found = [
        f"{path.relative_to(ROOT)}: {host}"
        for path in tracked()
        if path.suffix in TEXT
        for host in hosts
        if host in path.read_text(encoding="utf-8", errors="ignore")
    ]

    assert found == []


@pytest.mark.parametrize("name", ["constraints.txt", "strict.txt", "synapse.txt"])
def test_every_dependency_is_pinned_with_hashes(name: str) -> None:
    """Each line of the pins is a version with hashes, and no address stands there."""
    text = (ROOT / "deploy" / name).read_text(encoding="utf-8")

    entries = re.split(r"\n(?=[a-z0-9])", text.strip())

    assert "://" not in text
    assert all(re.match(r"[A-Za-z0-9._-]+(\[[a-z0-9,-]+\])?==\S+", entry) and "--hash=sha256:" in entry for entry in entries)


def test_what_the_daemon_needs_is_pinned() -> None:
    """Every dependency named in pyproject.toml is in the pins."""
    import tomllib  # noqa: PLC0415 - only here

    wanted = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["dependencies"]
    pinned = set(re.findall(r"^([a-z0-9._-]+)==", (ROOT / "deploy/constraints.txt").read_text(), re.MULTILINE))

    missing = [name for name in wanted if re.split(r"[\[<>=]", name)[0] not in pinned]

    assert missing == []


def test_every_public_function_says_what_it_does() -> None:
    """Every module, class and public function has a docstring."""
    silent = []
    for path in ours():
        if "tests" in path.parts:
            continue
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for node in [tree, *ast.walk(tree)]:
            if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)):
                name = getattr(node, "name", "module")
                if not name.startswith("_") and ast.get_docstring(node) is None and not _inner(tree, node):
                    silent.append(f"{path.relative_to(ROOT)} {name}")

    assert silent == []


def _inner(tree: ast.Module, node: ast.AST) -> bool:
    """Tell whether a function stands inside another function or in a private class."""
    for outer in ast.walk(tree):
        private = isinstance(outer, ast.ClassDef) and outer.name.startswith("_")
        if outer is not node and (private or isinstance(outer, (ast.FunctionDef, ast.AsyncFunctionDef))) and node in ast.walk(outer):
            return True
    return False


def test_the_strict_client_is_pinned_without_addresses() -> None:
    """The lock of the tests' JavaScript client has a hash for each package and no address to fetch it from."""
    import json  # noqa: PLC0415 - only here

    lock = json.loads((ROOT / "deploy/strict/package-lock.json").read_text(encoding="utf-8"))

    packages = {name: one for name, one in lock["packages"].items() if name}
    assert len(packages) > 10
    assert all("integrity" in one and "resolved" not in one for one in packages.values())
