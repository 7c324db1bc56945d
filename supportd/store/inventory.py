"""What an installation keeps, column by column: the page for operators, and for whoever asks what could be handed over."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Final

from supportd.store.tables import metadata
from supportd.store.unit_of_work import KEPT, WORDS_KEPT

if TYPE_CHECKING:
    from collections.abc import Iterator

_HEAD: Final = """# What supportd keeps

Made from the tables themselves (`python -m supportd.store.inventory`); a test compares. *Sealed* columns hold ciphertext only: under the
host key, the group's key or the person's key. On SQLite the whole file is encrypted too. Plugins name what they keep in their own pages.

There is no archive of messages. Words wait sealed until they are delivered or handled, {days} days at the longest.
"""


def page() -> str:
    """Return the page as Markdown; raises :class:`ValueError` for a column that does not say what it holds."""
    return "\n".join([_HEAD.format(days=WORDS_KEPT.days), *_tables()])


def _tables() -> Iterator[str]:
    kept = {name: age for name, _statement, age in KEPT}
    for table in metadata.sorted_tables:
        age = kept.get(table.name)
        ends = (
            f"Rows end after {age.days} days at the latest."
            if age is not None
            else "Rows stay until what they are about ends or is forgotten."
        )
        yield f"## {table.name}\n\n{ends}\n\n| column | holds | sealed |\n|---|---|---|"
        for column in table.columns:
            if not column.info.get("holds"):
                problem = f"{table.name}.{column.name} does not say what it holds"
                raise ValueError(problem)
            yield f"| {column.name} | {column.info['holds']} | {'yes' if column.info.get('sealed') else ''} |"
        yield ""


if __name__ == "__main__":
    sys.stdout.write(page())
