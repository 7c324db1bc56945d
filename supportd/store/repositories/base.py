"""What all repositories share: the connection of the transaction, and the keys."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from sqlalchemy import RowMapping, TextClause
    from sqlalchemy.engine import Connection

    from supportd.sdk.facts import Group
    from supportd.store.keyring import Keyring


class Repository:
    """Statements of one kind on the connection of one transaction."""

    def __init__(self, connection: Connection, keys: Keyring, read: dict[tuple[str, datetime], Group] | None = None) -> None:
        """Take the open connection, the installation's keys, and the facts that this transaction has read already."""
        self.connection = connection
        self.keys = keys
        self.read = {} if read is None else read

    def run(self, statement: TextClause, values: Mapping[str, object] | None = None) -> int:
        """Run a statement and return how many rows it changed."""
        return self.connection.execute(statement, dict(values or {})).rowcount

    def one(self, statement: TextClause, values: Mapping[str, object] | None = None) -> RowMapping | None:
        """Return the first row, or ``None``."""
        return self.connection.execute(statement, dict(values or {})).mappings().first()

    def many(self, statement: TextClause, values: Mapping[str, object] | None = None) -> Sequence[RowMapping]:
        """Return all rows."""
        return self.connection.execute(statement, dict(values or {})).mappings().all()

    def alter(self, statement: TextClause, values: Mapping[str, object] | None = None) -> int:
        """Run a statement that changes what plugins see of a group; returns how many rows it changed."""
        self.read.clear()
        return self.run(statement, values)
