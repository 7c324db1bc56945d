"""Joining the parts: the one place that knows all of them."""

from __future__ import annotations

from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from supportd import logs
from supportd.daemon.secrets import Secrets
from supportd.engine.dispatch import Dispatcher
from supportd.engine.engine import Engine
from supportd.engine.pump import Pump
from supportd.engine.results import Results
from supportd.host.assessor import WorkerAssessor
from supportd.host.installed import InstalledPlugins
from supportd.matrix.accounts import Login
from supportd.matrix.service import MatrixSettings, MatrixSide
from supportd.sdk.ids import UserId
from supportd.store.open import SqlStore, open_store
from supportd.store.sealing import HostKey

if TYPE_CHECKING:
    from collections.abc import Collection

    from supportd.config import Config
    from supportd.engine.wire import Account, GapMark, ParkMark, SyncBatch
    from supportd.sdk.ids import RoomId


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """Return the present instant, UTC."""
        return datetime.now(UTC)


class _Forward:
    """The Matrix side's inbox: the engine, which is made after it."""

    engine: Engine

    async def token(self, account: Account) -> str | None:
        return await self.engine.token(account)

    async def accept(self, batch: SyncBatch) -> None:
        await self.engine.accept(batch)

    async def readers(self, room: RoomId, users: Collection[UserId]) -> frozenset[UserId]:
        return await self.engine.readers(room, users)

    async def gaps(self) -> tuple[GapMark, ...]:
        return await self.engine.gaps()

    async def parked(self, sessions: Collection[tuple[RoomId, str]] | None = None) -> tuple[ParkMark, ...]:
        return await self.engine.parked(sessions)


@dataclass(frozen=True, slots=True)
class Parts:
    """Everything that makes a daemon; opened, not yet running."""

    config: Config
    secrets: Secrets
    store: SqlStore
    plugins: InstalledPlugins
    assessor: WorkerAssessor
    engine: Engine
    matrix: MatrixSide
    clock: SystemClock

    async def close(self) -> None:
        """Close what was opened, the store last; one that cannot be closed holds up no other."""
        async with AsyncExitStack() as closing:
            for part in (self.store, self.assessor, self.matrix):
                closing.push_async_callback(part.close)


def matrix_settings(config: Config, secrets: Secrets) -> MatrixSettings:
    """Return what the Matrix side needs, from the file and the sealed sign-ins."""
    logins = {name: Login(**one) for name, one in secrets.read_logins(config.logins).items()}
    return MatrixSettings(
        base_url=config.homeserver.url,
        server_name=config.homeserver.server_name,
        creator=logins["creator"],
        doorkeeper=logins["doorkeeper"],
        reader=logins["reader"],
        folder=config.matrix,
        file_key=secrets.bytes_for("matrix file"),
        pickle_key=secrets.bytes_for("matrix pickle"),
        seeds_key=secrets.bytes_for("matrix seeds"),
        cipher=config.store.cipher,
        window=timedelta(hours=config.encryption.window_hours),
    )


async def open_own_store(config: Config, secrets: Secrets, plugins: InstalledPlugins) -> SqlStore:
    """Open the store named in ``config``, with the tables of the core and of ``plugins``."""
    return await open_store(config.store_url, host_key=secrets.host_key, cipher=config.store.cipher, plugins=plugins.migrations())


async def compose(config: Config, plugins: InstalledPlugins | None = None) -> Parts:
    """Open the store and the plugins and put the engine together; the Matrix side is made, not signed in.

    ``plugins``: these instead of the installed ones, for measurements.
    """
    secrets = Secrets(HostKey.load(config.host_key))
    logs.use_key(secrets.bytes_for("log identifiers"))
    plugins = plugins or InstalledPlugins.discover(allow_in_process=config.plugins.allow_in_process)
    settings = matrix_settings(config, secrets)
    store = await open_own_store(config, secrets, plugins)
    inbox, clock = _Forward(), SystemClock()
    ours = {UserId(login.user_id) for login in (settings.creator, settings.doorkeeper, settings.reader)}
    matrix = MatrixSide(settings, inbox, inbox)
    dispatcher = Dispatcher(plugins, public_url=config.web.public_url, server=config.homeserver.server_name)
    results = Results(dispatcher, ours)
    pump = Pump(store, matrix.homeserver, results, clock, server=config.homeserver.server_name)
    assessor = WorkerAssessor(plugins)
    engine = Engine(store, dispatcher, results, pump, assessor, clock, ours=ours)
    inbox.engine = engine
    return Parts(config, secrets, store, plugins, assessor, engine, matrix, clock)
