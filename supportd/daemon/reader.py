"""Opening the reader's keys once, outside of the running daemon: at set-up, and to check them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from supportd.matrix import keyfile
from supportd.matrix.cipherstore import CryptoStore
from supportd.matrix.machine import Machine
from supportd.matrix.service import MatrixSettings, MatrixSide

if TYPE_CHECKING:
    from collections.abc import Collection

    from supportd.engine.wire import Account, GapMark, ParkMark, SyncBatch
    from supportd.sdk.ids import RoomId


#: Nothing was read, so there is no token.
_NO_TOKENS: dict[Account, str] = {}


class _Nobody:
    """An inbox for a Matrix side that is opened but never reads."""

    async def token(self, account: Account) -> str | None:
        return _NO_TOKENS.get(account)

    async def accept(self, batch: SyncBatch) -> None:
        raise AssertionError(type(batch))

    async def gaps(self) -> tuple[GapMark, ...]:
        return ()

    async def parked(self, sessions: Collection[tuple[RoomId, str]] | None = None) -> tuple[ParkMark, ...]:
        del sessions
        return ()


async def open_once(settings: MatrixSettings) -> None:
    """Make or check the reader's keys and its cross-signing; raises :class:`~supportd.matrix.errors.MatrixError`."""
    side = MatrixSide(settings, _Nobody())
    try:
        await side.open()
    finally:
        await side.close()


def take_keys(settings: MatrixSettings, held: dict[str, Any]) -> int:
    """Put what the sealed key file held into the crypto store; returns how many room keys were new."""
    reader, file_key = settings.reader, settings.file_key if settings.cipher else None
    store = CryptoStore(reader.user_id, reader.device_id, settings.folder, file_key=file_key, pickle_key=settings.pickle_key)
    try:
        return keyfile.take(Machine(reader.user_id, reader.device_id, store), held)
    finally:
        store.close()
