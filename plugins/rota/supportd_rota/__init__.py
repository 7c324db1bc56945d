"""Shares the work of key members by what each says they can give."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from supportd_rota.plugin import Rota

__all__ = ["Rota"]


def __getattr__(name: str) -> object:
    """Load the plugin when it is asked for: the planner's commands on files need none of it."""
    if name == "Rota":
        from supportd_rota.plugin import Rota  # noqa: PLC0415 - see above

        return Rota
    raise AttributeError(name)
