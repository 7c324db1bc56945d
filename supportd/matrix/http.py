"""The raw client-server API: one connection pool an account, limits on everything, errors only of our own kinds."""

from __future__ import annotations

import asyncio
import json
import math
import re
from typing import TYPE_CHECKING, Any, Final, Literal
from urllib.parse import quote, urlencode

import aiohttp
from yarl import URL

from supportd.matrix.errors import LoggedOut, NeedsPassword, Refused, ServerAway, ServerNotReached, SlowDown, TooLarge

if TYPE_CHECKING:
    from collections.abc import Callable

Method = Literal["GET", "PUT", "POST", "DELETE"]

#: Seconds one request may take, and the most bytes an answer may have.
PATIENCE: Final = 30.0
MOST_BYTES: Final = 8 * 1024 * 1024
MOST_ERROR_BYTES: Final = 64 * 1024
MOST_SYNC_BYTES: Final = 128 * 1024 * 1024
#: Seconds a file may take on its way.
FILE_PATIENCE: Final = 120.0
#: Seconds to wait after a 429 that says nothing better, and the longest wait we believe.
DEFAULT_WAIT: Final = 5.0
LONGEST_WAIT: Final = 3600.0

_TOO_MANY = 429
_SERVER_ERROR = 500
_ERROR = 400
_UNAUTHORIZED = 401
_CODE = re.compile(r"[A-Za-z0-9_.]{1,64}")
_PLAIN_SEGMENT = re.compile(r"[a-z0-9_.]+")


def _nothing(name: str) -> None:
    del name


#: Called before and after each request that changes something; a crash test may put its own here.
boundary: Callable[[str], None] = _nothing


def path(*segments: str) -> str:
    """Return a path below ``/_matrix/client/v3/`` with every segment quoted."""
    return "_matrix/client/v3/" + _quoted(segments)


def path_v1(*segments: str) -> str:
    """Return a path below ``/_matrix/client/v1/`` with every segment quoted."""
    return "_matrix/client/v1/" + _quoted(segments)


def _quoted(segments: tuple[str, ...]) -> str:
    return "/".join(quote(segment, safe="") for segment in segments)


