"""Migrations: the core's and each plugin's own chain, every step in one transaction.

A step that was interrupted left nothing behind, on SQLite too, and is done again at the next start. There are no steps back: an
older supportd refuses a newer store and says so.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from alembic.operations import Operations
from alembic.runtime.migration import MigrationContext, MigrationStep
from alembic.script import ScriptDirectory
from alembic.util import CommandError

from supportd.logs import get_logger
from supportd.store.errors import MigrationBroken, SchemaTooNew
from supportd.store.revision import CORE, LOCATION

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from alembic.script import Script
    from sqlalchemy.engine import Connection

    from supportd.store.database import Database


__all__ = ["CORE", "LOCATION", "Chain", "current", "upgrade", "upgrade_plugin"]

_log = get_logger(__name__)


class Chain:
    """The migrations in one folder: files that each name the one before, from the first to the only last."""

    def __init__(self, name: str, location: Path) -> None:
        """Read the folder ``location``; ``name`` is ``supportd`` or the plugin's name."""
        self.name = name
        self._folder = ScriptDirectory(location, version_locations=[location])
        try:
            heads = self._folder.get_heads()
        except CommandError as error:
            raise MigrationBroken(name=name, found="their start") from error
        if len(heads) > 1:
            raise MigrationBroken(name=name, found="their start")
        #: The revision this program wants; ``None`` when there are no migrations.
        self.head = heads[0] if heads else None

    def context(self, connection: Connection, steps: Sequence[MigrationStep] = ()) -> MigrationContext:
        """Return Alembic's view of the database, which would do ``steps``."""
        options = {"version_table": f"{self.name}_version", "fn": lambda _heads, _context: steps, "compare_type": True}
        return MigrationContext.configure(connection, opts=options)

    def current(self, connection: Connection) -> str | None:
        """Return the revision of the database, ``None`` before the first."""
        heads = self.context(connection).get_current_heads()
        if len(heads) > 1:
            raise MigrationBroken(name=self.name, found=" and ".join(sorted(heads)))
        return heads[0] if heads else None

    def pending(self, connection: Connection) -> list[Script]:
        """Return what the database still lacks, oldest first, or raise :class:`~supportd.store.errors.SchemaTooNew`."""
        found = self.current(connection)
        if found is not None:
            self._know(found)
        if self.head is None or found == self.head:
            return []
        return list(self._folder.iterate_revisions(self.head, found or "base"))[::-1]

    def step(self, connection: Connection, script: Script) -> None:
        """Do one migration in the open transaction, unless it is done already."""
        if script.revision not in {each.revision for each in self.pending(connection)}:
            return
        step = MigrationStep.upgrade_from_script(self._folder.revision_map, script)
        context = self.context(connection, [step])
        with Operations.context(context):
            context.run_migrations()

    def _know(self, found: str) -> None:
        try:
            self._folder.get_revision(found)
        except CommandError as error:
            raise SchemaTooNew(found=f"{self.name} {found}") from error


async def upgrade(database: Database) -> None:
    """Bring the core's tables up to date."""
    await _upgrade(database, Chain(CORE, LOCATION))


async def upgrade_plugin(database: Database, name: str, location: Path) -> None:
    """Bring the tables of the plugin ``name`` up to date by the migrations in the folder ``location`` of its package."""
    await _upgrade(database, Chain(name, location))


async def current(database: Database, name: str = CORE, location: Path = LOCATION) -> str | None:
    """Return the revision of the core's tables, or of a plugin's; ``None`` before the first."""
    return await database.read(Chain(name, location).current)


async def _upgrade(database: Database, chain: Chain) -> None:
    for script in await database.read(chain.pending):
        await database.reshape(_Step(chain, script))
        _log.info("store.migrated", plugin=chain.name, revision=script.revision)


class _Step:
    """One migration as a piece of work."""

    def __init__(self, chain: Chain, script: Script) -> None:
        self._chain, self._script = chain, script

    def __call__(self, connection: Connection) -> None:
        self._chain.step(connection, self._script)
