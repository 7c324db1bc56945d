"""What all repositories share: the connection of the transaction, and the keys."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy import RowMapping, TextClause
    from sqlalchemy.engine import Connection

    from supportd.store.keyring import Keyring


class Repository:
    """Statements of one kind on the connection of one transaction."""

    def __init__(self, connection: Connection, keys: Keyring) -> None:
        """Take the open connection and the installation's keys."""
        self.connection = connection
        self.keys = keys

    def run(self, statement: TextClause, values: Mapping[str, object] | None = None) -> int:
        """Run a statement and return how many rows it changed."""
        return self.connection.execute(statement, dict(values or {})).rowcount

    def one(self, statement: TextClause, values: Mapping[str, object] | None = None) -> RowMapping | None:
        """Return the first row, or ``None``."""
        return self.connection.execute(statement, dict(values or {})).mappings().first()

    def all(self, statement: TextClause, values: Mapping[str, object] | None = None) -> Sequence[RowMapping]:
        """Return all rows."""
        return self.connection.execute(statement, dict(values or {})).mappings().all()
