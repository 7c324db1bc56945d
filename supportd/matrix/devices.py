"""Whose devices may get our keys: only those that their owner's pinned master key vouches for (``matrix.md`` 1.6)."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final

from supportd.logs import get_logger, short
from supportd.matrix.chain import Device, Published, published
from supportd.matrix.http import path
from supportd.matrix.shapes import obj

if TYPE_CHECKING:
    from collections.abc import Iterable

    from supportd.matrix.http import Api
    from supportd.matrix.machine import Machine

log = get_logger(__name__)

#: People asked for in one request.
AT_ONCE: Final = 100


class Devices:
    """Keeps the machine's list of sound devices up to date."""

    def __init__(self, api: Api, machine: Machine) -> None:
        """Ask through ``api``; after a start everybody is asked for again, as devices may have changed while we were away."""
        self.api = api
        self.machine = machine
        #: People with devices that get no keys, and how many.
        self.unsigned: dict[str, int] = {}
        #: People of whom a device went: keys they hold must not be used any longer.
        self.lost: set[str] = set()
        #: Whether somebody published other keys for our own account.
        self.foreign = False
        self._current: set[str] = set()
        self._asking = asyncio.Lock()

    def changed(self, users: Iterable[str]) -> None:
        """Ask for these people's devices again before their next use."""
        self._current.difference_update(users)

    async def refresh(self, users: Iterable[str]) -> None:
        """Know the devices of ``users`` as the homeserver has them; raises what :class:`Api` raises."""
        wanted = tuple(users)
        async with self._asking:
            missing = sorted(user for user in wanted if user not in self._current)
            for at in range(0, len(missing), AT_ONCE):
                await self._ask(missing[at : at + AT_ONCE])

    async def agree_to_new_keys(self, user: str) -> bool:
        """Trust the new master key of ``user`` from now on, as a key member decided; tells whether there was one."""
        pin = self.machine.store.pin(user)
        if pin is None or pin[1] is None:
            return False
        self.machine.store.set_pin(user, pin[1], None)
        self.changed([user])
        await self.refresh([user])
        return True

    async def _ask(self, users: list[str]) -> None:
        # Before the question: a change that is told while we wait makes them outdated again.
        self._current.update(users)
        try:
            answer = await self.api.post(path("keys", "query"), {"device_keys": {user: [] for user in users}, "timeout": 10_000})
        except BaseException:
            self._current.difference_update(users)
            raise
        failed = obj(answer, "failures")
        for user in users:
            if user.partition(":")[2] in failed:
                self._current.discard(user)
                continue
            self._take(user, answer)
            # A long list would stall everything else.
            await asyncio.sleep(0)

    def _take(self, user: str, answer: dict[str, Any]) -> None:
        found = published(user, answer)
        with self.machine.store.transaction():
            sound = self._agreed(user, found)
            if self.machine.know(user, sound):
                self.lost.add(user)
        ours = user == self.machine.user_id
        refused = found.unsigned + len(found.devices) - len(sound)
        self.unsigned.pop(user, None)
        if refused and not ours:
            self.unsigned[user] = refused
            log.info("devices.refused", id=short(user), count=refused)

    def _agreed(self, user: str, found: Published) -> tuple[Device, ...]:
        if found.master is None or found.self_signing is None:
            return ()
        store = self.machine.store
        pin = store.pin(user)
        if pin is not None and pin[0] != found.master:
            if pin[1] != found.master:
                store.set_pin(user, pin[0], found.master)
                log.warning("devices.master_changed", id=short(user))
            self.foreign = self.foreign or user == self.machine.user_id
            return ()
        if pin is None or pin[1] is not None:
            store.set_pin(user, found.master, None)
        return found.devices
