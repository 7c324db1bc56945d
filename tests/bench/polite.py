"""A proxy that notes who was told to wait and asked again too early."""

from __future__ import annotations

import json
from collections import Counter
from time import perf_counter
from typing import TYPE_CHECKING

from tests.bench.proxy import Proxy

if TYPE_CHECKING:
    from aiohttp import web

_TOO_MANY = 429
#: What a homeserver limits of its own (Synapse's ``rc_`` settings).
_KINDS = ("createRoom", "join", "invite", "send", "sync")
#: Milliseconds that clocks and the way back may differ by.
_SLACK = 50


class Polite(Proxy):
    """Counts refusals for haste (RFC 6585 section 4) by what was asked, and requests of the same kind before the wait was over."""

    def __init__(self, upstream: str) -> None:
        """Pass on to ``upstream``."""
        super().__init__(upstream)
        self.refused: Counter[str] = Counter()
        self.early = 0
        self._until: dict[tuple[str, str], float] = {}

    def note(self, request: web.Request, asked: float, status: int, content: bytes) -> None:
        """Look at one answer."""
        kind = next((name for name in _KINDS if f"/{name}" in request.path), request.method)
        who = (request.headers.get("Authorization", ""), kind)
        if asked < self._until.get(who, 0.0):
            self.early += 1
        if status == _TOO_MANY:
            self.refused[kind] += 1
            self._until[who] = perf_counter() + (json.loads(content)["retry_after_ms"] - _SLACK) / 1000
