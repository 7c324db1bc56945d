"""What the documentation says is there."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from urllib.parse import unquote

import pytest

from supportd.cli.main import COMMANDS, make_parser
from supportd.config import Config, load

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted(
    path for path in [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "plugins").rglob("*.md")] if ".venv" not in path.parts
)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_leads_somewhere(page: Path) -> None:
    """Every relative link and picture of a page exists."""
    text = re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)

    broken = [
        target
        for target in re.findall(r"\]\(([^)#\s]+)", text)
        if "://" not in target and not target.startswith("mailto:") and not (page.parent / unquote(target)).exists()
    ]

    assert broken == []


def test_every_promise_names_a_test_that_exists() -> None:
    """Each row of the promise table names at least one test, and each test is there."""
    rows = [line for line in (ROOT / "docs/promises.md").read_text(encoding="utf-8").splitlines() if line.startswith("| ") and "::" in line]
    named = [name for row in rows for name in re.findall(r"`([\w/.-]+\.py::\w+)`", row)]

    missing = [name for name in named if not _has_test(name)]

    assert len(rows) >= 10
    assert missing == []


def test_every_row_of_the_promise_table_has_a_test() -> None:
    """No promise stands there without a test."""
    table = [line for line in (ROOT / "docs/promises.md").read_text(encoding="utf-8").splitlines() if line.startswith("| ")]

    bare = [line for line in table if "::" not in line and not line.startswith(("| promise", "|---"))]

    assert bare == []


def _has_test(name: str) -> bool:
    path, _, function = name.partition("::")
    file = ROOT / path
    return file.exists() and re.search(rf"def {function}\(", file.read_text(encoding="utf-8")) is not None


def test_the_example_shows_every_setting(tmp_path: Path) -> None:
    """The example file loads, has every key, and no value that is the default."""
    text = (ROOT / "deploy/supportd.example.toml").read_text(encoding="utf-8")
    (tmp_path / "supportd.toml").write_text(text, encoding="utf-8")

    config = load(tmp_path)
    shown = tomllib.loads(text)

    for section, field in Config.model_fields.items():
        keys = getattr(field.annotation, "model_fields", {})
        for key, one in keys.items():
            assert key in shown[section], f"{section}.{key}"
            if not one.is_required() and (section, key) not in {("store", "cipher"), ("web", "host")}:
                assert getattr(getattr(config, section), key) != one.default, f"{section}.{key} shows its default"
            assert f"# {one.description}" in text


def test_every_command_is_in_the_help_and_the_docs() -> None:
    """Each command of the program is in its own help and in the operators' page or the tour."""
    shown = make_parser().format_help()
    pages = "".join(path.read_text(encoding="utf-8") for path in PAGES)

    assert [name for name in COMMANDS if name not in shown] == []
    assert [name for name in COMMANDS if f"supportd {name}" not in pages and f"`{name}" not in pages] == []
