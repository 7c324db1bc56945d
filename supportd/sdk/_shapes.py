"""How the values and statements of :mod:`supportd.sdk.store` are made; plugins import that module, not this one."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, Literal

from supportd.errors import SupportdError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from sqlalchemy import Table
    from sqlalchemy.dialects.postgresql import Insert as PostgresInsert
    from sqlalchemy.dialects.sqlite import Insert as SqliteInsert
    from sqlalchemy.engine import Dialect
    from sqlalchemy.sql.elements import ClauseElement, ColumnElement

Kind = Literal["text", "integer", "instant", "person"]
Verb = Literal["select", "count", "delete", "change", "add", "put"]

#: The first column of every key of a plugin's table.
GROUP: Final = "group_id"
#: Where a column's :data:`Kind` lies in its ``info``.
KIND: Final = "supportd_kind"
#: Stands before the names of new values, which may be the same columns as those a row is found by.
NEW: Final = "new_"
# Parts the names of columns in a cached statement's key.
_PART: Final = None

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)
_LARGEST: Final = 2**63 - 1


class PluginStoreError(SupportdError):
    """A plugin uses its store in a way that cannot work: please report it to the plugin's author."""


class ForeignTable(PluginStoreError):
    """The plugin {plugin} asked for the table {table}, which is not its own: declare it with table({plugin!r}, ...)."""


class UnknownColumn(PluginStoreError):
    """The table {table} has no column {column} that can be used here: see where the table is declared."""


class MissingColumn(PluginStoreError):
    """A row of the table {table} needs a value for {column}: give it, or declare the column with null=True."""


class WrongValue(PluginStoreError):
    """The column {column} of the table {table} takes {kind}: give it such a value."""


class BadTable(PluginStoreError):
    """The table {table} cannot be declared like this: {problem}."""


# ---- values --------------------------------------------------------------------------------------------------------


def _in_text(value: object) -> object:
    if type(value) is str and "\0" not in value:
        return value
    if isinstance(value, str) and "\0" not in value:
        return str(value)
    raise TypeError


def _in_integer(value: object) -> object:
    if type(value) is int and -_LARGEST <= value <= _LARGEST:
        return value
    raise TypeError


def _in_instant(value: object) -> object:
    if isinstance(value, datetime) and value.tzinfo is not None:
        return (value - _EPOCH) // _MICROSECOND
    raise TypeError


def _out_instant(value: int) -> datetime:
    return _EPOCH + timedelta(microseconds=value)


_IN: Final[Mapping[str, Callable[[object], object]]] = {
    "text": _in_text,
    "person": _in_text,
    "integer": _in_integer,
    "instant": _in_instant,
}
_SAID: Final[Mapping[str, str]] = {
    "text": "words without the character NUL",
    "person": "the id of a person",
    "integer": "a whole number of 64 bits",
    "instant": "a datetime with a time zone",
}


# ---- tables --------------------------------------------------------------------------------------------------------


class Statement:
    """One statement as the driver takes it."""

    __slots__ = ("_binds", "sql")

    def __init__(self, clause: ClauseElement, dialect: Dialect) -> None:
        """Compile ``clause`` for ``dialect``."""
        compiled = clause.compile(dialect=dialect)
        self.sql = str(compiled)
        self._binds: tuple[str, ...] = tuple(getattr(compiled, "positiontup", None) or ())

    def place(self, group: str, equals: Mapping[str, object], values: Mapping[str, object] | None) -> tuple[object, ...]:
        """Return the values in the statement's order."""
        by_name: dict[str, object] = {GROUP: group, **equals}
        if values:
            by_name.update((NEW + name, value) for name, value in values.items())
        return tuple([by_name[name] for name in self._binds])


