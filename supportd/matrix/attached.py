"""What a message says of its file: its facts for plugins, and, for the core alone, where it lies and how it is opened."""

from __future__ import annotations

import binascii
import re
from base64 import b64decode
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from supportd.matrix.errors import FileUnusable
from supportd.matrix.shapes import obj, one_of, text, whole
from supportd.sdk._bounds import file_name, media_type
from supportd.sdk.events import Media

if TYPE_CHECKING:
    from collections.abc import Mapping

    from supportd.sdk.events import MediaKind

#: The kinds of message that are files.
KINDS: Final[Mapping[str, MediaKind]] = {"m.image": "image", "m.file": "file", "m.audio": "audio", "m.video": "video"}
FILES: Final = frozenset(KINDS)
#: What marks audio as recorded in the chat, in the names clients use (MSC3245).
_VOICE: Final = ("org.matrix.msc3245.voice", "org.matrix.msc3245.voice.v2", "m.voice")
_ADDRESS: Final = re.compile(r"mxc://(?P<server>[A-Za-z0-9.\-:\[\]]{1,255})/(?P<id>[A-Za-z0-9_-]{1,255})")
_KEY_BYTES: Final = 32
_COUNTER_BYTES: Final = 16
_HASH_BYTES: Final = 32


@dataclass(frozen=True, slots=True)
class Lock:
    """How an encrypted file is opened (specification, "Sending encrypted attachments"), each as it stands there."""

    key: str = field(repr=False)
    counter: str = field(repr=False)
    sha256: str


@dataclass(frozen=True, slots=True)
class Source:
    """Where a file lies; ``lock`` is ``None`` for one that is not encrypted."""

    server: str
    id: str = field(repr=False)
    lock: Lock | None


def caption(content: dict[str, Any]) -> str:
    """Return the words that came with a file: its ``body``, unless that is the name (specification v1.10, MSC2530)."""
    body, name = text(content.get("body")), text(content.get("filename"))
    return body if body is not None and name is not None and name != body else ""


def media(content: dict[str, Any]) -> Media | None:
    """Return what plugins may know of a file, ``None`` where the message names none."""
    kind = one_of(content.get("msgtype"), FILES)
    if kind is None or not (isinstance(content.get("url"), str) or obj(content, "file")):
        return None
    found: MediaKind = "voice" if kind == "m.audio" and any(name in content for name in _VOICE) else KINDS[kind]
    info = obj(content, "info")
    size = whole(info.get("size"))
    name = text(content.get("filename"))
    name = file_name(name if name is not None else text(content.get("body")) or "")
    return Media(
        kind=found,
        name=name or found,
        media_type=media_type(text(info.get("mimetype")) or ""),
        size=size if size is not None and size >= 0 else None,
    )


def source(content: dict[str, Any]) -> Source:
    """Return where the file of a message lies, or raise :class:`FileUnusable`."""
    if one_of(content.get("msgtype"), FILES) is None:
        raise FileUnusable(problem="the message has none")
    file = obj(content, "file")
    address = file.get("url") if file else content.get("url")
    found = _ADDRESS.fullmatch(address) if isinstance(address, str) else None
    if found is None:
        raise FileUnusable(problem="the message does not say properly where it lies")
    return Source(found["server"], found["id"], _lock(file) if file else None)


def _lock(file: dict[str, Any]) -> Lock:
    key, counter, sha256 = obj(file, "key"), file.get("iv"), obj(file, "hashes").get("sha256")
    secret = key.get("k")
    sound = file.get("v") == "v2" and key.get("kty") == "oct" and key.get("alg") == "A256CTR"
    sizes = ((secret, _KEY_BYTES), (counter, _COUNTER_BYTES), (sha256, _HASH_BYTES))
    if not sound or not all(_is_base64(value, size) for value, size in sizes):
        raise FileUnusable(problem="the message does not say properly how it is opened")
    return Lock(str(secret), str(counter), str(sha256))


def _is_base64(value: Any, size: int) -> bool:
    if not isinstance(value, str) or len(value) > 2 * size:
        return False
    try:
        plain = value.replace("-", "+").replace("_", "/").rstrip("=")
        return len(b64decode(plain + "=" * (-len(plain) % 4), validate=True)) == size
    except (binascii.Error, ValueError):
        return False
