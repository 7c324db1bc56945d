"""supportd hosts plugins for closed peer-support groups beside a Matrix homeserver."""

from __future__ import annotations

__version__ = "0.1.0"
