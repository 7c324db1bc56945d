"""The Matrix side as the daemon uses it: open, run, close."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from supportd.logs import get_logger
from supportd.matrix.accounts import check_login
from supportd.matrix.cipherstore import CryptoStore
from supportd.matrix.crosssign import stand_up
from supportd.matrix.devices import Devices
from supportd.matrix.doors import Doors
from supportd.matrix.doorsync import DoorSession
from supportd.matrix.errors import RestoreUnfinished, StoreLost
from supportd.matrix.generation import Generation
from supportd.matrix.handover import Handover
from supportd.matrix.homeserver import MatrixHomeserver
from supportd.matrix.http import Api
from supportd.matrix.keyfile import RESTORING, KeyFile
from supportd.matrix.machine import Machine
from supportd.matrix.making import RoomMaker
from supportd.matrix.mending import RoomMender
from supportd.matrix.roomstate import Rooms
from supportd.matrix.seeds import load_or_make
from supportd.matrix.sending import Sender
from supportd.matrix.session import Session
from supportd.matrix.sharing import Sharing
from supportd.matrix.signing import public_of
from supportd.matrix.sweeping import Sweeper
from supportd.matrix.upkeep import WINDOW, Upkeep
from supportd.matrix.words import MatrixWords

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import timedelta
    from pathlib import Path

    from supportd.engine.ports import Homeserver, MatrixInbox, Readers, Words, WordsFound
    from supportd.engine.wire import Account, Job, Outcome
    from supportd.matrix.accounts import Login
    from supportd.matrix.reading import RoomReading
    from supportd.sdk.ids import EventId, RoomId

log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class MatrixSettings:
    """Where and who we are; the keys are 32 bytes each, derived from the host key by the caller."""

    base_url: str
    server_name: str
    creator: Login
    doorkeeper: Login
    reader: Login
    #: Of the crypto store and the sealed seeds; made with mode 0700.
    folder: Path
    file_key: bytes = field(repr=False)
    pickle_key: bytes = field(repr=False)
    seeds_key: bytes = field(repr=False)
    #: Whether the crypto store is encrypted as a file (SQLCipher).
    cipher: bool = True
    #: How long words may be read again; older room keys are deleted or wound forward.
    window: timedelta = WINDOW
    #: The reader's password, only where the homeserver may ask for it when keys are first uploaded.
    password: str | None = field(default=None, repr=False)
    #: Whether a restore itself opens it; everybody else waits until it is finished.
    restoring: bool = False

    @property
    def logins(self) -> dict[Account, Login]:
        """The three accounts; they may be the same."""
        return {"creator": self.creator, "doorkeeper": self.doorkeeper, "reader": self.reader}


@dataclass(frozen=True, slots=True)
class _Opened:
    """Everything that exists between open and close."""

    store: CryptoStore
    machine: Machine
    devices: Devices
    session: Session
    #: ``None`` where one account does everything.
    door: DoorSession | None
    doors: Doors
    homeserver: MatrixHomeserver
    words: MatrixWords


class MatrixSide:
    """One for each process."""

    def __init__(self, settings: MatrixSettings, inbox: MatrixInbox, admission: Readers | None = None) -> None:
        """Take the settings and the engine's doors; ``admission`` says which people in a room may read us, without it all."""
        self.admission = admission
        self.settings = settings
        self.inbox = inbox
        self._apis: dict[Account, Api] = {}
        self._opened: _Opened | None = None
        self._door = _Door(self)

    @property
    def homeserver(self) -> Homeserver:
        """The port that performs jobs; jobs wait for :meth:`open`."""
        return self._door

    @property
    def words(self) -> Words:
        """The port to members' words; reading waits for :meth:`open`."""
        return self._door

    @property
    def session(self) -> Session:
        """The sync of the reader; after :meth:`open`."""
        return self.opened.session

    @property
    def opened(self) -> _Opened:
        """What :meth:`open` made."""
        if self._opened is None:
            raise RuntimeError("open() comes first")
        return self._opened

    async def open(self) -> None:
        """Check everything of ``matrix.md`` 1.1; raises :class:`~supportd.matrix.errors.MatrixError`."""
        settings = self.settings
        if not settings.restoring and (settings.folder / RESTORING).exists():
            raise RestoreUnfinished
        self._apis = {account: Api(settings.base_url, login.access_token, account=account) for account, login in settings.logins.items()}
        try:
            for account, login in settings.logins.items():
                await check_login(self._apis[account], login)
            await self._build()
        except BaseException:
            await self.close()
            raise
        log.info("matrix.opened")

    async def _build(self) -> None:
        settings, api, reader = self.settings, self._apis["reader"], self.settings.reader
        file_key = settings.file_key if settings.cipher else None
        store = CryptoStore(reader.user_id, reader.device_id, settings.folder, file_key=file_key, pickle_key=settings.pickle_key)
        try:
            _check_device(store)
            machine = Machine(reader.user_id, reader.device_id, store)
            seeds, fresh = load_or_make(settings.folder / "seeds", settings.seeds_key)
            await stand_up(api, reader, machine, seeds, fresh=fresh, password=settings.password)
            generation = Generation(api, reader, store)
            await generation.check()
            await generation.advance()
        except BaseException:
            store.close()
            raise
        store.set_pin(reader.user_id, public_of(seeds.master), None)
        rooms, devices = Rooms(), Devices(api, machine)
        devices.keyless = frozenset(login.user_id for login in settings.logins.values()) - {reader.user_id}
        sharing = Sharing(api, machine, devices, rooms)
        sharing.admission = self.admission
        accounts: dict[Account, str] = {account: login.user_id for account, login in settings.logins.items()}
        upkeep = Upkeep(api, sharing, self.inbox, {accounts["creator"], accounts["doorkeeper"]}, window=settings.window)
        upkeep.key_file = KeyFile(settings.folder)
        upkeep.generation = generation
        maker = RoomMaker(self._apis, settings.logins, store, settings.seeds_key, settings.server_name)
        maker.remember = machine.remember_encrypted
        mender = RoomMender(self._apis, settings.logins, settings.server_name, maker.hand)
        session = Session(api, sharing, upkeep, self.inbox, accounts)
        door = self._door_session(session)
        doors = Doors(self._apis["doorkeeper"], session, *((door,) if door is not None else ()))
        mender.shut = doors.shut
        self._opened = _Opened(
            store,
            machine,
            devices,
            session,
            door,
            doors,
            MatrixHomeserver(self._apis, Sender(api, machine, sharing, rooms), maker, mender, Sweeper(self._apis["doorkeeper"])),
            MatrixWords(api, machine, devices),
        )

    def _door_session(self, session: Session) -> DoorSession | None:
        if session.accounts["doorkeeper"] == session.accounts["reader"]:
            return None
        session.handover = Handover()
        door = DoorSession(self._apis["doorkeeper"], self.inbox, session.accounts, session.handover)
        # What stands open stays known when a room goes from one to the other.
        door.standing.doors = session.standing.doors
        return door

    async def run(self) -> None:
        """Sync until cancelled; raises :class:`~supportd.matrix.errors.LoggedOut` when the sign-in ended, and what the inbox raises."""
        opened = self.opened
        more = (opened.door,) if opened.door is not None else ()
        tasks = [asyncio.create_task(one.run()) for one in (opened.session, *more, opened.doors)]
        try:
            # A group of tasks would wrap what they raise, and who calls us has to tell a lost sign-in from all else.
            done, _running = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        for task in done:
            task.result()

    async def close(self) -> None:
        """Close the store and the connections, whatever goes wrong at it."""
        opened, self._opened = self._opened, None
        async with AsyncExitStack() as closing:
            for api in self._apis.values():
                closing.push_async_callback(api.close)
            if opened is not None:
                closing.callback(opened.store.close)
                await opened.session.rest()
                if opened.door is not None:
                    await opened.door.rest()
                if opened.session.synced.is_set() and opened.session.upkeep.key_file is not None:
                    opened.session.upkeep.key_file.write(opened.machine)

    def reading(self) -> Mapping[str, RoomReading]:
        """Return for each encrypted room who can read us and what we cannot read, as of the last look."""
        return self._opened.session.upkeep.reading.rooms if self._opened is not None else {}

    def health(self) -> dict[str, int | bool]:
        """Return figures without ids."""
        opened = self._opened
        if opened is None:
            return {"open": False}
        rooms = self.reading()
        return {
            "open": True,
            "synced": opened.session.synced.is_set(),
            "failures": opened.session.loop.failures,
            "rooms": len(opened.session.rooms.known) + (len(opened.door.rooms.known) if opened.door is not None else 0),
            **({"doorkeeper_synced": opened.door.synced.is_set(), "doorkeeper_failures": opened.door.loop.failures} if opened.door else {}),
            "undecryptable": opened.session.intake.undecryptable,
            "set_aside": opened.session.intake.set_aside,
            "messages_without_a_key": sum(one.waiting for one in rooms.values()),
            "people_who_cannot_read_us": sum(one.people - one.can_read_us for one in rooms.values()),
            "key_file_failed": opened.session.upkeep.key_file is not None and opened.session.upkeep.key_file.failed,
            "people_with_unsigned_devices": len(opened.devices.refused),
            "people_with_new_keys": len(opened.store.offered()),
            "accounts_waiting": opened.homeserver.limiter.paused(),
        }


def _check_device(store: CryptoStore) -> None:
    # Room keys of two devices would lie mixed up in one file.
    if store.of_another_device():
        raise StoreLost


class _Door:
    """The ports ``Homeserver`` and ``Words`` of a side that may be closed and opened again."""

    def __init__(self, side: MatrixSide) -> None:
        self._side = side

    async def perform(self, account: Account, job: Job) -> Outcome:
        return await self._side.opened.homeserver.perform(account, job)

    async def read(self, refs: Sequence[tuple[RoomId, EventId]]) -> Mapping[EventId, WordsFound]:
        return await self._side.opened.words.read(refs)
