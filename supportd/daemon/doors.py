"""The daemon as the web side sees it."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Literal

from prometheus_client import CollectorRegistry, Gauge, generate_latest
from prometheus_client.platform_collector import PlatformCollector
from prometheus_client.process_collector import ProcessCollector

from supportd.daemon import accepting
from supportd.engine import verdicts
from supportd.engine.retry import settled
from supportd.engine.task import Task
from supportd.matrix.errors import MatrixError
from supportd.matrix.newcomers import make_account
from supportd.sdk.events import LinkUsed
from supportd.sdk.ids import EventId
from supportd.web.doors import OpenLink

if TYPE_CHECKING:
    from collections.abc import Mapping

    from supportd.daemon.compose import Parts
    from supportd.engine.unit import UnitOfWork
    from supportd.sdk.findings import Refusal
    from supportd.sdk.ids import RoomId, UserId
    from supportd.web.doors import OpenInvitation


class DaemonDoors:
    """Implements :class:`supportd.web.doors.Doors` on the parts of the daemon."""

    def __init__(self, parts: Parts) -> None:
        """Take the parts."""
        self._parts = parts
        self.antispam_token = antispam_token(parts)
        self._registry = CollectorRegistry()
        ProcessCollector(registry=self._registry)
        PlatformCollector(registry=self._registry)
        self._gauges: dict[str, Gauge] = {}

    async def health(self) -> tuple[bool, Mapping[str, object]]:
        """Return whether all is well, with figures without ids."""
        figures: dict[str, object] = {**self._parts.matrix.health()}
        figures["outbox"] = await self._parts.store.read(lambda uow: dict(uow.outbox.counts()))
        figures["marks"] = await self._parts.store.read(lambda uow: dict(uow.marks.counts()))
        return bool(figures.get("synced", False)), figures

    async def metrics(self) -> bytes:
        """Return the figures in the Prometheus text format, without labels that name a room or a member."""
        outbox = await self._parts.store.read(lambda uow: dict(uow.outbox.counts()))
        marks = await self._parts.store.read(lambda uow: dict(uow.marks.counts()))
        for state in ("waiting", "blocked", "held", "sending", "uncertain", "done", "refused"):
            self._set(f"outbox_{state}", f"Effects in the outbox that are {state}.", outbox.get(state, 0))
        for name, value in marks.items():
            self._set(f"matrix_{name}", f"Matrix side: {name}.", value)
        for name, value in self._parts.matrix.health().items():
            self._set(f"matrix_{name}", f"Matrix side: {name}.", float(value))
        return generate_latest(self._registry)

    def _set(self, name: str, text: str, value: float) -> None:
        if name not in self._gauges:
            self._gauges[name] = Gauge(f"supportd_{name}", text, registry=self._registry)
        self._gauges[name].set(value)

    async def look_up(self, token: str) -> OpenLink | None:
        """Return what a link is for while it works."""
        now = self._parts.clock.now()

        def work(uow: UnitOfWork) -> OpenLink | None:
            link = uow.links.find(token)
            if link is None or link.used or link.expires <= now:
                return None
            group = uow.groups.facts(link.group, now)
            return OpenLink(group.name, link.button, group.style.language)

        return await self._parts.store.read(work)

    async def use(self, token: str) -> bool:
        """Use a link: the plugin hears of it in the same commit."""
        now = self._parts.clock.now()

        def work(uow: UnitOfWork) -> bool:
            link = uow.links.find(token)
            if link is None or not uow.links.use(token, now):
                return False
            # Two links may have one key; each press is an event of its own.
            id_ = EventId(f"form:{hashlib.sha256(token.encode()).hexdigest()[:32]}")
            used = LinkUsed(id=id_, group=link.group, at=now, key=link.key, person=link.person)
            self._parts.engine.dispatcher.handle(uow, Task(used, only=link.plugin), now)
            return True

        done = await settled(self._parts.store, work)
        self._parts.engine.pump.wake()
        return done

    async def look_up_invitation(self, token: str) -> OpenInvitation | None:
        """Return what an invitation is while it works."""
        now, dispatcher, makes = self._parts.clock.now(), self._parts.engine.dispatcher, bool(self._parts.config.registration_token)
        return await self._parts.store.read(lambda uow: accepting.look(uow, dispatcher, token, now, makes_accounts=makes))

    async def accept(self, token: str, user: str, name: str) -> str | None:
        """Enter somebody by an invitation, in one commit with its use."""
        now, dispatcher = self._parts.clock.now(), self._parts.engine.dispatcher
        refused = await settled(self._parts.store, lambda uow: accepting.accept(uow, dispatcher, token, user, name, now))
        self._parts.engine.pump.wake()
        return refused

    async def make_account(self, token: str, username: str, password: str, name: str) -> str | None:
        """Make an account and enter it: checked before, because an account cannot be taken back."""
        now, homeserver = self._parts.clock.now(), self._parts.config.homeserver
        server, dispatcher = homeserver.server_name, self._parts.engine.dispatcher
        refused = await self._parts.store.read(
            lambda uow: accepting.problem(uow, dispatcher, token, f"@{username}:{server}", name, now)
        ) or accepting.bad_account(username, password)
        if refused is not None:
            return refused
        try:
            user = await make_account(homeserver.url, self._parts.config.registration_token, username, password)
        except MatrixError as error:
            return accepting.not_made(error)
        # Cut off here the account is there and the invitation works on: then it is the account that is written into the other form.
        return await self.accept(token, user, name)

    async def admit(self, room: RoomId, user: UserId, door: Literal["join", "invite"]) -> Refusal | None:
        """Ask the plugins of the room's group."""
        return await verdicts.admit(self._parts.engine, room, user, door)

    async def admit_message(self, room: RoomId, user: UserId, text: str) -> Refusal | None:
        """Ask the plugins of the room's group about words that nobody has seen yet."""
        return await verdicts.admit_message(self._parts.engine, room, user, text)


def antispam_token(parts: Parts) -> str:
    """Return the bearer token for the homeserver's door; ``supportd check --antispam`` shows it to the operator."""
    return parts.secrets.bytes_for("antispam token").hex()
