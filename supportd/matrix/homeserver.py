"""The engine's door to the homeserver: one job, one outcome."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from typing import TYPE_CHECKING, Final

from supportd.engine import wire
from supportd.logs import get_logger
from supportd.matrix import chats, people, sending
from supportd.matrix.errors import MatrixError
from supportd.matrix.outcome import Limiter, outcome_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from supportd.engine.wire import Account, Job, Outcome
    from supportd.matrix.http import Api
    from supportd.matrix.making import RoomMaker
    from supportd.matrix.mending import RoomMender
    from supportd.matrix.ownhand import OwnHand
    from supportd.matrix.sending import Sender
    from supportd.matrix.sweeping import Sweeper


log = get_logger(__name__)

#: Seconds until a job that a library's error ended is tried again.
BROKEN_WAIT: Final = 60.0


class MatrixHomeserver:
    """Implements the port ``Homeserver``."""

    def __init__(self, apis: Mapping[Account, Api], sender: Sender, maker: RoomMaker, mender: RoomMender, sweeper: Sweeper) -> None:
        """Take each account's door, and what sends, makes rooms, mends and sweeps them."""
        self.apis = apis
        self.sender = sender
        self.maker = maker
        self.mender = mender
        self.sweeper = sweeper
        self.limiter = Limiter()
        self._locks: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    async def perform(self, account: Account, job: Job) -> Outcome:
        """Do ``job``; a repeat has no second effect. Never raises for what a server may answer."""
        if (waiting := self.limiter.waiting(account)) is not None:
            return waiting
        try:
            return await self._do(account, job)
        except MatrixError as error:
            return outcome_of(error, account, self.limiter)
        except Exception as error:  # noqa: BLE001 - a library's error in one room must not stop all others
            log.error("job.broke", kind=type(job).__name__, account=account, error=error)  # noqa: TRY400 - a traceback may quote a member
            return wire.Later(BROKEN_WAIT, type(error).__name__)

    async def _do(self, account: Account, job: Job) -> Outcome:
        api = self.apis[account]
        match job:
            case wire.SendMessage() | wire.SendFile() | wire.SendPoll() | wire.SendPollEnd():
                return await self.sender.message(account, job)
            case wire.SendReaction():
                return await sending.react(api, job)
            case wire.SendRedaction():
                return await sending.redact(api, job)
            case wire.MakeRoom():
                async with self._locks[job.marker]:
                    return await self.maker.make(job)
            case wire.TrustKeys():
                await self.sender.sharing.devices.settle(job.user, job.master, trusted=job.trusted)
                return wire.Done()
            case wire.SweepWords():
                return await self.sweeper.sweep(job)
        # Look, compare, act must not cross another of its kind in the same room.
        async with self._locks[job.room]:
            if isinstance(job, wire.EnterChat):
                machine = self.sender.machine
                return await chats.enter(api, job, machine.user_id, machine.remember_encrypted)
            return await (self.mender.bring(job) if isinstance(job, wire.BringRoom) else _about(api, job, self.mender.hand))


async def _about(
    api: Api, job: wire.InvitePerson | wire.SettleKnock | wire.RemovePerson | wire.PutPower | wire.PutState, hand: OwnHand
) -> Outcome:
    match job:
        case wire.InvitePerson():
            return await people.invite(api, job)
        case wire.SettleKnock():
            return await people.settle_knock(api, job)
        case wire.RemovePerson():
            return await people.remove(api, job)
        case wire.PutPower():
            return await people.power(api, job, hand)
        case wire.PutState():
            return await people.state(api, job, hand)
