"""Host key seals group key seals person key: opening them, and sealing under them."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from sqlalchemy import text

from supportd.store.sealing import Box, new_key

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection

    from supportd.sdk.ids import GroupId, PersonId

_GROUP_KEY = text("SELECT key FROM groups WHERE id = :id")
_PERSON_KEY = text("SELECT p.key, g.key, g.id FROM persons p JOIN groups g ON g.id = p.group_id WHERE p.id = :id")


class Keyring:
    """The keys of one installation; lives as long as the process and caches opened keys by their sealed bytes."""

    def __init__(self, host_key: bytes) -> None:
        """Take the host key, 32 bytes."""
        self.host = Box(host_key)
        self._open = lru_cache(maxsize=20_000)(self._opened)

    @staticmethod
    def _opened(outer: Box, sealed: bytes, context: str) -> Box:
        return Box(outer.open(sealed, context))

    def blind(self, group: str, user: str) -> str:
        """Return by what a Matrix id is found again within a group."""
        return self.host.blind(f"{group}\x1f{user}", "person")

    def new_group_key(self, group: str) -> bytes:
        """Return a new key for a group, sealed."""
        return self.host.seal(new_key(), f"group-key:{group}")

    def opened_group(self, group: str, sealed: bytes) -> Box:
        """Return the box of a group whose sealed key was read already."""
        return self._open(self.host, bytes(sealed), f"group-key:{group}")

    def group(self, connection: Connection, group: GroupId | str) -> Box:
        """Return the box of a group."""
        return self.opened_group(group, connection.execute(_GROUP_KEY, {"id": group}).scalar_one())

    def new_person_key(self, group: Box, person: str) -> bytes:
        """Return a new key for a person, sealed."""
        return group.seal(new_key(), f"person-key:{person}")

    def opened_person(self, group: Box, person: str, sealed: bytes) -> Box:
        """Return the box of a person whose sealed key was read already."""
        return self._open(group, bytes(sealed), f"person-key:{person}")

    def person(self, connection: Connection, person: PersonId) -> Box | None:
        """Return the box of a person, ``None`` when they were forgotten."""
        row = connection.execute(_PERSON_KEY, {"id": person}).one_or_none()
        return None if row is None else self.opened_person(self.opened_group(row[2], row[1]), person, row[0])

    def forget(self) -> None:
        """Drop all opened keys from memory, after a person was forgotten."""
        self._open.cache_clear()
