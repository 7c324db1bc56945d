"""A feed is fetched from the open internet only, within bounds, and whatever it answers is an answer."""

from __future__ import annotations

import asyncio
import socket
from typing import TYPE_CHECKING, Any, Self

import aiohttp
import pytest
from supportd_rota.calendars import Fetched, Trouble, fetch, fetching
from supportd_rota.calendars.fetching import Guarded, Inside, outside, usable

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("93.184.216.34", True),
        ("2606:2800:220:1:248:1893:25c8:1946", True),
        ("::ffff:93.184.216.34", True),
        ("127.0.0.1", False),
        ("10.1.2.3", False),
        ("172.16.0.1", False),
        ("192.168.1.1", False),
        ("169.254.169.254", False),
        ("100.64.0.1", False),
        ("0.0.0.0", False),  # noqa: S104 - an address to be refused
        ("224.0.0.1", False),
        ("255.255.255.255", False),
        ("::1", False),
        ("::", False),
        ("fe80::1%eth0", False),
        ("fd00::1", False),
        ("ff02::1", False),
        ("::ffff:127.0.0.1", False),
        ("64:ff9b::7f00:1", False),
        ("64:ff9b::a9fe:a9fe", False),
        ("2002:7f00:1::", False),
        ("nonsense", False),
    ],
)
def test_only_the_open_internet_is_outside(address: str, expected: bool) -> None:  # noqa: FBT001 - a table of the test
    """Own, local and reserved networks are inside, also where one address holds another."""
    assert outside(address) is expected


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("https://cal.example.org/a.ics?key=1", "https://cal.example.org/a.ics?key=1"),
        ("webcal://cal.example.org/a.ics", "https://cal.example.org/a.ics"),
        ("http://cal.example.org/a.ics", None),
        ("file:///etc/passwd", None),
        ("https://me:word@cal.example.org/a.ics", None),
        ("https://127.0.0.1/a.ics", None),
        ("https://[::1]/a.ics", None),
        ("https://2130706433/a.ics", None),
        ("https:///a.ics", None),
        ("https://cal.example.org:port/", None),
        ("", None),
    ],
)
def test_an_address_is_looked_at_first(address: str, expected: str | None) -> None:
    """Only https, no password in it, no address inside."""
    found = usable(address)

    assert (str(found) if found else None) == expected


@pytest.mark.parametrize("inside", ["127.0.0.1", "10.0.0.1"])
def test_a_name_that_also_leads_inside_is_refused(inside: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """One address inside among good ones is enough; good ones are handed on as they were looked at."""
    shown = ["93.184.216.34"]

    async def names(_loop: object, host: str, port: int, **_: object) -> list[Any]:
        await asyncio.sleep(0)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (one, port)) for one in shown]

    monkeypatch.setattr(asyncio.BaseEventLoop, "getaddrinfo", names)
    (good,) = asyncio.run(Guarded().resolve("cal.example.org", 443))
    shown.append(inside)

    assert (good["host"], good["flags"]) == ("93.184.216.34", socket.AI_NUMERICHOST)
    with pytest.raises(Inside):
        asyncio.run(Guarded().resolve("cal.example.org", 443))
    assert asyncio.run(fetch("https://cal.example.org/a.ics")) == Fetched(trouble=Trouble.ADDRESS)


class _Said:
    """What a server answers, without a server."""

    def __init__(self, status: int, body: bytes = b"", **headers: str) -> None:
        self.status, self.headers, self._body, self.content = status, headers, body, self

    async def iter_chunked(self, size: int) -> AsyncIterator[bytes]:
        for at in range(0, len(self._body), size):
            yield self._body[at : at + size]

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        return None


def _fetched(monkeypatch: pytest.MonkeyPatch, *answers: _Said | Exception, etag: str | None = None) -> tuple[Fetched, list[Any]]:
    asked: list[Any] = []
    left = list(answers)

    def get(_session: object, url: object, **more: Any) -> _Said:
        asked.append((str(url), more["headers"].get("If-None-Match"), more["allow_redirects"]))
        answer = left.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    monkeypatch.setattr(aiohttp.ClientSession, "get", get)
    return asyncio.run(fetch("https://cal.example.org/a.ics", etag)), asked


def test_a_feed_is_taken_with_its_mark(monkeypatch: pytest.MonkeyPatch) -> None:
    """The mark of the last copy is sent along, and an unchanged feed is no trouble."""
    assert _fetched(monkeypatch, _Said(200, b"words", ETag="m2"), etag="m1") == (
        Fetched(b"words", "m2"),
        [("https://cal.example.org/a.ics", "m1", False)],
    )
    assert _fetched(monkeypatch, _Said(304), etag="m1")[0] == Fetched()


@pytest.mark.parametrize(
    ("answer", "trouble"),
    [
        (_Said(404), Trouble.NOT_GIVEN),
        (_Said(500), Trouble.UNREACHABLE),
        (_Said(200, b"x" * 1_000_001), Trouble.TOO_BIG),
        (_Said(302, Location="http://cal.example.org/"), Trouble.ADDRESS),
        (_Said(302, Location="https://169.254.169.254/"), Trouble.ADDRESS),
        (_Said(302, Location="https://[half"), Trouble.UNREACHABLE),
        (TimeoutError(), Trouble.UNREACHABLE),
        (aiohttp.ClientPayloadError(), Trouble.UNREACHABLE),
    ],
)
def test_whatever_goes_wrong_is_an_answer(answer: _Said | Exception, trouble: Trouble, monkeypatch: pytest.MonkeyPatch) -> None:
    """Gone, broken, too big, led inside, silent."""
    assert _fetched(monkeypatch, answer)[0] == Fetched(trouble=trouble)


def test_three_redirects_are_followed_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each is asked for by us, so that each is looked at."""
    hops = [_Said(302, Location=f"/{one}") for one in range(4)]

    good, asked = _fetched(monkeypatch, *hops[:3], _Said(200, b"x"))
    bad, _ = _fetched(monkeypatch, *hops)

    assert (good.data, asked[-1]) == (b"x", ("https://cal.example.org/2", None, False))
    assert bad == Fetched(trouble=Trouble.UNREACHABLE)
    assert fetching.MOST_REDIRECTS == 3
