"""The engine's door to the homeserver: one job, one outcome."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from typing import TYPE_CHECKING

from supportd.engine import wire
from supportd.matrix import people, sending
from supportd.matrix.errors import MatrixError
from supportd.matrix.outcome import Limiter, outcome_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from supportd.engine.wire import Account, Job, Outcome
    from supportd.matrix.http import Api
    from supportd.matrix.making import RoomMaker
    from supportd.matrix.sending import Sender


class MatrixHomeserver:
    """Implements the port ``Homeserver``."""

    def __init__(self, apis: Mapping[Account, Api], sender: Sender, maker: RoomMaker) -> None:
        """Take each account's door, and what sends and makes rooms."""
        self.apis = apis
        self.sender = sender
        self.maker = maker
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

    async def _do(self, account: Account, job: Job) -> Outcome:
        api = self.apis[account]
        match job:
            case wire.SendMessage():
                return await self.sender.message(account, job)
            case wire.SendReaction():
                return await sending.react(api, job)
            case wire.SendRedaction():
                return await sending.redact(api, job)
            case wire.MakeRoom():
                async with self._locks[job.marker]:
                    return await self.maker.make(job)
        # Look, compare, act must not cross another of its kind in the same room.
        async with self._locks[job.room]:
            match job:
                case wire.InvitePerson():
                    return await people.invite(api, job)
                case wire.RemovePerson():
                    return await people.remove(api, job)
                case wire.PutPower():
                    return await people.power(api, job)
                case wire.PutState():
                    return await people.state(api, job)
