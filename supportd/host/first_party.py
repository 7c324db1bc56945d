"""Which distributions are made together with supportd."""

from __future__ import annotations

from typing import Final

#: All others are strangers'.
FIRST_PARTY: Final = frozenset(
    {"supportd-confidential-rooms", "supportd-welcome", "supportd-hostility-filter", "supportd-email-digest", "supportd-rota"}
)
