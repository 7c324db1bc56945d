"""What people of a test have read in their own clients."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from supportd.matrix.member import Member, Seen


def heard(member: Member, words: str) -> list[Seen]:
    """Return what somebody read that holds these words."""
    return [seen for seen in member.timeline if words in seen.text]
