"""An event on its way to plugins."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from supportd.sdk.events import Event
    from supportd.sdk.findings import Finding


@dataclass(slots=True)
class Task:
    """An event on its way, to all plugins of its group or to ``only`` one."""

    event: Event
    only: str | None = None
    retry: bool = False
    findings: Mapping[str, tuple[Finding, ...]] = field(default_factory=dict)
