"""What this program itself set in a room, told apart from what somebody else set with an account of ours.

Whoever runs the homeserver can sign in as any account. So each state event of ours carries a seal that only this program can make: a keyed
hash over the room's marker and the content. It needs no record of ours, so a crash between sending and recording raises no false alarm, and
it says nothing about anybody. A seal can be copied with its content, back to what this program once set in this room, and to nothing else.
"""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING, Any, Final

from supportd.matrix.signing import canonical
from supportd.matrix.template import MARKER, SEALED

if TYPE_CHECKING:
    from collections.abc import Mapping

_SEAL: Final = "org.supportd.seal"
#: What servers add to events of others by themselves.
_ADDED: Final = frozenset({_SEAL, "historical", "m.topic"})
#: Hexadecimal digits of a whole number that every JSON reader keeps. Synapse takes nothing but numbers at the top of power levels.
_DIGITS: Final = 13


class OwnHand:
    """Seals what we set, and knows it again."""

    def __init__(self, key: bytes) -> None:
        """``key``: 32 bytes that never leave this host, the same after a restore."""
        self._key = key

    def sealed(self, create: Mapping[str, Any], kind: str, key: str, content: Mapping[str, Any]) -> dict[str, Any]:
        """Return ``content`` with the seal of this room; ``create``: the content of its first event."""
        marker = create.get(MARKER)
        plain = {name: value for name, value in content.items() if name != _SEAL}
        return plain | {_SEAL: self._seal(marker, kind, key, plain)} if isinstance(marker, str) else plain

    def is_ours(self, create: Mapping[str, Any], kind: str, key: str, content: Mapping[str, Any]) -> bool:
        """Tell whether this program set ``content``; of rooms that began without seals nobody can tell."""
        marker = create.get(MARKER)
        if create.get(SEALED) is not True or not isinstance(marker, str):
            return True
        seal = self._seal(marker, kind, key, content)
        return seal is not None and hmac.compare_digest(str(content.get(_SEAL)).encode(), str(seal).encode())

    def _seal(self, marker: str, kind: str, key: str, content: Mapping[str, Any]) -> int | None:
        told = {"room": marker, "kind": kind, "key": key, "content": {name: one for name, one in content.items() if name not in _ADDED}}
        try:
            words = canonical(told)
        except ValueError:
            # It holds what no event may: not ours.
            return None
        return int(hmac.new(self._key, b"supportd own hand " + words, "sha256").hexdigest()[:_DIGITS], 16)
