"""The border: whatever a server answers becomes one of our errors, never another exception."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

import pytest
import pytest_asyncio
from aiohttp import web
from aiohttp.test_utils import TestServer

from supportd.matrix import http
from supportd.matrix.errors import LoggedOut, MatrixError, NeedsPassword, Refused, ServerAway, SlowDown, TooLarge
from supportd.matrix.http import Api, path, path_v1

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Coroutine

    Handler = Callable[[web.Request], Coroutine[Any, Any, web.StreamResponse]]

pytestmark = pytest.mark.asyncio


class Server:
    """Answers every request in the way it was told."""

    def __init__(self) -> None:
        """Answer 200 with an empty object."""
        self.answer: tuple[int, bytes, dict[str, str]] = (200, b"{}", {})
        self.seen: list[tuple[str, str, str | None]] = []
        self.bodies: list[bytes] = []
        self.base_url = ""

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Answer."""
        self.seen.append((request.method, request.raw_path, request.headers.get("Authorization")))
        self.bodies.append(await request.read())
        status, body, headers = self.answer
        return web.Response(status=status, body=body, headers=headers)


@pytest_asyncio.fixture
async def server() -> AsyncIterator[Server]:
    """Yield a server on the loopback interface."""
    one = Server()
    app = web.Application()
    app.router.add_route("*", "/{tail:.*}", one.handle)
    running = TestServer(app, host="127.0.0.1")
    await running.start_server()
    one.base_url = str(running.make_url("/"))
    yield one
    await running.close()


@pytest_asyncio.fixture
async def api(server: Server) -> AsyncIterator[Api]:
    """Yield a door to it."""
    one = Api(server.base_url, "secret-token", account="reader")
    yield one
    await one.close()


def error(code: str, **more: object) -> bytes:
    """Return an error body."""
    return json.dumps({"errcode": code, "error": "words of a member", **more}).encode()


@pytest.mark.parametrize(
    ("status", "body", "expected"),
    [
        (500, b"{}", ServerAway),
        (502, b"<html>Bad gateway</html>", ServerAway),
        (200, b"<html>captive portal</html>", ServerAway),
        (200, b'{"half": ', ServerAway),
        (200, b"", ServerAway),
        (200, b"[" * 100_000, ServerAway),
        (200, b"[1]", ServerAway),
        (200, b'"text"', ServerAway),
        (200, b"\xff\xfe\x00", ServerAway),
        (302, b"{}", ServerAway),
        (404, b"<html>not Matrix</html>", ServerAway),
        (403, b'{"errcode": 5}', ServerAway),
        (401, error("M_UNKNOWN_TOKEN"), LoggedOut),
        (401, error("M_MISSING_TOKEN"), LoggedOut),
        (401, json.dumps({"session": "s", "flows": [{"stages": ["m.login.password"]}, 5, {"stages": [5]}]}).encode(), NeedsPassword),
        (403, error("M_FORBIDDEN"), Refused),
        (404, error("M_NOT_FOUND"), Refused),
        (403, error("M_INVITE_BLOCKED"), Refused),
        (429, b"<html>", SlowDown),
    ],
)
async def test_translation(server: Server, api: Api, status: int, body: bytes, expected: type[MatrixError]) -> None:
    """HTML, half a JSON, depth, other shapes, errors: each is one of ours, without the server's words."""
    server.answer = (status, body, {})

    with pytest.raises(expected) as caught:
        await api.put(path("rooms", "!r", "send", "m.room.message", "t"), {})

    assert "words of a member" not in str(caught.value)
    assert "secret-token" not in repr(api) + str(caught.value)


async def test_rubbish(server: Server, api: Api) -> None:
    """Random 64 KiB with any status are never anything but our errors."""
    for status in (200, 400, 403, 429, 500):
        server.answer = (status, os.urandom(65536), {})
        with pytest.raises(MatrixError):
            await api.get(path("sync"))


