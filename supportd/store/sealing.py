"""Sealing: the host key seals group keys, a group key seals its people's keys, a person's key seals what is theirs.

Destroying a key destroys everything beneath it, in every copy of the database.
"""

from __future__ import annotations

import hmac
import os
from pathlib import Path
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from supportd.errors import SupportdError

#: Length of every key, bytes.
KEY: Final = 32

# The first byte of what is sealed: ChaCha20-Poly1305 (RFC 8439), random nonce of 12 bytes, the context as associated data.
_VERSION: Final = b"\x01"
_NONCE: Final = 12
_TAG: Final = 16
_CREDENTIAL: Final = "host-key"


class Unsealable(SupportdError):
    """Something in the store cannot be opened with this key: put back the host key the store was made with."""

    status = 78


class HostKeyMissing(SupportdError):
    """There is no host key at {path}: put it back with supportd recover, or run supportd init for a new store."""

    status = 78


class HostKeyExposed(SupportdError):
    """Others on this machine can read the host key {path}: run chmod 0400 on it, then start supportd again."""

    status = 78


class HostKeyWrong(SupportdError):
    """The file {path} is no host key, which has exactly 32 bytes: move it away and put the right one back with supportd recover."""

    status = 78


class HostKeyThere(SupportdError):
    """There is a host key at {path} already, and a new one would make its store unreadable: move it away first."""

    status = 78


def new_key() -> bytes:
    """Return 32 fresh random bytes."""
    return os.urandom(KEY)


class Box:
    """Seals and opens with one key. Seal less than 2**32 pieces under one key (random nonces of 96 bits)."""

    __slots__ = ("_aead", "_key")

    def __init__(self, key: bytes) -> None:
        """Use ``key``, 32 bytes."""
        if len(key) != KEY:
            raise Unsealable
        self._key = key
        self._aead = ChaCha20Poly1305(key)

    def __repr__(self) -> str:
        """Say nothing of the key."""
        return "Box()"

    def seal(self, data: bytes, context: str) -> bytes:
        """Return ``data`` sealed, 29 bytes longer; it opens under the same ``context`` only (say: table, column, row)."""
        nonce = os.urandom(_NONCE)
        return _VERSION + nonce + self._aead.encrypt(nonce, data, context.encode())

    def open(self, sealed: bytes, context: str) -> bytes:
        """Return what was sealed, or raise :class:`Unsealable`: other key, other context, or changed bytes."""
        if len(sealed) < 1 + _NONCE + _TAG or sealed[:1] != _VERSION:
            raise Unsealable
        nonce = sealed[1 : 1 + _NONCE]
        try:
            return self._aead.decrypt(nonce, sealed[1 + _NONCE :], context.encode())
        except InvalidTag:
            raise Unsealable from None

    def derive(self, info: str) -> Box:
        """Return the box of a key of its own for the purpose ``info`` (HKDF-SHA256, RFC 5869)."""
        return Box(_derive(self._key, "box " + info))

    def blind(self, text: str, purpose: str) -> str:
        """Return 32 hexadecimal digits by which equal ``text`` is found again without being readable.

        Keyed HMAC-SHA256, cut to 128 bits; another ``purpose`` gives another value. Normalise ``text`` before.
        """
        return hmac.digest(_derive(self._key, "blind " + purpose), text.encode(), "sha256").hex()[:32]


class HostKey:
    """The one secret that opens a store; it lies outside of it."""

    __slots__ = ("key",)

    def __init__(self, key: bytes) -> None:
        """Hold ``key``, 32 bytes."""
        self.key = key

    def __repr__(self) -> str:
        """Say nothing of the key."""
        return "HostKey()"

    @property
    def box(self) -> Box:
        """The box that seals group keys."""
        return Box(self.key).derive("host")

    @classmethod
    def create(cls, path: Path) -> HostKey:
        """Write a fresh key to ``path``, mode 0400, for good before this returns; never over one that is there."""
        key = new_key()
        try:
            file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o400)
        except FileExistsError:
            raise HostKeyThere(path=path) from None
        with os.fdopen(file, "wb") as out:
            out.write(key)
            out.flush()
            os.fsync(out.fileno())
        _settle_folder(path.parent)
        return cls(key)

    @classmethod
    def load(cls, path: Path) -> HostKey:
        """Read the key at ``path``, or the service manager's credential ``host-key`` where there is one.

        Refuses a file that group or others may use. Raises :class:`HostKeyMissing`, :class:`HostKeyExposed`, :class:`HostKeyWrong`.
        """
        credential = _credential()
        if credential is not None:
            # systemd guards its folder itself and may show an access list as a group bit (systemd.exec(5), Credentials).
            return cls(_read(credential))
        try:
            exposed = path.stat().st_mode & 0o077
        except FileNotFoundError:
            raise HostKeyMissing(path=path) from None
        if exposed:
            raise HostKeyExposed(path=path)
        return cls(_read(path))


def _credential() -> Path | None:
    folder = os.environ.get("CREDENTIALS_DIRECTORY")
    path = Path(folder, _CREDENTIAL) if folder else None
    return path if path is not None and path.exists() else None


def _read(path: Path) -> bytes:
    try:
        key = path.read_bytes()
    except OSError:
        raise HostKeyMissing(path=path) from None
    if len(key) != KEY:
        raise HostKeyWrong(path=path)
    return key


def _settle_folder(folder: Path) -> None:
    # A name in a folder survives a power cut only after the folder itself was written.
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _derive(key: bytes, info: str) -> bytes:
    return HKDF(hashes.SHA256(), KEY, salt=None, info=b"supportd " + info.encode()).derive(key)
