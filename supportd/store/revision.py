"""Whether a store is up to date, told without loading the migration library: a daemon starts often and migrates seldom."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from sqlalchemy import inspect, text

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection

#: The name of the core's own chain.
CORE: Final = "supportd"
#: Where the core's migrations lie.
LOCATION: Final = Path(__file__).with_name("migrations")


def newest(location: Path) -> str | None:
    """Return the revision of the last migration in a folder; their files are named ``NNNN_what.py`` after their revisions."""
    numbers = sorted(path.name[:4] for path in location.glob("[0-9][0-9][0-9][0-9]_*.py"))
    return numbers[-1] if numbers else None


def is_current(connection: Connection, name: str, location: Path) -> bool:
    """Tell whether the chain ``name`` has nothing left to do; anything unclear is left to the migration library."""
    if not inspect(connection).has_table(f"{name}_version"):
        return False
    # The name is the core's or that of a plugin that was loaded, so it is letters, digits and underscores.
    found = connection.execute(text(f"SELECT version_num FROM {name}_version")).scalars().all()  # noqa: S608 - see above
    return list(found) == [newest(location)]
