"""What the daemon must keep secret: the host key in a file of its own, everything else sealed under it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

from supportd.errors import SupportdError
from supportd.private import write_private
from supportd.store.sealing import Box, HostKey

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

#: What the file of access tokens is sealed for.
_CONTEXT: Final = "accounts"


class LoginsMissing(SupportdError):
    """The accounts' sign-ins are not at {path}: run supportd init again, it takes up the accounts that are there."""

    status = 78


class Secrets:
    """The host key, and the keys for single purposes that follow from it (HKDF-SHA256, RFC 5869)."""

    def __init__(self, host: HostKey) -> None:
        """Take the host key."""
        self.host_key = host.key
        self._box = Box(host.key)

    def __repr__(self) -> str:
        """Say nothing of the keys."""
        return "Secrets()"

    def bytes_for(self, purpose: str) -> bytes:
        """Return 32 bytes for ``purpose``, always the same ones."""
        return bytes.fromhex(self._box.blind("1", purpose) + self._box.blind("2", purpose))

    def write_logins(self, path: Path, logins: Mapping[str, Mapping[str, str]]) -> None:
        """Keep sign-ins (account -> user_id, device_id, access_token), sealed, for good before this returns."""
        sealed = self._box.seal(json.dumps({name: dict(one) for name, one in logins.items()}).encode(), _CONTEXT)
        write_private(path, sealed)

    def read_logins(self, path: Path) -> dict[str, dict[str, str]]:
        """Return what :meth:`write_logins` kept; raises :class:`LoginsMissing`."""
        try:
            sealed = path.read_bytes()
        except FileNotFoundError:
            raise LoginsMissing(path=path) from None
        found: dict[str, dict[str, str]] = json.loads(self._box.open(sealed, _CONTEXT))
        return found
