"""Whose devices may get our keys: only those that their owner's pinned master key vouches for (``matrix.md`` 1.6)."""

from __future__ import annotations

import asyncio
import hashlib
from typing import TYPE_CHECKING, Any, Final, cast

from supportd.engine.wire import KeysMark
from supportd.logs import get_logger, short
from supportd.matrix.chain import Device, Published, published
from supportd.matrix.errors import ServerAway
from supportd.matrix.http import path
from supportd.matrix.newdevices import marked
from supportd.matrix.shapes import obj

if TYPE_CHECKING:
    from collections.abc import Iterable

    from supportd.matrix.http import Api
    from supportd.matrix.machine import Machine
    from supportd.sdk.ids import UserId

log = get_logger(__name__)

#: People asked for in one request.
AT_ONCE: Final = 100


def digest(master: str) -> str:
    """Return 32 hexadecimal digits that stand for a master key."""
    return hashlib.sha256(master.encode()).hexdigest()[:32]


class Devices:
    """Keeps the machine's list of sound devices up to date."""

    def __init__(self, api: Api, machine: Machine) -> None:
        """Ask through ``api``; after a start everybody is asked for again, as devices may have changed while we were away."""
        self.api = api
        self.machine = machine
        #: People with devices that get no keys, and which.
        self.refused: dict[str, tuple[str, ...]] = {}
        #: People of whom a device went: keys they hold must not be used any longer.
        self.lost: set[str] = set()
        #: Whether somebody published other keys for our own account.
        self.foreign = False
        #: Whether somebody's keys changed since this was last lowered.
        self.news = True
        #: Our own accounts that have no device keys and never will: whatever is published for them gets nothing.
        self.keyless: frozenset[str] = frozenset()
        self._current: set[str] = set()
        self._asking = asyncio.Lock()

    def changed(self, users: Iterable[str]) -> None:
        """Ask for these people's devices again before their next use."""
        self._current.difference_update(users)

    def outdated(self, user: str) -> bool:
        """Tell whether the devices of ``user`` are not known as the homeserver has them."""
        return user not in self._current

    async def refresh(self, users: Iterable[str]) -> None:
        """Know the devices of ``users`` as the homeserver has them; raises what :class:`Api` raises."""
        wanted = tuple(users)
        async with self._asking:
            missing = sorted(user for user in wanted if user not in self._current)
            for at in range(0, len(missing), AT_ONCE):
                await self._ask(missing[at : at + AT_ONCE])

    async def settle(self, user: str, master: str, *, trusted: bool) -> None:
        """Keep what a person decided on the new keys of ``user``; raises what :class:`Api` raises.

        ``master``: which keys they decided on (:func:`digest`), empty for those that are offered now; others stay undecided.
        """
        pin = self.machine.store.pin(user)
        if pin is None or pin[1] is None or (master and master != digest(pin[1])):
            return
        if not trusted:
            self.machine.store.decline(user)
            return
        self.machine.store.set_pin(user, pin[1], None)
        self.changed([user])
        await self.refresh([user])

    def undecided(self) -> tuple[KeysMark, ...]:
        """Return whose new keys a person has to decide on."""
        return tuple(KeysMark(cast("UserId", user), digest(master)) for user, master in self.machine.store.offered().items())

    async def _ask(self, users: list[str]) -> None:
        # Before the question: a change that is told while we wait makes them outdated again.
        self._current.update(users)
        try:
            answer = await self.api.post(path("keys", "query"), {"device_keys": {user: [] for user in users}, "timeout": 10_000})
        except BaseException:
            self._current.difference_update(users)
            raise
        failed, known = obj(answer, "failures"), obj(answer, "device_keys")
        for user in users:
            if user not in known or user.partition(":")[2] in failed:
                self._current.discard(user)
                continue
            self._take(user, answer)
            # A long list would stall everything else.
            await asyncio.sleep(0)
        if any(user not in known for user in users):
            # An answer that says nothing of somebody does not say that they have no devices.
            raise ServerAway

    def _take(self, user: str, answer: dict[str, Any]) -> None:
        found = published(user, answer)
        if user in self.keyless and (found.devices or found.unsigned or found.master):
            # Somebody is in our account, or the homeserver pretends so.
            log.error("devices.of_a_keyless_account", id=short(user))
            self.refused[user] = (*found.unsigned, *(device.id for device in found.devices))
            found = published(user, {})
        with self.machine.store.transaction():
            sound = self._agreed(user, found)
            if self.machine.know(user, sound):
                self.lost.add(user)
        ours = user == self.machine.user_id
        if user in self.keyless:
            return
        if not ours and user not in self.machine.store.distrusted:
            # Of somebody whose keys changed people decide first.
            with self.machine.store.transaction():
                self.machine.store.devices.note(user, marked(user, answer, {device.id for device in sound}))
        refused = (*found.unsigned, *(device.id for device in found.devices if device not in sound))
        self.refused.pop(user, None)
        if refused and not ours:
            self.refused[user] = refused
            log.info("devices.refused", id=short(user), count=len(refused))

    def _agreed(self, user: str, found: Published) -> tuple[Device, ...]:
        if found.master is None or found.self_signing is None:
            return ()
        store = self.machine.store
        pin = store.pin(user)
        if pin is not None and pin[0] != found.master:
            if pin[1] != found.master:
                store.set_pin(user, pin[0], found.master)
                self.news = True
                log.warning("devices.master_changed", id=short(user))
            self.foreign = self.foreign or user == self.machine.user_id
            return ()
        if pin is None or pin[1] is not None:
            store.set_pin(user, found.master, None)
        return tuple(device for device in found.devices if self.machine.owns(user, device))
