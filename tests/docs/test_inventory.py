"""The page of what is kept is the truth."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import Column, MetaData, Table, Text

from supportd.store import inventory

PAGE = Path(__file__).resolve().parents[2] / "docs/operators/data.md"


def test_the_page_shows_every_column() -> None:
    """The page is what the tables say now: run ``python -m supportd.store.inventory > docs/operators/data.md``."""
    assert PAGE.read_text(encoding="utf-8") == inventory.page()


def test_a_column_that_says_nothing_fails_the_build(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody can add a column without saying what it holds."""
    silent = MetaData()
    Table("secrets", silent, Column("diary", Text))
    monkeypatch.setattr(inventory, "metadata", silent)

    with pytest.raises(ValueError, match=r"secrets\.diary does not say what it holds"):
        inventory.page()
