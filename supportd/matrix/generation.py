"""Telling an old copy of the crypto store from the store itself.

Keys that move on with each message spoil each other when a copy of the store, from a backup say, goes on in its place: nobody could read
the bot any more, and nothing would say so. So the store counts, and the homeserver keeps the count (account data of this device).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from supportd.matrix.errors import Refused, StoreOld
from supportd.matrix.http import path
from supportd.matrix.shapes import whole

if TYPE_CHECKING:
    from supportd.matrix.accounts import Login
    from supportd.matrix.cipherstore import CryptoStore
    from supportd.matrix.http import Api

#: The type of the account data, in front of the device.
COUNT: Final = "org.supportd.generation"


class Generation:
    """The count of one device's store."""

    def __init__(self, api: Api, login: Login, store: CryptoStore) -> None:
        """Count for the device of ``login``."""
        self.api = api
        self.store = store
        self._path = path("user", login.user_id, "account_data", f"{COUNT}.{login.device_id}")

    async def check(self) -> None:
        """Raise :class:`StoreOld` where the homeserver has seen a later state of this store."""
        try:
            seen = whole((await self.api.get(self._path)).get("count")) or 0
        except Refused as error:
            if error.code != "M_NOT_FOUND":
                raise
            seen = 0
        if seen > self.store.generation():
            raise StoreOld

    async def advance(self) -> None:
        """Count on: on our disk first, so that a crash between the two never makes the store look old."""
        await self.api.put(self._path, {"count": self.store.advance()})