class Shape:
    """What is known of a table: its columns' names, which of them are the key, how values go in and out."""

    def __init__(self, declared: Table) -> None:
        """Look at ``declared`` once."""
        own = [column for column in declared.columns if column.name != GROUP]
        self.table = declared
        self.name = declared.name
        self.names = tuple(column.name for column in own)
        self.key = frozenset(column.name for column in own if column.primary_key)
        self._needed = frozenset(column.name for column in own if not column.nullable)
        self._kinds: Mapping[str, Kind] = {column.name: column.info[KIND] for column in own}
        self._accepts = {name: _IN[kind] for name, kind in self._kinds.items()}
        self._instants = tuple(name for name, kind in self._kinds.items() if kind == "instant")
        self._statements: dict[tuple[object, ...], Statement] = {}

    def values(self, given: Mapping[str, object]) -> dict[str, object]:
        """Return ``given`` as the database takes it, or raise :class:`UnknownColumn` or :class:`WrongValue`."""
        made: dict[str, object] = {}
        for name, value in given.items():
            accept = self._accepts.get(name)
            if accept is None:
                raise UnknownColumn(table=self.name, column=name)
            try:
                made[name] = None if value is None else accept(value)
            except TypeError:
                raise WrongValue(table=self.name, column=name, kind=_SAID[self._kinds[name]]) from None
        return made

    def changes(self, given: Mapping[str, object]) -> dict[str, object]:
        """Return ``given`` as new values of a row, or raise :class:`MissingColumn` too."""
        made = self.values(given)
        for name, value in made.items():
            if value is None and name in self._needed:
                raise MissingColumn(table=self.name, column=name)
        return made

    def row(self, given: Mapping[str, object]) -> dict[str, object]:
        """Return ``given`` as a whole row, or raise :class:`MissingColumn` too."""
        made = self.values(given)
        whole = {name: made.get(name) for name in self.names}
        for name in self._needed:
            if whole[name] is None:
                raise MissingColumn(table=self.name, column=name)
        return whole

    def check_key(self, given: Mapping[str, object]) -> None:
        """Raise :class:`MissingColumn` or :class:`UnknownColumn` unless ``given`` names the primary key, whole."""
        if given.keys() == self.key:
            return
        for name in sorted(self.key - given.keys()):
            raise MissingColumn(table=self.name, column=name)
        raise UnknownColumn(table=self.name, column=min(given.keys() - self.key))

    def found(self, row: Iterable[Any]) -> Mapping[str, Any]:
        """Return a row of the database as a plugin reads it."""
        made = dict(zip(self.names, row, strict=True))
        for name in self._instants:
            if made[name] is not None:
                made[name] = _out_instant(made[name])
        return MappingProxyType(made)

    def statement(self, dialect: Dialect, verb: Verb, equals: Mapping[str, object], values: Mapping[str, object] | None) -> Statement:
        """Return the statement for ``verb``, made once for the columns that are named and which of them are empty."""
        if verb in {"put", "add"}:
            asked: tuple[object, ...] = (dialect.name, verb)
        else:
            asked = (dialect.name, verb, *equals, _PART, *[name for name in equals if equals[name] is None], _PART, *(values or ()))
        found = self._statements.get(asked)
        if found is None:
            found = self._statements[asked] = Statement(_CLAUSES[verb](self, dialect.name, equals, tuple(values or ())), dialect)
        return found


# ---- clauses -------------------------------------------------------------------------------------------------------


def _where(shape: Shape, equals: Mapping[str, object]) -> list[ColumnElement[bool]]:
    from sqlalchemy import bindparam  # noqa: PLC0415 - a plugin without tables need not load it

    columns = shape.table.c
    conditions: list[ColumnElement[bool]] = [columns[GROUP] == bindparam(GROUP, type_=columns[GROUP].type)]
    for name, value in equals.items():
        column = columns[name]
        conditions.append(column.is_(None) if value is None else column == bindparam(name, type_=column.type))
    return conditions


def _select(shape: Shape, _dialect: str, equals: Mapping[str, object], _values: tuple[str, ...]) -> ClauseElement:
    from sqlalchemy import select  # noqa: PLC0415 - a plugin without tables need not load it

    columns = shape.table.c
    chosen = select(*[columns[name] for name in shape.names]).where(*_where(shape, equals))
    return chosen.order_by(*shape.table.primary_key.columns)


def _count(shape: Shape, _dialect: str, equals: Mapping[str, object], _values: tuple[str, ...]) -> ClauseElement:
    from sqlalchemy import func, select  # noqa: PLC0415 - a plugin without tables need not load it

    return select(func.count()).select_from(shape.table).where(*_where(shape, equals))


def _delete(shape: Shape, _dialect: str, equals: Mapping[str, object], _values: tuple[str, ...]) -> ClauseElement:
    return shape.table.delete().where(*_where(shape, equals))


def _change(shape: Shape, _dialect: str, equals: Mapping[str, object], values: tuple[str, ...]) -> ClauseElement:
    from sqlalchemy import bindparam  # noqa: PLC0415 - a plugin without tables need not load it

    new = {name: bindparam(NEW + name, type_=shape.table.c[name].type) for name in values}
    return shape.table.update().where(*_where(shape, equals)).values(new)


def _add(shape: Shape, dialect: str, _equals: Mapping[str, object], _values: tuple[str, ...]) -> ClauseElement:
    return _insert(shape, dialect).on_conflict_do_nothing(index_elements=list(shape.table.primary_key.columns))


def _put(shape: Shape, dialect: str, _equals: Mapping[str, object], _values: tuple[str, ...]) -> ClauseElement:
    insert, key = _insert(shape, dialect), list(shape.table.primary_key.columns)
    replaced = {name: insert.excluded[name] for name in shape.names if name not in shape.key}
    if not replaced:
        return insert.on_conflict_do_nothing(index_elements=key)
    return insert.on_conflict_do_update(index_elements=key, set_=replaced)


def _insert(shape: Shape, dialect: str) -> SqliteInsert | PostgresInsert:
    from sqlalchemy import bindparam  # noqa: PLC0415 - a plugin without tables need not load it
    from sqlalchemy.dialects import postgresql, sqlite  # noqa: PLC0415 - a plugin without tables need not load it

    made = sqlite.insert(shape.table) if dialect == "sqlite" else postgresql.insert(shape.table)
    return made.values({column.name: bindparam(column.name, type_=column.type) for column in shape.table.columns})


_CLAUSES: Final[Mapping[Verb, Callable[[Shape, str, Mapping[str, object], tuple[str, ...]], ClauseElement]]] = {
    "select": _select,
    "count": _count,
    "delete": _delete,
    "change": _change,
    "add": _add,
    "put": _put,
}
