"""How much ciphertext may wait for its key: one member must fill neither the disk nor the memory."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

#: Messages of one person, and bytes of all, that may wait at once.
MOST_OF_ONE: Final = 500
MOST_BYTES: Final = 32 * 1024 * 1024


class Lot:
    """Which events wait, whose they are, and how large."""

    def __init__(self) -> None:
        """Start empty; :meth:`fill` says what waits already."""
        self._waiting: dict[str, tuple[str, int]] = {}
        self._count: Counter[str] = Counter()
        self._bytes = 0

    def fill(self, waiting: Iterable[tuple[str, str, int]]) -> None:
        """Take what waits as it is: event, sender and bytes."""
        self._waiting.clear()
        self._count.clear()
        self._bytes = 0
        for event, sender, size in waiting:
            self._add(event, sender, size)

    def take(self, event: str, sender: str, size: int) -> bool:
        """Give an event a place; ``False`` when its sender has as many as anybody may have, or there is no room at all."""
        if event in self._waiting:
            return True
        if self._count[sender] >= MOST_OF_ONE or self._bytes + size > MOST_BYTES:
            return False
        self._add(event, sender, size)
        return True

    def leave(self, event: str) -> None:
        """Free a place; nothing happens for an event that has none."""
        if event not in self._waiting:
            return
        sender, size = self._waiting.pop(event)
        self._count[sender] -= 1
        self._bytes -= size

    def _add(self, event: str, sender: str, size: int) -> None:
        self._waiting[event] = (sender, size)
        self._count[sender] += 1
        self._bytes += size
