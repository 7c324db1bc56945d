"""Memory of an idle daemon."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from supportd.sdk.facts import GroupStyle
from supportd.sdk.ids import GroupId
from tests.bench.stage import GROUP, stage

if TYPE_CHECKING:
    from supportd.engine.unit import UnitOfWork
    from tests.bench.options import Options
    from tests.bench.stage import Stage

GROUPS = 5


async def more_groups(place: Stage, count: int) -> list[str]:
    """Found groups until there are ``count``; return their names. The daemon must not run."""
    names = [GROUP, *(f"{GROUP}{number}" for number in range(1, count))]

    def add(uow: UnitOfWork) -> None:
        for name in names[1:]:
            uow.groups.add(GroupId(name), GroupStyle(name=name.title(), zone="UTC"), datetime.now(UTC))

    async with place.store() as store:
        await store.transact(add)
    return names


async def measure(options: Options) -> None:
    """Found five groups, turn two plugins on in each, and look at the daemon as it is installed."""
    del options
    async with stage() as place:
        names = await more_groups(place, GROUPS)
        async with place.daemon(measured=False) as daemon:
            for name in names:
                if name != GROUP:
                    await place.say("people", "add", "Ann", place.login.user_id, "key_member", group=name)
                await place.say("plugins", "on", "confidential_rooms", group=name)
                await place.say("plugins", "on", "welcome", group=name)
            await asyncio.sleep(5)
            print(f"memory idle with {GROUPS} groups and two plugins: supportd {daemon.mib():.0f} MiB (aim 90)")
