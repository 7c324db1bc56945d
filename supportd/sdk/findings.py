"""What an assessment found, and a refusal at the door."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that ``assess`` saw in an event: a named harm or fact and how sure it is (0 to 1)."""

    name: str
    certainty: float = 1.0


#: Found instead of anything else when an assessment came too late, raised, or was not made: the words waited for their room or the plugin.
NOT_ASSESSED = Finding(name="not_assessed")


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """The answer of ``admit`` that keeps somebody out; ``sentence`` is shown in their client."""

    sentence: str
