"""The store as the engine uses it: open, do work, close."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal, TypeVar

from supportd.engine.retry import TryAgain
from supportd.logs import get_logger
from supportd.store.database import open_database
from supportd.store.errors import CommitUnknown, DatabaseAway, DatabaseLocked, DiskFull
from supportd.store.keyring import Keyring
from supportd.store.revision import CORE, LOCATION, is_current
from supportd.store.unit_of_work import SqlUnitOfWork

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping
    from pathlib import Path

    from sqlalchemy.engine import Connection

    from supportd.engine.unit import UnitOfWork
    from supportd.sdk.ids import PersonId
    from supportd.store.database import Database

T = TypeVar("T")

log = get_logger(__name__)

#: What passes by itself or when somebody frees the disk: the engine waits and does the same work again, which is keyed.
PASSING: Final = (DatabaseAway, DatabaseLocked, CommitUnknown, DiskFull)


class SqlStore:
    """Implements :class:`supportd.engine.unit.Store` on either database."""

    def __init__(self, database: Database, keys: Keyring) -> None:
        """Use an open database whose tables are up to date."""
        self.database = database
        self.keys = keys
        self._troubled: type[Exception] | None = None

    @property
    def dialect(self) -> Literal["sqlite", "postgresql"]:
        """The database's kind."""
        return self.database.dialect

    async def transact(self, work: Callable[[UnitOfWork], T]) -> T:
        """Run ``work`` and commit; raises :class:`~supportd.engine.retry.TryAgain` for what passes."""
        return await self._passing(lambda: self.database.transact(self._bound(work)))

    async def purge(self, work: Callable[[UnitOfWork], T]) -> T:
        """Run ``work``, which makes room, also on a full disk."""
        return await self._passing(lambda: self.database.purge(self._bound(work)))

    async def read(self, work: Callable[[UnitOfWork], T]) -> T:
        """Run ``work`` that changes nothing."""
        return await self._passing(lambda: self.database.read(self._bound(work)))

    async def forget(self, person: PersonId) -> None:
        """Destroy a person's key and rows, and clear what was deleted out of the files."""
        await self.purge(lambda uow: uow.people.forget(person))
        await self.scrub()

    async def scrub(self) -> None:
        """Clear what was deleted out of the database's files."""
        await self.database.scrub()

    async def close(self) -> None:
        """Finish what waits and close."""
        await self.database.close()

    def _bound(self, work: Callable[[UnitOfWork], T]) -> Callable[[Connection], T]:
        return lambda connection: work(SqlUnitOfWork(connection, self.keys))

    async def _passing(self, attempt: Callable[[], Awaitable[T]]) -> T:
        try:
            answer = await attempt()
        except PASSING as error:
            # One sentence for as long as it lasts: the engine tries again every few seconds.
            if self._troubled is not type(error):
                self._troubled = type(error)
                log.warning("store.waits", error=error, reason=error.sentence())
            raise TryAgain from error
        if self._troubled is not None:
            self._troubled = None
            log.info("store.went_on")
        return answer


async def open_store(url: str, *, host_key: bytes, cipher: bool = True, plugins: Mapping[str, Path] | None = None) -> SqlStore:
    """Open the store at ``url`` and bring its tables up to date: the core's, then each plugin's (name -> migrations folder).

    Raises one of :mod:`supportd.store.errors`, for example :class:`~supportd.store.errors.SchemaTooNew`.
    """
    database = await open_database(url, host_key=host_key, cipher=cipher)
    try:
        for name, location in {CORE: LOCATION, **(plugins or {})}.items():
            await _bring_up(database, name, location)
    except BaseException:
        await database.close()
        raise
    return SqlStore(database, Keyring(host_key))


async def _bring_up(database: Database, name: str, location: Path) -> None:
    if await database.read(lambda connection: is_current(connection, name, location)):
        return
    from supportd.store.migrate import upgrade_plugin  # noqa: PLC0415 - ten mebibytes that a running daemon does not need

    await upgrade_plugin(database, name, location)
