"""Files in messages are read only where they are what their proven author sent, and go as ciphertext."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st
from nio.crypto.attachments import encrypt_attachment

from supportd.engine.wire import Incoming, Reacted, Said, SendFile
from supportd.matrix import attached, media
from supportd.matrix.errors import FileUnusable, Refused, ServerAway, TooLarge
from supportd.matrix.media import MatrixMedia, uploaded
from supportd.matrix.opening import Opened
from supportd.matrix.roomstate import RoomState
from supportd.sdk.ids import EventId, RoomId, UserId

ROOM = RoomId("!" + "r" * 43)
EVENT = EventId("$e")
PLAN = b"Tuesday at seven" * 100
PLAIN = {"msgtype": "m.file", "body": "plan.txt", "url": "mxc://server.test/abc"}


def locked(data: bytes = PLAN) -> tuple[bytes, dict[str, Any]]:
    """Return the ciphertext of a file and the content of its message."""
    raw, keys = encrypt_attachment(data)
    return raw, {"msgtype": "m.file", "body": "plan.txt", "file": {**keys, "url": "mxc://server.test/abc"}}


@dataclass
class Answers:
    """A fake of :class:`~supportd.matrix.http.Api`: one answer for every download, notes of what was asked."""

    data: bytes | Exception = b""
    asked: list[tuple[str, int]] = field(default_factory=list)
    put: list[tuple[bytes, str]] = field(default_factory=list)
    address: Any = "mxc://server.test/new"

    async def download(self, where: str, *, most: int) -> bytes:
        """Return the bytes."""
        self.asked.append((where, most))
        if isinstance(self.data, Exception):
            raise self.data
        return self.data

    async def upload(self, where: str, data: bytes, kind: str) -> dict[str, Any]:
        """Take the bytes."""
        assert where.endswith("media/v3/upload")
        self.put.append((data, kind))
        return {"content_uri": self.address}


def reader(
    api: Answers, content: dict[str, Any] | None, *, encrypted: bool = True, proven: bool = True, plain_room: bool = False, what: Any = None
) -> MatrixMedia:
    """Return the door to files, for which one message lies on the server."""
    room = RoomState(ROOM, encrypted=not plain_room)
    made = MatrixMedia(
        cast("Any", api),
        cast("Any", SimpleNamespace(encrypted_rooms=set())),
        cast("Any", None),
        cast("Any", SimpleNamespace(known={ROOM: room})),
    )

    async def fetch(room: str, event_id: str) -> Opened | None:
        assert (room, event_id) == (ROOM, EVENT)
        if content is None:
            return None
        at = datetime(2026, 11, 2, tzinfo=UTC)
        incoming = Incoming(EVENT, ROOM, at, UserId("@ann:x"), what or Said(""), proven)
        return Opened(incoming, content, encrypted)

    made.opener.fetch = fetch  # type: ignore[method-assign]  # stands for the homeserver
    return made


@pytest.mark.asyncio
async def test_an_encrypted_file_is_opened() -> None:
    """What was encrypted is fetched from the authenticated address and opened."""
    raw, content = locked()
    api = Answers(raw)

    found = await reader(api, content).read(ROOM, EVENT)

    assert found == PLAN
    assert api.asked == [("_matrix/client/v1/media/download/server.test/abc", 10 * 1024 * 1024)]


@pytest.mark.asyncio
async def test_a_plain_file_counts_in_a_plain_room_only() -> None:
    """Where nothing is encrypted, the server's word is all there is; elsewhere a file in clear is no member's."""
    api = Answers(PLAN)

    found = await reader(api, PLAIN, encrypted=False, proven=False, plain_room=True).read(ROOM, EVENT)
    with pytest.raises(FileUnusable, match="who sent it"):
        await reader(api, PLAIN, encrypted=False, proven=False).read(ROOM, EVENT)
    with pytest.raises(FileUnusable, match="the file is not"):
        await reader(api, PLAIN).read(ROOM, EVENT)

    assert found == PLAN
    assert len(api.asked) == 1


@pytest.mark.asyncio
async def test_nobody_proven_nothing_read() -> None:
    """An encrypted file whose author is not proven is not even fetched, also in a room that is called plain."""
    raw, content = locked()
    api = Answers(raw)

    for plain_room in (False, True):
        with pytest.raises(FileUnusable, match="who sent it"):
            await reader(api, content, proven=False, plain_room=plain_room).read(ROOM, EVENT)

    assert api.asked == []


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("content", "what", "said"),
    [
        (None, None, "not there any more"),
        (PLAIN, Reacted(EVENT, "👍"), "not there any more"),
        ({"msgtype": "m.text", "body": "x"}, None, "has none"),
    ],
)
async def test_no_file(content: dict[str, Any] | None, what: Any, said: str) -> None:
    """A message that is gone, is none, or has no file, says so in a sentence."""
    with pytest.raises(FileUnusable, match=said) as caught:
        await reader(Answers(), content, what=what).read(ROOM, EVENT)

    assert str(caught.value).endswith("ask who sent it to send it again.")


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (TooLarge(most=10), "more than"),
        (Refused(code="M_NOT_FOUND", http=404), "does not have it"),
        (b"", "not the one"),
        (b"\0" * 1600, "not the one"),
    ],
)
async def test_what_the_server_gives_instead(answer: bytes | Exception, said: str) -> None:
    """A file that is too large, gone or another one is refused before anything of it is used."""
    _raw, content = locked()

    with pytest.raises(FileUnusable, match=said):
        await reader(Answers(answer), content).read(ROOM, EVENT)


@pytest.mark.asyncio
async def test_a_server_that_is_away_is_no_bad_file() -> None:
    """What may be there in a minute is not called unusable."""
    _raw, content = locked()

    with pytest.raises(ServerAway) as caught:
        await reader(Answers(ServerAway()), content).read(ROOM, EVENT)

    assert not isinstance(caught.value, FileUnusable)


@pytest.mark.parametrize(
    "changes",
    [
        {"url": "mxc://server.test/../a"},
        {"url": "mxc://server.test/a/b"},
        {"url": "http://server.test/a"},
        {"url": "mxc:///a"},
        {"url": None},
        {"v": "v1"},
        {"iv": "AAAA"},
        {"iv": 5},
        {"hashes": {}},
        {"hashes": {"sha256": "!" * 43}},
        {"hashes": {"sha256": "ä" * 43}},
        {"key": {}},
        {"key": {"kty": "oct", "alg": "A256CTR", "k": "AAAA"}},
        {"key": {"kty": "oct", "alg": "A128CTR", "k": "A" * 43}},
    ],
)
def test_odd_files_are_unusable(changes: dict[str, Any]) -> None:
    """An address, a key, a hash or a counter of another shape is refused by name, before anything is fetched."""
    _raw, content = locked()
    file = {**content["file"], **changes}

    with pytest.raises(FileUnusable, match="does not say properly"):
        attached.source({**content, "file": file})


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=60),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["url", "key", "k", "iv", "hashes", "sha256", "v"]), inner),
    max_leaves=12,
)


@given(st.dictionaries(st.sampled_from(["url", "file", "msgtype"]), JSON), st.binary(max_size=40))
def test_any_file_is_a_source_or_unusable(content: dict[str, Any], raw: bytes) -> None:
    """Whatever stands there is a place and a key, or one error of ours."""
    try:
        found = attached.source({"msgtype": "m.file", **content})
        if found.lock is not None:
            media.unlocked(raw, found.lock)
    except FileUnusable:
        pass


@pytest.mark.asyncio
async def test_a_file_goes_as_ciphertext() -> None:
    """In an encrypted room the server gets ciphertext of no kind; key and hash stand in the message, which is encrypted itself."""
    api, job = Answers(), SendFile(ROOM, "t", "plan.ics", "text/calendar", PLAN, "Our plan")

    content = await uploaded(cast("Any", api), job, encrypted=True)

    raw, kind = api.put[0]
    found = attached.source(content)
    assert found.lock is not None
    assert (kind, media.unlocked(raw, found.lock)) == ("application/octet-stream", PLAN)
    assert PLAN[:16] not in raw
    assert "url" not in content
    assert (content["msgtype"], content["body"], content["filename"]) == ("m.file", "Our plan", "plan.ics")
    assert content["info"] == {"mimetype": "text/calendar", "size": len(PLAN)}


@pytest.mark.asyncio
async def test_a_file_in_a_plain_room() -> None:
    """Where the room is plain, the file is too; a picture is shown as one, and without a caption its name stands there."""
    api, job = Answers(), SendFile(ROOM, "t", "tea.png", "image/png", b"png", "")

    content = await uploaded(cast("Any", api), job, encrypted=False)

    assert api.put == [(b"png", "image/png")]
    assert (content["msgtype"], content["body"], content["url"]) == ("m.image", "tea.png", "mxc://server.test/new")
    assert attached.caption(content) == ""


@pytest.mark.asyncio
@pytest.mark.parametrize("address", [None, "http://x/a", "mxc://x", 5])
async def test_an_odd_address_is_a_server_that_is_away(address: object) -> None:
    """An upload whose answer says nowhere is tried again."""
    with pytest.raises(ServerAway):
        await uploaded(cast("Any", Answers(address=address)), SendFile(ROOM, "t", "a", "text/plain", b"a", ""), encrypted=True)