async def test_too_large(server: Server, api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    """An answer larger than the limit is not read to its end."""
    server.answer = (200, b'"' + b"x" * 100_000 + b'"', {})

    with pytest.raises(ServerAway):
        await api.ask("GET", path("sync"), most=50_000)


@pytest.mark.parametrize(
    ("more", "headers", "seconds"),
    [
        ({"retry_after_ms": 4648}, {"Retry-After": "5"}, 4.648),
        ({}, {"Retry-After": "7"}, 7.0),
        ({}, {}, 5.0),
        ({}, {"Retry-After": "tomorrow"}, 5.0),
        ({"retry_after_ms": "x"}, {}, 5.0),
        ({"retry_after_ms": -3}, {}, 5.0),
        ({"retry_after_ms": 10**12}, {}, 3600.0),
    ],
)
async def test_slow_down(server: Server, api: Api, more: dict[str, Any], headers: dict[str, str], seconds: float) -> None:
    """The wait is exact to the millisecond, and bounded."""
    server.answer = (429, error("M_LIMIT_EXCEEDED", **more), headers)

    with pytest.raises(SlowDown) as caught:
        await api.post(path("createRoom"), {})

    assert seconds == caught.value.seconds


async def test_odd_code_is_not_passed_on(server: Server, api: Api) -> None:
    """A code that is no code could carry words."""
    server.answer = (400, error("Ann said: hello"), {})

    with pytest.raises(Refused) as caught:
        await api.post(path("createRoom"), {})

    assert caught.value.code == "M_UNKNOWN"


async def test_nobody_there() -> None:
    """No server is a server that is away."""
    api = Api("http://127.0.0.1:1", "t")

    with pytest.raises(ServerAway) as caught:
        await api.get(path("sync"))

    await api.close()
    assert caught.value.__cause__ is None


async def test_slow_server(server: Server, api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that takes too long is away."""
    with pytest.raises(ServerAway):
        await api.get(path("sync"), seconds=0.0)


async def test_path_and_token(server: Server, api: Api) -> None:
    """Every segment is quoted once, the token travels in its header only."""
    await api.get(path("rooms", "!a/b:x", "event", "$é"), {"q": "ä&b"})

    assert server.seen == [("GET", "/_matrix/client/v3/rooms/%21a%2Fb%3Ax/event/%24%C3%A9?q=%C3%A4%26b", "Bearer secret-token")]


async def test_boundary(server: Server, api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    """A crash test is told before and after each request that changes something, by names without ids."""
    names: list[str] = []
    monkeypatch.setattr(http, "boundary", names.append)

    await api.get(path("sync"))
    await api.post(path("keys", "query"), {})
    await api.put(path("rooms", "!r:x", "send", "m.room.message", "transaction-1"), {})

    assert names == ["send PUT rooms/*/send/m.room.message/*", "sent PUT rooms/*/send/m.room.message/*"]


async def test_files_both_ways(server: Server, api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    """Bytes come as they are and go as they are, with the token; an upload tells a crash test of itself."""
    names: list[str] = []
    monkeypatch.setattr(http, "boundary", names.append)
    server.answer = (200, b"\x00\xffbytes", {})
    found = await api.download(path_v1("media", "download", "x:1", "../a"), most=10)
    server.answer = (200, b'{"content_uri": "mxc://x/a"}', {})

    answer = await api.upload("_matrix/media/v3/upload", b"\x00\x01", "text/plain")

    assert (found, answer) == (b"\x00\xffbytes", {"content_uri": "mxc://x/a"})
    assert server.seen[0] == ("GET", "/_matrix/client/v1/media/download/x%3A1/..%2Fa", "Bearer secret-token")
    assert server.bodies == [b"", b"\x00\x01"]
    assert names == ["send POST _matrix/media/v3/upload", "sent POST _matrix/media/v3/upload"]


async def test_file_too_large(server: Server, api: Api) -> None:
    """A file that is larger than was agreed is not read to its end, and says so."""
    server.answer = (200, b"x" * 200_000, {})

    with pytest.raises(TooLarge):
        await api.download(path_v1("media", "download", "x", "a"), most=100_000)


@pytest.mark.parametrize(
    ("status", "headers", "expected"),
    [(302, {"Location": "http://127.0.0.1:1/elsewhere"}, ServerAway), (404, {}, Refused), (429, {}, SlowDown), (500, {}, ServerAway)],
)
async def test_file_refused(server: Server, api: Api, status: int, headers: dict[str, str], expected: type[MatrixError]) -> None:
    """No answer but the file is taken for the file; a redirection, which would carry the token on, is not followed."""
    server.answer = (status, error("M_NOT_FOUND"), headers)

    with pytest.raises(expected):
        await api.download(path_v1("media", "download", "x", "a"), most=10)

    assert len(server.seen) == 1
