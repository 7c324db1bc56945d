"""A plugin's own rows: tables declared with SQLAlchemy Core, and a few calls that see one group only.

SQLAlchemy is loaded when a table is declared, not before: a plugin's commands that need no store stay quick to start.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from supportd.sdk._shapes import (
    GROUP,
    KIND,
    BadTable,
    ForeignTable,
    Kind,
    MissingColumn,
    PluginStoreError,
    Shape,
    UnknownColumn,
    Verb,
    WrongValue,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from sqlalchemy import Column, MetaData, Table
    from sqlalchemy.engine import Connection, CursorResult

    from supportd.sdk.ids import GroupId

__all__ = [
    "BadTable",
    "ForeignTable",
    "MissingColumn",
    "PluginStore",
    "PluginStoreError",
    "Rows",
    "Tables",
    "UnknownColumn",
    "WrongValue",
    "create_all",
    "in_memory",
    "instant",
    "integer",
    "person",
    "table",
    "tables_of",
    "text",
]


class Tables:
    """All tables of one plugin; made by :func:`table`."""

    __slots__ = ("_shapes", "metadata", "plugin")

    def __init__(self, plugin: str, metadata: MetaData) -> None:
        """Collect the tables of ``plugin`` in ``metadata``."""
        self.plugin = plugin
        self.metadata = metadata
        self._shapes: dict[Table, Shape] = {}

    def __iter__(self) -> Iterator[Table]:
        """Iterate over the tables, those first that others refer to."""
        return iter(self.metadata.sorted_tables)

    def shape(self, declared: Table) -> Shape:
        """Return what is known of one of these tables, or raise :class:`ForeignTable`."""
        shape = self._shapes.get(declared)
        if shape is None:
            if self.metadata.tables.get(getattr(declared, "name", "")) is not declared:
                raise ForeignTable(plugin=self.plugin, table=getattr(declared, "name", "?"))
            shape = self._shapes[declared] = Shape(declared)
        return shape

    def personal(self) -> tuple[Column[Any], ...]:
        """Return the columns that say which person a row is about."""
        return tuple(column for each in self for column in each.columns if column.info.get(KIND) == "person")


_ALL: dict[str, Tables] = {}


def tables_of(plugin: str) -> Tables:
    """Return the tables that ``plugin`` has declared up to now."""
    if plugin not in _ALL:
        from sqlalchemy import MetaData  # noqa: PLC0415 - see the module's docstring

        _ALL[plugin] = Tables(plugin, MetaData())
    return _ALL[plugin]


def table(plugin: str, name: str, *columns: Column[Any]) -> Table:
    """Declare the table ``<plugin>_<name>``; every row belongs to a group, whose id leads the primary key."""
    from sqlalchemy import Table  # noqa: PLC0415 - see the module's docstring

    full, tables = f"{plugin}_{name}", tables_of(plugin)
    if full in tables.metadata.tables:
        raise BadTable(table=full, problem="it is declared already")
    if not any(column.primary_key for column in columns):
        raise BadTable(table=full, problem="no column has key=True")
    if any(column.name == GROUP or KIND not in column.info for column in columns):
        raise BadTable(table=full, problem="columns are made with text, integer, instant and person, and group_id comes by itself")
    group: Column[Any] = _column(GROUP, "text", key=True, null=False)
    return Table(full, tables.metadata, group, *columns)


def text(name: str, *, key: bool = False, null: bool = False) -> Column[Any]:
    """Return a column of words."""
    return _column(name, "text", key=key, null=null)


def integer(name: str, *, key: bool = False, null: bool = False) -> Column[Any]:
    """Return a column of whole numbers of 64 bits."""
    return _column(name, "integer", key=key, null=null)


def instant(name: str, *, key: bool = False, null: bool = False) -> Column[Any]:
    """Return a column of aware datetimes; they come back in UTC, to the microsecond."""
    return _column(name, "instant", key=key, null=null)


def person(name: str, *, key: bool = False, null: bool = False) -> Column[Any]:
    """Return a column of :data:`~supportd.sdk.ids.PersonId`; it marks the row as data about that person."""
    return _column(name, "person", key=key, null=null)


def create_all(connection: Connection, tables: Tables | MetaData) -> None:
    """Make the tables without migrations, for tests."""
    metadata = tables.metadata if isinstance(tables, Tables) else tables
    metadata.create_all(connection)


def in_memory(tables: Tables) -> Connection:
    """Return a connection to a database in memory that has the tables, for tests; it lives until the connection is closed."""
    from sqlalchemy import create_engine, pool  # noqa: PLC0415 - see the module's docstring

    # Python may let go of it in whatever thread is running at that moment.
    connection = create_engine("sqlite://", poolclass=pool.StaticPool, connect_args={"check_same_thread": False}).connect()
    create_all(connection, tables)
    return connection


def _column(name: str, kind: Kind, *, key: bool, null: bool) -> Column[Any]:
    from sqlalchemy import BigInteger, Column, Text  # noqa: PLC0415 - see the module's docstring

    if key and null:
        raise BadTable(table=name, problem="a key column cannot be empty")
    if kind in {"integer", "instant"}:
        return Column(name, BigInteger(), primary_key=key, nullable=null, autoincrement=False, info={KIND: kind})
    # Byte order, as SQLite has it, so that rows come in the same order from both databases.
    words = Text().with_variant(Text(collation="C"), "postgresql")
    return Column(name, words, primary_key=key, nullable=null, info={KIND: kind})


class Rows:
    """The rows of one plugin in one group, inside the transaction of the event at hand.

    A table of another plugin raises :class:`ForeignTable`, a column that is not there :class:`UnknownColumn`. Rows come
    back as mappings that cannot be changed, without the group.
    """

    __slots__ = ("_connection", "_dialect", "_group", "_tables")

    def __init__(self, connection: Connection, plugin: str, group: GroupId) -> None:
        """Bind to the open transaction of ``connection``; only the engine and the test kit do this."""
        self._connection = connection
        self._dialect = connection.dialect
        self._tables = tables_of(plugin)
        self._group = group

    def get(self, table: Table, /, **key: object) -> Mapping[str, Any] | None:
        """Return the row with this whole primary key, ``None`` when there is none."""
        shape = self._tables.shape(table)
        shape.check_key(key)
        row = self._run(shape, "select", shape.values(key)).first()
        return None if row is None else shape.found(row)

    def all(self, table: Table, /, **equals: object) -> tuple[Mapping[str, Any], ...]:
        """Return the rows whose columns equal these values (``None``: are empty), ordered by primary key."""
        shape = self._tables.shape(table)
        return tuple(map(shape.found, self._run(shape, "select", shape.values(equals))))

    def count(self, table: Table, /, **equals: object) -> int:
        """Return how many rows :meth:`all` would return."""
        shape = self._tables.shape(table)
        return int(self._run(shape, "count", shape.values(equals)).scalar_one())

    def put(self, table: Table, /, **values: object) -> None:
        """Insert the row, or replace the one with its primary key; a column that is not named becomes empty."""
        shape = self._tables.shape(table)
        self._run(shape, "put", shape.row(values))

    def add(self, table: Table, /, **values: object) -> bool:
        """Insert the row; ``False``, and nothing changed, when there is one with its primary key already."""
        shape = self._tables.shape(table)
        return self._run(shape, "add", shape.row(values)).rowcount > 0

    def change(self, table: Table, key: Mapping[str, object], /, **values: object) -> int:
        """Set ``values`` in the rows whose columns equal ``key``; return how many there were."""
        shape = self._tables.shape(table)
        return self._run(shape, "change", shape.values(key), shape.changes(values)).rowcount if values else 0

    def delete(self, table: Table, /, **equals: object) -> int:
        """Delete the rows whose columns equal these values; return how many there were."""
        shape = self._tables.shape(table)
        return self._run(shape, "delete", shape.values(equals)).rowcount

    def _run(self, shape: Shape, verb: Verb, equals: dict[str, object], values: dict[str, object] | None = None) -> CursorResult[Any]:
        statement = shape.statement(self._dialect, verb, equals, values)
        given = statement.place(self._group, equals, values)
        return self._connection.exec_driver_sql(statement.sql, given)


class PluginStore:
    """What a plugin's hooks get as ``store``: make a subclass whose methods have names of your plugin's own."""

    def __init__(self, rows: Rows) -> None:
        """Use ``rows`` of the event's group."""
        self.rows = rows
