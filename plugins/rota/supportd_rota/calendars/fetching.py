"""A calendar is fetched from where its owner says, but never from inside: every address is looked at before it is connected to.

The names are resolved by us, and the connection goes to the very address that was looked at, so that a name cannot show one address to
the check and another to the connection. Redirects are followed here, one by one, each looked at alike. Neither the address of a feed, which
is a secret of its owner's, nor anything that comes is ever logged.
"""

from __future__ import annotations

import asyncio
import socket
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address
from typing import TYPE_CHECKING, Final

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from supportd_rota.calendars.reading import MOST_BYTES, Trouble

if TYPE_CHECKING:
    from ipaddress import IPv4Address

    from aiohttp import ClientResponse, ClientSession

SECONDS: Final = 20.0
MOST_REDIRECTS: Final = 3
_GONE: Final = {401, 403, 404, 410}
_REDIRECTS: Final = {301, 302, 303, 307, 308}
_UNCHANGED: Final = 304
_GOOD: Final = 200


@dataclass(frozen=True, slots=True)
class Fetched:
    """What a feed gave: its bytes and its mark of this copy, or None as bytes if it has not changed, or the trouble."""

    data: bytes | None = None
    etag: str | None = None
    trouble: Trouble | None = None


class Inside(OSError):
    """The name leads to an address that is not on the open internet."""


def outside(address: str) -> bool:
    """Tell whether an IP address is on the open internet, also where it holds another; a translated one (RFC 6052) never is."""
    try:
        found = ip_address(address.partition("%")[0])
    except ValueError:
        return False
    inner = _inner(found)
    if inner is not None and not outside(str(inner)):
        return False
    if isinstance(found, IPv6Address) and found.ipv4_mapped is not None:
        return True
    return found.is_global and not found.is_multicast and not found.is_reserved


def _inner(found: IPv4Address | IPv6Address) -> IPv4Address | None:
    if not isinstance(found, IPv6Address):
        return None
    return found.ipv4_mapped or found.sixtofour or (found.teredo[1] if found.teredo else None)


class Guarded(AbstractResolver):
    """Resolves names, and refuses a name of which any address is inside."""

    async def resolve(self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET) -> list[ResolveResult]:
        """Return the addresses of a host, all of them looked at."""
        loop = asyncio.get_running_loop()
        found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM, family=family, flags=socket.AI_ADDRCONFIG)
        addresses = [(str(one[4][0]), one[0], one[2]) for one in found]
        if not addresses or not all(outside(address) for address, _, _ in addresses):
            raise Inside
        return [
            ResolveResult(hostname=host, host=address, port=port, family=kind, proto=proto, flags=socket.AI_NUMERICHOST)
            for address, kind, proto in addresses
        ]

    async def close(self) -> None:
        """Hold nothing."""


def usable(address: str) -> URL | None:
    """Return an address that may be asked, or None: https (``webcal`` means the same), a name or an address outside, no password in it."""
    try:
        url = URL(address.strip())
        if url.scheme in {"webcal", "webcals"}:
            url = URL("https" + str(url)[len(url.scheme) :])
        host = url.host or ""
    except ValueError:
        return None
    numeric = ":" in host or host.replace(".", "").isdigit()
    if url.scheme != "https" or not host or url.user is not None or (numeric and not outside(host)):
        return None
    return url


async def fetch(address: str, etag: str | None = None, resolver: AbstractResolver | None = None) -> Fetched:
    """Ask a feed for its calendar; whatever it answers, this returns."""
    # No proxy of the environment (trust_env): the check of the address would be the proxy's, not ours.
    connector = aiohttp.TCPConnector(resolver=resolver or Guarded(), use_dns_cache=False, limit=1)
    limits = aiohttp.ClientTimeout(total=SECONDS)
    try:
        async with asyncio.timeout(SECONDS), aiohttp.ClientSession(connector=connector, timeout=limits, trust_env=False) as session:
            return await _followed(session, address, etag)
    except Inside:
        return Fetched(trouble=Trouble.ADDRESS)
    except aiohttp.ClientConnectorError as error:
        return Fetched(trouble=Trouble.ADDRESS if isinstance(error.os_error, Inside) else Trouble.UNREACHABLE)
    except (aiohttp.ClientError, OSError, ValueError, TimeoutError):
        return Fetched(trouble=Trouble.UNREACHABLE)


async def _followed(session: ClientSession, address: str, etag: str | None) -> Fetched:
    asked = {"Accept": "text/calendar", "Accept-Encoding": "identity"} | ({"If-None-Match": etag} if etag else {})
    for _ in range(MOST_REDIRECTS + 1):
        url = usable(address)
        if url is None:
            return Fetched(trouble=Trouble.ADDRESS)
        async with session.get(url, allow_redirects=False, headers=asked) as said:
            if said.status not in _REDIRECTS:
                return await _taken(said)
            address = str(url.join(URL(said.headers.get("Location", ""))))
    return Fetched(trouble=Trouble.UNREACHABLE)


async def _taken(said: ClientResponse) -> Fetched:
    if said.status == _UNCHANGED:
        return Fetched()
    if said.status != _GOOD:
        return Fetched(trouble=Trouble.NOT_GIVEN if said.status in _GONE else Trouble.UNREACHABLE)
    data = b""
    async for some in said.content.iter_chunked(65_536):
        data += some
        if len(data) > MOST_BYTES:
            return Fetched(trouble=Trouble.TOO_BIG)
    return Fetched(data, said.headers.get("ETag"))
