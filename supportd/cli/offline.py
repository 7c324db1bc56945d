"""Commands of plugins that work on files alone: no daemon is asked, and only plugins made together with supportd may have them.

A distribution announces one as the entry point ``WORD.WORD`` of the group ``supportd.offline``: a function that takes the words after those
two and returns the exit status, or ``None`` if these words are for the daemon after all.
"""

from __future__ import annotations

from importlib.metadata import entry_points
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

#: Where such commands are announced.
GROUP: Final = "supportd.offline"
_WORDS: Final = 2


def offline(given: Sequence[str]) -> int | None:
    """Carry out a command that needs no daemon; ``None`` if there is none with these words."""
    if len(given) < _WORDS:
        return None
    from supportd.host.first_party import is_ours  # noqa: PLC0415 - most commands do not come here

    for point in entry_points(group=GROUP, name=f"{given[0]}.{given[1]}"):
        if is_ours(point):
            found: Callable[[Sequence[str]], int | None] = point.load()
            return found(list(given[_WORDS:]))
    return None
