"""Write the next migration by comparing the declared tables with what the migrations up to now make.

``python -m supportd.store.newmigration "people may have buddies"`` for the core; ``--replace`` makes the newest one anew
while its tables are still being shaped; ``--plugin rota`` does it for a plugin that is installed. Read what it wrote.
"""

from __future__ import annotations

import argparse
import importlib
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

from alembic.autogenerate import produce_migrations, render_python_code
from sqlalchemy import create_engine, event

from supportd.store.migrate import CORE, LOCATION, Chain

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import MetaData
    from sqlalchemy.engine import Connection

_TEMPLATE: Final = '''"""{message}."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "{revision}"
down_revision = {before}


def upgrade() -> None:
    """{message}."""
    {body}
'''


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the file, print its name, and return 0; 1 when there is nothing to do."""
    parser = argparse.ArgumentParser(prog="python -m supportd.store.newmigration", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("message", help="what changes, in a few words")
    parser.add_argument("--replace", action="store_true", help="make the newest migration anew")
    parser.add_argument("--plugin", help="for the tables of this plugin")
    chosen = parser.parse_args(arguments)
    name, location, metadata = _subject(chosen.plugin)
    if chosen.replace:
        for newest in sorted(location.glob("[0-9]*.py"))[-1:]:
            newest.unlink()
    path = write(name, location, metadata, chosen.message)
    print(path or "The migrations make these tables already.")  # noqa: T201 - a command for a person
    return 0 if path else 1


def write(name: str, location: Path, metadata: MetaData, message: str) -> Path | None:
    """Write the migration that turns what the chain ``name`` in ``location`` makes into ``metadata``; ``None``: no need."""
    chain = Chain(name, location)
    body = _difference(chain, metadata)
    if body is None:
        return None
    number = int(chain.head or 0) + 1
    slug = re.sub(r"[^a-z0-9]+", "_", message.lower()).strip("_")[:50]
    path = location / f"{number:04d}_{slug}.py"
    before = f'"{chain.head}"' if chain.head else "None"
    sentence = message[:1].upper() + message[1:].rstrip(".")
    text = _TEMPLATE.format(message=sentence, revision=f"{number:04d}", before=before, body=body)
    path.write_text(text, encoding="utf-8")
    return path


def _subject(plugin: str | None) -> tuple[str, Path, MetaData]:
    if plugin is None:
        tables = importlib.import_module("supportd.store.tables")
        return CORE, LOCATION, tables.metadata
    module = importlib.import_module(f"supportd_{plugin}.tables")
    tables_of = importlib.import_module("supportd.sdk.store").tables_of
    folder = Path(str(module.__file__)).with_name("migrations")
    folder.mkdir(exist_ok=True)
    return plugin, folder, tables_of(plugin).metadata


def _difference(chain: Chain, metadata: MetaData) -> str | None:
    engine = create_engine("sqlite://", connect_args={"isolation_level": None})

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN")

    del begin
    try:
        with engine.begin() as connection:
            for script in chain.pending(connection):
                chain.step(connection, script)
            found = produce_migrations(chain.context(connection), metadata).upgrade_ops
            if found is None or found.is_empty():
                return None
            # SQLite changes a table by copying it, which Alembic calls a batch; a first schema changes none.
            code = render_python_code(found, render_as_batch=chain.head is not None)
            return "\n".join(line for line in code.splitlines() if not line.strip().startswith("# ###")).strip()
    finally:
        engine.dispose()


if __name__ == "__main__":
    sys.exit(main())
