"""What all repositories share: the connection of the transaction, and the keys."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from sqlalchemy import RowMapping, TextClause
    from sqlalchemy.engine import Connection

    from supportd.store.keyring import Keyring


T = TypeVar("T")


class Repository:
    """Statements of one kind on the connection of one transaction."""

    def __init__(self, connection: Connection, keys: Keyring, read: dict[tuple[object, ...], Any] | None = None) -> None:
        """Take the open connection, the installation's keys, and what this transaction has read already."""
        self.connection = connection
        self.keys = keys
        self.read = {} if read is None else read

    def once(self, place: tuple[object, ...], look: Callable[[], T]) -> T:
        """Return what ``look`` returns, asked once for each ``place`` until this transaction alters something."""
        if place not in self.read:
            self.read[place] = look()
        found: T = self.read[place]
        return found

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
        """Run a statement that changes what :meth:`once` remembers; returns how many rows it changed."""
        self.read.clear()
        return self.run(statement, values)
