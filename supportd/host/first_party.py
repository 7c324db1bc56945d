"""Which distributions are made together with supportd."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

#: All others are strangers'.
FIRST_PARTY: Final = frozenset(
    {"supportd-confidential-rooms", "supportd-welcome", "supportd-hostility-filter", "supportd-email-digest", "supportd-rota"}
)


def is_ours(point: EntryPoint) -> bool:
    """Tell whether what announces an entry point is made together with supportd; names are compared as PEP 503 writes them."""
    return point.dist is not None and point.dist.name.lower().replace("_", "-") in FIRST_PARTY