class Api:
    """One account's door to the homeserver."""

    def __init__(self, base_url: str, token: str | None = None, *, account: str = "") -> None:
        """Talk to ``base_url`` with ``token``; ``account`` is our own name for it, for sentences."""
        self.base_url = base_url.rstrip("/")
        self.account = account
        self._token = token
        self._session: aiohttp.ClientSession | None = None

    def __repr__(self) -> str:
        """Say nothing of the token."""
        return f"Api({self.account})"

    async def close(self) -> None:
        """Close the connections."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def get(self, where: str, query: dict[str, str] | None = None, *, seconds: float = PATIENCE) -> dict[str, Any]:
        """Return the object at ``where``."""
        return _object(await self.ask("GET", where, query=query, seconds=seconds))

    async def put(self, where: str, body: object) -> dict[str, Any]:
        """Put ``body`` and return the answer's object."""
        return _object(await self.ask("PUT", where, body))

    async def post(self, where: str, body: object) -> dict[str, Any]:
        """Post ``body`` and return the answer's object."""
        return _object(await self.ask("POST", where, body))

    async def delete(self, where: str) -> dict[str, Any]:
        """Delete what is at ``where`` and return the answer's object."""
        return _object(await self.ask("DELETE", where))

    async def ask(
        self,
        method: Method,
        where: str,
        body: object = None,
        *,
        query: dict[str, str] | None = None,
        seconds: float = PATIENCE,
        most: int = MOST_BYTES,
    ) -> Any:
        """Return the JSON value of the answer.

        Raises :class:`ServerAway`, :class:`SlowDown`, :class:`LoggedOut`, :class:`NeedsPassword` or :class:`Refused`, nothing else.
        """
        changes = method != "GET" and not where.endswith("keys/query")
        kind = f"{method} {_kind(where)}"
        if changes:
            boundary(f"send {kind}")
        data = json.dumps(body if body is not None else {}).encode() if method != "GET" else None
        status, headers, raw = await self._exchange(method, where, data, query=query, seconds=seconds, most=most)
        if changes:
            boundary(f"sent {kind}")
        return self._translate(status, headers, _parse(raw))

    async def download(self, where: str, *, most: int, seconds: float = FILE_PATIENCE) -> bytes:
        """Return the bytes at ``where``, a redirection is not followed; raises :class:`TooLarge`, and what :meth:`ask` raises."""
        status, headers, raw = await self._exchange("GET", where, None, seconds=seconds, most=most)
        if 200 <= status < 300:  # noqa: PLR2004 - RFC 9110: 2xx
            return raw
        self._translate(status, headers, _parse(raw))
        raise ServerAway

    async def upload(self, where: str, data: bytes, kind: str, *, seconds: float = FILE_PATIENCE) -> dict[str, Any]:
        """Post the bytes of a file of the media type ``kind`` and return the answer's object; raises what :meth:`ask` raises."""
        name = f"POST {_kind(where)}"
        boundary(f"send {name}")
        status, headers, raw = await self._exchange("POST", where, data, kind=kind, seconds=seconds)
        boundary(f"sent {name}")
        return _object(self._translate(status, headers, _parse(raw)))

    async def date(self) -> str | None:
        """Return the homeserver's ``Date`` header, as it came."""
        _status, headers, _raw = await self._exchange("GET", "_matrix/client/versions", None)
        return headers.get("Date")

    async def _exchange(
        self,
        method: Method,
        where: str,
        data: bytes | None,
        *,
        kind: str = "application/json",
        query: dict[str, str] | None = None,
        seconds: float = PATIENCE,
        most: int = MOST_BYTES,
    ) -> tuple[int, dict[str, str], bytes]:
        url = f"{self.base_url}/{where}" + (f"?{urlencode(query)}" if query else "")
        headers = {"Content-Type": kind} if data is not None else {}
        if self._token is not None:
            headers["Authorization"] = f"Bearer {self._token}"
        try:
            async with asyncio.timeout(seconds):
                async with self._open().request(
                    method, URL(url, encoded=True), data=data, headers=headers, allow_redirects=False
                ) as response:
                    # An error may be longer than a small file: it says what is the matter.
                    limit = most if response.status < _ERROR else max(most, MOST_ERROR_BYTES)
                    return response.status, dict(response.headers), await _bounded(response, limit)
        except aiohttp.ClientConnectorError:
            # Nothing of the request left this machine.
            raise ServerNotReached from None
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError):
            # The cause may quote an address with ids in it, so it ends here.
            raise ServerAway from None

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=None), cookie_jar=aiohttp.DummyCookieJar())
        return self._session

    def _translate(self, status: int, headers: dict[str, str], value: Any) -> Any:
        if status < _ERROR:
            if value is _NONSENSE or not 200 <= status < 300:  # noqa: PLR2004 - RFC 9110: 2xx
                raise ServerAway
            return value
        details = value if isinstance(value, dict) else {}
        if status == _TOO_MANY:
            raise SlowDown(seconds=_wait(details, headers))
        if status == _UNAUTHORIZED and isinstance(details.get("session"), str):
            raise NeedsPassword(session=details["session"], flows=_flows(details))
        code = details.get("errcode")
        if status >= _SERVER_ERROR or not isinstance(code, str):
            raise ServerAway
        if code in {"M_UNKNOWN_TOKEN", "M_MISSING_TOKEN"}:
            raise LoggedOut(account=self.account)
        raise Refused(code=code if _CODE.fullmatch(code) else "M_UNKNOWN", http=status)


class _Nonsense:
    """Stands for an answer that is no JSON."""


_NONSENSE: Final = _Nonsense()


async def _bounded(response: aiohttp.ClientResponse, most: int) -> bytes:
    parts: list[bytes] = []
    size = 0
    async for part in response.content.iter_chunked(65536):
        size += len(part)
        if size > most:
            raise TooLarge(most=most)
        parts.append(part)
    return b"".join(parts)


def _parse(raw: bytes) -> Any:
    try:
        return json.loads(raw)
    except (ValueError, RecursionError):
        return _NONSENSE


def _object(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise ServerAway
    return value


def _wait(details: dict[str, Any], headers: dict[str, str]) -> float:
    for value, unit in ((details.get("retry_after_ms"), 1000.0), (headers.get("Retry-After"), 1.0)):
        try:
            seconds = float(value) / unit if value is not None and not isinstance(value, bool) else math.nan
        except (ValueError, TypeError, OverflowError):
            continue
        if math.isfinite(seconds) and seconds >= 0:
            return min(seconds, LONGEST_WAIT)
    return DEFAULT_WAIT


def _flows(details: dict[str, Any]) -> tuple[tuple[str, ...], ...]:
    flows = details.get("flows")
    found = [flow.get("stages") for flow in flows if isinstance(flow, dict)] if isinstance(flows, list) else []
    return tuple(tuple(stage for stage in stages if isinstance(stage, str)) for stages in found if isinstance(stages, list))


def _kind(where: str) -> str:
    # Ids never leave in a name: only segments of the specification's own words stay.
    segments = where.removeprefix("_matrix/client/v3/").split("/")
    return "/".join(segment if _PLAIN_SEGMENT.fullmatch(segment) and len(segment) < 24 else "*" for segment in segments)  # noqa: PLR2004
