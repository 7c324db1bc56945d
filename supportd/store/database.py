"""The database as the rest of supportd sees it: pieces of work go in, and come back when they are on the disk."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, Protocol, TypeVar

from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from supportd.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy.engine import Connection

T = TypeVar("T")


class Database(Protocol):
    """One store. Changes are done one after the other on either database; reads may run beside them.

    A piece of work is an ordinary function of a synchronous connection. It may run again from its start when the
    transaction around it had to be undone, so it must have no effect outside the connection.
    """

    @property
    def dialect(self) -> Literal["sqlite", "postgresql"]:
        """The database's kind, as SQLAlchemy calls it."""

    async def transact(self, work: Callable[[Connection], T]) -> T:
        """Do ``work`` and return its answer once it is durably committed.

        An exception in ``work`` undoes its own changes only and is raised here. :class:`~supportd.store.errors.CommitUnknown`:
        it may or may not be done. A caller who stops waiting may find the work done all the same.
        """

    async def purge(self, work: Callable[[Connection], T]) -> T:
        """Do ``work``, which makes room, as :meth:`transact` does; on a full disk with the help of the reserve file."""

    async def read(self, work: Callable[[Connection], T]) -> T:
        """Do ``work``, which only reads, on one snapshot; it may run beside the writer."""

    async def reshape(self, work: Callable[[Connection], T]) -> T:
        """Do ``work``, one step of a migration, in a transaction of its own."""

    async def scrub(self) -> None:
        """Clear what was deleted out of the database's files.

        SQLite: deleted rows are overwritten and the log is emptied. PostgreSQL gives no such means: there only the
        destroyed key protects what a deleted row said, until the server reuses the space.
        """

    async def close(self) -> None:
        """Finish what waits, then close. Closing twice does nothing."""


async def open_database(url: str, *, host_key: bytes, cipher: bool = True) -> Database:
    """Open the store at ``url``: ``sqlite:///relative``, ``sqlite:////absolute`` or ``postgresql://name@host/database``.

    ``host_key``: 32 bytes; the key of an SQLite file is derived from it. ``cipher=False`` leaves an SQLite file readable
    for everybody who has the disk; PostgreSQL has sealed columns only, whatever it says.
    Raises one of :mod:`supportd.store.errors`, or :class:`~supportd.errors.ConfigurationError` for an address of no use.
    """
    try:
        address = make_url(url)
    except ArgumentError:
        raise ConfigurationError(problem="the store's address cannot be read") from None
    kind = address.get_backend_name()
    if kind == "sqlite":
        from supportd.store.sqlite import open_sqlite  # noqa: PLC0415 - the other database's driver is not needed

        return await open_sqlite(address.database or "", host_key=host_key, cipher=cipher)
    if kind == "postgresql":
        from supportd.store.postgres import open_postgres  # noqa: PLC0415 - the other database's driver is not needed

        return await open_postgres(address)
    raise ConfigurationError(problem=f"the store's address starts with {kind!r}: use sqlite:/// or postgresql://")
